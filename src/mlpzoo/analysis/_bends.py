"""Where the units of a ReLU network of one input bend, exactly: what `pieces` is made of.

An end u = p / q of a cell is the pair (p, q), q >= 0, and a unit that is a u + b in the cell the
pair (a, b): p a + q b has the sign of the unit at the end, also at infinity, which is (1, 0) or
(-1, 0). All of them are whole numbers of Python, so that nothing is rounded.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpzoo.analysis.layers import Array, Layer, Layers

Whole = NDArray[np.object_]  # of int
Mask = NDArray[np.bool_]
Straight = dict[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Cells:
    """Intervals of the scaled input u, in each of which no unit bends.

    Attributes:
        ends: (intervals + 1, 2), from minus to plus infinity.
        lines: (intervals, 2, units), slopes and intercepts.
        places: A line's real numbers are those of `lines` times 2^-places.
    """

    ends: Whole
    lines: Whole
    places: int = 0

    def real(self, cell: int) -> tuple[Fraction, Fraction]:
        """Return slope and intercept of the first unit in a cell."""
        slope, intercept = (Fraction(int(n), 2**self.places) for n in self.lines[cell, :, 0])
        return slope, intercept


def cells_of(layers: Layers, low: Fraction, high: Fraction) -> tuple[Cells, Straight]:
    """Return the cells of a network's last layer, and by layer which units bend nowhere in a range.

    Args:
        layers: Of ReLU and identity, one input.
        low: In the scaled input; it is an end of a cell.
        high: The same.
    """
    inner = [low.as_integer_ratio(), high.as_integer_ratio()]
    ends = np.array([(-1, 0), *inner, (1, 0)], object)
    cells = Cells(ends, np.array([[[1], [0]]] * 3, object))
    straight: Straight = {}
    for layer in layers.layers:
        cells = _through(cells, layer)
        if layer.activation == "relu":
            cells, on = _bent(cells)
            first, last = ((cells.ends == end).all(axis=1).argmax() for end in inner)
            here = on[first:last]
            straight[layer.label] = tuple(np.flatnonzero((here == here[0]).all(axis=0)).tolist())
    return cells, straight


def _through(cells: Cells, layer: Layer) -> Cells:
    """Return the cells behind the weights of a layer."""
    more = max(_places(layer.weight), _places(layer.bias) - cells.places)
    weight, places = _whole(layer.weight, more).T, cells.places + more
    row = cells.lines[0] @ weight
    row[1] += _whole(layer.bias, places)
    rows = [row]
    for change in np.diff(cells.lines, axis=0):  # behind the first layer it is of one unit
        some = (change != 0).any(axis=0)
        rows.append(rows[-1] + change[:, some] @ weight[some])
    return Cells(cells.ends, np.array(rows, object), places)


def _bent(cells: Cells) -> tuple[Cells, Mask]:
    """Return the cells behind ReLU, and in which of them each unit is above 0."""
    above, below = _sides(cells.ends, cells.lines)
    cuts: list[set[Fraction]] = [set() for _ in cells.lines]
    for cell, unit in np.argwhere(above & below).tolist():
        slope, intercept = cells.lines[cell, :, unit]
        cuts[cell].add(Fraction(-intercept, slope))
    ends: list[Any] = [cells.ends[0]]
    for inside, end in zip(cuts, cells.ends[1:], strict=True):
        ends += [*(cut.as_integer_ratio() for cut in sorted(inside)), end]
    lines = np.repeat(cells.lines, [len(inside) + 1 for inside in cuts], axis=0)
    split = np.array(ends, object)
    on, _ = _sides(split, lines)
    return Cells(split, lines * on[:, None], cells.places), on


def _sides(ends: Whole, lines: Whole) -> tuple[Mask, Mask]:
    """Return where in a cell each unit comes above 0, and where below."""
    left, right = ((some[..., None] * lines).sum(axis=1) for some in (ends[:-1], ends[1:]))
    return (left > 0) | (right > 0), (left < 0) | (right < 0)


def _places(values: Array) -> int:
    """Return how many binary places behind the point the numbers have at most."""
    return max((v.as_integer_ratio()[1].bit_length() - 1 for v in values.flat), default=0)


def _whole(values: Array, places: int) -> Whole:
    """Return values * 2^places, whole numbers."""
    ratios = (value.as_integer_ratio() for value in values.ravel().tolist())
    whole = [numerator * (2**places // denominator) for numerator, denominator in ratios]
    return np.array(whole, object).reshape(values.shape)
