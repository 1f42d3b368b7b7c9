"""Drawing of rows over one axis: those of one input, and intervals of what is predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import ERROR, MODEL, TRUTH, Array, new_figure, set_keys, whole
from mlpzoo.plotting.rows.marks import POINTS, faintness, shortened, show_outside

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase
    from numpy.typing import NDArray


def plot_rows(
    x: Array,
    y: Array,
    held_out: NDArray[np.bool_],
    curve: tuple[Array, Array],
    *,
    title: str,
    names: tuple[str, str] = ("x", "y"),
    figure: FigureBase | None = None,
) -> Figure:
    """Draw rows of one input and one target, and the network's curve over and beyond them.

    Args:
        x: Inputs, (rows,).
        y: What was observed, (rows,).
        held_out: Which rows were never trained on.
        curve: Inputs in rising order, and what the network answers.
        title: Above the plot.
        names: Of the input and the target.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 4.8)
    axes = figure.subplots()
    for rows, colour, label in (
        (~held_out, TRUTH, "training and validation"),
        (held_out, ERROR, "test"),
    ):
        seen = np.flatnonzero(rows)[:: -(-rows.sum() // POINTS) or 1]
        axes.plot(x[seen], y[seen], "o", markersize=3.5, alpha=faintness(len(seen)), color=colour,
                  markeredgewidth=0, label=f"{label} rows")  # fmt: skip
    axes.plot(*curve, color=MODEL, linewidth=1.5, label="network")
    axes.set(xlabel=shortened(names[0], 40), ylabel=shortened(names[1], 40))
    axes.set_title(title, loc="left")
    show_outside(axes, (float(x.min()), float(x.max())), y, [curve[1]])
    set_keys(figure, loc="outside lower center", ncols=2)
    return whole(figure)


def plot_intervals(
    observed: Array,
    predicted: Array,
    low: Array,
    high: Array,
    *,
    title: str,
    x: Array | None = None,
    share: float | None = None,
    names: tuple[str, str] = ("rows, by what is predicted", "y"),
    figure: FigureBase | None = None,
) -> Figure:
    """Draw prediction intervals of rows, and which of the values observed they hold.

    Shapes: observed, predicted, low, high and x (rows,).

    Args:
        observed: What is right.
        predicted: What is predicted.
        low: Low end of each interval.
        high: High end of each.
        title: Above the plot; how many of the rows their intervals hold is written below it.
        x: The input, if there is but one; None to draw rows in the order of what is predicted.
        share: Of the rows that the intervals should hold, if it is to be said.
        names: Of the input, and the target.
        figure: Where to draw.
    """
    figure = figure or new_figure(6.4, 4.4)
    axes, order = figure.subplots(), np.argsort(predicted if x is None else x, kind="stable")
    at = np.arange(len(order)) if x is None else x[order]
    right, inside = observed[order], ((low <= observed) & (observed <= high))[order]
    axes.fill_between(at, low[order], high[order], color=MODEL, alpha=0.25, linewidth=0,
                      label="prediction interval")  # fmt: skip
    axes.plot(at, predicted[order], color=MODEL, linewidth=1.2, label="predicted")
    for part, colour, marker in ((inside, TRUTH, "o"), (~inside, ERROR, "D")):
        label = f"observed, {'in' if part is inside else 'outside'} its interval"
        axes.plot(at[part], right[part], marker, color=colour, markersize=3, markeredgewidth=0,
                  alpha=faintness(len(at)) if part is inside else 0.8, label=label)  # fmt: skip
    held = f"{inside.mean():.1%} of {len(at):,} rows lie in their intervals"
    axes.set_title(held + (f", {share:.0%} should" if share is not None else ""), fontsize="small")
    axes.set(xlabel=shortened(names[0], 40), ylabel=shortened(names[1], 40))
    figure.suptitle(title)
    set_keys(figure, loc="outside lower center", ncols=2)
    return whole(figure)
