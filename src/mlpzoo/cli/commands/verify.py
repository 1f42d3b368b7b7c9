"""Train every exercise from a fresh seed, measure every network of the package."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import TYPE_CHECKING, Any

from mlpzoo.cli.exit_codes import FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.tables import as_table, measured, rounded, stdout_for
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from mlpzoo.pretrained.verify import Check

EPILOG = """\
A network of the package must have the manifest's SHA-256, meet its exercise's bar and measure what
the manifest says, within 0.1% of it and a millionth of the largest target, for processors round
differently. What the manifest has as proved is proved anew (see `mlpzoo certify`). Nothing is left
on the disk. Exit codes: 0 all so, 1 not all, 2 bad input."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo verify`."""
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="exercises, or networks of the package (all)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--trained", action="store_true", help="only train the exercises")
    only.add_argument("--shipped", action="store_true", help="only measure the package's networks")
    add("--seed", type=int, metavar="S", help="train from this one (a fresh one each)")
    add("--folder", metavar="DIR", help="where weights and manifest are (the package's)")
    add("--json", action="store_true", help="as JSON")


def run(*, trained: bool, shipped: bool, json: bool, **given: Any) -> int:
    """Run the checks, a line to stderr for each as it ends, and print a table of all."""
    from mlpzoo.pretrained.verify import verify

    go_on()
    with stdout_for(json):
        checks = verify(trained=not shipped, shipped=not trained, report=_report, **given)
    rows = [asdict(check) for check in checks]
    for row in () if json else rows:
        del row["passed"]  # the verdict says it
        seed = "-" if row["seed"] is None else row["seed"]
        row.update(measured=measured(row["measured"]), proved=_proved(row["proved"]), seed=seed)
    print(as_json(rows) if json else as_table(rows))
    return PASSED if all(check.passed for check in checks) else FELL_SHORT


def _proved(bounds: Mapping[str, float]) -> str:
    towards = {True: ROUND_FLOOR, False: ROUND_CEILING}
    each = (f"{n} {rounded(value, towards[n == 'radius'], 4)}" for n, value in bounds.items())
    return ", ".join(each) or "-"


def _report(check: "Check") -> None:
    print(f"{check.name}, {check.what}: {check.verdict}", file=sys.stderr, flush=True)
