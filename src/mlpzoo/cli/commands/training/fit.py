"""Fit a small network to a function or to a table of your own."""

import argparse
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_settings
from mlpzoo.cli.tables import as_lines, as_table, rounded, stdout_for
from mlpzoo.files import as_json
from mlpzoo.fitting import NOT_TAKEN
from mlpzoo.training.settings import TrainSettings

if TYPE_CHECKING:
    from mlpzoo.fitting.result import FitResult
    from mlpzoo.fitting.trials import Trial

EPILOG = """\
mlpzoo fit "sin(x) * exp(-x/5)" --range 0 10
mlpzoo fit "max(x1, x2)**2" --range 0 1 --range 0 2 --within 0.01
mlpzoo fit data.csv --target y --inputs a,b,c --ensemble 10

A function has numbers, x or x1, x2, ..., + - * / **, and the functions that docs/fit.md lists; one
that begins with - is put in quotes like any other. A table has a line of names and a row a line.
Without options, size and weight decay are those that do best on validation rows. The run folder has
weights, pictures and fit.json; `mlpzoo predict RUN rows.csv` and `mlpzoo export RUN --format c`
take it, and a run that was killed goes on with `mlpzoo train --resume RUN`.
Exit codes: 0 as good as was asked for, or better than the mean, 1 not, 2 bad input, 130 stopped by
Ctrl-C, 143 by SIGTERM."""
_LEAST = r"-\.?\d|-[a-z]\w*[*/+(-]|-x\b|-\("  # a number or a function, and no option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo fit`."""
    parser._negative_number_matcher = re.compile(_LEAST)
    add = parser.add_argument
    add("source", metavar="SOURCE", help="a function as text, or a CSV or Parquet file")
    add("--range", nargs=2, type=float, action="append", metavar=("LOW", "HIGH"), default=[],
        help="of the inputs of a function, once for each (-10 10)")  # fmt: skip
    add("--target", metavar="NAME", default="", help="column to predict, or several: y1,y2 (last)")
    add("--inputs", metavar="NAMES", default="", help="columns to predict it from (all others)")
    add("--hidden", metavar="N,N", help="units of the hidden layers (chosen by trials)")
    add("--activation", metavar="X", help="of the hidden units (tanh)")
    add("--within", type=float, metavar="E",
        help="grow the network until its largest error is proved to be below this")  # fmt: skip
    add("--rmse", type=float, metavar="E",
        help="grow the network until its rmse on validation rows is below this")  # fmt: skip
    add("--ensemble", type=int, metavar="N", default=0,
        help="train N networks on folds too, for prediction intervals")  # fmt: skip
    add("--drop-missing", action="store_true", help="leave out rows with a missing cell")
    add_settings(parser, TrainSettings, without=NOT_TAKEN)
    add("--json", action="store_true", help="print fit.json, with the folder")
    parser.set_defaults(dotted={})


def run(
    *, source: str, range: Sequence[Sequence[float]], target: str, inputs: str, hidden: str | None,
    json: bool, dotted: Mapping[str, Any], **given: Any,
) -> int:  # fmt: skip
    """Fit a network, say what was tried, and how good it is on rows never trained on."""
    import torch

    from mlpzoo.exercises import get_exercise
    from mlpzoo.exercises.arguments import typed
    from mlpzoo.fitting.fit import fit
    from mlpzoo.fitting.given import is_table
    from mlpzoo.training.plan import from_config

    go_on()
    torch.set_num_threads(1)  # the fastest for networks this small
    groups = from_config(get_exercise("table" if is_table(source) else "function"), dotted,
                         TrainSettings)  # fmt: skip
    told = given.get("progress", True)
    with stdout_for(json):
        result = fit(
            source, target=_names(target), inputs=_names(inputs),
            ranges=[(low, high) for low, high in range],
            hidden=None if hidden is None else typed("hidden", tuple[int, ...], hidden),
            say=_say if told else lambda trial: None, **groups, **given,
        )  # fmt: skip
    if json:
        print(as_json({**result.as_json(), "folder": str(result.folder)}))
    else:
        print(_report(result))
    if result.run.unwritten:
        print(f"mlpzoo: cannot write {result.run.unwritten}", file=sys.stderr)
        return BAD_INPUT
    return PASSED if result.passed else FELL_SHORT


def _say(trial: "Trial") -> None:
    """Print a line to stderr for a network that was tried."""
    from mlpzoo.fitting.result import told_of

    told = told_of(trial)
    line = f"tried {told['layers']}, {told['weights']} weights: error {told['error']:.4g}"
    print(f"mlpzoo: {line}, {told['seconds']:.1f} s", file=sys.stderr, flush=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _report(result: "FitResult") -> str:
    """Return what came of a fit as lines of text."""
    from mlpzoo.fitting.result import layers_of_net, told_of

    data, report, blocks = result.data, result.report, []
    if result.tried:
        blocks.append(as_table([_shown(told_of(trial), result.limit) for trial in result.tried]))
    rows = ", ".join(f"{many} for the {kind}" for kind, many in report.rows.items())
    weights = sum(parameter.numel() for parameter in result.net.parameters())
    network = f"{layers_of_net(result.run.module)}, {weights} weights"
    blocks.append(f"{data.title}: {network}; rows: {rows}")
    blocks.append(as_table([
        {"on the test rows": name, **{k: f"{value:.4g}" for k, value in of.items()}}
        for name, of in report.errors.items()
    ]))  # fmt: skip
    said = [f"largest errors: {'; '.join(map(str, report.worst))}"]
    said += [_of_limit(result)] if result.limit is not None else []
    if (proved := result.certificate) is not None:
        bound, low = rounded(proved.bound, "ROUND_CEILING"), rounded(proved.attained, "ROUND_FLOOR")
        said.append(f"proved: no error above {bound} in the range; {low} is attained")
    if (made := result.ensemble) is not None:
        said.append(
            f"ensemble of {len(made.members)}: {made.coverage:.1%} of the test rows lie in their "
            f"{made.level:.0%} intervals"
        )
    said += filter(None, [result.run.diagnosis])
    blocks.append("\n".join(line for each in said for line in as_lines(each)))
    return "\n\n".join([*blocks, str(result.folder)])


def _shown(told: Mapping[str, Any], limit: float | None) -> dict[str, str]:
    """Return what a table says of a trial: of a choice its weight decay, of growth its proof."""
    shown = {"network": told["layers"], "weights": str(told["weights"])}
    seconds, error = f"{told['seconds']:.1f}", f"{told['error']:.4g}"
    if limit is None:
        return {**shown, "weight decay": f"{told['weight_decay']:.3g}", "seconds": seconds,
                "validation rmse": error}  # fmt: skip
    bound = told["proved"]
    proved = {"proved": f"{bound:.4g}" if math.isfinite(bound) else "-"} if bound else {}
    held = "yes" if told["good_enough"] else "no"
    return {**shown, "start": str(told["start"]), "steps": str(told["steps"]), "seconds": seconds,
            "error": error, **proved, "good enough": held}  # fmt: skip


def _of_limit(result: "FitResult") -> str:
    limit, held = f"{result.limit:g}", [trial for trial in result.tried if trial.held]
    if held:
        return f"the smallest network tried that is below {limit}: {held[-1].weights} weights"
    return f"no network tried is below {limit}; the best of them was trained"
