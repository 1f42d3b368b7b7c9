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
    """Draw P(y = 1) in each row as a bar in the colour of its target, and one half as a line.

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
    places = np.arange(len(x))
    for value, colour in enumerate(CLASSES):
        rows = targets == value
        if rows.any():
            axes.bar(places[rows], answers[rows], color=colour, label=f"target {value}")
            axes.scatter(places[rows], targets[rows], marker="_", color="black")
    axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    if len(x) <= _NAMED:
        names = ["".join(map(str, row)) for row in x.astype(int).tolist()]
        axes.set_xticks(places, names, rotation=90 if len(x) > 8 else 0)
    axes.set(title=title, xlabel="inputs", ylabel="P(y = 1)", ylim=(-0.05, 1.05))
    axes.legend(fontsize="small")
    return whole(figure)
