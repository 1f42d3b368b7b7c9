"""The pictures of a sweep: its success over two settings, over one, and the steps it took."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo import plotting
from mlpzoo.checks import as_typed
from mlpzoo.population.pictures.lines import plot_band, plot_steps
from mlpzoo.population.pictures.map import plot_map
from mlpzoo.population.statistics import SHARES
from mlpzoo.population.sweep.result import SettingResult, SweepResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LINES = 6  # that can be told apart


def draw(result: SweepResult, out: Path) -> str:
    """Draw a sweep over its two longest axes, any others at their best, into a folder.

    Args:
        result: The sweep.
        out: The folder.

    Returns:
        What could not be written, or "".
    """
    x, *others = sorted(result.axes, key=lambda name: -_length(result, name))
    y = others[0] if others else None
    fixed = {name: result.best.setting[name] for name in others[1:]}
    cells = [one for one in result.settings if fixed.items() <= one.setting.items()]
    few, most = (end(len(one.members) for one in cells) for end in (min, max))
    title = f"{result.exercise}, {few if few == most else f'{few} to {most}'} seeds a setting"
    said = "".join(f", {_short(name)} {as_typed(value)}" for name, value in fixed.items())
    pictures: dict[Path, Callable[[], Figure]] = {}
    if y is not None:
        pictures[out / "map.png"] = partial(_map, result, cells, x, y, title + said)
    if y is None or len(result.axes[y]) <= MOST_LINES:
        pictures[out / "success.png"] = partial(_band, result, cells, x, y, title + said)
    at = {} if y is None else {y: result.best.setting[y]}
    line = [one for one in cells if at.items() <= one.setting.items()]
    said += "".join(f", {_short(name)} {as_typed(value)}" for name, value in at.items())
    pictures[out / "steps.png"] = partial(_steps, result, line, x, title + said)
    return plotting.save_each(pictures)[1]


def _map(result: SweepResult, cells: list[SettingResult], x: str, y: str, title: str) -> "Figure":
    rates, lows, highs = _grids(result, cells, x, y)
    dropped = _grid(result, cells, x, y, result.dropped).astype(bool)
    return plot_map(
        rates, lows, highs, x=_short(x), y=_short(y), x_values=result.axes[x],
        y_values=result.axes[y], title=title, dropped=dropped if dropped.any() else None,
    )  # fmt: skip


def _band(
    result: SweepResult, cells: list[SettingResult], x: str, y: str | None, title: str
) -> "Figure":
    rates, lows, highs = _grids(result, cells, x, y)
    return plot_band(
        rates, lows, highs, x=_short(x), x_values=result.axes[x], title=title,
        series=None if y is None else result.axes[y], key="" if y is None else _short(y),
    )  # fmt: skip


def _steps(result: SweepResult, line: list[SettingResult], x: str, title: str) -> "Figure":
    by_value = {one.setting[x]: one for one in line}
    ordered = [by_value[value] for value in result.axes[x]]
    steps = {name: [o.steps_to_solve(share) for o in ordered] for name, share in SHARES.items()}
    return plot_steps(
        steps, x=_short(x), x_values=result.axes[x], budget=max(result.steps), title=title
    )


def _grids(
    result: SweepResult, cells: list[SettingResult], x: str, y: str | None
) -> tuple[plotting.Array, plotting.Array, plotting.Array]:
    """Return the rates and the ends of their intervals, y by x."""
    rates = _grid(result, cells, x, y, lambda one: one.success_rate)
    lows = _grid(result, cells, x, y, lambda one: one.interval[0])
    return rates, lows, _grid(result, cells, x, y, lambda one: one.interval[1])


def _grid(
    result: SweepResult,
    cells: list[SettingResult],
    x: str,
    y: str | None,
    value: Callable[[SettingResult], float],
) -> plotting.Array:
    of = {(_at(one.setting, y), one.setting[x]): value(one) for one in cells}
    rows = [None] if y is None else result.axes[y]
    return np.array([[of[row, column] for column in result.axes[x]] for row in rows])


def _at(setting: Mapping[str, Any], name: str | None) -> Any:
    return None if name is None else setting[name]


def _length(result: SweepResult, name: str) -> int:
    return len(result.axes[name])


def _short(name: str) -> str:
    return name.rpartition(".")[2]
