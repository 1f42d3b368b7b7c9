"""Drawing over two inputs: half planes and surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.plotting.figure import (
    CLASSES,
    CMAP,
    MODEL,
    Array,
    are_hidden,
    mark_classes,
    new_figure,
    set_keys,
    whole,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase
    from numpy.typing import NDArray

_ELEVATION, _AZIMUTH = 28, -60  # in degrees, from where surfaces are seen
_BOX = (1, 1, 0.75)  # its sides


def plot_separating_line(
    x: Array,
    targets: Array,
    weights: Array,
    bias: float,
    *,
    title: str,
    figure: FigureBase | None = None,
) -> Figure:
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
    figure = figure or new_figure(7.2, 4.6)
    axes = figure.subplots()
    axis = np.linspace(-0.5, 1.5, 201)
    first, second = np.meshgrid(axis, axis)
    net = weights[0] * first + weights[1] * second + bias
    axes.contourf(first, second, net > 0, levels=[-0.5, 0.5, 1.5], colors=CLASSES, alpha=0.25)
    if net.min() < 0 < net.max():
        axes.contour(first, second, net, levels=[0.0], colors=MODEL, linewidths=2)
    mark_classes(axes, x.T, targets, s=60)
    axes.set(title=title, xlabel="x1", ylabel="x2", aspect="equal", anchor="W")
    axes.locator_params(nbins=5)
    equation = f"{weights[0]:.3f} x1 {weights[1]:+.3f} x2 {bias:+.3f} = 0"
    set_keys(figure, loc="outside center right", title=equation, title_fontsize="small")
    return whole(figure)


def plot_surfaces(
    x1: Array,
    x2: Array,
    surfaces: Mapping[str, Array],
    *,
    title: str,
    points: tuple[Array, Mapping[str, Array], Array] | None = None,
    columns: int = 2,
    figure: FigureBase | None = None,
) -> Figure:
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
        axes: Any = figure.add_subplot(rows, columns, index + 1, projection="3d")
        marks = None if points is None else (points[0], points[1][name], points[2])
        draw_surface(axes, (x1, x2, heights), marks, size=60, zoom=0.88 if alone else 1.1)
        axes.set(title=name, xlabel="x1", ylabel="x2")
        if alone:  # among other figures there is no room beside it, and the title says it
            axes.set_zlabel(name.rpartition(", ")[2])
        axes.locator_params(nbins=3)
    if points is not None:
        set_keys(figure, loc="upper left")
    return whole(figure)


def draw_surface(
    axes: Any,
    surface: tuple[Array, Array, Array],
    marks: tuple[Array, Array, Array] | None,
    *,
    size: int,
    zoom: float,
) -> None:
    """Draw one surface in 3-D with marks on it, seen from where all of ours are seen.

    Args:
        axes: In three dimensions.
        surface: Both inputs and the heights, (n, n) each.
        marks: Inputs (rows, 2), heights and targets 0 or 1 (rows,); None for no marks.
        size: Of a mark; it is empty where some of the surface is in front of it.
        zoom: How much of its place the box fills.
    """
    axes.plot_surface(*surface, cmap=CMAP, rcount=100, ccount=100, antialiased=False)
    if marks is not None:
        x, heights, targets = marks
        behind = _behind(_cells(np.stack(surface, axis=-1)), np.column_stack((x, heights)))
        axes.computed_zorder = False  # else it goes by the middles of whole surfaces
        mark_classes(axes, (*x.T, heights), targets, hidden=behind, s=size, depthshade=False,
                     zorder=10)  # fmt: skip
        if behind.any():
            axes.scatter([], [], [], s=size, facecolor="white", edgecolor="black",
                         label="empty: behind the surface")  # fmt: skip
    axes.view_init(elev=_ELEVATION, azim=_AZIMUTH)
    axes.set_box_aspect(_BOX, zoom=zoom)


def _cells(grid: Array) -> Array:
    """Return the cells of a grid, (n, n, 3), by their corners, (cells, 4, 3)."""
    corners = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    return np.stack(corners, axis=2).reshape(-1, 4, 3)


def _behind(cells: Array, points: Array) -> NDArray[np.bool_]:
    """Tell which points of a surface lie behind some of it, seen from where all of ours are."""
    low, high = cells.min(axis=(0, 1)), cells.max(axis=(0, 1))
    scale = _BOX / np.maximum(high - low, 1e-30)
    up, across = np.radians((_ELEVATION, _AZIMUTH))
    toward = np.array([np.cos(up) * np.cos(across), np.cos(up) * np.sin(across), np.sin(up)])
    eye = 8 * toward + np.array(_BOX) / 2
    return are_hidden((points - low) * scale, (cells - low) * scale, eye)
