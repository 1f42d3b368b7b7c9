"""Draw what a network has learned."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, cause, check_count
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network

EPILOG = "NAME of an exercise is its newest run in checkpoints/, or else the package's network."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo plot`."""
    add_network(parser)
    add = parser.add_argument
    add("--step", type=int, metavar="S", help="the snapshot of this step, of a run with --film")
    add("--film", action="store_true", help="draw film.gif too, from the snapshots")
    add("--out", metavar="DIR", help="folder of the pictures (figures/ of the run, or beside a "
        "file, or in the current folder)")  # fmt: skip


def run(*, step: int | None, film: bool, out: str | None, **network: Any) -> int:
    """Draw a network or a snapshot of one and print the paths of the pictures."""
    from mlpzoo.exercises import list_exercises
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.names import known_name
    from mlpzoo.runs.folder import FIGURES, find_run
    from mlpzoo.runs.snapshots import snapshot, snapshots_in
    from mlpzoo.training.pictures import draw

    if step is not None:
        check_count("step", step, least=0)
    instead = network["path"] or network["weights"]
    asked = "" if instead else known_name(network["named"])
    if asked in list_exercises():
        with suppress(InputError):
            network["path"] = find_run(None, Path("checkpoints") / asked)
    found = find_network(**network)
    exercise, data = found.solves()
    beside = found.run or (found.path.parent if found.path else Path())
    if (film or step is not None) and not (found.path and snapshots_in(beside)):
        where = beside if found.path else found.source
        raise InputError(f"{where} has no snapshots; train with --film to have them taken")
    if step is not None:
        found = find_network(snapshot(beside, step))
    if asked in list_exercises() and network["path"] is None:
        print(f"mlpzoo: no run of {asked} here; its network of the package:", file=sys.stderr)
    figures = Path(out) if out else beside / FIGURES
    try:
        figures.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise InputError(
            f"cannot write to {figures}: {cause(error)}; choose another --out"
        ) from error
    shown = (exercise, found.module, data, found.run)
    title = found.named if found.shipped and found.named != exercise.name else ""
    paths, unwritten = draw(*shown, out=figures, title=title, step=step, film=film)
    if paths:
        print(*paths, sep="\n")
    if unwritten:
        raise InputError(f"cannot write {unwritten}")
    return PASSED
