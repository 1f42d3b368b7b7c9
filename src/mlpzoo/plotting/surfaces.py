"""Drawing over two inputs: half planes, surfaces and maps of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.plotting.figure import (
    CLASSES,
    CMAP,
    MODEL,
    Array,
    mark_classes,
    new_figure,
    set_keys,
    set_margins,
    signed,
    whole,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase
    from numpy.typing import NDArray

_ELEVATION, _AZIMUTH = 28, -60  # in degrees, from where surfaces are seen
_BOX = (1, 1, 0.75)  # its sides

_SEEN = 0.995  # the share of a map's errors within its scale of colours


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
    figure = figure or new_figure(4.8, 5.2)
    axes = figure.subplots()
    axis = np.linspace(-0.5, 1.5, 201)
    first, second = np.meshgrid(axis, axis)
    net = weights[0] * first + weights[1] * second + bias
    axes.contourf(first, second, net > 0, levels=[-0.5, 0.5, 1.5], colors=CLASSES, alpha=0.25)
    if net.min() < 0 < net.max():
        axes.contour(first, second, net, levels=[0.0], colors=MODEL, linewidths=2)
    for answer in np.unique(net > 0):  # where it is surest, so that no colour need be told
        at = np.unravel_index((net if answer else -net).argmax(), net.shape)
        x1, x2 = (float(0.9 * axis[i] + 0.05) for i in reversed(at))
        side = "left" if x1 < 0.5 else "right"
        axes.text(x1, x2, f"answer {answer:d}", horizontalalignment=side, va="center")
    mark_classes(axes, x.T, targets, s=60)
    axes.set(title=title, xlabel="x1", ylabel="x2", aspect="equal")
    axes.locator_params(nbins=5)
    equation = f"{weights[0]:.3f} x1 {signed(weights[1])} x2 {signed(bias)} = 0"
    set_keys(figure, loc="outside lower center", ncols=2, title=equation, title_fontsize="small")
    return whole(figure)


def plot_surfaces(
    x1: Array,
    x2: Array,
    surfaces: Mapping[str, Array],
    *,
    title: str,
    maps: Mapping[str, Array] | None = None,
    points: tuple[Array, Mapping[str, Array], Array] | None = None,
    figure: FigureBase | None = None,
) -> Figure:
    """Draw surfaces over two inputs, side by side in 3-D, and below them maps of errors.

    Shapes: x1, x2 and each surface (n, n), or (cells, 4): the corners of cells of any size, in
    turn; each map (m, m), of any m over the same range.

    Args:
        x1: First input of every grid point.
        x2: Second input.
        surfaces: The heights, by the name to write above each.
        title: Above all.
        maps: Errors, by the name to write above each; x1 rises with the row, x2 with the column.
        points: Marks to set on the surfaces: inputs (rows, 2), heights (rows,) by surface, and
            targets 0 or 1 (rows,).
        figure: Where to draw.
    """
    beside = len(surfaces) == len(maps or {}) == 1  # one map stands beside its surface
    columns, alone = 2 if beside else min(2, len(surfaces)), figure is None
    above = -(-len(surfaces) // columns)
    rows = 1 if beside else above - (-len(maps or {}) // columns)
    size = 4.2 * columns, 3.6 * rows + (0.4 if points else 0)
    if figure is None and not maps:
        figure = new_figure(*size, constrained=False)
        set_margins(figure, (0, 0, 0.3 if points else 0, 0.5), wspace=0)
    figure = figure or new_figure(*size)
    figure.suptitle(title)
    for index, (name, heights) in enumerate(surfaces.items()):
        axes: Any = figure.add_subplot(rows, columns, index + 1, projection="3d")
        marks = None if points is None else (points[0], points[1][name], points[2])
        draw_surface(axes, (x1, x2, heights), marks, size=60, zoom=0.95 if alone else 1.1)
        axes.set_title(name, y=1)  # so that it need not be measured
        axes.set(xlabel="x1", ylabel="x2")
        if alone:  # among other figures there is no room beside it, and the title says it
            axes.set_zlabel(name.rpartition(", ")[2], labelpad=10 if beside else None)
        axes.locator_params(nbins=3)
    for index, (name, errors) in enumerate((maps or {}).items()):
        place = 2 if beside else above * columns + index + 1
        _draw_map(figure.add_subplot(rows, columns, place), errors, (x1, x2), name)
    if points is not None:
        set_keys(
            figure, loc="outside lower center" if alone else "upper left", ncols=3 if alone else 1
        )
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
        surface: Both inputs and the heights, (n, n) each, or (cells, 4) (see `plot_surfaces`).
        marks: Inputs (rows, 2), heights and targets 0 or 1 (rows,); None for no marks.
        size: Of a mark; it is empty where some of the surface is in front of it.
        zoom: How much of its place the box fills.
    """
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

    cells = np.stack(surface, axis=-1)
    if len(cells) == 4 or cells.shape[1] != 4:
        seen = (np.linspace(0, n - 1, min(n, 101)).astype(int) for n in cells.shape[:2])
        cells = cells_of(cells[np.ix_(*seen)])
    drawn = Poly3DCollection(cells, cmap=CMAP, antialiased=False)
    drawn.set_array(cells[..., 2].mean(axis=1))
    axes.add_collection3d(drawn)
    axes.auto_scale_xyz(*cells.reshape(-1, 3).T)
    axes.set_autoscale_on(False)  # marks lie on the surface
    if marks is not None:
        x, heights, targets = marks
        behind = _behind(cells, np.column_stack((x, heights)))
        axes.computed_zorder = False  # else it goes by the middles of whole surfaces
        mark_classes(axes, (*x.T, heights), targets, hidden=behind, s=size, depthshade=False,
                     zorder=10)  # fmt: skip
        if behind.any():
            axes.scatter([], [], [], s=size, facecolor="white", edgecolor="black",
                         label="empty: behind the surface")  # fmt: skip
    axes.view_init(elev=_ELEVATION, azim=_AZIMUTH)
    axes.set_box_aspect(_BOX, zoom=zoom)


