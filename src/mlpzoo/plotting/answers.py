"""Drawing of what networks answer: curves, fits, half planes, surfaces, and how losses fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.plotting.basics import CLASSES, CMAP, ERROR, MODEL, TRUTH, Array, new_figure

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


def plot_separating_line(
    x: Array,
    targets: Array,
    weights: Array,
    bias: float,
    *,
    title: str,
    figure: FigureBase | None = None,
) -> FigureBase:
    """Draw a perceptron's two half planes and the line w . x + b = 0 between them.

    Shapes: x (rows, 2), targets (rows,), weights (2,).

    Args:
        x: The inputs.
        targets: 0 or 1 for each.
        weights: The unit's weights.
        bias: The unit's bias.
        title: Above the plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(4.8, 4.8)
    axes = figure.subplots()
    axis = np.linspace(-0.5, 1.5, 201)
    first, second = np.meshgrid(axis, axis)
    net = weights[0] * first + weights[1] * second + bias
    axes.contourf(first, second, net > 0, levels=[-0.5, 0.5, 1.5], colors=CLASSES, alpha=0.25)
    if net.min() < 0 < net.max():
        axes.contour(first, second, net, levels=[0.0], colors=MODEL, linewidths=2)
    for value, colour in enumerate(CLASSES):
        rows = targets == value
        axes.scatter(
            x[rows, 0], x[rows, 1], s=60, color=colour, edgecolor="black", label=f"target {value}"
        )
    equation = f"{weights[0]:.3f} x1 {weights[1]:+.3f} x2 {bias:+.3f} = 0"
    axes.set(title=title, xlabel="x1", ylabel="x2", aspect="equal")
    axes.locator_params(nbins=5)
    axes.legend(
        loc="lower center", ncols=2, fontsize="small", title=equation, title_fontsize="small"
    )  # where no point is
    return figure


def plot_surfaces(
    x1: Array,
    x2: Array,
    surfaces: Mapping[str, Array],
    *,
    title: str,
    points: tuple[Array, Mapping[str, Array], Array] | None = None,
    columns: int = 2,
    figure: FigureBase | None = None,
) -> FigureBase:
    """Draw surfaces over one grid of two inputs, side by side in 3-D.

    Shapes: x1 and x2 (n, n), each surface (n, n).

    Args:
        x1: First input of every grid point.
        x2: Second input.
        surfaces: The heights, by the name to write above each.
        title: Above all.
        points: Marks to set on the surfaces: inputs (rows, 2), heights (rows,) by surface, and
            targets 0 or 1 (rows,).
        columns: Plots in a row.
        figure: Where to draw.
    """
    rows = -(-len(surfaces) // columns)
    alone = figure is None
    figure = figure or new_figure(4.2 * columns, 3.6 * rows)
    figure.suptitle(title)
    for index, (name, heights) in enumerate(surfaces.items()):
        axes = figure.add_subplot(rows, columns, index + 1, projection="3d")
        axes.plot_surface(x1, x2, heights, cmap=CMAP, rcount=100, ccount=100, antialiased=False)
        if points is not None:
            _draw_points(axes, points[0], points[1][name], points[2])
        axes.set(title=name, xlabel="x1", ylabel="x2")
        if alone:  # among other figures there is no room beside it, and the title says it
            axes.set_zlabel(name.rpartition(", ")[2])
        axes.locator_params(nbins=3)
        axes.view_init(elev=28, azim=-60)
        axes.set_box_aspect((1, 1, 0.75), zoom=0.88 if alone else 1.1)
    if points is not None:
        keys = axes.get_legend_handles_labels()
        figure.legend(*keys, loc="upper left", fontsize="small", frameon=False)
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


def _draw_points(axes: Any, inputs: Array, heights: Array, targets: Array) -> None:
    for value, colour in enumerate(CLASSES):
        rows = targets == value
        axes.scatter(
            *inputs[rows].T,
            heights[rows],
            s=60,
            color=colour,
            edgecolor="black",
            depthshade=False,
            label=f"target {value}",
            zorder=10,
        )
