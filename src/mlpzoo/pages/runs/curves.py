"""What runs have logged, as curves of few points."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpzoo.analysis.layers import Array
from mlpzoo.pages.packed import packed
from mlpzoo.pages.runs.told import Told

MOST_POINTS, OF_ALL = 1000, 20_000  # of a curve; of all curves, about
_USUAL = ("train_loss", "val_loss")  # of an exercise that is not known here


def curves_of(told: Sequence[Told]) -> list[dict[str, Any]]:
    """Return charts, each with its lines: first that of what shows how training went.

    The first of one run has all its losses; those of two runs have a line a run.

    Args:
        told: One run or two.
    """
    wanted = dict.fromkeys(
        name for each in told for name in getattr(each.exercise, "curves", _USUAL)
    )
    names = dict.fromkeys([*wanted, *(name for each in told for name in each.logged)])
    there = [name for name in names if any(name in each.logged for each in told)]
    first = [name for name in there if name in wanted]
    if len(told) > 1:
        charts = [[name] for name in there]
    else:
        charts = [first] * bool(first) + [[name] for name in there if name not in first]
    most = max(5, min(MOST_POINTS, OF_ALL // max(1, sum(map(len, (t.logged for t in told))))))
    return [_chart(chart, told, most) for chart in charts]


def _chart(names: Sequence[str], told: Sequence[Told], most: int) -> dict[str, Any]:
    levels = {k: v for each in told for k, v in getattr(each.exercise, "solved_at", {}).items()}
    monitored = [f"val_{each.exercise.monitor}" for each in told if each.exercise]
    return {
        "name": ", ".join(names),
        "lines": [
            _line(name if len(told) == 1 else each.label, *each.logged[name], most)
            for name in names
            for each in told
            if name in each.logged
        ],
        "levels": [*levels.items()] if {*names} & {*monitored} else [],
    }


def _line(name: str, steps: Sequence[float], values: Sequence[float], most: int) -> dict[str, str]:
    x, y = np.array(steps), np.array(values)
    kept = thinned(y, most)
    return {"name": name, "x": packed(x[kept]), "y": packed(y[kept])}


def thinned(values: Array, most: int) -> list[int]:
    """Return which values of a curve to draw so that none of its peaks is lost.

    Of each of many equal parts, these are the least, the greatest and the first that is no number;
    and both ends.

    Args:
        values: Of the curve.
        most: How many at most, 5 or more.

    Example:
        >>> thinned(np.array([0.0, 5, 1, 1, 1, -3, 1, 1, np.nan, 1]), 8)
        [0, 1, 5, 6, 8, 9]
    """
    if len(values) <= most:
        return [*range(len(values))]
    kept = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), (most - 2) // 3):
        finite = part[np.isfinite(values[part])]
        if len(finite):
            kept |= {int(finite[values[finite].argmin()]), int(finite[values[finite].argmax()])}
        if len(finite) < len(part):
            kept.add(int(part[~np.isfinite(values[part])][0]))
    return sorted(kept)
