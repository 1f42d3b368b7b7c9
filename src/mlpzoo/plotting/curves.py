"""Drawing over one axis: curves, lines and their errors, truth tables, and how losses fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.plotting.figure import (
    CLASSES,
    ERROR,
    MODEL,
    TRUTH,
    Array,
    new_figure,
    set_keys,
    set_margins,
    signed,
    whole,
)
from mlpzoo.plotting.rows.marks import show_outside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]  # steps and values, by name

_COLOURS = (MODEL, ERROR, *CLASSES)
_TITLED, _LETTER = 3.3, 0.09  # inches of a legend beside a title, and of a letter of that
_NAMED = 32  # rows of a truth table that are named below their bars, at most


def plot_curve(
    x: Array,
    y: Array,
    truth: Array,
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool | str = True,
    trained: tuple[float, float] | None = None,
) -> Figure:
    """Draw a learned curve over the true one, and below it their difference.

    Shapes: x, y and truth (points,).

    Args:
        x: Inputs in rising order.
        y: What the network answers.
        truth: What is right.
        title: Above the upper plot.
        figure: Where to draw.
        error: Whether to draw the difference, or what to write above it.
        trained: The range of x, beyond which there is no error, and all is shaded; None for all.
    """
    figure = figure or new_figure(6.4, 4.8)
    low, high = trained or (x[0], x[-1])
    inside = (low <= x) & (x <= high)
    axes = _above_error(figure, x[inside], (y - truth)[inside], error)
    axes.plot(x, truth, color=TRUTH, linewidth=4, alpha=0.35, label="truth")
    axes.plot(x, y, color=MODEL, linewidth=1.2, label="network")
    axes.set_title(title, loc="left")
    if trained:
        show_outside(axes, trained, np.stack([y, truth])[:, inside], (y, truth))
    panel: Any = figure
    if trained or _TITLED + _LETTER * len(title) > panel.bbox.width / panel.dpi:
        set_keys(figure, loc="outside lower center", ncols=3)
    else:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=3, frameon=False)
    return whole(figure)


def plot_fit(
    points: tuple[Array, Array],
    line: tuple[float, float],
    least_squares: tuple[float, float],
    *,
    title: str,
    figure: FigureBase | None = None,
    error: bool | str = True,
) -> Figure:
    """Draw points, the learned line and the least-squares line, and the difference of the lines.

    Args:
        points: x and y of the points, (points,) each.
        line: Learned slope and intercept.
        least_squares: Slope and intercept that minimise the sum of squares.
        title: Above the upper plot.
        figure: Where to draw.
        error: Whether to draw the difference, or what to write above it.
    """
    figure = figure or new_figure(6.4, 4.8)
    x = np.linspace(points[0].min(), points[0].max(), 101)
    (a, b), (best_a, best_b) = line, least_squares
    axes = _above_error(figure, x, (a - best_a) * x + b - best_b, error)
    axes.plot(*points, "o", color=TRUTH, markersize=4, alpha=0.6, label="points")
    axes.plot(x, best_a * x + best_b, color=TRUTH, linewidth=4, alpha=0.35, label="least squares")
    label = f"network: y = {a:.4f} x {signed(b, '.4f')}"
    axes.plot(x, a * x + b, color=MODEL, linewidth=1.2, label=label)
    axes.set_title(title)
    axes.legend(loc="best", frameon=False)
    return whole(figure)


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


def plot_losses(
    series: Series,
    *,
    title: str,
    levels: Mapping[str, float] | None = None,
    figure: FigureBase | None = None,
) -> Figure:
    """Draw losses and other figures against optimizer steps, logarithmic where all are above 0.

    Args:
        series: Steps and values, by name; the last is drawn over the others, which are wider.
        title: Above the plot.
        levels: Values to mark, by what is written of them.
        figure: Where to draw.
    """
    marked = levels or {}
    shown = [value for _, values in series.values() for value in values]
    falling = _far_apart([*shown, *marked.values()])
    if figure is None:
        figure = new_figure(6.4, 3.6, constrained=not falling)
        if falling:  # no power of ten is wide
            set_margins(figure, (0.85, 0.15, 0.5, 0.3))
    axes = figure.subplots()
    for above, (name, line) in enumerate(reversed([*series.items()])):
        _draw_series(axes, name, line, above=above)
    for name, level in marked.items():
        axes.axhline(level, color=TRUTH, linewidth=1.2, linestyle="--", label=name)
    axes.set(xlabel="optimizer steps", ylabel="value, logarithmic" if falling else "value")
    axes.set(yscale="log" if falling else "linear")
    if falling:
        axes.yaxis.set_major_formatter("{x:g}")  # powers of ten would be parsed as mathematics
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, alpha=0.3)
    axes.set_title(title, loc="left")
    axes.legend(loc="best", fontsize="small", framealpha=0.8)
    return whole(figure)


def plot_progress(
    series: Series, step: int, last: int, *, figure: FigureBase | None = None
) -> Figure:
    """Draw losses up to a step, on axes for the whole run, logarithmic where it is long.

    Args:
        series: Steps and values of the whole run, by name.
        step: Where it is now, which is marked.
        last: The last step.
        figure: Where to draw.
    """
    from matplotlib.ticker import NullLocator

    figure = figure or new_figure(3.2, 3.3)
    axes = figure.subplots()
    for above, (name, line) in enumerate(series.items()):
        _draw_series(axes, name, line, above=above)
    falling = _far_apart([value for _, values in series.values() for value in values])
    scale, left = ("log", 0.8) if last >= 20 else ("linear", 0.0)
    axes.set(xscale=scale, yscale="log" if falling else "linear", xlabel="optimizer steps")
    axes.set(xlim=(left, max(last, 2) * 1.15), ylim=axes.get_ylim())
    for drawn, (steps, values) in zip(axes.get_lines(), series.values(), strict=True):
        until = sum(at <= step for at in steps)
        drawn.set_data(steps[:until], values[:until])
    axes.axvline(max(step, left), color=TRUTH, linewidth=1, linestyle=":")
    for axis in (axes.xaxis, axes.yaxis):  # the ticks of a logarithmic axis take longest to draw
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:g}")
    axes.set_title(f"step {step:,}", loc="left", fontsize="medium", family="monospace")
    axes.grid(visible=True, alpha=0.3)
    if series:
        axes.legend(loc="lower left", fontsize="x-small", framealpha=0.8)
    return whole(figure)


def _draw_series(
    axes: Axes, name: str, line: tuple[Sequence[float], Sequence[float]], *, above: int
) -> None:
    """Draw a line, wider and paler the more lie above it, so that none hides another."""
    few, wider = len(line[0]) < (2 if above else 50), 2 * min(above, 3)
    axes.plot(
        *line, label=name, color=_COLOURS[above % len(_COLOURS)], zorder=2 - above / 10,
        alpha=0.45 if above else 1, linewidth=1.3 + wider, marker="o" if few else None,
        markersize=3 + 2 * wider,
    )  # fmt: skip


def _above_error(figure: FigureBase, x: Array, off: Array, error: bool | str) -> Axes:
    """Return the axes of the answer, above those of its error where that is drawn."""
    if not error:
        axes = figure.subplots()
        axes.set(xlabel="x", ylabel="y")
        return axes
    above: Axes
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.set_ylabel("y")
    below.axhline(0, color=TRUTH, linewidth=0.8)
    below.plot(x, off, color=ERROR, linewidth=1)
    below.set(xlabel="x", ylabel="error")
    note = error if isinstance(error, str) else f"largest error {np.abs(off).max():.4g}"
    below.set_title(note, fontsize="small", loc="right")
    return above


def _far_apart(values: Sequence[float]) -> bool:
    """Tell whether finite values are above 0 and span so much that their axis is logarithmic."""
    finite = [value for value in values if np.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) > 10 * min(finite)
