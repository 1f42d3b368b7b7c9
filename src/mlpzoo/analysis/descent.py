"""Gradient descent in small: on the bowl of a straight line, down a valley, and of a ReLU unit."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpzoo.analysis.by_hand.slopes import with_slope
from mlpzoo.checks import InputError, as_typed, is_finite

Array = NDArray[np.floating[Any]]
Points = Sequence[tuple[float, float]] | Array
Curve = Callable[[Tensor], Tensor]

_FARTHEST = 1e12  # times the first cost: where a path that diverges ends
_SAME = 0.01  # of the first distance: how far two bottoms may be apart that are one


@dataclass(frozen=True)
class Bowl:
    """The cost weight * sum((a x + b - y)^2) of points, a quadratic bowl over (a, b).

    Attributes:
        hessian: (2, 2).
        eigenvalues: Of the Hessian, smaller first.
        axes: Their eigenvectors, as columns.
        minimum: a and b of the least-squares line.
        floor: The cost there.
    """

    hessian: Array
    eigenvalues: Array
    axes: Array
    minimum: Array
    floor: float

    @property
    def limit(self) -> float:
        """The rate from which on gradient descent diverges: 2 / (largest eigenvalue)."""
        return float(2 / self.eigenvalues[1])

    @property
    def best_rate(self) -> float:
        """The constant rate that is fastest from the worst start: 2 / (sum of the eigenvalues)."""
        return float(2 / self.eigenvalues.sum())

    def cost(self, at: Array) -> Array:
        """Return the cost: (..., 2) -> (...).

        Args:
            at: a and b.
        """
        off = at - self.minimum
        above: Array = 0.5 * np.einsum("...i,ij,...j->...", off, self.hessian, off)
        return self.floor + above

    def descend(self, rate: float, steps: Array) -> Array:
        """Return a and b after so many steps from a = b = 0; it ends where the path flies off.

        Shapes: (steps,) -> (up to steps, 2).

        Args:
            rate: Learning rate.
            steps: How many, in rising order.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            shrunk = (1 - rate * self.eigenvalues) ** steps[:, np.newaxis]
            path: Array = self.minimum - shrunk * (self.minimum @ self.axes) @ self.axes.T
            near = self.cost(path) <= _FARTHEST * (self.cost(np.zeros(2)) + 1)
        return path[: len(path) if near.all() else near.argmin()]


def bowl(points: Points, *, weight: float = 1.0) -> Bowl:
    """Return the cost surface of a line through points, in float64.

    Args:
        points: Pairs (x, y), two different x or more.
        weight: What the sum of squares is multiplied by: 1 / points for their mean.

    Raises:
        InputError: Fewer than two points, all at one x, or numbers that are not finite.

    Example:
        >>> lecture = bowl([(2, 4), (4, 7), (8, 8)])
        >>> [round(float(value), 5) for value in lecture.eigenvalues], round(lecture.limit, 8)
        ([1.29702, 172.70298], 0.01158058)
    """
    x, y = _pairs(points)
    if len(np.unique(x)) < 2:
        raise InputError(f"points must have two different x or more, got x = {x.tolist()[:5]}")
    hessian = 2 * weight * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    intercept = y.mean() - slope * x.mean()
    floor = weight * float(((slope * x + intercept - y) ** 2).sum())
    values, axes = np.linalg.eigh(hessian)
    values[0] = max(values[0], np.finfo(float).eps * values[1])  # which rounding may lose
    return Bowl(hessian, values, axes, np.array([slope, intercept]), floor)


@dataclass(frozen=True)
class Valley:
    """A curve in one variable, `cost`, between a start and the bottom downhill from it.

    Attributes:
        start: Where a point is let go.
        bottom: Downhill, the first place where the slope is 0 or changes its sign.
        curvature: The largest second derivative on the way.
    """

    cost: Curve
    start: float
    bottom: float
    curvature: float

    def heights(self, x: Array | float) -> Array:
        """Return the cost at each x."""
        return with_slope(self.cost, np.asarray(x, dtype=float))[0]

    def holds(self, x: float) -> bool:
        """Tell whether the bottom downhill from x is the same."""
        apart = _bottom(self.cost, x) - self.bottom
        return abs(apart) < _SAME * abs(self.start - self.bottom)

    def roll(self, rate: float, steps: int) -> Array:
        """Return where x -= rate * slope leads from the start, (steps + 1,) or until it flies off.

        Args:
            rate: Learning rate.
            steps: How many, at most.
        """
        farthest = 1e6 * abs(self.start - self.bottom)
        return _descend(self.cost, np.array(self.start), rate, steps, farthest)[0]


