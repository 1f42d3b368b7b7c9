"""The pictures of a run: what its module answers, what goes on inside it, and how losses fell."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlpzoo import plotting
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.plotting.views import pictures_of, with_gate
from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics
from mlpzoo.training.film import make_film_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import FigureBase


def draw(
    exercise: Exercise,
    module: LitNetwork,
    data: FunctionDataModule,
    run: Path | None,
    *,
    out: Path,
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
        step: The step that the module is of, which is added to titles and names; None for the
            result of the run.
        plots: Whether to draw pictures.
        film: Whether to draw film.gif, from the snapshots of the run.

    Returns:
        The files written, and which were not and why, or "".
    """
    views = {exercise.name: exercise.view, **pictures_of(module, data), **exercise.pictures}
    title, ending = exercise.name, ""
    if step is not None:
        title, ending = f"{exercise.name} after {step} steps", f"_step_{step:06d}"
    series = read_metrics(run / FILE_NAME) if run and step is None else {}
    losses = {name: series[name] for name in exercise.curves if name in series}
    pictures: dict[Path, Callable[[], FigureBase | bytes]] = {
        out / f"{name}{ending}.png": partial(view, module, data, plotting.Canvas(title))
        for name, view in views.items()
    }
    if losses:
        pictures[out / "loss.png"] = partial(
            plotting.plot_losses,
            losses,
            title=f"{with_gate(exercise.name, data)}, training",
            levels=exercise.solved_at,
        )
    if not plots:
        pictures = {}
    if film and run:
        pictures[out / "film.gif"] = partial(make_film_of, exercise, run)
    return plotting.save_each(pictures)
