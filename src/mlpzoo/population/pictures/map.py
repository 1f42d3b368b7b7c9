"""The map of two settings: how often each pair of their values works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting import CMAP, Array, new_figure
from mlpzoo.plotting.figure import set_keys
from mlpzoo.plotting.rows.marks import shortened
from mlpzoo.population.pictures._values import are_numbers, names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_WRITTEN = 16  # cells in a row whose numbers are written; more, and they would be too small to read
_CELL, _SMALL = (0.66, 0.48), (0.26, 0.36)  # inches


def plot_map(
    rates: Array,
    lows: Array,
    highs: Array,
    *,
    x: str,
    y: str,
    x_values: Sequence[object],
    y_values: Sequence[object],
    title: str,
    dropped: NDArray[np.bool_] | None = None,
) -> Figure:
    """Draw how often each pair of two settings works as a cell's colour, with its interval.

    Rates are written in cells, in percent, with the interval's ends below. Where a row or a column
    has more than 16, a bar in each cell shows the interval: the cell's bottom is 0, its top is 1.

    Shapes: rates, lows, highs and dropped (y values, x values).

    Args:
        rates: The shares of solved members; NaN for a cell that was not run, which is hatched.
        lows: The lower ends of their intervals.
        highs: The upper ends.
        x: The setting from left to right.
        y: The setting from bottom to top; where its values are words, from top to bottom.
        x_values: Its values.
        y_values: The same of `y`.
        title: Above the map.
        dropped: Cells that were given up before all of their seeds were run; None for none.
    """
    written = max(rates.shape) <= _WRITTEN
    (down, across), (wide, high) = rates.shape, _CELL if written else _SMALL
    figure = new_figure(max(wide * across + 2.0, 5.6), max(high * down + 1.5, 2.6))
    axes = figure.subplots()
    axes.patch.set(hatch="////", facecolor="white", edgecolor="#bbbbbb")
    shown = axes.pcolormesh(np.ma.masked_invalid(rates), cmap=CMAP, vmin=0, vmax=1,
                            edgecolors="white", linewidth=0.5)  # fmt: skip
    _name_cells(axes, x_values, y_values)
    (_write if written else _draw_bars)(axes, rates, lows, highs)
    if dropped is not None:
        _mark_dropped(axes, dropped, rates)
    if np.isnan(rates).any():
        axes.fill_between([], [], hatch="////", facecolor="white", edgecolor="#bbbbbb",
                          label="not run")  # fmt: skip
    bar = figure.colorbar(shown, ax=axes, format="{x:.0%}", aspect=max(8, 5 * down))
    bar.set_label("share solved")
    axes.set(xlabel=shortened(x, 60), ylabel=shortened(y))
    rule = "in each cell: percent solved, and the 95% interval" if written else ""
    axes.set_title("\n".join(filter(None, (title, rule))), loc="left", fontsize="medium", wrap=True)
    if axes.get_legend_handles_labels()[1]:
        set_keys(figure, loc="outside lower center", ncols=3)
    return figure


def _name_cells(axes: Axes, x_values: Sequence[object], y_values: Sequence[object]) -> None:
    """Write the values beside the cells, as many as there is room for."""
    names = names_of(x_values)
    room = 72 * axes.get_window_extent().width / axes.figure.dpi / len(names)
    turned = 5 * max(map(len, names)) > room - 4
    every = -(-10 // int(max(1, min(room, 10)))) if turned else 1
    at = np.arange(len(names))[::every]
    axes.set_xticks(at + 0.5, [names[i] for i in at], rotation=90 if turned else 0)
    axes.set_yticks(np.arange(len(y_values)) + 0.5, names_of(y_values))
    axes.tick_params(labelsize="small", length=2)
    if not are_numbers(y_values):
        axes.invert_yaxis()


def _write(axes: Axes, rates: Array, lows: Array, highs: Array) -> None:
    digits = 1 if np.nanmedian(np.where(np.isfinite(rates), highs - lows, np.nan)) < 0.03 else 0
    for (row, column), each in np.ndenumerate(rates):
        if np.isfinite(rate := float(each)):
            ends = f"{100 * lows[row, column]:.{digits}f}-{100 * highs[row, column]:.{digits}f}"
            for place, text, size in (((0, 1), _percent(rate, digits), 9), ((0, -9), ends, 7)):
                axes.annotate(text, (column + 0.5, row + 0.5), place, fontsize=size,
                              textcoords="offset points", ha="center", color=_ink(rate),
                              in_layout=False)  # fmt: skip


def _draw_bars(axes: Axes, rates: Array, lows: Array, highs: Array) -> None:
    rows, columns = np.nonzero(np.isfinite(rates))
    ends = [end[rows, columns] for end in (lows, highs)]
    low, high = (rows + 1 - end if axes.yaxis_inverted() else rows + end for end in ends)
    ink = [_ink(rate) for rate in rates[rows, columns]]
    axes.vlines(columns + 0.5, low, high, colors=ink, linewidth=2)
    axes.plot([], [], "|", color="black", markersize=9, markeredgewidth=2,
              label="95% interval: a cell's bottom is 0%, its top 100%")  # fmt: skip


def _mark_dropped(axes: Axes, dropped: NDArray[np.bool_], rates: Array) -> None:
    rows, columns = np.nonzero(dropped & np.isfinite(rates))
    up = rows + (0.15 if axes.yaxis_inverted() else 0.85)
    ink = [_ink(rate) for rate in rates[rows, columns]]
    axes.scatter(columns + 0.87, up, marker="x", s=12, linewidth=1, c=ink)
    axes.scatter([], [], marker="x", s=12, color="black", label="given up early, on fewer seeds")


def _percent(rate: float, digits: int) -> str:
    """Return a rate in percent, 0 and 100 only where it is so."""
    least = 10.0**-digits
    shown = 100 * rate if rate in (0, 1) else min(max(100 * rate, least), 100 - least)
    return f"{shown:.{digits}f}"


def _ink(rate: float) -> str:
    return "white" if rate < 0.43 else "black"  # either has a contrast of 4.5 on viridis there
