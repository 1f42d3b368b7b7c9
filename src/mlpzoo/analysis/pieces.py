"""A ReLU network of one input as what it is: straight pieces, known exactly."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Rational

import numpy as np
from torch import nn

from mlpzoo.analysis._bends import Straight, cells_of
from mlpzoo.analysis._wide import Array, rounded
from mlpzoo.analysis.layers import Layers, layers_of
from mlpzoo.checks import InputError, as_typed, check_ordered

_MOST_WEIGHTS = 2**22
_SHOWN = 3  # rows at either end of a printed table
_C = """\
{tables}
double {name}(double x)
{{
    int low = 0, high = {last};
    while (low < high) {{
        int middle = (low + high + 1) / 2;
        if (x < {name}_at[middle]) high = middle - 1; else low = middle;
    }}
    return {name}_value[low] + {name}_slope[low] * (x - {name}_at[low]);
}}
"""


@dataclass(frozen=True, eq=False)
class Line:
    """What a network is beyond its last knot on one side: slope * x + intercept.

    Attributes:
        kinks: How many more there are between the range and it.
        begins: At the last of them, or at the end of the range.
        slope: Of the line.
        intercept: Its value at x = 0.
    """

    kinks: int
    begins: Fraction
    slope: Fraction
    intercept: Fraction


@dataclass(frozen=True, eq=False, repr=False)
class Pieces:
    """A network on a range, as straight pieces between knots; every number is exact.

    Attributes:
        knots: x of the two ends and of every kink between them, in order.
        values: The network at the knots.
        slopes: Of the pieces, one fewer.
        straight: By layer, which units never bend in the range: always on, or always off.
        layers: The network.
    """

    knots: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    straight: Straight
    layers: Layers

    def __repr__(self) -> str:
        return f"Pieces({len(self)} from {' to '.join(self._range())})"

    def __len__(self) -> int:
        return len(self.slopes)

    def __call__(self, x: Fraction | float) -> Fraction:
        """Return the network's exact value; x is in the range."""
        x = _exact(x)
        if not self.knots[0] <= x <= self.knots[-1]:
            raise InputError(
                f"x = {as_typed(float(x))} is outside {' to '.join(self._range())}; widen the range"
            )
        piece = min(bisect_right(self.knots, x), len(self)) - 1
        return self.values[piece] + self.slopes[piece] * (x - self.knots[piece])

    @cached_property
    def lipschitz(self) -> Fraction:
        """The steepest slope: outputs differ by at most this times what inputs differ by."""
        return max(map(abs, self.slopes))

    @cached_property
    def most(self) -> int:
        """How many pieces a network of these layers can have at most: (n1 + 1) (n2 + 1) ..."""
        return math.prod(self._units(label) + 1 for label in self.straight)

    @cached_property
    def outside(self) -> tuple[Line, Line]:
        """What the network is far below the range, and far above it."""
        knots, values, slopes, _ = _pieces(self.layers, None, None)
        if not knots:  # one straight line
            knots, values = [self.knots[0]], [self.values[0]]
        below = sum(knot < self.knots[0] for knot in knots)
        above = sum(knot > self.knots[-1] for knot in knots)
        first, last = (values[k] - slopes[k] * knots[k] for k in (0, -1))
        return (
            Line(below, min(knots[0], self.knots[0]), slopes[0], first),
            Line(above, max(knots[-1], self.knots[-1]), slopes[-1], last),
        )

    def table(self) -> tuple[Array, Array]:
        """Return x and y of the knots in float64, as `np.interp(x, *pieces.table())` takes them."""
        x, y = (np.array([*map(rounded, part)]) for part in (self.knots, self.values))
        return x, y

    def numpy(self) -> str:
        """Return Python code with NumPy, a function `network(x)`."""
        x, y = (numbers.tolist() for numbers in self.table())
        return f"import numpy as np\n\ndef network(x):\n    return np.interp(x, {x}, {y})\n"

    def c(self, name: str = "network") -> str:
        """Return C99 code of a function of a double, which needs no library.

        Args:
            name: Of the function.
        """
        if not (name.isidentifier() and name.isascii()):
            raise InputError(f"a function in C needs a name such as network, got {name!r}")
        parts = {"at": self.knots[:-1], "value": self.values[:-1], "slope": self.slopes}
        tables = "".join(_c_table(f"{name}_{part}", of) for part, of in parts.items())
        return _C.format(tables=tables, name=name, last=len(self) - 1)

    def __str__(self) -> str:
        low, high = self._range()
        rows = [f"{'x':>14} {'y':>14} {'slope behind':>14}"]
        columns = self.knots, self.values, (*self.slopes, None)
        rows += [_row(numbers) for numbers in zip(*columns, strict=True)]
        if (more := len(rows) - 2 * _SHOWN - 1) > 0:
            rows[_SHOWN + 1 : -_SHOWN] = [f"... {more:,} more rows"]
        never = [
            f"{len(units)} of {self._units(name)} in {name}"
            for name, units in self.straight.items()
        ]
        lines = [
            f"pieces from {low} to {high}: {len(self):,}, of at most {self.most:,}",
            *rows,
            f"steepest slope: {rounded(self.lipschitz):.8g}",
            f"units that never bend here: {', '.join(never) or 'none'}",
        ]
        for side, line in zip((f"below {low}", f"above {high}"), self.outside, strict=True):
            begins, slope, intercept = map(rounded, (line.begins, line.slope, line.intercept))
            lines.append(
                f"{side}: {line.kinks:,} more kinks; from {begins:.8g} on "
                f"{slope:.8g} x {intercept:+.8g}"
            )
        return "\n".join(lines)

    def _range(self) -> tuple[str, str]:
        return as_typed(float(self.knots[0])), as_typed(float(self.knots[-1]))

    def _units(self, label: str) -> int:
        return next(len(e.bias) for e in self.layers.layers if e.label == label)


