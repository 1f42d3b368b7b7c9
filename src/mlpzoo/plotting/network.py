"""Drawing of a network: its units in columns, its weights as edges, its biases in the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from torch import nn

from mlpzoo.checks import InputError, check_count
from mlpzoo.nets.trace import Dense, dense_layers
from mlpzoo.plotting.figure import ERROR, MODEL, Array, new_figure, whole
from mlpzoo.plotting.rows.marks import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

MOST_UNITS = 8  # of a layer
MOST_WRITTEN = 40  # parameters up to which each value is written
POSITIVE, NEGATIVE = MODEL, ERROR
_STYLES: Any = {POSITIVE: "solid", NEGATIVE: (0, (2.2, 0.9))}  # for those who see no colours
_THIN, _WIDEST, _TEXT = 0.4, 3.5, 8  # points
_RADIUS, _ACROSS, _DOWN = 0.23, 1.9, 1.0  # of a unit; from column to column, from unit to unit
_GAP = 0.8  # between layers that share a column
_LABEL = 16  # letters of a line of a label
_WRITTEN = (0.45, 0.2)  # width and height of a weight
_RAW = "inputs"  # as they are given
_NAME, _LETTER = 16, 0.085  # letters of the name of an input, and the width of one
_GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}  # of texts
_INCH = 0.85  # of paper for each of these units


Layers = Mapping[int | None, Dense]  # the dense layers by index, and the inputs as one, under None


class _Row(NamedTuple):
    """The units of one layer, or the inputs, that are drawn."""

    units: list[int]
    at: Array  # (units drawn, 2)


def plot_network(
    net: nn.Module,
    *,
    most: int = MOST_UNITS,
    names: Sequence[str] = (),
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw inputs, units and outputs in columns, and between them the weights.

    An edge is blue for a weight above 0, orange and dashed for one below, as wide as the weight is
    large beside the largest of its layer; a unit's disc shows its bias in the same way. All values
    are written where the network has 40 parameters or fewer. Of a layer with more than `most` units
    (or its share of them, where layers such as those of two heads stand in one column) those are
    drawn that carry most: the largest products of the norm of the weights that go in and the norm
    of those that go out. Of inputs which the network scales it is the latter, of others the first.

    Args:
        net: Any network of linear layers that takes (rows, in_features).
        most: Units of a column to draw.
        names: Of the inputs, to be written beside them.
        title: Above all; the rule of selection is added where there was one.
        figure: Where to draw.

    Raises:
        InputError: It has no linear layer, or is not made of ones that follow one another.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> [text.get_text() for text in plot_network(net).axes[0].texts][9:12]
        ['x1', 'x2', 'inputs']
    """
    check_count("most", most)
    layers = _layers(net)
    rows = _places(layers, most)
    written = sum(p.numel() for p in net.parameters()) <= MOST_WRITTEN
    places = np.concatenate([row.at for row in rows.values()])
    width, height = np.ptp(places, axis=0)
    named = [shortened(names[unit], _NAME) for unit in rows[None].units] if names else [""]
    left = _LETTER * max(map(len, named))
    figure = figure or new_figure(max(_INCH * (width + left) + 1.7, 4.2), _INCH * height + 1.9)
    axes = figure.subplots()
    taken: list[Array] | None = [] if written else None
    for index, dense in layers.items():
        if index is not None:
            _draw_edges(axes, dense, rows[dense.source], rows[index], taken)
    top = places[:, 1].max()
    for index, row in rows.items():
        alone = [dense.depth for dense in layers.values()].count(layers[index].depth) == 1
        _draw_units(axes, layers[index], row, written=written)
        _draw_label(axes, layers[index], row, top if alone else None)
    for (x, y), name in zip(rows[None].at, named, strict=False):
        axes.text(x - _RADIUS - 0.1, y, name, fontsize=_TEXT, ha="right", va="center")
    axes.set(aspect="equal", xlim=(-0.75 - left, width + 0.85))
    axes.set_ylim(places[:, 1].min() - 0.45, top + 0.85)
    axes.axis("off")
    cut = any(len(layers[index].bias) > len(row.units) for index, row in rows.items())
    rule = "the units that carry most, by |weights in| x |weights out|" if cut else ""
    figure.suptitle("\n".join(filter(None, (title, rule))), wrap=True)
    for colour, text in ((POSITIVE, "weight or bias above 0"), (NEGATIVE, "below 0")):
        axes.plot([], [], color=colour, linestyle=_STYLES[colour], linewidth=2.5, label=text)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False,
                fontsize=_TEXT, handlelength=3.5)  # fmt: skip
    return whole(figure)


def _layers(net: nn.Module) -> Layers:
    sizes = [part.in_features for part in net.modules() if isinstance(part, nn.Linear)]
    if not sizes:
        raise InputError(f"{type(net).__name__} has no nn.Linear layer that could be drawn")
    x = torch.zeros(2, sizes[0])
    first, *others = dense_layers(net, x)
    label = _RAW if first.raw else "inputs, scaled"
    inputs = replace(first, label=label, bias=x[0], depth=-1)
    return {None: inputs, **dict(enumerate([first, *others]))}