def cells_of(grid: Array) -> Array:
    """Return the cells of a grid, (n, n, inputs), by their corners in turn, (cells, 4, inputs).

    Args:
        grid: Both inputs of every point, and what else there is of it.
    """
    corners = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
    return np.stack(corners, axis=2).reshape(-1, 4, grid.shape[-1])


def _behind(cells: Array, points: Array) -> NDArray[np.bool_]:
    """Tell which points of a surface lie behind some of it, seen from where all of ours are."""
    low, high = cells.min(axis=(0, 1)), cells.max(axis=(0, 1))
    scale = _BOX / np.maximum(high - low, 1e-30)
    up, across = np.radians((_ELEVATION, _AZIMUTH))
    toward = np.array([np.cos(up) * np.cos(across), np.cos(up) * np.sin(across), np.sin(up)])
    eye = 8 * toward + np.array(_BOX) / 2
    return _are_hidden((points - low) * scale, (cells - low) * scale, eye)


def _are_hidden(points: Array, cells: Array, eye: Array) -> NDArray[np.bool_]:
    """Tell from which points the eye, far away, is not seen, for a cell stands between.

    Moeller and Trumbore's intersection of a ray with the two triangles of each cell. What is nearer
    to a point than a two-hundredth of the way is its own cell.

    Example:
        >>> wall = np.array([[[1.0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]]])
        >>> at = np.array([[0.0, 0.5, 0.5], [0.0, 2.0, 0.5], [2.0, 0.5, 0.5]])
        >>> _are_hidden(at, wall, np.array([5.0, 0.5, 0.5])).tolist()
        [True, False, False]
    """
    corner, first, second = np.concatenate([cells[:, :3], cells[:, [0, 2, 3]]]).swapaxes(0, 1)
    first, second = first - corner, second - corner
    way = (eye - points)[:, None]
    across = np.cross(way, second)
    size = (first * across).sum(axis=-1)
    size = np.where(size == 0, np.nan, size)  # seen from the side
    start = points[:, None] - corner
    turned = np.cross(start, first)
    u, v = (start * across).sum(axis=-1) / size, (way * turned).sum(axis=-1) / size
    far = (second * turned).sum(axis=-1) / size
    between = (u >= 0) & (v >= 0) & (u + v <= 1) & (far > 0.005)
    return np.asarray(between.any(axis=1))


def _draw_map(axes: Axes, errors: Array, inputs: tuple[Array, Array], name: str) -> None:
    """Draw errors in colours, 0 in the middle; the few largest share the colours at the ends."""
    most = float(np.quantile(np.abs(errors), _SEEN))
    (left, right), (low, high) = ((float(x.min()), float(x.max())) for x in inputs)
    from matplotlib.ticker import MaxNLocator

    shown = axes.imshow(errors.T, origin="lower", extent=(left, right, low, high), cmap=CMAP,
                        vmin=-most, vmax=most, aspect="auto")  # fmt: skip
    axes.set_box_aspect(1)
    ticks = MaxNLocator(5)  # whose number does not change when the layout makes room for them
    bar = whole(axes.figure).colorbar(shown, ax=axes, extend="both", shrink=0.8, ticks=ticks)
    bar.set_label("error")
    axes.set(xlabel="x1", ylabel="x2")
    axes.set_title(name, fontsize="medium")