def valley(cost: Curve, start: float) -> Valley:
    """Return the valley that a start lies in, in float64, with slopes by autograd.

    Args:
        cost: Maps a tensor to one of its shape, each number for itself.
        start: Where a point is let go.

    Raises:
        InputError: No torch function of its argument, or no valley: the start is level, or it goes
            down for ever.

    Example:
        >>> found = valley(lambda x: (x - 3) ** 2, 0)
        >>> round(found.bottom, 12), found.curvature, found.roll(0.25, 3).tolist()
        (3.0, 2.0, [0.0, 1.5, 2.25, 2.625])
    """
    bottom = math.nan
    if is_finite("start", start):
        x = torch.full((2,), start, dtype=torch.float64, requires_grad=True)
        value: object = cost(x)
        if not isinstance(value, Tensor) or value.shape != x.shape or not value.requires_grad:
            raise InputError(
                "cost must be made of its argument, each number for itself, by torch's functions, "
                f"such as torch.sin(x); of {x.tolist()} it gave {value!r}"
            )
        bottom = _bottom(cost, float(start))
    if bottom == start or not np.isfinite(with_slope(cost, np.array(bottom))[0]):
        raise InputError(
            f"no valley lies downhill from start={as_typed(start)}; choose a start where the curve "
            "has a slope, and goes down to a lowest place"
        )

    def slope(x: Tensor) -> Tensor:
        (found,) = torch.autograd.grad(cost(x).sum(), x, create_graph=True)
        return found + 0 * x  # of a line it does not depend on x

    curvatures = with_slope(slope, np.linspace(start, bottom, 33))[1]
    return Valley(cost, float(start), bottom, float(curvatures.max()))


def _bottom(cost: Curve, start: float) -> float:
    """Return where, first downhill, the slope is 0 or changes its sign; NaN for nowhere."""
    slope = float(with_slope(cost, np.array(start))[1])
    if slope == 0:
        return start
    x = start - math.copysign(max(1.0, abs(start)), slope) * np.append(0, np.geomspace(1e-3, 1e12))
    for _ in range(12):  # each of which leaves a 49th
        turned = ~(with_slope(cost, x)[1] * slope > 0)
        if not turned.any():
            return math.nan
        x = np.linspace(x[turned.argmax() - 1], x[turned.argmax()])
    return float(x[-1])


def _descend(
    cost: Curve, start: Array, rate: float, steps: int, farthest: float = sys.float_info.max
) -> tuple[Array, Array, Array]:
    """Return each place of gradient descent until it is too far from its start, cost and slope."""
    at, path = start, list[tuple[Array, Array, Array]]()
    with np.errstate(over="ignore", invalid="ignore"):
        while len(path) <= steps and np.abs(at - start).max() <= farthest:
            path.append((at, *with_slope(cost, at)))
            at = at - rate * path[-1][2]
    places, costs, slopes = (np.array(part) for part in zip(*path, strict=True))
    return places, costs, slopes


def descend_unit(
    points: Points, *, start: tuple[float, float], rate: float, steps: int
) -> tuple[Array, Array, Array]:
    """Fit one ReLU unit, max(0, a x + b), by gradient descent on the sum of squares.

    Args:
        points: Pairs (x, y).
        start: a and b.
        rate: Learning rate.
        steps: How many; fewer are taken where they fly off.

    Returns:
        Before each step, and after the last: a and b, the cost, and its gradient.

    Raises:
        InputError: Points or a start that are no finite numbers.

    Example:
        >>> [part[-1].tolist() for part in descend_unit([(2, 4)], start=(0, 0), rate=1, steps=9)]
        [[0.0, 0.0], 16.0, [0.0, 0.0]]
    """
    x, y = torch.tensor(_pairs(points))
    if len(start) != 2 or not all(is_finite("start", value) for value in start):
        raise InputError(f"start must be two finite numbers, a and b, got {as_typed(start)}")

    def cost(line: Tensor) -> Tensor:
        off: Tensor = torch.relu(line[0] * x + line[1]) - y
        return off.square().sum()

    return _descend(cost, np.array(start, dtype=float), rate, steps)


def _pairs(points: Points) -> Array:
    try:
        pairs = np.asarray(points, dtype=float)
    except (TypeError, ValueError):  # no numbers, or rows of different lengths
        pairs = np.empty(0)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise InputError(f"points must be finite pairs (x, y), got shape {pairs.shape}")
    return pairs.T
