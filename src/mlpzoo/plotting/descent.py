"""Drawing of gradient descent: on the cost of a straight line, a bowl, and down a curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.analysis.descent import Bowl, Curve, Points, Valley, bowl, valley
from mlpzoo.checks import InputError, check_count, check_positive
from mlpzoo.plotting.figure import CMAP, ERROR, MODEL, TRUTH, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

DRAWN, DOTS = 40, 300  # steps with a line that shows how they jump, and with a dot
_COLOURS = (MODEL, "#56b4e9", "#cc79a7", ERROR)
_LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))  # for those who tell no colours apart
_FALL = 1e-5  # of the first cost: where the best rate ends, at the latest
_SHARES = (0.02, 0.3, 1.05)  # of the limit: rates that are too small, right and too large
_THERE = 0.01  # of the first height above the bottom


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
    most = _steps(surface)
    sparse = np.geomspace(DOTS, max(DOTS, most), 500).round()
    steps = np.unique([*range(min(DOTS, most + 1)), *sparse[sparse <= most]])
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


def _steps(surface: Bowl) -> int:
    """Return after how many the best rate is down to 1e-5 of the first cost from any start."""
    low, high = surface.eigenvalues
    each = math.log((high - low) / (high + low)) if high > low else -math.inf
    return max(DRAWN, math.ceil(math.log(_FALL) / (2 * each)))


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


def plot_rolling(
    cost: Curve,
    *,
    start: float,
    rates: Sequence[float] = (),
    steps: int = 12,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw how a point A rolls down a curve in one variable, x -= rate * slope, at several rates.

    Above each panel stands what came of the rate: whether the point climbs, is at the bottom (up to
    1% of its first height above it), jumps from side to side or is still on its way. The curvature
    is the largest between A and the bottom; a parabola is climbed from 2 / curvature on.

    Args:
        cost: Maps a tensor to one of its shape, each number for itself, such as
            `lambda x: (x - 3) ** 2`.
        start: Where A is let go.
        rates: Learning rates; by default 0.02, 0.3 and 1.05 of 2 / curvature.
        steps: How many to take.
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: A cost without a valley downhill from the start or not made of torch's
            functions, or a number out of range.

    Example:
        >>> panels = plot_rolling(lambda x: (x - 3) ** 2, start=0, rates=[0.1, 1.1]).axes
        >>> [axes.get_title().splitlines()[1] for axes in panels]
        ['right: at the bottom after 11 steps', 'too large: it climbs']
    """
    check_count("steps", steps, 1, 1000)
    for rate in rates:
        check_positive("rate", rate)
    found = valley(cost, start)
    if not found.curvature > 0 and not len(rates):
        raise InputError("the curve has no curvature from which rates follow; give rates")
    rates = [*rates] or [2 * share / found.curvature for share in _SHARES]
    columns = min(3, len(rates))
    rows = -(-len(rates) // columns)
    figure = figure or new_figure(3.9 * columns, 3.6 * rows + 0.3)
    figure.suptitle(title, wrap=True)
    for place, rate in enumerate(rates):
        axes, path = figure.add_subplot(rows, columns, place + 1), found.roll(rate, steps)
        _draw_rolling(axes, found, path)
        share = f", {rate * found.curvature / 2:.3g} of 2 / curvature"
        said = f"rate {rate:.4g}{share * (found.curvature > 0)}\n{_outcome(found, path, steps)}"
        axes.set_title(said, fontsize="medium")
    return whole(figure)


def _outcome(found: Valley, path: Array, steps: int) -> str:
    above = found.heights(path) - found.heights(found.bottom)
    there = above <= _THERE * above[0]
    if len(path) <= steps or above[-1] > above[0]:
        return "too large: it climbs"
    if there[-1]:
        return f"right: at the bottom after {there.argmax()} steps"
    if not found.holds(path[-1]):
        return "too large: it leaves the valley"
    sides = np.sign(path - found.bottom)
    jumps = (sides[1:] != sides[:-1]).mean() > 0.5
    return "large: it jumps across" if jumps else f"too small: on its way after {steps} steps"


def _draw_rolling(axes: Axes, found: Valley, path: Array) -> None:
    first, most = abs(found.start - found.bottom), np.abs(path - found.bottom).max()
    reach = 1.2 * min(most, 2.5 * first)
    x = np.linspace(found.bottom - reach, found.bottom + reach, 201)
    curve, heights = found.heights(x), found.heights(path)
    axes.plot(x, curve, color=TRUTH, linewidth=1)
    steps: Any = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.005}
    axes.quiver(path[:-1], heights[:-1], np.diff(path), np.diff(heights), color=MODEL, **steps)
    axes.plot(path, heights, "o", color=MODEL, markersize=4)
    axes.plot(found.bottom, found.heights(found.bottom), "k+", markersize=10, zorder=4)
    axes.annotate("A", (path[0], heights[0]), (-14 if found.start < found.bottom else 6, -10),
                  textcoords="offset points", weight="bold")  # fmt: skip
    low, high = np.nanmin(curve), np.nanmax(curve)
    axes.set(xlim=(x[0], x[-1]), ylim=(low - 0.08 * (high - low), high), xlabel="x", ylabel="cost")
