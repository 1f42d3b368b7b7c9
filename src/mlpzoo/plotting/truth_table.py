"""Drawing a gate of any number of inputs: what is answered in each row of its truth table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import CLASSES, Array, new_figure, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

_NAMED = 32  # rows that are named below their bars, at most


def plot_truth_table(
    x: Array, answers: Array, targets: Array, *, title: str, figure: FigureBase | None = None
) -> Figure:
    """Draw P(y = 1) in each row as a bar, its target as a dash, and one half as a line.

    Shapes: x (rows, in_features), answers (rows,), targets (rows,).

    Args:
        x: The inputs, zeros and ones.
        answers: P(y = 1) for each row.
        targets: 0 or 1 for each row.
        title: Above the plot.
        figure: Where to draw.
    """
    figure = figure or new_figure(7.2, 3.6)
    axes = figure.subplots()
    places, few = np.arange(len(x)), len(x) <= _NAMED
    for value, colour in enumerate(CLASSES):
        rows = targets == value
        if rows.any():
            axes.bar(places[rows], answers[rows], color=colour, edgecolor="black", lw=0.5 * few,
                     hatch="//" * (value * few), label=f"answer, target {value}")  # fmt: skip
    axes.scatter(places, targets, marker="_", color="black", label="target")
    axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    if few:
        names = ["".join(map(str, row)) for row in x.astype(int).tolist()]
        axes.set_xticks(places, names, rotation=90 if len(x) > 8 else 0)
    axes.set(xlabel="inputs", ylabel="P(y = 1)", ylim=(-0.05, 1.05))
    axes.margins(x=0.02)
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=3, fontsize="small",
                frameon=False)  # fmt: skip
    return whole(figure)
