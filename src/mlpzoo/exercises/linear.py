"""A straight line through points by gradient descent, judged by least squares.

Ours draws 100 points of y = 2 x + 1 + noise and maps x on [-1, 1] inside the network, which makes
the cost surface round enough for a large rate.

The lecture's recipe takes the points (2, 4), (4, 7), (8, 8) as they are: sum of squares, SGD at
0.001, 10,000 steps, printing 0.6072 and 3.4999. The exact line is 17/28 x + 3.5. The largest
stable rate is 2 over the largest eigenvalue of the Hessian, 0.01158.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import check_at_least, check_positive
from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import LinearSamples
    from mlpzoo.modules.finished import Answering
    from mlpzoo.plotting import Canvas

LECTURE_POINTS = ((2.0, 4.0), (4.0, 7.0), (8.0, 8.0))
HAND_STEPS = 100_000


def descend_by_hand(
    points: Sequence[tuple[float, float]] = LECTURE_POINTS,
    *,
    lr: float = 0.001,
    steps: int = HAND_STEPS,
) -> tuple[float, float]:
    """Minimise sum((a x + b - y)^2) from a = b = 0 in plain float64, as the lecture does by hand.

    a -= lr * sum(2 (a x + b - y) x) and b -= lr * sum(2 (a x + b - y)), both from the same a and
    b, sums in the order of the points.

    Args:
        points: Pairs (x, y).
        lr: Learning rate.
        steps: How many steps.

    Returns:
        a and b after the last step.

    Raises:
        InputError: A rate that is not above 0, or fewer than 0 steps.

    Example:
        >>> descend_by_hand(steps=1)
        (0.2, 0.038)
    """
    check_positive("lr", lr)
    check_at_least("steps", steps, 0)
    a = b = 0.0
    for _ in range(steps):
        gradient_a = gradient_b = 0.0
        for x, y in points:
            residual = a * x + b - y
            gradient_a += 2 * residual * x
            gradient_b += 2 * residual
        a, b = a - lr * gradient_a, b - lr * gradient_b
    return a, b


def _measure(module: Answering, data: LinearSamples) -> dict[str, float]:
    from mlpzoo.plotting import views

    (a, b), (best_a, best_b) = views.line_of(module), data.least_squares()
    return {"a": a, "b": b, "coefficient_error": max(abs(a - best_a), abs(b - best_b))}


def _remark(module: Answering, data: LinearSamples, metrics: Mapping[str, float]) -> str:
    best_a, best_b = data.least_squares()
    learned = f"a = {metrics['a']:.4f}, b = {metrics['b']:.4f}"
    remark = f"{learned}; least squares: a = {best_a:.4f}, b = {best_b:.4f}"
    if _is_lectures(module, data):
        by_hand = " ".join(map(str, descend_by_hand()))
        remark += f"; by hand in float64, {HAND_STEPS} steps at 0.001: {by_hand}"
    return remark


def _is_lectures(module: Answering, data: LinearSamples) -> bool:
    """Tell whether points, rate and sum are those of the descent by hand."""
    import torch

    points = torch.cat([data.x, data.y], dim=1)
    if not torch.equal(points, torch.tensor(LECTURE_POINTS)):
        return False
    lectures = EXERCISE.module_class(**EXERCISE.recipe("lecture").module)
    return bool({**getattr(module, "hparams", {}), "seed": 0} == lectures.hparams)


def _descent(module: Answering, data: LinearSamples, canvas: Canvas) -> Figure:
    """Draw the cost as the line is trained on it, and gradient descent at the rate of the run."""
    import torch

    from mlpzoo import plotting
    from mlpzoo.modules.finished import FinishedNet

    net: Any = deepcopy(module.net).cpu()
    y = (data.y - net.out_scale.centre) / net.out_scale.half_width
    points = torch.cat([net.in_scale.to_unit(data.x), y], dim=1).double().numpy()
    weight, rates = 1 / len(points), dict[str, float]()
    if not isinstance(module, FinishedNet):  # which has no rate
        weight *= (data.batch_size or len(points)) if module.sums else 1
        changed = module.momentum or module.weight_decay or module.schedule != "constant"
        plain = module.optimizer_name.lower() == "sgd" and not changed
        rates = (
            {"this run": module.lr} if plain and isinstance(module.loss, torch.nn.MSELoss) else {}
        )
    maps = {"x": net.in_scale, "y": net.out_scale}
    scaled = " and ".join(name for name, scale in maps.items() if not scale.identity)
    return plotting.plot_descent(
        points,
        rates=rates,
        weight=weight * net.out_scale.half_width.item() ** 2,
        title=f"{canvas.title}, {scaled} scaled to [-1, 1]" if scaled else canvas.title,
        figure=canvas.figure,
    )


EXERCISE = Exercise(
    name="linear",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:LinearDataModule",
    samples_class="mlpzoo.data.linear:LinearSamples",
    module_class="mlpzoo.modules.sequential:LitSequentialMLP",
    recipes={
        "default": Recipe(
            module={"hidden_features": (), "optimizer": "sgd", "lr": 0.3},
            linked=lambda data: {"in_range": (data.low, data.high)},
            max_steps=500,
            val_every=20,
        ),
        "lecture": Recipe(
            data={"points": LECTURE_POINTS},
            module={"hidden_features": (), "optimizer": "sgd", "lr": 0.001, "reduction": "sum"},
            max_steps=10_000,
            val_every=500,
            early_stop=False,
        ),
    },
    bars=(Threshold("coefficient_error", "<=", 1e-3),),
    monitor="coefficient_error",
    mode="min",
    stop_at=1e-3,
    view="mlpzoo.plotting.views:fitted_line",
    pictures={"descent": _descent},
    measure=_measure,
    remark=_remark,
)