def pieces(net: nn.Module, low: float, high: float) -> Pieces:
    """Return the straight pieces of a ReLU network of one input and one output, exactly.

    Weights are dyadic numbers, so every slope and every kink is a fraction, and none is rounded.

    Args:
        net: A network whose activations are ReLU, or none, of any depth.
        low: Low end of the range, in the network's own units.
        high: High end.

    Raises:
        InputError: Another network, or low and high are not in order.

    Example:
        >>> import torch
        >>> net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))  # |x - 1|
        >>> for part, numbers in zip(net.parameters(), ([1, -1], [-1, 1], [1, 1], [0])):
        ...     part.data = torch.tensor(numbers, dtype=torch.float32).view_as(part)
        >>> parts = pieces(net, -2, 2)
        >>> [str(knot) for knot in parts.knots], [str(slope) for slope in parts.slopes]
        (['-2', '1', '2'], ['-1', '1'])
        >>> parts(Fraction(1, 3)), parts.lipschitz
        (Fraction(2, 3), Fraction(1, 1))
    """
    check_ordered("range", low, high)
    layers = layers_of(net)
    _check(layers)
    centre, half_width = map(Fraction, layers.in_scale)
    ends = [(_exact(end) - centre) / half_width for end in (low, high)]
    knots, values, slopes, straight = _pieces(layers, *ends)
    return Pieces(tuple(knots), tuple(values), tuple(slopes), straight, layers)


def _check(layers: Layers) -> None:
    """Refuse a network that has no pieces, or too many weights."""
    if layers.in_features != 1:
        raise InputError(
            f"a network of {layers.in_features} inputs has no list of pieces; take one of one input"
        )
    if other := sorted(layers.activations - {"relu", "identity"}):
        raise InputError(
            f"a network with {' and '.join(other)} is not made of straight pieces; take one whose "
            "activations are relu, or its formula"
        )
    if (given := sum(len(layers.layers[k].bias) for k in layers.outputs.values())) != 1:
        raise InputError(f"pieces are of one output, and the network has {given}; keep one of them")
    if layers.size > _MOST_WEIGHTS:
        raise InputError(
            f"pieces are for networks of at most {_MOST_WEIGHTS:,} weights, got {layers.size:,}"
        )


def _pieces(
    layers: Layers, low: Fraction | None, high: Fraction | None
) -> tuple[list[Fraction], list[Fraction], list[Fraction], Straight]:
    """Return finite knots, the values there, all slopes, and by layer which units never bend."""
    cells, straight = cells_of(layers, low, high)
    (centre, half_width), (mean, spread) = (
        map(Fraction, scale) for scale in (layers.in_scale, layers.out_scale)
    )
    slopes = [cells.slope.exact(row, 0) for row in range(len(cells.ends) - 1)]
    starts = [row for row, slope in enumerate(slopes) if row == 0 or slope != slopes[row - 1]]
    ends = [*((cells.ends[row], row) for row in starts), (cells.ends[-1], len(slopes) - 1)]
    points = [
        (u, slopes[row] * u + cells.intercept.exact(row, 0)) for u, row in ends if u is not None
    ]
    return (
        [centre + half_width * u for u, _ in points],
        [mean + spread * y for _, y in points],
        [slopes[row] * spread / half_width for row in starts],
        straight,
    )


def _exact(x: Rational | float) -> Fraction:
    return Fraction(x if isinstance(x, Rational) else float(x))


def _c_table(name: str, numbers: Sequence[Fraction]) -> str:
    rows = "".join(f"    {rounded(number)!r},\n" for number in numbers)
    return f"static const double {name}[{len(numbers)}] = {{\n{rows}}};\n"


def _row(numbers: Sequence[Fraction | None]) -> str:
    return " ".join(f"{rounded(n):14.8g}" for n in numbers if n is not None)
