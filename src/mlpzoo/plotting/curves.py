"""Drawing over one axis: curves and lines with their errors, and how losses fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import ERROR, MODEL, TRUTH, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]  # steps and values, by name


def plot_curve(
    x: Array,
    y: Array,
    truth: Array,
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool = True,
) -> Figure:
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
    axes = _above_error(figure, x, y - truth if error else None)
    axes.plot(x, truth, color=TRUTH, linewidth=4, alpha=0.35, label="truth")
    axes.plot(x, y, color=MODEL, linewidth=1.2, label="network")
    _head(axes, title)
    return whole(figure)


def plot_fit(
    points: tuple[Array, Array],
    line: tuple[float, float],
    least_squares: tuple[float, float],
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool = True,
) -> Figure:
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
    x = np.linspace(points[0].min(), points[0].max(), 101)
    (a, b), (best_a, best_b) = line, least_squares
    axes = _above_error(figure, x, (a - best_a) * x + b - best_b if error else None)
    axes.plot(*points, "o", color=TRUTH, markersize=4, alpha=0.6, label="points")
    axes.plot(x, best_a * x + best_b, color=TRUTH, linewidth=4, alpha=0.35, label="least squares")
    axes.plot(x, a * x + b, color=MODEL, linewidth=1.2, label=f"network: y = {a:.4f} x {b:+.4f}")
    axes.set_title(title)
    axes.legend(loc="best", frameon=False)
    return whole(figure)


def plot_losses(series: Series, *, title: str, figure: FigureBase | None = None) -> Figure:
    """Draw losses and other figures against optimizer steps, logarithmic where all are above 0.

    Args:
        series: Steps and values, by name.
        title: Above the plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 3.6)
    axes = figure.subplots()
    for name, (steps, values) in series.items():
        axes.plot(steps, values, label=name, linewidth=1, marker="." if len(steps) < 50 else None)
    falling = _far_apart([value for _, values in series.values() for value in values])
    axes.set_yscale("log" if falling else "linear")
    axes.set(xlabel="optimizer steps", ylabel="value, logarithmic" if falling else "value")
    axes.grid(visible=True, alpha=0.3)
    _head(axes, title)
    return whole(figure)


def plot_progress(
    series: Series, step: int, last: int, *, figure: FigureBase | None = None
) -> Figure:
    """Draw losses up to a step, on axes for the whole run, logarithmic where it is long.

    Args:
        series: Steps and values of the whole run, by name.
        step: Where it is now, which is marked.
        last: The last step.
        figure: Where to draw.
    """
    from matplotlib.ticker import NullLocator

    figure = figure or new_figure(3.2, 3.3)
    axes = figure.subplots()
    axes.set_xscale("log" if last >= 20 else "linear")
    axes.set_xlim(0.8, max(last, 2) * 1.15)
    for (name, (steps, values)), colour in zip(series.items(), (MODEL, ERROR), strict=False):
        until = sum(at <= step for at in steps)
        axes.plot(steps[:until], values[:until], label=name, color=colour, linewidth=1.3,
                  marker="o" if len(steps) < 50 else None, markersize=3)  # fmt: skip
    axes.axvline(max(step, 0.8), color=TRUTH, linewidth=1, linestyle=":")
    axes.set_xlabel("optimizer steps")
    _set_heights(axes, [value for _, values in series.values() for value in values])
    for axis in (axes.xaxis, axes.yaxis):  # the ticks of a logarithmic axis take longest to draw
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:g}")
    axes.set_title(f"step {step:,}", loc="left", fontsize="medium", family="monospace")
    axes.grid(visible=True, alpha=0.3)
    if series:
        axes.legend(loc="lower left", fontsize="x-small", framealpha=0.8)
    return whole(figure)


def _head(axes: Axes, title: str) -> None:
    """Set the title on the left and the legend on the right, both above the axes."""
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=3, frameon=False)


def _above_error(figure: FigureBase, x: Array, error: Array | None) -> Axes:
    """Return the axes of the answer, above those of its error where that is drawn."""
    if error is None:
        axes = figure.subplots()
        axes.set(xlabel="x", ylabel="y")
        return axes
    above: Axes
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.set_ylabel("y")
    below.axhline(0, color=TRUTH, linewidth=0.8)
    below.plot(x, error, color=ERROR, linewidth=1)
    below.set(xlabel="x", ylabel="error")
    below.set_title(f"largest error {np.abs(error).max():.3g}", fontsize="small", loc="right")
    return above


def _far_apart(values: Sequence[float]) -> bool:
    """Tell whether values are above 0 and span so much that their axis is logarithmic."""
    return bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def _set_heights(axes: Axes, values: Sequence[float]) -> None:
    finite = [value for value in values if np.isfinite(value)]
    if _far_apart(finite):
        axes.set(yscale="log", ylim=(min(finite) / 1.5, max(finite) * 1.5))
    elif finite:
        room = 0.08 * (max(finite) - min(finite) or 1.0)
        axes.set_ylim(min(finite) - room, max(finite) + room)
