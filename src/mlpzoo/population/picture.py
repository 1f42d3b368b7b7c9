"""The picture of a population: how many are solved after how many steps, and where they all end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo import plotting
from mlpzoo.population.statistics import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# of the cross-entropy of XOR
STUCK_LEVELS = {"nothing learned": 0.6931, "three merged": 0.4774, "two merged": 0.3466}
_MARKS = ("#d55e00", "#cc79a7", "#009e73")
_RANGE = 1000  # the largest value drawn over the smallest: more, and near levels are one bar


def plot_population(
    solved_steps: Sequence[int | None],
    values: Sequence[float],
    *,
    steps: int,
    metric: str,
    title: str,
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the share of solved members against steps with its 95% band, and the final metric.

    Args:
        solved_steps: When each member was first solved; None for those who never were.
        values: The metric of each member's best weights.
        steps: Optimizer steps taken.
        metric: The metric's name.
        title: Above all.
        levels: Values of the metric to mark, by name.
    """
    figure = plotting.new_figure(9.6, 4.0)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    _draw_success(left, solved_steps, steps)
    _draw_histogram(right, np.asarray(values, dtype=float), metric, levels or {})
    return figure


def _draw_success(axes: Axes, solved_steps: Sequence[int | None], steps: int) -> None:
    count = len(solved_steps)
    at = sorted(step for step in solved_steps if step is not None)
    x = [0, *at, steps]
    solved = [0, *range(1, len(at) + 1), len(at)]
    low, high = zip(*(wilson_interval(each, count) for each in solved), strict=True)
    ours = plotting.MODEL
    axes.fill_between(x, low, high, step="post", color=ours, alpha=0.2, label="95% interval")
    axes.step(x, [each / count for each in solved], where="post", color=ours, label="solved")
    axes.set(xlabel="optimizer steps", ylabel="share of members")
    axes.set(ylim=(-0.02, 1.02), xlim=(0, steps))
    axes.set_title(f"{len(at)} of {count} solved", fontsize="medium")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best", frameon=False)


def _draw_histogram(
    axes: Axes, values: plotting.Array, metric: str, levels: Mapping[str, float]
) -> None:
    finite = values[np.isfinite(values)]
    lost = len(values) - len(finite)
    spread = len(finite) > 0 and finite.max() > 20 * finite.min() >= 0
    near = 2 * finite.max() if len(finite) else 0
    marked = {name: level for name, level in levels.items() if spread or level <= near}
    label = f"{metric} at the end"
    if len(finite):
        high = max([finite.max(), *marked.values()]) * 1.02
        low = max(finite.min(), high / _RANGE) if spread else finite.min()
        if low > finite.min():
            label += f" (at the left: {low:.2g} and below)"
        space, high = (np.geomspace, high) if spread else (np.linspace, max(high, low + 1e-9))
        bins = space(low, high, 61).tolist()
        axes.hist(np.clip(finite, low, None), bins=bins, color=plotting.MODEL)
    axes.set_xscale("log" if spread else "linear")
    for (name, level), colour in zip(marked.items(), _MARKS, strict=False):
        axes.axvline(level, color=colour, linestyle="--", linewidth=1, label=f"{name}: {level}")
    axes.set(xlabel=label, ylabel="members")
    axes.set_title(f"{lost} not finite" if lost else "where they end", fontsize="medium")
    if marked:
        axes.legend(loc="best", frameon=False, fontsize="small")
