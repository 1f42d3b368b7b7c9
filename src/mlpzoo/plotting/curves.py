"""Drawing over one axis: curves and lines with their errors, and how losses fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import ERROR, MODEL, TRUTH, Array, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase


def plot_curve(
    x: Array,
    y: Array,
    truth: Array,
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool = True,
) -> FigureBase:
    """Draw a learned curve over the true one, and below it their difference.

    Shapes: x, y and truth (points,).

    Args:
        x: Inputs in rising order.
        y: What the network answers.
        truth: What is right.
        title: Above the upper plot.
        figure: Where to draw.
        error: Whether to draw the difference.
    """
    figure = figure or new_figure(6.4, 4.8)
    above, below = _over_error(figure, error)
    above.plot(x, truth, color=TRUTH, linewidth=4, alpha=0.35, label="truth")
    above.plot(x, y, color=MODEL, linewidth=1.2, label="network")
    above.set(ylabel="y")
    _head(above, title)
    if below is not None:
        _draw_error(below, x, y - truth)
    return figure


def plot_fit(
    points: tuple[Array, Array],
    line: tuple[float, float],
    least_squares: tuple[float, float],
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool = True,
) -> FigureBase:
    """Draw points, the learned line and the least-squares line, and the difference of the lines.

    Args:
        points: x and y of the points, (points,) each.
        line: Learned slope and intercept.
        least_squares: Slope and intercept that minimise the sum of squares.
        title: Above the upper plot.
        figure: Where to draw.
        error: Whether to draw the difference.
    """
    figure = figure or new_figure(6.4, 4.8)
    above, below = _over_error(figure, error)
    x = np.linspace(points[0].min(), points[0].max(), 101)
    (a, b), (best_a, best_b) = line, least_squares
    above.plot(*points, "o", color=TRUTH, markersize=4, alpha=0.6, label="points")
    above.plot(x, best_a * x + best_b, color=TRUTH, linewidth=4, alpha=0.35, label="least squares")
    above.plot(x, a * x + b, color=MODEL, linewidth=1.2, label=f"network: y = {a:.4f} x {b:+.4f}")
    above.set(title=title, ylabel="y")
    above.legend(loc="best", frameon=False)
    if below is not None:
        _draw_error(below, x, (a - best_a) * x + b - best_b)
    return figure


def plot_losses(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    figure: FigureBase | None = None,
) -> FigureBase:
    """Draw losses and other figures against optimizer steps, logarithmic where all are above 0.

    Args:
        series: Steps and values, by name.
        title: Above the plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 3.6)
    axes = figure.subplots()
    for name, (steps, values) in series.items():
        marker = "." if len(steps) < 50 else None
        axes.plot(steps, values, label=name, linewidth=1, marker=marker)
    drawn = [value for _, values in series.values() for value in values]
    falling = bool(drawn) and min(drawn) > 0 and max(drawn) > 10 * min(drawn)
    axes.set_yscale("log" if falling else "linear")
    axes.set(xlabel="optimizer steps", ylabel="value, logarithmic" if falling else "value")
    axes.grid(visible=True, alpha=0.3)
    _head(axes, title)
    return figure


def _head(axes: Axes, title: str) -> None:
    """Set the title on the left and the legend on the right, both above the axes."""
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=3, frameon=False)


def _over_error(figure: FigureBase, error: bool) -> tuple[Axes, Axes | None]:
    """Return the axes of the answer and those of its error below, if it is to be drawn."""
    if not error:
        axes = figure.subplots()
        axes.set_xlabel("x")
        return axes, None
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    return above, below


def _draw_error(axes: Axes, x: Array, error: Array) -> None:
    axes.axhline(0, color=TRUTH, linewidth=0.8)
    axes.plot(x, error, color=ERROR, linewidth=1)
    axes.set(xlabel="x", ylabel="error")
    axes.set_title(f"largest error {np.abs(error).max():.3g}", fontsize="small", loc="right")
