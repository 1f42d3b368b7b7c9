"""Print what a network answers for one input, or for the rows of a file."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network
from mlpzoo.cli.tables import stdout_for
from mlpzoo.cli.words import check_rows
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from mlpzoo.fitting.ensemble import Ensemble
    from mlpzoo.pretrained.find import Found

EPILOG = """\
A CSV file has a row of inputs a line, with a line of names above them or without. The same rows are
printed, with the answers as further columns. Columns with the names of the network's inputs may
stand in any order, and beside others. A run of `mlpzoo fit --ensemble` gives the ends of the
prediction intervals too."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo predict`."""
    add_network(parser)
    parser.add_argument("x", metavar="X", nargs="+",
                        help="the inputs, X1 [X2]; or a CSV file, - for stdin")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON: x and y, rows of numbers")


def run(*, x: Sequence[str], json: bool, **network: Any) -> int:
    """Print what a network answers: a number for each output, a line for each row of a file."""
    check_rows(x)
    import numpy as np
    import torch

    from mlpzoo.cli.csv_rows import Asked, Printed, TypedRow, open_rows, spool
    from mlpzoo.pretrained.find import find_network

    printed, kept = None, list[tuple[Any, Any]]()
    with spool() as text:
        with stdout_for(json), torch.no_grad():
            found = find_network(**network)
            names, intervals = _names_of(found), _intervals_of(found)
            with open_rows(x, names) as source:
                asked = Asked(source, names, found.data, of=network["named"] or found.source)
                for chunk, values in asked:
                    inputs = torch.from_numpy(values).float()
                    answers = found.module.answer(inputs).numpy()
                    if intervals is not None:
                        ends = torch.stack(intervals.interval(inputs), dim=1).float().numpy()
                        answers = np.concatenate([answers, ends], axis=1)
                    if json or isinstance(source, TypedRow):
                        kept.append((values, answers))
                        continue
                    printed = printed or Printed(text, source, columns_of(found, answers.shape[1]))
                    printed.add(chunk, answers)
        for line in asked.outside:
            print(f"mlpzoo: {line}", file=sys.stderr)
        if printed:
            printed.print()
    if json:
        exercise = found.exercise.name if found.exercise else ""
        parts = zip(*kept, strict=True)
        rows, y = ([row for part in column for row in part.tolist()] for column in parts)
        print(as_json({"exercise": exercise, "source": found.source, "x": rows, "y": y}))
    elif kept:
        print(" ".join(f"{value:.6g}" for value in kept[0][1][0].tolist()))
    return PASSED


def _names_of(found: "Found") -> Sequence[str]:
    """Return the names of the inputs; those of a network without data are numbered."""
    count = found.in_features
    numbered = ["x"] if count == 1 else [f"x{n}" for n in range(1, count + 1)]
    return numbered if found.data is None else found.data.names


def _intervals_of(found: "Found") -> "Ensemble | None":
    """Return the ensemble of the run that a network is of, if it has one."""
    from mlpzoo.runs.folder import ENSEMBLE  # YAML, which `mlpzoo list` does without

    if found.run is None or not (found.run / ENSEMBLE).is_dir():
        return None
    from mlpzoo.fitting.ensemble import read_ensemble

    return read_ensemble(found.run)


def columns_of(found: "Found", count: int) -> Sequence[str]:
    """Return the names of a network's answers.

    Args:
        found: The network.
        count: How many there are.
    """
    if targets := getattr(found.data, "targets", ()):
        named = [f"{target}_predicted" for target in targets]
        return [*named, *(f"{targets[0]}_{end}" for end in ("low", "high"))][:count]
    return found.module.columns or (["y"] if count == 1 else [f"y{n}" for n in range(1, count + 1)])
