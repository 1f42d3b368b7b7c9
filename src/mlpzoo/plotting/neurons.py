"""Drawing of every hidden unit: a curve over one input, a surface over two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError, check_count, check_ordered
from mlpzoo.nets.trace import Dense, dense_layers
from mlpzoo.plotting.figure import (
    CLASSES,
    ERROR,
    MODEL,
    PURPLE,
    SKY,
    TRUTH,
    Array,
    new_figure,
    set_keys,
    whole,
)
from mlpzoo.plotting.rows.marks import shortened
from mlpzoo.plotting.surfaces import draw_surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

CURVE_POINTS, SURFACE_POINTS = 401, 31  # along an axis
_COARSE = 5  # of the grey curves: there may be hundreds
MOST_CURVES, MOST_SURFACES = 8, 3  # units a layer that are drawn by default
_COLOURS = (MODEL, ERROR, CLASSES[1], PURPLE, "black", CLASSES[0], SKY, TRUTH)  # of curves
_SHAPES, _DASHES = [*"osD^vPX*"], ("-", "--", ":", "-.")  # so that no two units look alike


def plot_neurons(
    net: nn.Module,
    ranges: Sequence[tuple[float, float]],
    *,
    most: int | None = None,
    points: tuple[Array, Array] | None = None,
    names: Sequence[str] = (),
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw what the units of every hidden layer give: curves over one input, surfaces over two.

    Layers stand from left to right. Of a layer with more than `most` units those are drawn that
    differ most: first the one that varies most over the range, then always the one that the linear
    combinations of those before explain least. Of one input, all other units are grey.

    Args:
        net: Any network of linear layers that takes (rows, 1) or (rows, 2).
        ranges: Low and high end of each input.
        most: Units of a layer to draw; None for 8 curves or 3 surfaces, or a layer of up to 4.
        points: Two inputs only: marks to set on the surfaces, x (rows, 2) and targets 0 or 1
            (rows,).
        names: Of the inputs; () for x, or x1 and x2.
        title: Above all; the rule of selection is added where there was one.
        figure: Where to draw.

    Raises:
        InputError: Ranges of no input, or of three and more; a network without hidden layers, or
            one that takes other inputs or cannot be drawn.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> len(plot_neurons(net, [(0, 1), (0, 1)]).axes)
        3
    """
    x = _grid(ranges)
    hidden = [dense for dense in dense_layers(net, x) if dense.hidden]
    if not hidden:
        raise InputError(f"{type(net).__name__} has no hidden layer; draw what it answers instead")
    widest, columns = max(dense.units.shape[1] for dense in hidden), len(hidden)
    if most is None:
        most = MOST_CURVES if len(ranges) == 1 else 4 if widest <= 4 else MOST_SURFACES
    check_count("most", most)
    picks = [_most_different(dense.units, most) for dense in hidden]
    if figure is None and len(ranges) == 1:
        figure = new_figure(max(5.6, 4.2 * columns), 4.2)
    elif figure is None:
        figure = new_figure(
            2.5 * columns + 0.3, 2.25 * max(map(len, picks)) + 0.8, constrained=False
        )
    rule = f"the {most} units a layer that differ most over the range" if widest > most else ""
    figure.suptitle(": ".join(filter(None, (title, rule))), wrap=True)
    if len(ranges) == 1:
        _draw_curves(figure, x[:, 0], hidden, picks)
    else:
        _draw_surfaces(figure, x, hidden, picks, None if points is None else _marks(net, points))
    drawn: Any = figure
    for axes in drawn.get_axes():
        axes.set(**dict(zip(("xlabel", "ylabel"), map(shortened, names), strict=False)))
    return whole(figure)


def _most_different(units: Tensor, most: int) -> list[int]:
    """Return which units, of (rows, units), differ most; all, where there are no more.

    Example:
        >>> _most_different(torch.tensor([[0.0, 0.0, 1.0, 0.0], [2.0, 1.9, 0.0, 0.0]]), 2)
        [0, 1]
        >>> _most_different(torch.tensor([[0.0, 0, 1], [2.0, 1.9, 0], [0, 0, -1]]), 2)
        [0, 2]
    """
    if units.shape[1] <= most:
        return list(range(units.shape[1]))
    left = units.double() - units.double().mean(dim=0)
    chosen: list[int] = []
    for _ in range(most):
        size = left.square().sum(dim=0).nan_to_num()
        size[chosen] = -1.0
        chosen.append(int(size.argmax()))
        direction = left[:, chosen[-1]] / left[:, chosen[-1]].norm().clamp(min=1e-30)
        left = left - direction.unsqueeze(1) * (direction @ left)
    return sorted(chosen)


