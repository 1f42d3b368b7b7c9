"""Print what a network answers for one input, or for the rows of a CSV file."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from mlpzoo.cli.csv_rows import read_rows
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network
from mlpzoo.cli.tables import stdout_for
from mlpzoo.files import as_json

EPILOG = """\
A CSV file has a row of inputs a line, with a line of names above them or without. The same rows are
printed, with the answers as further columns."""
_AT_ONCE = 2**14  # rows, so that a wide network takes little memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo predict`."""
    add_network(parser)
    parser.add_argument("x", metavar="X", nargs="+",
                        help="the inputs, X1 [X2]; or a CSV file, - for stdin")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON: x and y, rows of numbers")


def run(*, x: Sequence[str], json: bool, **network: Any) -> int:
    """Print what a network answers: a number for each output, a line for each row of a file."""
    rows = read_rows(x)
    import torch

    from mlpzoo.pretrained.find import find_network

    with stdout_for(json):
        found = find_network(**network)
        values = rows.values(found.in_features, of=network["named"] or found.source)
        if found.data is not None and (said := rows.outside(found.data.low, found.data.high)):
            print(f"mlpzoo: {said}", file=sys.stderr)
        with torch.no_grad():
            parts = torch.split(torch.tensor(values, dtype=torch.float32), _AT_ONCE)
            answers = torch.cat([found.module.answer(part) for part in parts])
    if json:
        exercise = found.exercise.name if found.exercise else ""
        answered = {"x": values, "y": answers.tolist()}
        print(as_json({"exercise": exercise, "source": found.source, **answered}))
    elif rows.of_file:
        count = answers.shape[1]
        numbered = [f"y{n}" for n in range(1, count + 1)] if count > 1 else ["y"]
        names = found.module.columns or numbered
        print(rows.with_answers(names, answers.numpy().astype(str).tolist()), end="")
    else:
        print(" ".join(f"{value:.6g}" for value in answers[0].tolist()))
    return PASSED
