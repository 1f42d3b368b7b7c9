"""The picture of a population: how many are solved after how many steps, and where they all end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo import plotting
from mlpzoo.population.statistics import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STUCK_LEVELS = {  # of the cross-entropy of XOR and XNOR
    "nothing learned: 0.6931": 0.6931,
    "three patterns merged: 0.4774": 0.4774,
    "two patterns merged: 0.3466": 0.3466,
}
_MARKS = ("--", "-.", ":")
_RANGE = 1000  # the largest value drawn over the smallest: more, and near levels are one bar
_BINS, _APART = 60, 31  # most of them, and those that hold the levels of XOR apart in that range


def plot_population(
    solved_steps: Sequence[int | None],
    values: Sequence[float],
    *,
    steps: int,
    metric: str,
    title: str,
    levels: Mapping[str, float] | None = None,
    solved: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the share of solved members against steps with its 95% band, and the final metric.

    Args:
        solved_steps: When each member was first solved; None for those who never were.
        values: The metric of each member's best weights.
        steps: Optimizer steps taken.
        metric: The metric's name.
        title: Above all.
        levels: Values of the metric to mark, by what is written of them.
        solved: The same of what says "solved"; these are always in sight.
    """
    figure = plotting.new_figure(9.6, 4.0)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    _draw_success(left, solved_steps, steps)
    _draw_histogram(right, np.asarray(values, dtype=float), metric, levels or {}, solved or {})
    for axes in (left, right):
        if axes.get_legend_handles_labels()[1]:
            axes.legend(loc="best", fontsize="small", framealpha=0.8)
    return figure


def plot_success(populations: Mapping[str, tuple[Sequence[int | None], int]]) -> Figure:
    """Draw the shares of solved members of populations against steps, with their 95% bands.

    Args:
        populations: By name, when each member was first solved (None: never), and the steps taken.
    """
    figure = plotting.new_figure(6.4, 4.0)
    axes = figure.subplots()
    styles = ((plotting.MODEL, "-"), (plotting.ERROR, "--"))
    for index, (name, (solved_steps, steps)) in enumerate(populations.items()):
        label = f"{name}: {sum(s is not None for s in solved_steps)} of {len(solved_steps)} solved"
        _draw_curve(axes, solved_steps, steps, styles[index % 2], [None, label, None])
    axes.set_xlim(0, 1.04 * max(steps for _, steps in populations.values()))
    figure.legend(loc="outside upper left", frameon=False, fontsize="small",
                  title="95% interval in the shade", alignment="left")  # fmt: skip
    return figure


def _draw_success(axes: Axes, solved_steps: Sequence[int | None], steps: int) -> None:
    style, labels = (plotting.MODEL, "-"), ["95% interval", "solved", "at the end"]
    _draw_curve(axes, solved_steps, steps, style, labels)
    solved = sum(step is not None for step in solved_steps)
    axes.set_title(f"{solved} of {len(solved_steps)} solved", fontsize="medium")


def _draw_curve(
    axes: Axes,
    solved_steps: Sequence[int | None],
    steps: int,
    style: tuple[str, str],
    labels: Sequence[str | None],
) -> None:
    count, (ours, line) = len(solved_steps), style
    band, curve, end = labels
    at = sorted(step for step in solved_steps if step is not None)
    x = np.array([0, *at, steps])
    share = np.array([0, *range(1, len(at) + 1), len(at)]) / count
    ends = np.array([wilson_interval(round(each * count), count) for each in share])
    low, high = ends.T
    axes.fill_between(x, low, high, step="post", color=ours, alpha=0.2, label=band)
    axes.step(x, share, where="post", color=ours, label=curve, linestyle=line)
    reach = np.abs(ends[-1:].T - share[-1])  # a jump at the end has no width
    axes.errorbar(x[-1:], share[-1:], reach, fmt="o", color=ours, capsize=4, label=end)
    axes.set(xlabel="optimizer steps", ylabel="share of members")
    axes.set(ylim=(-0.03, 1.03), xlim=(0, 1.04 * steps))
    axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, alpha=0.3)


def _draw_histogram(
    axes: Axes,
    values: plotting.Array,
    metric: str,
    levels: Mapping[str, float],
    solved: Mapping[str, float],
) -> None:
    finite = values[np.isfinite(values)]
    lost, label = len(values) - len(finite), f"{metric} at the end"
    if len(finite):
        low, high = (float(end([*finite, *solved.values()])) for end in (min, max))
        spread = high > 20 * low >= 0
        levels = {name: at for name, at in levels.items() if spread or at <= 2 * high}
        high = max([high, *levels.values()])
        if spread and low < high / _RANGE:
            low = high / _RANGE
            label += f" (at the left: {low:.2g} and below)"
        least = _APART if levels else 10  # and odd, so that a single value is in the middle
        number = min(_BINS, max(least, round(2 * math.sqrt(len(finite))))) | 1
        bins = _bins(low, high, number, spread=spread, solved=[*solved.values()])
        axes.hist(np.clip(finite, low, None), bins=bins.tolist(), color=plotting.MODEL)
        axes.set_xscale("log" if spread else "linear")
    for (name, level), line in zip(levels.items(), _MARKS, strict=False):
        axes.axvline(level, color=plotting.ERROR, linestyle=line, linewidth=1.2, label=name)
    for name, level in solved.items():
        axes.axvline(level, color="black", linewidth=1, label=name)
    axes.set(xlabel=label, ylabel="members")
    axes.locator_params(axis="y", integer=True)
    axes.set_title(f"{lost} not finite" if lost else "where they end", fontsize="medium")


def _bins(
    low: float, high: float, number: int, *, spread: bool, solved: Sequence[float]
) -> plotting.Array:
    """Return the edges of bins with room beside the ends, one of them at what says "solved"."""
    ends = np.array([low, high, *[at for at in solved if at >= low][:1]])
    low, high, *there = (np.log(ends) if spread else ends).tolist()
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    edges = np.linspace(low - room, high + room, number + 1)
    for at in there:
        below = edges[edges <= at][-1]
        edges = np.append(edges[0] - (edges[1] - edges[0]), edges) + (at - below)
    return np.exp(edges) if spread else edges
