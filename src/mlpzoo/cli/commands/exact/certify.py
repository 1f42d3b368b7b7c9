"""Prove how far networks are from their functions at most."""

import argparse
import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import TYPE_CHECKING, Any

from mlpzoo.analysis.proof.certificate import GAP, LIMIT_S
from mlpzoo.checks import InputError, check_positive
from mlpzoo.cli.exit_codes import FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.tables import as_table, rounded, stdout_for
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from mlpzoo.pretrained.find import Found

EPILOG = """\
No input of the closed range has a larger error than is proved, in the arithmetic of real numbers
with the weights as they are stored; the error that is attained is proved too. float32 rounds: by
how much it differs from float64 is measured on a grid. Of a gate, the errors are those of the
probability in each row, and the answer is right wherever both inputs are as near to the row as is
said. Exit codes: 0 proved to the gap, or to be at most --below; 1 larger than that, or the time was
over before; 2 bad input."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo certify`."""
    add = parser.add_argument
    add("names", nargs="*", metavar="NETWORK", help="as other commands take it; one or several")
    add("--ckpt", metavar="PATH", help="take this run or file; NETWORK is then its exercise")
    add("--function", metavar="TEXT", help='what to compare with, such as "sin(x)*exp(-x/5)"')
    add("--low", type=float, metavar="X", help="low end of the inputs (that of the exercise)")
    add("--high", type=float, metavar="X", help="high end of the inputs (that of the exercise)")
    add("--range", dest="ranges", type=float, nargs=2, action="append", metavar=("LOW", "HIGH"),
        help="both ends of an input, once for each, instead of --low and --high")  # fmt: skip
    add("--gap", type=float, default=GAP, metavar="X",
        help=f"how far the bound may be above the error, as a share of it ({GAP})")  # fmt: skip
    add("--below", type=float, metavar="X",
        help="of functions: only find out whether the largest error is at most this")  # fmt: skip
    add("--limit-s", type=float, default=LIMIT_S, metavar="S",
        help=f"seconds for a network; then the bound so far is printed ({LIMIT_S:g})")  # fmt: skip
    add("--json", action="store_true", help="as JSON")


def run(*, names: Sequence[str], ckpt: str | None, json: bool, gap: float, **given: Any) -> int:
    """Prove and print a bound for each output of each network, and how far gates stay right."""
    if ckpt is not None and len(names) > 1:
        raise InputError(f"--ckpt {ckpt} is of one exercise, got {', '.join(names)}")
    if not names and ckpt is None:
        raise InputError("name a network, such as sin, or give --ckpt")
    check_positive("gap", gap)
    check_positive("limit_s", given["limit_s"])
    from mlpzoo.pretrained.find import find_network

    go_on()
    with stdout_for(json):
        found = [find_network(name, path=ckpt) for name in names] or [find_network(str(ckpt))]
        rows = [row for each in found for row in _proved(each, gap=gap, **given)]
    if json:
        print(as_json(rows))
    else:
        kinds = ([_shown(row) for row in rows if key in row] for key in ("output", "row"))
        print("\n\n".join(as_table(some) for some in kinds if some))
    below = math.inf if given["below"] is None else given["below"]
    proved = all(row["complete"] and row["bound"] <= below for row in rows)
    return PASSED if proved else FELL_SHORT


def _proved(
    found: "Found", *, function: str | None, low: float | None, high: float | None, **asked: Any
) -> list[dict[str, Any]]:
    from mlpzoo.analysis.proof.certify import certify, has_function, with_ends
    from mlpzoo.analysis.proof.radius import radius

    target: Any = found.solves()[1] if function is None else function
    if not has_function(target):
        raise InputError(f"what {found.named} should compute is not known here; give --function")
    if asked["ranges"] is None and found.data is not None:
        asked["ranges"], low, high = with_ends(found.data.ranges, low, high), None, None
    net, gives = found.module.net, found.exported.output
    proved = certify(net, target, low=low, high=high, gives=gives, **asked)
    outputs = getattr(target, "outputs", None)  # of a gate
    rows: list[dict[str, Any]] = []
    for name, one in proved.items():
        facts = {key: value for key, value in vars(one).items() if key != "of"}
        row = {"network": found.named, "output" if outputs is None else "row": name, **facts}
        if outputs is not None:
            corner, right = [float(x) for x in name], outputs[int(name, 2)]
            around = radius(net, corner, right=right, gives=gives, limit_s=asked["limit_s"])
            row |= {"radius": around.proved, "wrong_at": around.witness}
            row["seconds"] += around.seconds
        rows.append(row)
    return rows


def _shown(row: Mapping[str, Any]) -> dict[str, object]:
    """Return a row as the table has it, gates with what is proved around them."""
    shown: dict[str, object] = {k: row[k] for k in ("network", "output", "row") if k in row}
    shown["proved"] = rounded(row["bound"], ROUND_CEILING)
    shown["attained"] = rounded(row["attained"], ROUND_FLOOR)
    shown["at"] = _point(row["where"])
    if "radius" in row:
        shown["right within"] = rounded(row["radius"], ROUND_FLOOR)
        shown["wrong at"] = _point(row["wrong_at"] or ()) or "-"
    shown["float32 differs by"] = f"{row['rounding']:.2g}"
    return shown | {"seconds": f"{row['seconds']:.1f}"}


def _point(x: Sequence[float]) -> str:
    return ", ".join(f"{number:.7g}" for number in x)
