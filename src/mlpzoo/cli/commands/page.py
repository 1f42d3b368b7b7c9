"""Write a page to touch a network on, or the page of a run or of two, as one HTML file."""

import argparse
import sys
from typing import Any

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network

EPILOG = """\
The folder of a run gives its settings, curves, result and figures, and the network of its best
weights. The file needs nothing else: open it in any browser, or send it to someone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo page`."""
    add_network(parser)
    add = parser.add_argument
    add("other", nargs="?", metavar="RUN", help="the folder of a run to lay beside the first one")
    add("--ranges", metavar="LOW,HIGH", help="from where to where the inputs go; of each as "
        "(0,1),(-1,1) (as the exercise or the network says)")  # fmt: skip
    add("--out", metavar="FILE", help="- for stdout (in the folder of the run, beside the file, or "
        "NETWORK.html or compare.html in the current folder)")  # fmt: skip


def run(*, out: str | None, ranges: str | None, **asked: Any) -> int:
    """Write the page and print its path."""
    from mlpzoo.exercises.arguments import PAIRS, typed
    from mlpzoo.pages.page import page_for

    given: Any = ranges
    if given is not None and given.count("(") > 1:
        given = typed("ranges", PAIRS, given)
    elif given is not None:
        given = typed("ranges", tuple[float, float], given.strip("()"))
    page = page_for(ranges=given, **asked)
    if out == "-":
        sys.stdout.buffer.write(page.html.encode())
    else:
        print(page.write(out))
    return PASSED
