"""Drawing of how the answer depends on each input, the others being as in the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import MODEL, TRUTH, Array, new_figure, set_margins, whole
from mlpzoo.plotting.rows.marks import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

MOST_PANELS, _COLUMNS = 12, 4
_SINGLE = 25  # rows that have a line of their own
_MARKS = np.linspace(0, 1, 11)  # of the distribution of rows


def plot_dependence(
    values: Sequence[Array],
    answers: Sequence[Array],
    *,
    title: str,
    names: Sequence[str],
    targets: Sequence[str] = ("y",),
    rows: Sequence[Array] | None = None,
    figure: FigureBase | None = None,
) -> Figure:
    """Draw the mean answer over rows as one input changes and the others stay: a panel an input.

    J. H. Friedman, Greedy function approximation, Annals of Statistics 29 (2001), section 8.2. The
    thin lines are single rows. Inputs stand in the order of their spread, the standard deviation of
    the mean answer over the rows' own values, if they are given. Of one target the 12 inputs of the
    largest are drawn, of several targets 4 each of the first 3.

    Args:
        values: Of each input, those that it is given, (points,), in rising order.
        answers: For each input, the answers, (rows, points, targets).
        title: Above all.
        names: Of the inputs.
        targets: Names of the targets.
        rows: Of each input, the values that rows have; ticks at the bottom mark each tenth of them.
        figure: Where to draw.
    """
    drawn = min(len(targets), MOST_PANELS // _COLUMNS)
    each = min(len(values), MOST_PANELS if drawn == 1 else _COLUMNS)
    columns = min(_COLUMNS, each)
    down = -(-each // columns)  # rows of panels a target
    if figure is None:
        figure = new_figure(
            max(2.4 * columns + 0.8, 6.4), 2.4 * down * drawn + 0.6, constrained=False
        )
        set_margins(figure, (0.85, 0.15, 0.5, 0.8), wspace=0.1, hspace=0.5)
    panels = figure.subplots(down * drawn, columns, squeeze=False).reshape(drawn, -1)
    for target, block in enumerate(panels):
        given = [answer[..., target] for answer in answers]
        _draw_target([*block], given, values, names, rows, each)
        for axes in block[:each]:
            first = axes.get_subplotspec().is_first_col()
            axes.set_ylabel(shortened(targets[target]) if first else "")
            axes.tick_params("y", labelleft=first)
    ticks = "; ticks: each tenth of the rows" if rows is not None else ""
    rule = f"the mean answer as one input changes; thin: single rows{ticks}"
    figure.suptitle("\n".join(filter(None, (title, rule))), fontsize="medium", wrap=True)
    return whole(figure)


def _draw_target(
    block: Sequence[Axes],
    answers: Sequence[Array],
    values: Sequence[Array],
    names: Sequence[str],
    rows: Sequence[Array] | None,
    most: int,
) -> None:
    """Draw how one target depends on the inputs that it depends on most."""
    means = [answer.mean(axis=0) for answer in answers]
    at_rows = means if rows is None else [*map(np.interp, rows, values, means)]
    spreads = np.array([mean.std() for mean in at_rows])
    chosen = np.argsort(-np.nan_to_num(spreads), kind="stable")[:most]
    ends = _ends([means[index] for index in chosen], [answers[i][:_SINGLE] for i in chosen])
    for axes, index in zip(block, chosen, strict=False):
        _draw_panel(axes, values[index], means[index], answers[index][:_SINGLE])
        if rows is not None:
            axes.plot(np.quantile(rows[index], _MARKS), 0 * _MARKS, "|", color="black",
                      markersize=9, transform=axes.get_xaxis_transform())  # fmt: skip
        axes.set(xlabel=shortened(names[index]), ylim=ends)
        axes.set_title(f"spread {spreads[index]:.3g}", fontsize="small")
    for axes in block[len(chosen) :]:
        axes.axis("off")


def _draw_panel(axes: Axes, x: Array, mean: Array, single: Array) -> None:
    ended = np.pad(single, ((0, 0), (0, 1)), constant_values=np.nan)  # one line is drawn at once
    axes.plot(np.tile(np.append(x, np.nan), len(single)), ended.ravel(), color=TRUTH, linewidth=0.5,
              alpha=0.3)  # fmt: skip
    few = len(np.unique(x)) <= 6
    axes.plot(x, mean, color=MODEL, linewidth=1.8, marker="o" if few else "", markersize=4)
    axes.tick_params(labelsize="small")
    axes.locator_params(nbins=4)


def _ends(means: Sequence[Array], single: Sequence[Array]) -> tuple[float, float]:
    """Return the ends of an axis with all means, and nearly all of the single rows."""
    heights, lines = (np.concatenate([each.ravel() for each in kind]) for kind in (means, single))
    heights, lines = heights[np.isfinite(heights)], lines[np.isfinite(lines)]
    if not len(heights):
        return 0.0, 1.0
    shown = np.concatenate([heights, np.quantile(lines, (0.02, 0.98))])
    low, high = float(shown.min()), float(shown.max())
    pad = 0.08 * ((high - low) or 1.0)
    return low - pad, high + pad
