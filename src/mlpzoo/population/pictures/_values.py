"""Values of settings as they stand beside a picture: numbers in few digits, and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.checks import as_typed
from mlpzoo.plotting import Array
from mlpzoo.plotting.figure import whole
from mlpzoo.plotting.rows.marks import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_APART = 5  # pixels between labels


def are_numbers(values: Sequence[object]) -> bool:
    kinds = (int, float, np.integer, np.floating)
    return all(isinstance(value, kinds) and not isinstance(value, bool) for value in values)


def names_of(values: Sequence[object]) -> list[str]:
    """Return values as they are written, numbers in the fewest digits, from 3 on, that differ.

    Equal layers are units x layers, as the command line takes them.

    Args:
        values: Of one setting.

    Example:
        >>> names_of([(2,), (2, 2, 2), (8, 4)]), names_of([0.001, 2 / 3])
        (['2', '2x3', '8,4'], ['0.001', '0.667'])
    """
    for digits in range(3, 17):
        names = [f"{v:.{digits}g}" if isinstance(v, float) else _layers(v) for v in values]
        if len({*names}) == len({*map(str, values)}):
            break
    return [shortened(name) for name in names]


def _layers(value: object) -> str:
    match value:
        case (int(units), _, *_) if {*value} == {units}:
            return f"{units}x{len(value)}"
    return as_typed(value)


def set_names(axes: Axes, at: Array, values: Sequence[object]) -> None:
    """Write values below an axis; what would cover one another is turned, or else left out.

    All else of the figure must be there, since the room depends on it.

    Args:
        axes: Whose x axis it is.
        at: Where they stand.
        values: The values.
    """
    order = np.argsort(at)
    at, names = at[order], np.array(names_of(values))[order]
    axes.set_xticks(at, names.tolist())
    axes.set_xticks([], minor=True)
    clear = _clear(axes)
    if len(clear) < len(at) and not are_numbers(values):
        axes.tick_params(axis="x", rotation=90)
        clear = _clear(axes)
    axes.set_xticks(at[clear], names[clear].tolist())


def _clear(axes: Axes) -> list[int]:
    """Return which labels below an axis stand clear of those on their left."""
    whole(axes.figure).draw_without_rendering()
    clear, end = list[int](), -np.inf
    for index, label in enumerate(axes.get_xticklabels()):
        if (box := label.get_window_extent()).x0 > end:
            clear, end = [*clear, index], box.x1 + _APART
    return clear
