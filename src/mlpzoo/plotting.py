"""Pure drawing: arrays in, a matplotlib Figure out; no pyplot and no global state.

Every function draws on `figure` where one is given (a Figure or a SubFigure), else on a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlpzoo.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

Array = NDArray[np.floating[Any]]
F = TypeVar("F", bound="FigureBase")

MODEL, TRUTH, ERROR = "#0072b2", "#555555", "#d55e00"  # Okabe and Ito's colour-blind-safe set
CLASSES = ("#e69f00", "#009e73")  # targets 0 and 1
CMAP = "viridis"
DPI = 120


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with constrained layout, sizes in inches."""
    from matplotlib.figure import Figure  # half a second, paid only where something is drawn

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def save(figure: FigureBase, path: Path) -> None:
    """Write a figure to a file, a PNG or what its name ends in; its folder is made if need be.

    The folder above must be there: a run that is deleted must not come back as a picture.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    whole: Any = figure.figure  # a SubFigure is saved with all of its figure
    picture = BytesIO()
    whole.savefig(picture, format=path.suffix[1:] or "png")
    write_whole(path, picture.getvalue())


def plot_curve(
    x: Array, y: Array, truth: Array, *, title: str, figure: FigureBase | None = None
) -> FigureBase:
    """Draw a learned curve over the true one, and below it their difference.

    Shapes: x, y and truth (points,).

    Args:
        x: Inputs in rising order.
        y: What the network answers.
        truth: What is right.
        title: Above the upper plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 4.8)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot(x, truth, color=TRUTH, linewidth=4, alpha=0.35, label="truth")
    above.plot(x, y, color=MODEL, linewidth=1.2, label="network")
    above.set(ylabel="y")
    _head(above, title)
    _draw_error(below, x, y - truth)
    return figure


def plot_fit(
    points: tuple[Array, Array],
    line: tuple[float, float],
    least_squares: tuple[float, float],
    *,
    title: str,
    figure: FigureBase | None = None,
) -> FigureBase:
    """Draw points, the learned line and the least-squares line, and the difference of the lines.

    Args:
        points: x and y of the points, (points,) each.
        line: Learned slope and intercept.
        least_squares: Slope and intercept that minimise the sum of squares.
        title: Above the upper plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 4.8)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    x = np.linspace(points[0].min(), points[0].max(), 101)
    (a, b), (best_a, best_b) = line, least_squares
    above.plot(*points, "o", color=TRUTH, markersize=4, alpha=0.6, label="points")
    above.plot(x, best_a * x + best_b, color=TRUTH, linewidth=4, alpha=0.35, label="least squares")
    above.plot(x, a * x + b, color=MODEL, linewidth=1.2, label=f"network: y = {a:.4f} x {b:+.4f}")
    above.set(title=title, ylabel="y")
    above.legend(loc="best", frameon=False)
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
    axes.plot([], [], color=MODEL, linewidth=2, label=equation)
    axes.set(title=title, xlabel="x1", ylabel="x2", aspect="equal")
    axes.locator_params(nbins=5)
    axes.legend(loc="upper right")
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
        axes.set_box_aspect((1, 1, 0.75), zoom=0.88 if alone else 1)
        if points is not None and index == 0:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.3, 1.02), frameon=False)
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
