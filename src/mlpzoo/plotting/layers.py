"""Drawing of how points move from plane to plane, through layers of two units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mlpzoo.checks import InputError
from mlpzoo.nets.trace import Dense, dense_layers
from mlpzoo.plotting.figure import (
    CLASSES,
    ERROR,
    MODEL,
    PURPLE,
    TRUTH,
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

CELLS, FINE = 10, 10  # of the grid along each axis, and points along each side of a cell
_CUTS = {MODEL: "-", PURPLE: "--", ERROR: "-.", "black": ":"}  # of the next layer's units


def plot_layers(
    net: nn.Module,
    points: Array | Tensor,
    targets: Array | Tensor,
    *,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw points in the plane of the inputs and in that of every hidden layer of two units.

    Each panel has the images of the points, coloured by target, and of a grid over their range, so
    that one sees how the plane is bent and folded. It is tinted by what the network answers in the
    end (its first output above or below the middle of what it gives the two classes), and cut by
    the line of each unit of the next layer, w . h + b = 0; the arrow points to where that is above
    0. The last panel has the outputs on a line. The key has the equations of the first layer's.

    Args:
        net: Any network of linear layers that takes (rows, 2).
        points: (rows, 2).
        targets: 0 or 1 for each, (rows,) or (rows, 1).
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: Points that are not of two inputs, or no hidden layer of two units.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
        >>> figure = plot_layers(net, torch.tensor([[0.0, 0], [1, 1]]), torch.tensor([0, 1]))
        >>> [axes.get_title() for axes in figure.axes]
        ['inputs', 'layer 1', 'output']
    """
    x = torch.as_tensor(points, dtype=torch.float32)
    classes = np.asarray(targets).reshape(-1)
    if x.dim() != 2 or x.shape[1] != 2 or len(classes) != len(x):
        raise InputError(
            f"points must have shape (rows, 2) and targets (rows,), got {tuple(x.shape)} and "
            f"{tuple(np.shape(targets))}; plot_neurons draws networks of one input"
        )
    grid = _grid(x)
    of_points, of_grid = dense_layers(net, x), dense_layers(net, grid)
    planes = {None: ("inputs", "x", x, grid), **_planes(of_points, of_grid)}
    rows, columns = -(-(len(planes) + 1) // 3), 3
    alone, figure = figure is None, figure or new_figure(9.3, 3.15 * rows + 0.8, constrained=False)
    figure.suptitle(title, wrap=True)
    answer, last = (next(d for d in of if not d.hidden) for of in (of_grid, of_points))
    middle = _middle(last.units[:, 0].numpy(), classes)
    cuts = {index: _cuts(of_points, index) for index in planes}
    for place, (index, (label, name, marks, mesh)) in enumerate(planes.items()):
        axes = figure.add_subplot(rows, columns, place + 1)
        _draw_plane(axes, mesh.double().numpy(), answer.units[:, 0].numpy() > middle)
        mark_classes(axes, marks.double().numpy().T, classes, s=55, zorder=5)
        _draw_cuts(axes, cuts[index])
        axes.set_title(label, fontsize="medium", y=1)
        axes.set(xlabel=f"{name}1", ylabel=f"{name}2")
        axes.ticklabel_format(scilimits=(-2, 4))  # so that no number is wide
        axes.locator_params(nbins=4)
    axes = figure.add_subplot(rows, columns, len(planes) + 1)
    _draw_line(axes, last, classes, middle)
    _add_keys(axes, max(map(len, cuts.values())), cuts[None])
    set_keys(figure, loc="outside lower center", ncols=2, handlelength=3)
    if alone:
        lines = sum(1 + len(line) // 95 for line in title.splitlines())
        foot = 0.65 + 0.09 * len(figure.legends[0].get_texts())
        set_margins(whole(figure), (0.75, 0.1, foot, 0.42 + 0.2 * lines), wspace=0.3, hspace=0.33)
    return whole(figure)


def _planes(
    of_points: Sequence[Dense], of_grid: Sequence[Dense]
) -> dict[int | None, tuple[str, str, Tensor, Tensor]]:
    """Return each hidden layer of two units by its place: names, and images of points and grid."""
    planes: dict[int | None, tuple[str, str, Tensor, Tensor]] = {
        place: (dense.label, "unit ", dense.units, of_grid[place].units)
        for place, dense in enumerate(of_points)
        if dense.hidden and dense.units.shape[1] == 2
    }
    if not planes:
        raise InputError("there is no hidden layer of 2 units, a plane; take plot_neurons")
    if not all(dense.units.isfinite().all() for dense in of_grid):
        raise InputError("the network gives numbers that are not finite; there is no plane to draw")
    return planes


def _grid(x: Tensor) -> Tensor:
    low, high = x.min(dim=0).values, x.max(dim=0).values
    unit = torch.linspace(0, 1, CELLS * FINE + 1)
    return torch.lerp(low, torch.where(high > low, high, low + 1), torch.cartesian_prod(unit, unit))


def _middle(outputs: Array, classes: Array) -> float:
    """Return what lies between the outputs of the two classes; 0 where they are not apart."""
    ones, zeros = outputs[classes == 1], outputs[classes == 0]
    if not len(ones) or not len(zeros) or zeros.max() < 0 < ones.min():
        return 0.0
    return float((zeros.max() + ones.min()) / 2) if zeros.max() < ones.min() else 0.0


def _draw_plane(axes: Axes, image: Array, above: NDArray[np.bool_]) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import ListedColormap

    side = CELLS * FINE + 1
    mesh = image.reshape(side, side, 2)
    tint = above.reshape(side, side)[:-1, :-1].astype(float)
    axes.pcolormesh(mesh[..., 0], mesh[..., 1], tint, cmap=ListedColormap(CLASSES), vmin=0, vmax=1,
                    alpha=0.45, shading="flat", linewidth=0, rasterized=True, zorder=1)  # fmt: skip
    lines = [*mesh[::FINE], *mesh[:, ::FINE].swapaxes(0, 1)]
    drawn = LineCollection(lines, colors=TRUTH, linewidths=0.5, alpha=0.5, zorder=2)
    axes.add_collection(drawn, autolim=False)
    low, high = np.nanmin(image, axis=0), np.nanmax(image, axis=0)
    room = 0.12 * np.maximum(high - low, 1e-6)
    xlim, ylim = zip(low - room, high + room, strict=True)
    axes.set(xlim=xlim, ylim=ylim)


def _cuts(layers: Sequence[Dense], source: int | None) -> list[tuple[Array, float]]:
    """Return w and b of each unit that takes from a plane; none of inputs that are scaled first."""
    nexts = [d for d in layers if d.source == source and (source is not None or d.raw)]
    return [(w.numpy(), float(b)) for d in nexts for w, b in zip(d.weight, d.bias, strict=True)]


def _draw_cuts(axes: Axes, cuts: Sequence[tuple[Array, float]]) -> None:
    """Draw the line w . h + b = 0 of each unit, as far as the panel shows it."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    corner, size = np.array([left, bottom]), np.array([right - left, top - bottom])
    for (weight, bias), (colour, dashes) in zip(cuts, _CUTS.items(), strict=False):
        scaled = weight * size  # in a panel of 1 x 1
        norm = np.linalg.norm(scaled)
        if not np.isfinite(norm) or norm == 0:
            continue
        normal, along = scaled / norm, np.array([-scaled[1], scaled[0]]) / norm
        foot = 0.5 - normal * (weight @ (corner + size / 2) + bias) / norm  # from the middle
        ends = np.array([foot - 2 * along, foot + 2 * along]) * size + corner
        axes.plot(*ends.T, color=colour, linestyle=dashes, linewidth=1.8, zorder=3)
        if (np.abs(foot - 0.5) < 0.5).all():
            axes.annotate("", xy=tuple(foot + 0.12 * normal), xytext=tuple(foot), zorder=4,
                          xycoords="axes fraction", textcoords="axes fraction",
                          arrowprops={"arrowstyle": "-|>", "color": colour})  # fmt: skip
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _draw_line(axes: Axes, last: Dense, classes: Array, middle: float) -> None:
    values = last.units[:, 0].numpy()
    axes.axvline(middle, color=TRUTH, linestyle="--", linewidth=1)
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")  # none hides another
    height = np.linspace(-0.25, 0.25, len(values))[order] if len(values) <= 16 else 0.0 * order
    mark_classes(axes, (values, height), classes, s=55, zorder=5)
    axes.axhline(0, color=TRUTH, linewidth=0.8)
    axes.set(ylim=(-1, 1), yticks=[], xlabel="output", ylabel="rows, set apart")
    axes.margins(x=0.15)
    axes.set_title(last.label, fontsize="medium")


def _add_keys(axes: Axes, cuts: int, first: Sequence[tuple[Array, float]]) -> None:
    """Name what the planes show: areas, grid, and the lines of the next layer's units."""
    for answer, colour in enumerate(CLASSES):
        axes.fill([], [], color=colour, alpha=0.45, label=f"where the network answers {answer}")
    equations = [f"{w[0]:.3g} x1 {signed(w[1], '.3g')} x2 {signed(b, '.3g')} = 0" for w, b in first]
    for unit, (colour, dashes) in enumerate([*_CUTS.items()][:cuts]):
        label = f"line of unit {unit + 1} of the next layer"
        label += f"; of layer 1: {equations[unit]}" if unit < len(equations) else ""
        axes.plot([], [], color=colour, linestyle=dashes, linewidth=1.8, label=label)
    axes.plot([], [], color=TRUTH, linewidth=0.5, alpha=0.5, label="grid over the inputs")
    axes.plot([], [], "k", linestyle="", marker=r"$\rightarrow$", markersize=14,
              label="to where the unit's w . h + b is above 0")  # fmt: skip
