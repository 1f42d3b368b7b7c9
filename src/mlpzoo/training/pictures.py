"""The pictures of a run: what its module answers, what goes on inside it, losses, and a film."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.exercises import Exercise
from mlpzoo.modules.evaluation import measure_grid
from mlpzoo.plotting import Array, Canvas
from mlpzoo.plotting.views import pictures_of, with_gate
from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure, FigureBase

    from mlpzoo.data import Samples
    from mlpzoo.modules.finished import Answering

WIDTH, HEIGHT, DPI = 7.2, 3.3, 100  # of a frame of a run: inches, and pixels an inch
LEAST = 0.04  # of the range of all answers, by which a frame differs from the one before
GRID, ROWS = 41, 2000  # points along each of one or two inputs, and most rows, that are compared


def draw(
    exercise: Exercise,
    module: Answering,
    data: Samples,
    run: Path | None,
    *,
    out: Path,
    title: str = "",
    step: int | None = None,
    plots: bool = True,
    film: bool = False,
) -> tuple[list[Path], str]:
    """Write <exercise>.png, what goes on inside it, and, with a metrics.csv, loss.png.

    Args:
        exercise: Whose view and further pictures are drawn.
        module: What to draw.
        data: Its data.
        run: The run folder; None for a network of none.
        out: The folder of the pictures, made if need be.
        title: What to call the module; by default the exercise, and its gate if it has one.
        step: The step that the module is of, which is added to titles and names; None for the
            result of the run.
        plots: Whether to draw pictures.
        film: Whether to draw film.gif, from the snapshots of the run.

    Returns:
        The files written, and which were not and why, or "".
    """
    views = {exercise.name: exercise.view, **pictures_of(module, data), **exercise.pictures}
    title = title or with_gate(exercise.name, data)
    ending, after = ("", "") if step is None else (f"_step_{step:06d}", f" after {step} steps")
    series = read_metrics(run / FILE_NAME) if run and step is None else {}
    losses = {name: series[name] for name in exercise.curves if name in series}
    pictures: dict[Path, Callable[[], FigureBase | bytes]] = {
        out / f"{name}{ending}.png": partial(view, module, data, Canvas(title + after))
        for name, view in views.items()
    }
    if losses:
        named: dict[str, Any] = {"title": f"{title}, training", "levels": exercise.solved_at}
        pictures[out / "loss.png"] = partial(plotting.plot_losses, losses, **named)
    pictures = pictures if plots else {}
    if film and run:
        pictures[out / "film.gif"] = lambda: plotting.make_film(frames_of_run(exercise, run))
    return plotting.save_each(pictures)


def frames_of_run(exercise: Exercise, folder: Path) -> list[Figure]:
    """Return the frames of the film of a run from its snapshots, and from nothing else.

    A frame has the exercise's own view of the snapshot, and the validation figures up to its step.
    A snapshot that answers nearly as the frame before has none, unless it is the last.

    Args:
        exercise: Whose view and figures are shown.
        folder: The run folder.

    Raises:
        InputError: No snapshot that can be read.
    """
    shots = _shots(exercise, folder)
    if not shots:
        raise InputError(f"{folder} has no snapshots; train with --film to have them taken")
    chosen = _that_differ({step: _answers(*shot) for step, shot in shots.items()})
    steps = sorted({*chosen, *list(shots)[::2]})  # enough for a curve: they take longest
    measured = [_validated(exercise, *shots[step]) for step in steps]
    values = {name: [each[name] for each in measured] for name in reversed(measured[0])}
    first = next(iter(values.values()))
    series = {
        name: (steps, shown)
        for name, shown in values.items()
        if shown is first or not np.allclose(shown, first, 1e-3)
    }
    frames = []
    for step in chosen:
        module, data = shots[step]
        frames.append(plotting.new_figure(WIDTH, HEIGHT, DPI))
        halves: Any = frames[-1].subfigures(1, 2, width_ratios=(1.25, 1))
        exercise.view(module, data, Canvas(with_gate(exercise.name, data), halves[0], detail=False))
        plotting.plot_progress(series, step, steps[-1], figure=halves[1])
    return frames


def _shots(exercise: Exercise, folder: Path) -> dict[int, tuple[Answering, Samples]]:
    """Return modules and data of the snapshots that are shown, by step, without damaged ones."""
    from mlpzoo.runs.load import load_module  # Lightning, which other pictures do without
    from mlpzoo.runs.snapshots import is_due, snapshots_in

    found = snapshots_in(folder)
    shots: dict[int, tuple[Answering, Samples]] = {}
    for step in sorted(found):
        if is_due(step) or step == max(found):
            with suppress(InputError):
                shots[step] = load_module(found[step], exercise=exercise)
    return shots


def _answers(module: Answering, data: Samples) -> Array:
    x = data.grid(GRID)[0] if data.in_features <= 2 else data.rows_of("val")[0]
    with torch.no_grad():
        answers = module.answer(x[:: -(-len(x) // ROWS)])
    return answers.nan_to_num().double().numpy()


def _that_differ(answers: Mapping[int, Array]) -> list[int]:
    """Return the steps whose answers differ visibly from those of the one returned before.

    Example:
        >>> _that_differ({0: np.zeros(2), 1: np.zeros(2), 2: np.ones(2), 5: np.ones(2)})
        [0, 2, 5]
    """
    first, *others = answers
    chosen, least = [first], LEAST * np.ptp([*answers.values()])
    for step in others:
        if step == others[-1] or abs(answers[step] - answers[chosen[-1]]).max() > least:
            chosen.append(step)
    return chosen


def _validated(exercise: Exercise, module: Answering, data: Samples) -> dict[str, float]:
    """Return an exercise's curves on the validation grid; its train_loss is val_loss here."""
    found = measure_grid(module, data.val_dataloader()) | exercise.measure(module, data)
    names = [name.removeprefix("train_").removeprefix("val_") for name in exercise.curves]
    return {f"val_{name}": float(found[name]) for name in names}