def _places(layers: Layers, most: int) -> dict[int | None, _Row]:
    """Return what is drawn where."""
    columns: dict[int, list[int | None]] = {}
    for index, dense in layers.items():
        columns.setdefault(dense.depth, []).append(index)
    rows: dict[int | None, _Row] = {}
    for depth, column in columns.items():
        picks = [_carry_most(layers, index, max(most // len(column), 1)) for index in column]
        sources = [layers[index].source for index in column]
        middles = _middles(sources, [len(units) for units in picks], rows)
        for index, units, middle in zip(column, picks, middles, strict=True):
            y = middle + _DOWN * (len(units) - 1) / 2 - _DOWN * np.arange(len(units))
            at = np.stack([np.full(len(units), _ACROSS * (depth + 1)), y], axis=1)
            rows[index] = _Row(units, at)
    return rows


def _carry_most(layers: Layers, index: int | None, most: int) -> list[int]:
    """Return which units of a layer carry most, in their order; of raw inputs, the first."""
    dense = layers[index]
    if index is None and dense.label == _RAW:
        return list(range(min(len(dense.bias), most)))
    into = torch.ones(len(dense.bias)) if index is None else dense.weight.norm(dim=1)
    out = [after.weight.square().sum(dim=0) for after in layers.values() if after.source == index]
    carried = (into * torch.stack(out).sum(dim=0).sqrt() if out else into).nan_to_num()
    return sorted(carried.argsort(descending=True, stable=True)[:most].tolist())


def _middles(
    sources: Sequence[int | None], sizes: Sequence[int], rows: Mapping[int | None, _Row]
) -> list[float]:
    """Return the height of each layer in a column: level with what it takes from, else stacked."""
    if len(sources) > 1 and len(set(sources)) == len(sources):
        return [float(rows[source].at[:, 1].mean()) for source in sources]
    heights = _DOWN * np.array(sizes) + _GAP
    below = np.cumsum(heights)
    return cast("list[float]", (below[-1] / 2 - below + heights / 2).tolist())


def _draw_edges(
    axes: Axes, dense: Dense, left: _Row, right: _Row, taken: list[Array] | None
) -> None:
    """Draw the weights from layer to layer, and write them where others are written, `taken`."""
    from matplotlib.collections import LineCollection

    weights = dense.weight[right.units][:, left.units].nan_to_num()
    share = (weights.abs() / dense.weight.nan_to_num().abs().max().clamp(min=1e-30)).numpy()
    pairs = [(j, i) for j in range(len(right.units)) for i in range(len(left.units))]
    lines = [np.array([left.at[i], right.at[j]]) for j, i in pairs]
    colours = [POSITIVE if weights[j, i] >= 0 else NEGATIVE for j, i in pairs]
    widths, dashes = [_THIN + _WIDEST * share[pair] for pair in pairs], map(_STYLES.get, colours)
    axes.add_collection(LineCollection(lines, colors=colours, linestyles=[*dashes],
                                       linewidths=widths, alpha=0.75, zorder=1))  # fmt: skip
    if taken is None:
        return
    for (j, i), line in zip(pairs, lines, strict=True):
        taken.append(_free_place(line, taken))
        x, y = taken[-1]
        axes.text(x, y, f"{weights[j, i]:.2f}", fontsize=_TEXT, ha="center", va="center",
                  zorder=2, color="black", bbox=_GROUND)  # fmt: skip


def _free_place(line: Array, taken: Sequence[Array]) -> Array:
    """Return where on an edge its weight covers none of those written before, if there is room."""
    places = [*(line[0] + np.linspace(0.27, 0.73, 24)[:, None] * (line[1] - line[0]))]
    free = (at for at in places if all((abs(at - other) > _WRITTEN).any() for other in taken))
    return next(free, places[0])


def _draw_units(axes: Axes, dense: Dense, row: _Row, *, written: bool) -> None:
    from matplotlib.patches import Circle

    largest = max(float(dense.bias.nan_to_num().abs().max()), 1e-30)
    for (x, y), unit in zip(row.at, row.units, strict=True):
        bias = float(dense.bias[unit])
        tint = POSITIVE if bias >= 0 else NEGATIVE
        share = min(abs(bias) / largest, 1.0) if bias == bias else 0.0
        disc: dict[str, Any] = {"xy": (x, y), "radius": _RADIUS, "zorder": 3}
        axes.add_patch(Circle(**disc, facecolor="white", edgecolor="none"))
        axes.add_patch(Circle(**disc, facecolor=tint, edgecolor="none", alpha=0.55 * share))
        axes.add_patch(Circle(**disc, fill=False, edgecolor="black", linestyle=_STYLES[tint]))
        text = f"x{unit + 1}" if dense.depth < 0 else f"{bias:.2f}" if written else f"{unit + 1}"
        axes.text(x, y, text, fontsize=_TEXT, ha="center", va="center", zorder=6, color="black")


def _draw_label(axes: Axes, dense: Dense, row: _Row, top: float | None) -> None:
    """Write what a layer is: above all units; else right above its own, where no edge comes in."""
    size, shown = len(dense.bias), len(row.units)
    label = fill(dense.label, _LABEL) + ("" if size == shown else f"\n{shown} of {size}")
    x, own = row.at[0]
    axes.text(x, (own if top is None else top) + _RADIUS + 0.1, label, fontsize=_TEXT, zorder=7,
              ha="left" if top is None else "center", va="bottom", color="black", bbox=_GROUND,
              linespacing=1.1)  # fmt: skip
