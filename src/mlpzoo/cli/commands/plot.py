"""Draw what a checkpoint has learned."""

import argparse
from pathlib import Path

from mlpzoo.checks import InputError, check_count
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import exercise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo plot`."""
    add = parser.add_argument
    add("name", type=exercise, metavar="NAME", help="the exercise")
    add("--ckpt", metavar="PATH", help="best.ckpt or last.ckpt")
    add("--run", metavar="RUN",
        help="the best of a run: its folder, or a file in it (the newest)")  # fmt: skip
    add("--step", type=int, metavar="S", help="the snapshot of this step, of a run with --film")
    add("--film", action="store_true", help="draw film.gif too, from the snapshots")
    add("--out", metavar="DIR", help="folder of the pictures (figures/ beside the ckpt)")


def run(
    *, name: str, ckpt: str | None, run: str | None, step: int | None, film: bool, out: str | None
) -> int:
    """Draw what a checkpoint or a snapshot has learned and print the paths of the pictures."""
    from mlpzoo.exercises import get_exercise
    from mlpzoo.runs.folder import FIGURES
    from mlpzoo.runs.load import load_module
    from mlpzoo.runs.snapshots import snapshots_in
    from mlpzoo.training.pictures import draw

    exercise = get_exercise(name)
    path = _to_draw(exercise.name, ckpt=ckpt, run=run, step=step)
    folder = path.parent if step is None else path.parent.parent
    module, data = load_module(path, exercise=exercise)
    if film and not snapshots_in(folder):
        raise InputError(f"{folder} has no snapshots; train with --film to have them taken")
    try:
        figures = Path(out) if out else folder / FIGURES
        figures.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write the figures: {error}; choose another --out") from error
    paths, unwritten = draw(exercise, module, data, folder, out=figures, step=step, film=film)
    if paths:
        print(*paths, sep="\n")
    if unwritten:
        raise InputError(f"cannot write {unwritten}")
    return PASSED


def _to_draw(exercise: str, *, ckpt: str | None, run: str | None, step: int | None) -> Path:
    """Return the checkpoint or the snapshot that is to be drawn."""
    from mlpzoo.runs.checkpoint import BEST
    from mlpzoo.runs.folder import find_run
    from mlpzoo.runs.snapshots import snapshot

    if ckpt is not None and run is not None:
        raise InputError("--ckpt names one file, --run a folder; leave one of them out")
    if ckpt is not None and step is None:
        return Path(ckpt)
    if step is not None:
        check_count("step", step, least=0)
    named = run if ckpt is None else ckpt
    folder = find_run(named, Path("checkpoints") / exercise, purpose="draw; train one")
    return folder / BEST if step is None else snapshot(folder, step)
