"""Drawing of gradient descent on the cost of a straight line: a bowl, and four ways down it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.plotting.figure import CMAP, ERROR, MODEL, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

Points = Sequence[tuple[float, float]] | Array

STEPS, DRAWN = 300, 40  # of the paths, and of the lines that show how they jump
_COLOURS = ("#56b4e9", MODEL, "#cc79a7", ERROR)
_FARTHEST = 1e12  # times the first cost: where a path that diverges ends


@dataclass(frozen=True)
class Bowl:
    """The cost sum((a x + b - y)^2) of points, a quadratic bowl over (a, b).

    Attributes:
        hessian: (2, 2).
        eigenvalues: Of the Hessian, smaller first.
        minimum: a and b of the least-squares line.
        floor: The cost there.
    """

    hessian: Array
    eigenvalues: Array
    minimum: Array
    floor: float

    @property
    def limit(self) -> float:
        """The rate from which on gradient descent diverges: 2 / (largest eigenvalue)."""
        return float(2 / self.eigenvalues[1])

    @property
    def best_rate(self) -> float:
        """The constant rate that is fastest in the worst case: 2 / (sum of the eigenvalues)."""
        return float(2 / self.eigenvalues.sum())

    def cost(self, at: Array) -> Array:
        """Return the cost: (..., 2) -> (...).

        Args:
            at: a and b.
        """
        off = at - self.minimum
        above: Array = 0.5 * np.einsum("...i,ij,...j->...", off, self.hessian, off)
        return self.floor + above

    def descend(self, rate: float, steps: int) -> Array:
        """Return a and b from a = b = 0 on, (up to steps + 1, 2); it ends where it flies off.

        Args:
            rate: Learning rate.
            steps: How many steps.
        """
        path = [np.zeros(2)]
        bound = _FARTHEST * (self.cost(path[0]) + 1)
        while len(path) <= steps and self.cost(path[-1]) <= bound:
            path.append(path[-1] - rate * self.hessian @ (path[-1] - self.minimum))
        return np.array(path)


def bowl(points: Points) -> Bowl:
    """Return the cost surface of a line through points, in float64.

    Args:
        points: Pairs (x, y), two different x or more.

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
    hessian = 2 * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    intercept = y.mean() - slope * x.mean()
    floor = float(((slope * x + intercept - y) ** 2).sum())
    return Bowl(hessian, np.linalg.eigvalsh(hessian), np.array([slope, intercept]), floor)


def plot_descent(points: Points, *, title: str = "", figure: FigureBase | None = None) -> Figure:
    """Draw the cost of a line, sum((a x + b - y)^2) over a and b, and gradient descent at 4 rates.

    From a = b = 0: too small (a tenth of the limit, in one digit), the best (2 / sum of the
    Hessian's eigenvalues), near the limit (a twentieth of the way from it to the best), and beyond
    it (2% above). At the limit, 2 / (largest eigenvalue), it ceases to converge. Beside the bowls,
    the cost above its minimum against steps.

    Args:
        points: Pairs (x, y), two different x or more.
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: Points that make no bowl.
    """
    surface = bowl(points)
    rates = _rates(surface)
    paths = {name: surface.descend(rate, STEPS) for name, rate in rates.items()}
    figure = figure or new_figure(11.0, 5.6)
    head = f"limit 2 / {surface.eigenvalues[1]:.6g} = {surface.limit:.4g}"
    figure.suptitle(": ".join(filter(None, (title, f"gradient descent, {head}"))))
    panels = figure.subplot_mosaic("01c\n23c", width_ratios=(1, 1, 1.1))
    converging = np.concatenate([paths["the best"], paths["too small"]])
    reach = 1.25 * np.abs(converging - surface.minimum).max(axis=0)
    reach[reach == 0] = 1.25
    for panel, (name, path), colour in zip("0123", paths.items(), _COLOURS, strict=True):
        axes = panels[panel]
        _draw_bowl(axes, surface, reach)
        axes.plot(*path[:DRAWN].T, color=colour, linewidth=0.6, zorder=3)
        axes.plot(*path.T, ".", color=colour, markersize=3, zorder=3)
        axes.plot(*surface.minimum, marker="+", color="black", markersize=9, zorder=4)
        axes.set_title(f"{name}: {rates[name]:.5g}", fontsize="medium")
    _draw_costs(panels["c"], surface, paths)
    return whole(figure)


def _rates(surface: Bowl) -> dict[str, float]:
    limit, best = surface.limit, surface.best_rate
    digit = 10 ** np.floor(np.log10(limit / 10))
    return {
        "too small": float(np.floor(limit / 10 / digit) * digit),
        "the best": best,
        "near the limit": limit - (limit - best) / 20,
        "beyond the limit": 1.02 * limit,
    }


def _draw_bowl(axes: Axes, surface: Bowl, reach: Array) -> None:
    (left, bottom), (right, top) = surface.minimum - reach, surface.minimum + reach
    a, b = np.meshgrid(np.linspace(left, right, 81), np.linspace(bottom, top, 81))
    above = surface.cost(np.stack([a, b], axis=-1)) - surface.floor
    levels = above.max() * np.geomspace(3e-4, 0.7, 12)
    axes.contour(a, b, above, levels=levels, cmap=CMAP, linewidths=0.8, alpha=0.8)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="a", ylabel="b")
    axes.locator_params(nbins=5)


def _draw_costs(axes: Axes, surface: Bowl, paths: dict[str, Array]) -> None:
    first = max(float(surface.cost(np.zeros(2)) - surface.floor), 1e-30)
    for (name, path), colour in zip(paths.items(), _COLOURS, strict=True):
        above = np.maximum(surface.cost(path) - surface.floor, 1e-12 * first)
        axes.plot(above, color=colour, label=name)
    axes.set(xlabel="steps", ylabel="cost above its minimum", yscale="log")
    axes.set_ylim(1e-5 * first, 1e3 * first)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="lower left")
