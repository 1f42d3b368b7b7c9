"""Drawing of a network: its units in columns, its weights as edges, its biases in the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from mlpzoo.checks import InputError, count
from mlpzoo.nets.trace import Dense, dense_layers
from mlpzoo.plotting.figure import ERROR, MODEL, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

MOST_UNITS = 8  # of a layer
MOST_WRITTEN = 40  # parameters up to which each value is written
POSITIVE, NEGATIVE = MODEL, ERROR
_WIDEST = 3.5  # points
_RADIUS = 0.19
_ACROSS, _DOWN = 1.9, 1.0  # from column to column, from unit to unit
_GAP = 0.8  # between layers that share a column
_GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}  # of texts
_INCH = 0.85  # of paper for each of these units


@dataclass(frozen=True)
class _Row:
    """Units of one layer, or the inputs, as they are drawn."""

    label: str
    of: int  # how many units the layer has
    units: list[int]
    at: Array  # (units drawn, 2)


def plot_network(
    net: nn.Module, *, most: int = MOST_UNITS, title: str = "", figure: FigureBase | None = None
) -> Figure:
    """Draw inputs, units and outputs in columns, and between them the weights.

    An edge is blue for a weight above 0 and orange for one below, as wide as the weight is large
    beside the largest of its layer; a unit's disc shows its bias in the same colours. All values
    are written where the network has 40 parameters or fewer. Of a layer with more than `most` units
    (or its share of them, where layers such as those of two heads stand in one column) those are
    drawn that carry most: the largest products of the norm of the weights that go in and the norm
    of those that go out.

    Args:
        net: Any network of linear layers that takes (rows, in_features).
        most: Units of a column to draw.
        title: Above all; the rule of selection is added where there was one.
        figure: Where to draw.

    Raises:
        InputError: It has no linear layer, or is not made of ones that follow one another.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> [text.get_text() for text in plot_network(net).axes[0].texts][9:12]
        ['inputs', 'x1', 'x2']
    """
    count("most", most)
    layers = dense_layers(net, torch.zeros(2, _inputs(net)))
    rows = _places(layers, most)
    written = sum(p.numel() for p in net.parameters()) <= MOST_WRITTEN
    places = np.concatenate([row.at for row in rows.values()])
    width, height = np.ptp(places, axis=0)
    figure = figure or new_figure(max(_INCH * width + 1.7, 4.2), _INCH * height + 1.9)
    axes = figure.subplots()
    for index, dense in enumerate(layers):
        _draw_edges(axes, dense, rows[dense.source], rows[index], written=written)
    for member, row in rows.items():
        _draw_units(axes, row, None if member is None else layers[member], written=written)
    axes.set(aspect="equal", xlim=(-0.75, width + 0.85))
    axes.set_ylim(places[:, 1].min() - 0.45, places[:, 1].max() + 0.75)
    axes.axis("off")
    _head(figure, axes, title, cut=any(row.of > len(row.units) for row in rows.values()))
    return whole(figure)


def carry_most(layers: Sequence[Dense], index: int, most: int) -> list[int]:
    """Return which units of a layer carry most, in their order, as `plot_network` chooses them.

    Args:
        layers: Those of the network.
        index: Which of them.
        most: How many units to choose; all, where there are no more.
    """
    dense = layers[index]
    into = dense.weight.norm(dim=1)
    out = [after.weight.square().sum(dim=0) for after in layers if after.source == index]
    carried = (into * torch.stack(out).sum(dim=0).sqrt() if out else into).nan_to_num()
    return sorted(carried.argsort(descending=True, stable=True)[:most].tolist())


def _inputs(net: nn.Module) -> int:
    for part in net.modules():
        if isinstance(part, nn.Linear):
            return part.in_features
    raise InputError(f"{type(net).__name__} has no nn.Linear layer that could be drawn")


def _places(layers: Sequence[Dense], most: int) -> dict[int | None, _Row]:
    """Return what is drawn where: the inputs under None, then each layer under its index."""
    size = layers[0].weight.shape[1]
    inputs = list(range(min(size, most)))
    named: dict[int | None, tuple[str, int]] = {
        None: ("inputs" if layers[0].raw else "inputs, scaled", size)
    }
    columns: dict[int, list[int | None]] = {-1: [None]}
    for index, dense in enumerate(layers):
        named[index] = dense.label, len(dense.bias)
        columns.setdefault(dense.depth, []).append(index)
    rows: dict[int | None, _Row] = {}
    for depth, members in columns.items():
        share = max(most // len(members), 1)
        picks = [inputs if m is None else carry_most(layers, m, share) for m in members]
        middles = _middles(members, [len(units) for units in picks], layers, rows)
        for member, units, middle in zip(members, picks, middles, strict=True):
            y = middle + _DOWN * (len(units) - 1) / 2 - _DOWN * np.arange(len(units))
            at = np.stack([np.full(len(units), _ACROSS * (depth + 1)), y], axis=1)
            rows[member] = _Row(*named[member], units, at)
    return rows


def _middles(
    members: Sequence[int | None],
    sizes: Sequence[int],
    layers: Sequence[Dense],
    rows: Mapping[int | None, _Row],
) -> list[float]:
    """Return the height of each layer in a column: level with what it takes from, else stacked."""
    sources = [None if member is None else layers[member].source for member in members]
    if len(members) > 1 and len(set(sources)) == len(members):
        return [float(rows[source].at[:, 1].mean()) for source in sources]
    heights = _DOWN * np.array(sizes) + _GAP
    below = np.cumsum(heights)
    middles: list[float] = (below[-1] / 2 - below + heights / 2).tolist()
    return middles


def _draw_edges(axes: Axes, dense: Dense, left: _Row, right: _Row, *, written: bool) -> None:
    from matplotlib.collections import LineCollection

    weights = dense.weight[right.units][:, left.units].nan_to_num()
    share = (weights.abs() / dense.weight.abs().max().clamp(min=1e-30)).numpy()
    pairs = [(j, i) for j in range(len(right.units)) for i in range(len(left.units))]
    lines = [np.array([left.at[i], right.at[j]]) for j, i in pairs]
    colours = [POSITIVE if weights[j, i] >= 0 else NEGATIVE for j, i in pairs]
    widths = [0.15 + _WIDEST * share[j, i] for j, i in pairs]
    axes.add_collection(
        LineCollection(lines, colors=colours, linewidths=widths, alpha=0.75, zorder=1)
    )
    for j, i in pairs if written else ():
        along = 0.24 + 0.13 * (i % 3)  # edges of one unit fan out; those of the next are read later
        x, y = left.at[i] + along * (right.at[j] - left.at[i])
        axes.text(x, y, f"{weights[j, i]:.2f}", fontsize=7, ha="center", va="center", zorder=2,
                  color="black", bbox=_GROUND)  # fmt: skip


def _draw_units(axes: Axes, row: _Row, dense: Dense | None, *, written: bool) -> None:
    from matplotlib.patches import Circle

    drawn = "" if row.of == len(row.units) else f"\n{len(row.units)} of {row.of}"
    left, top = row.at[0]
    axes.text(left, top + 0.3, row.label + drawn, fontsize=8, ha="center", va="bottom",
              color="black", zorder=7, bbox=_GROUND)  # fmt: skip
    largest = 1.0 if dense is None else max(float(dense.bias.abs().max()), 1e-30)
    for (x, y), unit in zip(row.at, row.units, strict=True):
        bias = 0.0 if dense is None else float(dense.bias[unit])
        tint = POSITIVE if bias >= 0 else NEGATIVE
        share = min(abs(bias) / largest, 1.0) if bias == bias else 0.0
        disc: dict[str, Any] = {"xy": (x, y), "radius": _RADIUS, "zorder": 3}
        axes.add_patch(Circle(**disc, facecolor="white", edgecolor="none"))
        axes.add_patch(Circle(**disc, facecolor=tint, edgecolor="none", alpha=0.55 * share))
        axes.add_patch(Circle(**disc, fill=False, edgecolor="black", linewidth=0.8))
        text = f"x{unit + 1}" if dense is None else f"{bias:.2f}" if written else f"{unit + 1}"
        axes.text(x, y, text, fontsize=6 if len(text) > 4 else 7, ha="center", va="center",
                  zorder=6, color="black")  # fmt: skip


def _head(figure: FigureBase, axes: Axes, title: str, *, cut: bool) -> None:
    rule = "the units that carry most, by |weights in| x |weights out|"
    figure.suptitle("\n".join(filter(None, (title, rule if cut else ""))))  # a column is narrow
    from matplotlib.lines import Line2D

    keys = [Line2D([], [], color=POSITIVE, linewidth=2.5, label="weight or bias above 0"),
            Line2D([], [], color=NEGATIVE, linewidth=2.5, label="below 0")]  # fmt: skip
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2,
                frameon=False, fontsize=8)  # fmt: skip
