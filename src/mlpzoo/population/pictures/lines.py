"""How often each value of one setting works, and after how many steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.plotting import CLASSES, CMAP, ERROR, MODEL, TRUTH, Array, new_figure
from mlpzoo.plotting.figure import PURPLE, SKY, set_keys
from mlpzoo.plotting.rows.marks import shortened
from mlpzoo.population.pictures._values import are_numbers, names_of, set_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (MODEL, ERROR, CLASSES[1], PURPLE, CLASSES[0], SKY, TRUTH, "black")
_MARKERS, _LINES = "os^DvPX*", ("-", "--", "-.", ":")


def plot_band(
    rates: Array,
    lows: Array,
    highs: Array,
    *,
    x: str,
    x_values: Sequence[object],
    title: str,
    series: Sequence[object] | None = None,
    key: str = "",
) -> Figure:
    """Draw how often each value of a setting works, with the band of its intervals.

    Shapes: rates, lows and highs (x values,), or (series, x values).

    Args:
        rates: The shares of solved members; NaN where none was run.
        lows: The lower ends of their intervals.
        highs: The upper ends.
        x: The setting.
        x_values: Its values.
        title: Above the plot.
        series: Values of a second setting, each of which is a line; None for one line.
        key: The name of that setting.
    """
    figure = new_figure(7.2 if series else 6.4, 3.8)
    axes = figure.subplots()
    at = _places(axes, x, x_values)
    names = names_of(series) if series else [""]
    drawn = np.where(np.isnan(rates), np.nan, np.stack([rates, lows, highs]))
    for index, (line, low, high) in enumerate(drawn.reshape(3, len(names), -1).swapaxes(0, 1)):
        style = _style(index, series or [""])
        if are_numbers(x_values):
            axes.fill_between(at, low, high, color=style["color"], alpha=0.2 if index else 0.25,
                              linewidth=0)  # fmt: skip
            axes.plot(at, line, label=names[index] or None, **style)
        else:
            beside = at + 0.6 * ((index + 0.5) / len(names) - 0.5)
            style["linestyle"] = ""
            axes.errorbar(beside, line, np.abs(np.stack([low, high]) - line), capsize=3,
                          label=names[index] or None, **style)  # fmt: skip
    axes.set(ylabel="share solved", ylim=(-0.03, 1.03))
    axes.yaxis.set_major_formatter("{x:.0%}")
    kind = "band" if are_numbers(x_values) else "bars"
    axes.set_title(f"{title}\n{kind}: 95% interval", loc="left", fontsize="medium", wrap=True)
    if series:
        set_keys(figure, loc="outside right center", title=shortened(key))
    _name_places(axes, at, x_values)
    return figure


def plot_steps(
    steps: Mapping[str, Sequence[int | None]],
    *,
    x: str,
    x_values: Sequence[object],
    budget: int,
    title: str,
) -> Figure:
    """Draw after how many steps shares of the members are solved, against a setting.

    Args:
        steps: For each share, by its name, the steps of each value; None for never, which is marked
            above the budget.
        x: The setting.
        x_values: Its values.
        budget: The steps that each member could take.
        title: Above the plot.
    """
    figure = new_figure(6.4, 3.8)
    axes = figure.subplots()
    at = _places(axes, x, x_values)
    lines = [np.array([np.nan if n is None else n for n in each]) for each in steps.values()]
    known = [n for line in lines for n in line[np.isfinite(line)]]
    falling = bool(known) and budget > 10 * min(known)
    top = budget * (2.2 if falling else 1.25)
    levels = np.geomspace(budget, top, len(lines) + 2)[1:-1]
    for index, ((name, line), level) in enumerate(zip(zip(steps, lines, strict=True), levels,
                                                      strict=True)):  # fmt: skip
        style = _style(index, ["words"])
        linked = style if are_numbers(x_values) else {**style, "linestyle": ""}
        axes.plot(at, line, label=name, **linked)
        axes.plot(at, np.where(np.isnan(line), level, np.nan), **{**style, "linestyle": ""},
                  fillstyle="none")  # fmt: skip
    axes.axhspan(budget, top, color=TRUTH, alpha=0.12, linewidth=0,
                 label=f"never in {budget:,} steps")  # fmt: skip
    axes.set(ylabel="optimizer steps", yscale="log" if falling else "linear")
    axes.set_ylim(0.8 * min(known) if falling else 0, top)
    if falling:
        _mark_decades(axes.yaxis)
    axes.yaxis.set_major_formatter(lambda at, _: f"{at:,.0f}" if at <= budget else "")
    axes.set_title(title, loc="left", fontsize="medium", wrap=True)
    set_keys(figure, loc="outside right center")
    _name_places(axes, at, x_values)
    return figure


def _places(axes: Axes, x: str, values: Sequence[object]) -> Array:
    """Return where values stand on the axis of x: numbers at their own place, words in a row."""
    axes.set_xlabel(shortened(x, 60))
    axes.grid(visible=True, alpha=0.3)
    if not are_numbers(values):
        axes.set_xlim(-0.5, len(values) - 0.5)
        return np.arange(len(values), dtype=float)
    at = np.array(values, dtype=float)
    if _by_ratio(at):
        axes.set_xscale("log")
    return at


def _by_ratio(at: Array) -> bool:
    """Tell whether the ratios of numbers are more alike than their distances."""
    at = np.unique(at)
    if len(at) < 3 or at[0] <= 0:
        return False
    ratios, distances = (gaps.max() / gaps.min() for gaps in (np.diff(np.log(at)), np.diff(at)))
    return bool(ratios < distances)


def _name_places(axes: Axes, at: Array, values: Sequence[object]) -> None:
    """Write the values on the axis of x; of more than eight numbers, round ones in their place."""
    if len(at) <= 8 or not are_numbers(values):
        set_names(axes, at, values)
    elif axes.get_xscale() == "log":
        _mark_decades(axes.xaxis)


def _mark_decades(axis: Any) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _style(index: int, values: Sequence[object]) -> dict[str, Any]:
    """Return how a line is drawn: by colour and marker; numbers by rising colours."""
    from matplotlib import colormaps

    colour: Any = _COLOURS[index % len(_COLOURS)]
    if len(values) > 2 and are_numbers(values):
        colour = colormaps[CMAP](0.9 * index / (len(values) - 1))
    return {
        "color": colour, "marker": _MARKERS[index % len(_MARKERS)], "markersize": 4,
        "linestyle": _LINES[index % len(_LINES)], "linewidth": 1.3,
    }  # fmt: skip
