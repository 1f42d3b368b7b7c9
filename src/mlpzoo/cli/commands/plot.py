"""Draw what a network has learned."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError, cause, check_count
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_network

if TYPE_CHECKING:
    from mlpzoo.pretrained.find import Found

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
    if step is not None:
        check_count("step", step, least=0)
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.runs.folder import FIGURES
    from mlpzoo.training.pictures import draw

    found = _found(network)
    go_on()
    exercise, data = found.solves()
    beside = found.run or (found.path.parent if found.path else Path())
    if film or step is not None:
        from mlpzoo.runs.snapshots import snapshot, snapshots_in  # Lightning, of runs only

        if not (found.path and snapshots_in(beside)):
            where = beside if found.path else found.source
            raise InputError(f"{where} has no snapshots; train with --film to have them taken")
        found = find_network(snapshot(beside, step)) if step is not None else found
    title = found.named if found.shipped else ""
    if title == exercise.name:
        print(f"mlpzoo: no run of {title} here; its network of the package:", file=sys.stderr)
        title = ""
    figures = _folder(Path(out) if out else beside / FIGURES)
    shown = (exercise, found.module, data, found.run)
    paths, unwritten = draw(*shown, out=figures, title=title, step=step, film=film)
    if paths:
        print(*paths, sep="\n")
    if unwritten:
        raise InputError(f"cannot write {unwritten}")
    return PASSED


def _found(network: dict[str, Any]) -> "Found":
    """Return the network; of the name of an exercise, that of its newest run, if there is one."""
    from mlpzoo.exercises import known_exercises
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.names import known_name
    from mlpzoo.runs.folder import find_run

    asked = "" if network["path"] or network["weights"] else known_name(network["named"])
    if asked in known_exercises():
        with suppress(InputError):
            network["path"] = find_run(None, Path("checkpoints") / asked)
    return find_network(**network)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise InputError(f"cannot write to {path}: {cause(error)}; choose another --out") from error
    return path
