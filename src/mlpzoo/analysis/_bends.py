"""Where the units of a ReLU network of one input bend, exactly: what `pieces` is made of."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mlpzoo.analysis._wide import Wide, digit_bits, rounded, wide
from mlpzoo.analysis.layers import Layers

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ends = list[Fraction | None]  # None first for minus infinity, last for plus infinity
Straight = dict[str, tuple[int, ...]]
_UNDERFLOW = 1e-290  # far above what float64 can lose near 0


@dataclass(frozen=True, eq=False)
class Cells:
    """Intervals of the scaled input u, in each of which no unit bends.

    Attributes:
        ends: Of the intervals, in order.
        slope: Of every unit in each interval, (intervals, units).
        intercept: The same at u = 0.
    """

    ends: Ends
    slope: Wide
    intercept: Wide


def cells_of(layers: Layers, low: Fraction | None, high: Fraction | None) -> tuple[Cells, Straight]:
    """Return the cells of a network's last layer, and by layer which units bend nowhere.

    Args:
        layers: Of ReLU and identity, one input.
        low: In the scaled input; None for minus infinity.
        high: The same; None for plus infinity.
    """
    bits = digit_bits(max(layer.weight.shape[1] for layer in layers.layers))
    cells = Cells([low, high], wide(np.ones((1, 1)), bits), wide(np.zeros((1, 1)), bits))
    straight: Straight = {}
    for layer in layers.layers:
        weight = wide(layer.weight, bits)
        cells = Cells(
            cells.ends,
            cells.slope.times(weight),
            cells.intercept.times(weight).plus(wide(layer.bias[None], bits)),
        )
        if layer.activation == "relu":
            cells, active = _bend(cells)
            straight[layer.label] = tuple(
                np.flatnonzero((active == active[0]).all(axis=0)).tolist()
            )
    return cells, straight


def _bend(cells: Cells) -> tuple[Cells, Mask]:
    """Return the cells behind ReLU, and in which of them each unit is above 0."""
    left, right = _signs(cells, 0), _signs(cells, 1)
    roots: dict[int, dict[int, Fraction]] = {}
    for row, unit in np.argwhere(left * right < 0).tolist():
        root = -cells.intercept.exact(row, unit) / cells.slope.exact(row, unit)
        roots.setdefault(row, {})[unit] = root
    ends: Ends = [cells.ends[0]]
    parents: list[int] = []
    falls: list[tuple[int, int, int, int]] = []  # unit; its cells: first, that after the root, end
    for row, end in enumerate(cells.ends[1:]):
        cuts = sorted(set((mine := roots.get(row, {})).values()))
        place = {cut: len(parents) + k for k, cut in enumerate(cuts, start=1)}
        stop = len(parents) + len(cuts) + 1
        falls += [(unit, len(parents), place[root], stop) for unit, root in mine.items()]
        parents += [row] * (len(cuts) + 1)
        ends += [*cuts, end]
    active = (left + right > 0)[parents]
    for unit, start, cut, stop in falls:
        above = left[parents[start], unit] > 0
        active[start:cut, unit], active[cut:stop, unit] = above, not above
    return Cells(
        ends, cells.slope.rows(parents, active), cells.intercept.rows(parents, active)
    ), active


def _signs(cells: Cells, side: int) -> NDArray[np.int8]:
    """Return the sign of every unit at the left (0) or right (1) end of each cell.

    z = a u + b is computed in float64, where a, b, u, the product and the sum are each rounded; a
    sign that this could change is computed in exact numbers.
    """
    ends = cells.ends[side : len(cells.ends) - 1 + side]
    u = np.array([[math.nan if end is None else rounded(end)] for end in ends])
    with np.errstate(over="ignore", invalid="ignore"):
        (a, a_error), (b, b_error) = cells.slope.rounded(), cells.intercept.rounded()
        z = a * u + b
        slack = (a_error + b_error + 2.0**-50) * (np.abs(a * u) + np.abs(b)) + _UNDERFLOW
        sure = np.abs(z) > slack
    signs = np.sign(np.where(sure, z, 0)).astype(np.int8)
    unsure = ~(sure | cells.slope.is_zero() & cells.intercept.is_zero())
    for row, unit in np.argwhere(unsure).tolist():
        slope, value = cells.slope.exact(row, unit), cells.intercept.exact(row, unit)
        if (end := ends[row]) is not None:
            value += slope * end
        elif slope:  # far out, it alone counts
            value = slope if side else -slope
        signs[row, unit] = (value > 0) - (value < 0)
    return signs
