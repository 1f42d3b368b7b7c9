"""List the runs on the disk, the newest first."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_table, measured
from mlpzoo.files import as_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo runs`."""
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only those of these exercises (all)")
    add("--out", metavar="PATH", default="checkpoints",
        help="folder that holds the folders of the exercises (checkpoints)")  # fmt: skip
    add("--json", action="store_true", help="as JSON")


def run(*, names: list[str], out: str, json: bool) -> int:
    """Print a table, or JSON: what each run is, how far it came, and whether it is solved."""
    from mlpzoo.checks import resolve_name
    from mlpzoo.exercises import known_exercises
    from mlpzoo.runs.summary import list_runs

    runs = list_runs(out)
    known = sorted({*known_exercises(), *(str(run["exercise"]) for run in runs)})
    chosen = {resolve_name("exercise", name, known) for name in names} or known
    runs = [run for run in runs if run["exercise"] in chosen]
    if json:
        print(as_json(runs))
    elif runs:
        print(as_table([_row(run) for run in runs]))
    else:
        print(f"mlpzoo: there is no run in {out}", file=sys.stderr)
    return PASSED


def _row(run: Mapping[str, Any]) -> dict[str, str]:
    solved = {True: "yes", False: "no"}.get(run["passed"], "-")
    shown = {key: "-" if run[key] is None else str(run[key]) for key in ("seed", "steps")}
    many = f" x {run['members']}" if run["members"] else ""
    return {
        "folder": run["folder"],
        "exercise": f"{run['exercise']}{many}",
        **shown,
        "solved": solved,
        "metrics": measured(run["metrics"]),
        "state": run["state"],
        "changed": run["changed"],
    }