def _grid(ranges: Sequence[tuple[float, float]]) -> Tensor:
    if len(ranges) not in (1, 2):
        raise InputError(
            f"a unit of {len(ranges)} inputs is neither a curve nor a surface; give the ranges of "
            "a network of 1 or 2 inputs, or wrap yours in one that holds the others still"
        )
    for low, high in ranges:
        check_ordered("range", low, high)
    points = CURVE_POINTS if len(ranges) == 1 else SURFACE_POINTS
    axes = [torch.linspace(low, high, points) for low, high in ranges]
    return torch.cartesian_prod(*axes).view(-1, len(ranges))


def _marks(net: nn.Module, points: tuple[Array, Array]) -> tuple[Array, list[Array], Array]:
    x, targets = np.asarray(points[0], dtype=float), np.asarray(points[1]).reshape(-1)
    layers = dense_layers(net, torch.as_tensor(x, dtype=torch.float32))
    return x, [dense.units.numpy() for dense in layers if dense.hidden], targets


def _draw_curves(
    figure: FigureBase, x: Tensor, hidden: Sequence[Dense], picks: Sequence[list[int]]
) -> None:
    from matplotlib.rcsetup import cycler

    looks = cycler(linestyle=_DASHES) * (cycler(color=_COLOURS) + cycler(marker=_SHAPES))
    for column, (dense, chosen) in enumerate(zip(hidden, picks, strict=True)):
        axes = figure.add_subplot(1, len(hidden), column + 1)
        axes.set_prop_cycle(looks)
        others = np.delete(dense.units.numpy(), chosen, axis=1)
        axes.plot(x[::_COARSE], others[::_COARSE], color=TRUTH, linestyle="-", marker="",
                  linewidth=0.5, alpha=0.12, zorder=1)  # fmt: skip
        for place, unit in enumerate(chosen):
            axes.plot(x, dense.units[:, unit], linewidth=1.4, label=f"unit {unit + 1}",
                      markersize=5, markevery=(6 * place % 48, 48))  # fmt: skip
        axes.set(xlabel="x", ylabel="output")
        size = dense.units.shape[1]
        axes.set_title(f"{dense.label}, {size} unit{'s' * (size > 1)}", fontsize="medium")
        axes.legend(fontsize="small", ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2),
                    frameon=False, columnspacing=1.0, handletextpad=0.4)  # fmt: skip


def _draw_surfaces(
    figure: FigureBase,
    x: Tensor,
    hidden: Sequence[Dense],
    picks: Sequence[list[int]],
    marks: tuple[Array, list[Array], Array] | None,
) -> None:
    rows, columns = max(map(len, picks)), len(hidden)
    foot = 0.0 if marks is None else 0.06  # for the keys
    high = (0.93 - foot) / rows
    x1, x2 = (column.view(SURFACE_POINTS, -1).numpy() for column in x.unbind(dim=1))
    ticks = [(values.min(), values.max()) for values in (x1, x2)]
    for column, (dense, chosen) in enumerate(zip(hidden, picks, strict=True)):
        for row, unit in enumerate(chosen):
            low = foot + high * (rows - row - 1)
            place = (0.97 * column / columns, low, 0.92 / columns, 0.94 * high)
            axes: Any = figure.add_axes(place, projection="3d", facecolor="none")
            heights = dense.units[:, unit].view(SURFACE_POINTS, -1).numpy()
            on_it = None if marks is None else (marks[0], marks[1][column][:, unit], marks[2])
            draw_surface(axes, (x1, x2, heights), on_it, size=28, zoom=0.95)
            axes.set_title(f"{dense.label}, unit {unit + 1}", fontsize="small", pad=1, y=1)
            axes.set_xlabel("x1", fontsize="small", labelpad=-6)
            axes.set_ylabel("x2", fontsize="small", labelpad=-6)
            axes.set_zlabel("output", fontsize="x-small", labelpad=1)
            axes.tick_params(labelsize="x-small", pad=-3)
            axes.tick_params("z", pad=1)
            axes.set(xticks=ticks[0], yticks=ticks[1])
            axes.locator_params(axis="z", nbins=3)
    if marks is not None:
        set_keys(figure, loc="lower center", ncols=3)
