"""Answers to the exercises on gradient descent and its rate."""

from typing import Any

import numpy as np

from mlpzoo.analysis.descent import bowl
from mlpzoo.lessons._answers import compare, numbers

_POINTS = ((3, 5), (4, 6.1), (5, 6.8))
_X, _Y = np.array(_POINTS, dtype=float).T
_NEAR = 5e-3  # of a and b: two decimals are enough
_EXACT, _MOST_STEPS = 1e-4, 2_500


def _slopes(a: float, b: float) -> list[float]:
    """Return d cost/d a and d cost/d b of the exercise's points."""
    off = a * _X + b - _Y
    return [2 * float(off @ _X), 2 * float(off.sum())]


def descent_1(slopes: Any) -> str:
    """Say what is wrong with the first slopes of the cost, at a = b = 0.

    Args:
        slopes: d cost/d a, d cost/d b.
    """
    first = np.array(_slopes(0, 0))
    mistakes = {
        "Mind the 2: the slope of the square r^2 is 2 r times the slope of r.": first / 2,
        "The signs are the wrong way round: at a = b = 0 the line lies too low, so that a larger a "
        "makes the cost smaller.": -first,
        "Those are the right numbers in the wrong order: d cost/d a comes first.": first[::-1],
        "The cost is the sum over the points here, not their mean.": first / len(_X),
        "In d cost/d a, each term is multiplied by the x of its point.": first[[1, 1]],
    }
    return compare(
        numbers(slopes, "d cost/d a", "d cost/d b"), first, mistakes,
        "Write down r = a x + b - y of each point, with a = b = 0: the first is 0 - 5 = -5. Then "
        "d cost/d a is the sum of 2 r x, and d cost/d b that of 2 r.",
    )  # fmt: skip


def descent_2(line: Any) -> str:
    """Say what is wrong with the line of the smallest sum of squares.

    Args:
        line: a, b.
    """
    a, b = numbers(line, "a", "b")
    found = bowl(_POINTS)
    if np.allclose((a, b), found.minimum, rtol=0, atol=_NEAR):
        return ""
    if np.allclose((b, a), found.minimum, rtol=0, atol=_NEAR):
        return "Those are the right numbers in the wrong order: a is the slope, and comes first."
    if (a, b) == (1, 2):
        return "y = x + 2 goes through (3, 5), (4, 6), (5, 7). Two of your points lie beside it."
    cost, (slope_a, slope_b) = float(found.cost(np.array([a, b]))), _slopes(a, b)
    said = f"At your line the cost is {cost:.4g}, its slopes {slope_a:.3g} and {slope_b:.3g}."
    if cost < 2 * found.floor:
        return f"{said} You are on the way down: take more steps, until both slopes are near 0."
    return f"{said} At the lowest place both slopes are 0: set them to 0 and solve, or descend."


def rates_1(rate: Any) -> str:
    """Say what is wrong with the limit of the rate on 5 (x - 3)^2.

    Args:
        rate: From which on gradient descent no longer comes nearer.
    """
    mistakes = {
        "That rate is 1 / curvature, which jumps to the bottom in one step. The limit is larger.":
            1 / 10,
        "The curvature is not 5: the slope of 5 (x - 3)^2 is 10 (x - 3). What is the slope of "
        "that?": 2 / 5,
        "That is the limit of (x - 3)^2. Here the curve is five times as steep.": 1,
        "That is the curvature, the slope of the slope. The limit is 2 / curvature.": 10,
    }  # fmt: skip
    return compare(
        numbers(rate, "the rate"), 2 / 10, mistakes,
        "A step leads from x - 3 to (1 - rate * curvature) (x - 3). At the limit that factor is "
        "-1. The curvature is the slope of the slope.",
    )  # fmt: skip


def rates_2(rate: Any) -> str:
    """Say whether a rate brings a and b within 1e-4 of the minimum in 2,500 steps, and if not why.

    Args:
        rate: The learning rate, from a = b = 0.
    """
    (value,) = numbers(rate, "the rate")
    if value <= 0:
        return "A rate is above 0: with one below 0 the point climbs."
    found = bowl(_POINTS)
    if value >= found.limit:
        return (
            f"At {value:g} it flies off: that is beyond 2 / (largest curvature). Which are the two "
            "curvatures of these points?"
        )
    path = found.descend(value, np.arange(40.0 * _MOST_STEPS))
    near = np.abs(path - found.minimum).max(axis=1) < _EXACT
    steps = int(near.argmax()) if near.any() else len(path)
    if steps <= _MOST_STEPS:
        return ""
    more = "more than " * (not near.any())
    return (
        f"At {value:g} it takes {more}{steps:,} steps. "
        + ("A larger rate is faster here." if value < found.best_rate else
           "So near the limit it jumps from side to side; a slightly smaller rate is faster.")
    )  # fmt: skip
