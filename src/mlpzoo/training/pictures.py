"""The pictures of a run: what its module answers, what goes on inside it, and how losses fell."""

from pathlib import Path

from mlpzoo import plotting
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.plotting.views import pictures_of, with_gate
from mlpzoo.runs.metrics_csv import read_metrics


def draw(
    exercise: Exercise,
    module: LitNetwork,
    data: FunctionDataModule,
    run: Path,
    *,
    out: Path,
    step: int | None = None,
) -> list[Path]:
    """Write <exercise>.png, what goes on inside it, and, with a metrics.csv, loss.png.

    Args:
        exercise: Whose view and further pictures are drawn.
        module: What to draw.
        data: Its data.
        run: The run folder.
        out: The folder of the pictures, made if need be.
        step: The step that the module is of, which is added to titles and names; None for the
            result of the run.

    Returns:
        The files written.

    Raises:
        OSError: A picture cannot be written.
    """
    views = {exercise.name: exercise.view, **pictures_of(module, data), **exercise.pictures}
    title, ending = exercise.name, ""
    if step is not None:
        title, ending = f"{exercise.name} after {step} steps", f"_step_{step:06d}"
    canvas = plotting.Canvas(title)
    drawn = {name + ending: view(module, data, canvas) for name, view in views.items()}
    series = read_metrics(run / "metrics.csv") if step is None else {}
    losses = {name: series[name] for name in exercise.curves if name in series}
    if losses:
        title = f"{with_gate(exercise.name, data)}, training"
        drawn["loss"] = plotting.plot_losses(losses, title=title, levels=exercise.solved_at)
    for name, figure in drawn.items():
        plotting.save(figure, out / f"{name}.png")
    return [out / f"{name}.png" for name in drawn]
