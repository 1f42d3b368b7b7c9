"""A ReLU network of one input as what it is: straight pieces, known exactly."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest
from numbers import Rational

import numpy as np
from torch import nn

from mlpzoo.analysis._bends import Straight, cells_of
from mlpzoo.analysis.layers import Array, Layers, layers_of
from mlpzoo.checks import InputError, as_typed, check_ordered

_MOST_WEIGHTS = 2**22
_SHOWN = 3  # rows at either end of a printed table
_C = """\
static const double at[{count}] = {{
    {}
}};
static const double value[{count}] = {{
    {}
}};
static const double slope[{count}] = {{
    {}
}};

double network(double x)
{{
    int low = 0, high = {count} - 1;
    while (low < high) {{
        int middle = (low + high + 1) / 2;
        if (x < at[middle]) high = middle - 1; else low = middle;
    }}
    return value[low] + slope[low] * (x - at[low]);
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
        outside: What it is far below the range, and far above it.
        straight: By layer, which units never bend in the range: always on, or always off.
        sizes: By layer, how many units have ReLU.
    """

    knots: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]
    outside: tuple[Line, Line]
    straight: Straight
    sizes: dict[str, int]

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
        return math.prod(size + 1 for size in self.sizes.values())

    def table(self) -> tuple[Array, Array]:
        """Return x and y of the knots in float64, as `np.interp(x, *pieces.table())` takes them."""
        x, y = (np.array([*map(_near, part)]) for part in (self.knots, self.values))
        return x, y

    def numpy(self) -> str:
        """Return Python code with NumPy, a function `network(x)`."""
        x, y = (numbers.tolist() for numbers in self.table())
        return f"import numpy as np\n\ndef network(x):\n    return np.interp(x, {x}, {y})\n"

    def c(self) -> str:
        """Return C99 code of a function `network` of a double, which needs no library."""
        tables = [self.knots[:-1], self.values[:-1], self.slopes]
        rows = (",\n    ".join(repr(_near(n)) for n in numbers) for numbers in tables)
        return _C.format(*rows, count=len(self))

    def __str__(self) -> str:
        low, high = self._range()
        columns = zip_longest(self.knots, self.values, self.slopes)
        rows = [" ".join(f"{_near(n):14.8g}" for n in row if n is not None) for row in columns]
        if (more := len(rows) - 2 * _SHOWN) > 0:
            rows[_SHOWN:-_SHOWN] = [f"... {more:,} more rows"]
        never = [f"{len(self.straight[name])} of {of} in {name}" for name, of in self.sizes.items()]
        lines = [
            f"pieces from {low} to {high}: {len(self):,}, of at most {self.most:,}",
            f"{'x':>14} {'y':>14} {'slope behind':>14}",
            *rows,
            f"steepest slope: {_near(self.lipschitz):.8g}",
            f"units that never bend here: {', '.join(never) or 'none'}",
        ]
        for side, end, line in zip(("below", "above"), (low, high), self.outside, strict=True):
            begins, slope, intercept = map(_near, (line.begins, line.slope, line.intercept))
            sign = "-" if intercept < 0 else "+"
            lines.append(
                f"{side} {end}: {line.kinks:,} more kinks; {side} {begins:.8g} it is the line "
                f"{slope:.8g} x {sign} {abs(intercept):.8g}"
            )
        return "\n".join(lines)

    def _range(self) -> tuple[str, str]:
        return as_typed(float(self.knots[0])), as_typed(float(self.knots[-1]))


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
    if why := why_no_pieces(layers):
        raise InputError(why)
    return _joined(layers, _exact(low), _exact(high))


def _joined(layers: Layers, low: Fraction, high: Fraction) -> Pieces:
    """Return the pieces: neighbouring cells of the same line are one."""
    (centre, half_width), (mean, spread) = (
        map(Fraction, scale) for scale in (layers.in_scale, layers.out_scale)
    )
    cells, straight = cells_of(layers, (low - centre) / half_width, (high - centre) / half_width)
    lines = []  # from minus to plus infinity
    for slope, intercept in map(cells.real, range(len(cells.lines))):
        steep = spread * slope / half_width
        lines.append((steep, mean + spread * intercept - steep * centre))
    at = [centre + half_width * Fraction(*end) for end in cells.ends[1:-1]]
    behind = dict(zip(at, lines[1:], strict=True))
    kinks = [x for x, before in zip(at, lines, strict=False) if before != behind[x]]
    knots = (low, *(x for x in kinks if low < x < high), high)
    slopes, values = zip(*((a, a * x + b) for x in knots for a, b in [behind[x]]), strict=True)
    return Pieces(
        knots=knots,
        values=values,
        slopes=slopes[:-1],
        outside=(
            Line(sum(x < low for x in kinks), min([low, *kinks]), *lines[0]),
            Line(sum(x > high for x in kinks), max([high, *kinks]), *lines[-1]),
        ),
        straight=straight,
        sizes={e.label: len(e.bias) for e in layers.layers if e.activation == "relu"},
    )


def why_no_pieces(layers: Layers) -> str:
    """Return why a network is not one curve of straight pieces, or "" if it is.

    Args:
        layers: Of the network.
    """
    if layers.in_features != 1:
        return f"a network of {layers.in_features} inputs has no list of pieces; take one of one"
    if other := sorted(layers.activations - {"relu", "identity"}):
        return (
            f"a network with {' and '.join(other)} is not made of straight pieces; take one whose "
            "activations are relu, or its formula"
        )
    if (given := sum(len(layers.layers[k].bias) for k in layers.outputs.values())) != 1:
        return f"pieces are of one output, and the network has {given}; keep one of them"
    if layers.size > _MOST_WEIGHTS:
        return f"pieces are for networks of at most {_MOST_WEIGHTS:,} weights, got {layers.size:,}"
    return ""


def _exact(x: Rational | float) -> Fraction:
    return Fraction(x if isinstance(x, Rational) else float(x))


def _near(number: Fraction) -> float:
    """Return the nearest float; infinity where there is none."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
