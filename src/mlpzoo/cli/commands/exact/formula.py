"""Print the formula of a small network, to read or to run elsewhere."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError, check_count
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network

if TYPE_CHECKING:
    from mlpzoo.analysis.formula import Formula
    from mlpzoo.pretrained.find import Found

PIECES = ("text", "numpy", "c")
EPILOG = """\
text and latex show 4 digits, the others have all. Every text takes and gives the exercise's own
units; of a gate most networks give the logit, which is said. A wide ReLU network of one input, such
as sin, is written as its straight pieces, by text, numpy and c."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo formula`."""
    add_network(parser)
    add = parser.add_argument
    add("--as", dest="form", default="text", help="(text)",
        choices=("text", "latex", "python", "numpy", "c"))  # fmt: skip
    add("--digits", type=int, metavar="N", help="significant digits of every number, 1 to 17")
    add("--names", metavar="A,B", help="names of the inputs (x, or x1,x2)")
    add("--real", choices=("double", "float"), help="the numbers of C (double)")


def run(
    *, form: str, digits: int | None, names: str | None, real: str | None, **network: Any
) -> int:
    """Print the text, and say on stderr what it gives and what rounding does to it."""
    if real and form != "c":
        raise InputError(f"--real {real} goes with --as c")
    if digits is not None:
        check_count("digits", digits, 1, 17)
    from mlpzoo.pretrained.find import find_network

    found = find_network(**network)
    text, said = _written(found, form, names=names, digits=digits, real=real or "double")
    print(text)
    if said:
        print(f"mlpzoo: {said}", file=sys.stderr)
    return PASSED


def _written(
    found: "Found", form: str, *, names: str | None, digits: int | None, real: str
) -> tuple[str, str]:
    """Return a network as text, and what is to be said of it."""
    from mlpzoo.analysis.formula import formula
    from mlpzoo.analysis.pieces import pieces

    if form in PIECES and (names, digits, real) == (None, None, "double") and _is_wide(found):
        _, data = found.solves()
        parts = pieces(found.module.net, *data.ranges[0])
        return _text(parts, form), "a formula would be millions of characters; these are its pieces"
    if form not in PIECES and _is_wide(found):
        raise InputError(f"{found.named} is too wide for --as {form}; take text, numpy or c")
    shown = formula(found.module, names=names, digits=digits)
    rounds = digits is not None or form in ("text", "latex")
    said = "; ".join(filter(None, [_meaning(found), _rounding(found, shown) * rounds]))
    return _text(shown, form, *[real] * (form == "c")), said


def _is_wide(found: "Found") -> bool:
    """Tell whether a network is too wide for a formula, and has straight pieces instead."""
    from mlpzoo.analysis.formula import MOST_WEIGHTS
    from mlpzoo.analysis.layers import layers_of
    from mlpzoo.analysis.pieces import why_no_pieces

    layers = layers_of(found.module.net)
    return layers.size > MOST_WEIGHTS and not why_no_pieces(layers) and found.data is not None


def _text(shown: object, form: str, *given: str) -> str:
    return str(shown if form == "text" else getattr(shown, form)(*given)).rstrip("\n")


def _meaning(found: "Found") -> str:
    from mlpzoo.pretrained.manifest import OUTPUTS

    output = found.exported.output
    return "" if output == "value" else f"its output is {OUTPUTS[output]}"


def _rounding(found: "Found", shown: "Formula") -> str:
    if found.data is None:
        given = "--weights" if found.typed else f"--ckpt {found.named}"
        return f"name its exercise, and {given}, to see what rounding does"
    try:
        return str(shown.rounding(*zip(*found.data.ranges, strict=True)))
    except InputError as error:  # of many inputs; the text is none the worse
        return str(error)
