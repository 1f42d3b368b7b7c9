"""Draw what a network has learned."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlpzoo.checks import InputError, check_count
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.network import add_network

if TYPE_CHECKING:
    from mlpzoo.pretrained.find import Found

EPILOG = "NAME of an exercise is its newest run in checkpoints/, or else the package's network."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo plot`."""
    add_network(parser)
    add = parser.add_argument
    add("--run", metavar="RUN",
        help="the best of a run: its folder, or a file in it (the newest)")  # fmt: skip
    add("--step", type=int, metavar="S", help="the snapshot of this step, of a run with --film")
    add("--film", action="store_true", help="draw film.gif too, from the snapshots")
    add("--out", metavar="DIR", help="folder of the pictures (figures/ of the run, or beside a "
        "file, or in the current folder)")  # fmt: skip


def run(
    *, name: str, ckpt: str | None, run: str | None, step: int | None, film: bool, out: str | None
) -> int:
    """Draw a network or a snapshot of one and print the paths of the pictures."""
    from mlpzoo.runs.folder import FIGURES, find_run
    from mlpzoo.runs.snapshots import snapshots_in
    from mlpzoo.training.pictures import draw

    if ckpt is not None and run is not None:
        raise InputError("--ckpt names one file, --run a folder; leave one of them out")
    path = find_run(run, Path(run)) if run is not None else ckpt
    found = _to_draw(name, path, step=step, of_run=film)
    exercise, data = found.solves()
    beside = found.run or (found.path.parent if found.path else Path())
    if film and not snapshots_in(beside):
        raise InputError(f"{beside} has no snapshots; train with --film to have them taken")
    try:
        figures = Path(out) if out else beside / FIGURES
        figures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write the figures: {error}; choose another --out") from error
    shown = (exercise, found.module, data, found.run)
    paths, unwritten = draw(*shown, out=figures, step=step, film=film)
    if paths:
        print(*paths, sep="\n")
    if unwritten:
        raise InputError(f"cannot write {unwritten}")
    return PASSED


def _to_draw(name: str, path: str | Path | None, *, step: int | None, of_run: bool) -> "Found":
    """Return the network, or the snapshot of a step, that is to be drawn."""
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.names import known_name
    from mlpzoo.runs.folder import find_run
    from mlpzoo.runs.snapshots import snapshot

    if step is not None:
        check_count("step", step, least=0)
    known = known_name(name)
    if path is None and not known:
        if step is None:
            return find_network(name)
        return find_network(snapshot(find_run(name, Path(name)), step))
    if path is None or step is not None:
        try:
            path = find_run(path, Path("checkpoints") / known, purpose="draw; train one")
        except InputError:
            if path is not None or step is not None or of_run:
                raise
            print(f"mlpzoo: no run of {known} here; its network of the package:", file=sys.stderr)
    if path is not None and step is not None:
        path = snapshot(Path(path), step)
    return find_network(name, path=path)
