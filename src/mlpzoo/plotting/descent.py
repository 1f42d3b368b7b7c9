"""Drawing of gradient descent on the cost of a straight line: a bowl, and some ways down it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.checks import InputError, check_positive
from mlpzoo.plotting.figure import CMAP, ERROR, MODEL, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

Points = Sequence[tuple[float, float]] | Array

DRAWN, DOTS = 40, 300  # steps with a line that shows how they jump, and with a dot
_COLOURS = (MODEL, "#56b4e9", "#cc79a7", ERROR)
_LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))  # for those who tell no colours apart
_FALL = 1e-5  # of the first cost: where the best rate ends, at the latest
_FARTHEST = 1e12  # times the first cost: where a path that diverges ends


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

    @property
    def steps(self) -> int:
        """After how many steps the best rate is down to 1e-5 of the first cost from any start."""
        low, high = self.eigenvalues
        each = math.log((high - low) / (high + low)) if high > low else -math.inf
        return max(DRAWN, math.ceil(math.log(_FALL) / (2 * each)))

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
    pairs = np.asarray(points, dtype=float)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise InputError(f"points must be finite pairs (x, y), got shape {pairs.shape}")
    x, y = pairs.T
    if len(np.unique(x)) < 2:
        raise InputError(f"points must have two different x or more, got x = {x.tolist()[:5]}")
    hessian = 2 * weight * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    intercept = y.mean() - slope * x.mean()
    floor = weight * float(((slope * x + intercept - y) ** 2).sum())
    values, axes = np.linalg.eigh(hessian)
    values[0] = max(values[0], np.finfo(float).eps * values[1])  # which rounding may lose
    return Bowl(hessian, values, axes, np.array([slope, intercept]), floor)


def plot_descent(
    points: Points,
    *,
    rates: Mapping[str, float] | None = None,
    weight: float = 1.0,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw the cost of a line, a bowl over a and b, and gradient descent on it at several rates.

    From a = b = 0, at the given rates and at three that follow from the points: the one that is the
    fastest from the worst start (2 / sum of the Hessian's eigenvalues), one near the limit (a
    twentieth of the way from it to that), and one beyond it (2% above). At the limit, 2 / (largest
    eigenvalue), descent ceases to converge. Beside the bowls, the cost above its minimum against
    steps, for as many as bring that rate to 1e-5 of the first cost from any start.

    Args:
        points: Pairs (x, y), two different x or more.
        rates: Learning rates to show, by name; none for a tenth of the limit.
        weight: What the sum of squares is multiplied by: 1 / points for their mean.
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: Points that make no bowl, or a rate that is not above 0.
    """
    surface = bowl(points, weight=weight)
    named = _rates(surface, rates or {})
    sparse = np.geomspace(DOTS, max(DOTS, surface.steps), 500).round()
    steps = np.unique([*range(min(DOTS, surface.steps + 1)), *sparse[sparse <= surface.steps]])
    paths = {name: surface.descend(rate, steps) for name, rate in named.items()}
    apart = surface.eigenvalues[0] / surface.eigenvalues.sum()  # how near the limit the fastest is
    rows, digits = -(-len(named) // 2), min(17, max(5, 2 - math.floor(math.log10(apart))))
    figure = figure or new_figure(11.0, 2.8 * rows)
    head = f"limit 2 / {surface.eigenvalues[1]:.6g} = {surface.limit:.4g}"
    figure.suptitle(": ".join(filter(None, (title, f"gradient descent, {head}"))))
    places = [[2 * row, 2 * row + 1, "costs"] for row in range(rows)]
    panels = figure.subplot_mosaic(places, width_ratios=(1, 1, 1.1), empty_sentinel=len(named))
    for panel, ((name, path), colour) in enumerate(zip(paths.items(), cycle(_COLOURS))):
        axes = panels[panel]
        _draw_bowl(axes, surface)
        axes.plot(*path[:DRAWN].T, color=colour, linewidth=0.6, zorder=3)
        axes.plot(*path.T, ".", color=colour, markersize=3, zorder=3)
        axes.plot(*surface.minimum, marker="+", color="black", markersize=9, zorder=4)
        axes.set_title(f"{name}: {named[name]:.{digits}g}", fontsize="medium")
    _draw_costs(panels["costs"], surface, paths, steps)
    return whole(figure)


def _rates(surface: Bowl, given: Mapping[str, float]) -> dict[str, float]:
    """Return the rates that are drawn, by what each is: each name is true of any points."""
    limit, best = surface.limit, surface.best_rate
    for name, rate in given.items():
        check_positive(name, rate)
    shares = {f"{name}, {rate / limit:.3g} of the limit": rate for name, rate in given.items()}
    return (shares or {"a tenth of the limit": limit / 10}) | {
        "fastest from the worst start": best,
        "near the limit": limit - (limit - best) / 20,
        "beyond the limit": 1.02 * limit,
    }


def _draw_bowl(axes: Axes, surface: Bowl) -> None:
    farthest = np.abs(surface.axes) @ np.abs(surface.minimum @ surface.axes)  # where it converges
    reach = np.where(farthest > 0, 1.1 * farthest, 1.25)
    (left, bottom), (right, top) = surface.minimum - reach, surface.minimum + reach
    a, b = np.meshgrid(np.linspace(left, right, 81), np.linspace(bottom, top, 81))
    above = surface.cost(np.stack([a, b], axis=-1)) - surface.floor
    levels = above.max() * np.geomspace(3e-4, 0.7, 12)
    axes.contour(a, b, above, levels=levels, cmap=CMAP, linewidths=0.8, alpha=0.8)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="a", ylabel="b")
    axes.locator_params(nbins=5)


def _draw_costs(axes: Axes, surface: Bowl, paths: Mapping[str, Array], steps: Array) -> None:
    first = max(float(surface.cost(np.zeros(2)) - surface.floor), 1e-30)
    for (name, path), colour, line in zip(paths.items(), cycle(_COLOURS), cycle(_LINES)):
        above = np.maximum(surface.cost(path) - surface.floor, 1e-12 * first)
        axes.plot(steps[: len(path)], above, linestyle=line, color=colour, label=name)
    axes.set(xlabel="steps", ylabel="cost above its minimum", yscale="log")
    axes.set_ylim(_FALL * first, 1e2 * first)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="best")
