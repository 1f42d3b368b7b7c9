"""What says "solved": thresholds on test metrics, none of which a constant may meet."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlpzoo.checks import InputError

if TYPE_CHECKING:
    from mlpzoo.data import Samples
    from mlpzoo.exercises.base import Exercise
    from mlpzoo.modules.finished import Answering

_SENSES: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Threshold:
    """One condition on a test metric; an exercise is solved when all of its bars are met.

    Args:
        metric: Name of the metric without its `test_` or `val_`.
        sense: "<", "<=", ">" or ">=".
        limit: The value to compare with, in the metric's unit.

    Example:
        >>> str(Threshold("max_error", "<", 0.01)), Threshold("max_error", "<", 0.01).met(0.02)
        ('max_error < 0.01', False)
    """

    metric: str
    sense: str
    limit: float

    def __post_init__(self) -> None:
        if self.sense not in _SENSES:
            raise InputError(f"sense must be one of {', '.join(_SENSES)}, got {self.sense!r}")

    def met(self, value: float) -> bool:
        """Tell whether a value meets the bar; NaN never does."""
        return _SENSES[self.sense](value, self.limit)

    def __str__(self) -> str:
        return f"{self.metric} {self.sense} {self.limit:g}"


Bar = Threshold  # as it was called first


def judged_on(data: Samples, exercise: Exercise, module: Answering) -> Exercise:
    """Return an exercise with the bars that its data ask for, or with bars that no constant meets.

    Where the targets vary little, a bar on the largest error or on rmse is a tenth of the best
    constant's at most.

    Args:
        data: Whose targets are meant.
        exercise: The exercise.
        module: Has the names of the targets' columns, each of which may have a bar.
    """
    import torch

    if data.bars:
        bars = tuple(Threshold(metric, "<", limit) for metric, limit in data.bars.items())
        return replace(exercise, bars=bars)
    y, constant = data.rows_of("val")[1].double(), {}
    for name, part in zip(("", *module.columns), (y, *torch.split(y, 1, dim=1)), strict=False):
        joint = f"{name}_" if name else ""
        constant[f"{joint}max_error"] = ((part.amax(dim=0) - part.amin(dim=0)) / 2).max().item()
        constant[f"{joint}rmse"] = part.var(dim=0, correction=0).mean().sqrt().item()
    limits = {bar: min(bar.limit, constant.get(bar.metric, 0) / 10 or bar.limit)
              for bar in exercise.bars}  # fmt: skip
    share = min((limit / bar.limit for bar, limit in limits.items() if bar.limit > 0), default=1.0)
    if not 0 < share < 1:
        return exercise
    bars = tuple(replace(bar, limit=limit) for bar, limit in limits.items())
    return replace(exercise, bars=bars, stop_at=exercise.stop_at * share)
