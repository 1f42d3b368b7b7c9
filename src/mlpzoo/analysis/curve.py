"""How far a ReLU network of one input is from a function, proved."""

import heapq
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mlpzoo.analysis._jets import Jet, Jets
from mlpzoo.analysis.certificate import Certificate
from mlpzoo.analysis.pieces import Pieces
from mlpzoo.checks import InputError, check_at_least, check_positive
from mlpzoo.data.expression import Expression, Intervals

_BITS = 100  # of the intervals' ends
_NARROWEST = 2.0**-60  # of the range; a function that is not finite in so little has a pole there


def bound_curve(
    pieces: Pieces, function: Expression, *, gap: float = 1e-9, limit_s: float = 60.0
) -> Certificate:
    """Return a proved bound of the largest error of a network over a closed range.

    Over a part [p, q] of a piece, the error e lies between its chord plus and minus the most that
    e'' = -f'' lets it bend away from it; f and f'' are enclosed by interval arithmetic. The part
    with the largest bound is halved until the gap is met. For polynomials up to x^2, ends and
    vertices are computed as fractions.

    Args:
        pieces: The network, from `mlpzoo.analysis.pieces.pieces`.
        function: What it should be.
        gap: How far the bound may be above an error that is attained, as a share of it.
        limit_s: Seconds after which the bound is returned that is reached by then.

    Raises:
        InputError: A function of several inputs, or one that is not finite in the range.

    Example:
        >>> from mlpzoo import Expression, load_pretrained, pieces
        >>> proved = bound_curve(pieces(load_pretrained("sin"), -10, 10), Expression("sin(x)"))
        >>> proved.bound, proved.where
        (0.0005023494132458387, (8.335481839864935,))
    """
    check_at_least("gap", gap, 0)
    check_positive("limit_s", limit_s)
    if function.in_features != 1:
        raise InputError(f"the function must be of x alone, got {function.text!r}")
    start = time.perf_counter()
    if function.degree is not None and function.degree <= 2:
        method, (bound, x, cells) = "pieces and fractions", _vertices(pieces, function)
    else:
        search = _Search(pieces, function)
        search.run(gap, start + limit_s)
        method, (bound, x, cells) = "pieces and intervals", search.result()
    context = _context()
    x = min(max(Fraction(float(x)), pieces.knots[0]), pieces.knots[-1])
    error = abs(_error(pieces(x), x, function, Intervals(context)))
    return Certificate(
        of="y", bound=bound, attained=max(_down(error), 0.0), where=(float(x),), method=method,
        cells=cells, seconds=time.perf_counter() - start,
    )  # fmt: skip


def _vertices(pieces: Pieces, function: Expression) -> tuple[float, Fraction, int]:
    """Return the largest distance from a polynomial up to x^2, where it is, and the pieces."""
    below, middle, above = (function(Fraction(x)) for x in (-1, 0, 1))
    bend, slope = above - 2 * middle + below, (above - below) / 2  # f'' and f' at 0
    points = list(zip(pieces.knots, pieces.values, strict=True))
    for piece, steep in enumerate(pieces.slopes):
        start, end = pieces.knots[piece : piece + 2]
        if bend and start < (x := (steep - slope) / bend) < end:
            points.append((x, pieces.values[piece] + steep * (x - start)))
    error, x = max((abs(y - function(x)), x) for x, y in points)
    return _rounded_up(error), x, len(pieces)


@dataclass(frozen=True)
class _Point:
    x: Fraction
    y: Fraction  # of the network
    error: Any  # an interval


class _Search:
    """Parts of the range, the one with the largest bound first."""

    def __init__(self, pieces: Pieces, function: Expression) -> None:
        self.pieces, self.function = pieces, function
        self.intervals, self.jets = Intervals(context := _context()), Jets(context)
        self.heap: list[tuple[float, int, int, _Point, _Point]] = []
        self.cells = 0
        self.attained, self.where = -1.0, pieces.knots[0]
        self.narrowest = (pieces.knots[-1] - pieces.knots[0]) * Fraction(_NARROWEST)
        points = [self.point(*at) for at in zip(pieces.knots, pieces.values, strict=True)]
        for piece, ends in enumerate(pairwise(points)):
            self.add(piece, *ends)

    def run(self, gap: float, end: float) -> None:
        """Halve the first part until its bound is close to what is attained, or time is over."""
        least = 2.0**-52 * float(max(map(abs, self.pieces.values)))  # what float64 tells apart
        while -self.heap[0][0] - self.attained > max(gap * self.attained, least):
            if time.perf_counter() > end and self.heap[0][0] > -math.inf:
                return
            _, _, piece, left, right = heapq.heappop(self.heap)
            x = (left.x + right.x) / 2
            if left.x < (near := Fraction(float(x))) < right.x:
                x = near  # fewer digits
            middle = self.point(x, left.y + self.pieces.slopes[piece] * (x - left.x))
            self.add(piece, left, middle)
            self.add(piece, middle, right)

    def result(self) -> tuple[float, Fraction, int]:
        """Return the bound, where an error close to it is, and how many parts were looked at."""
        return -self.heap[0][0], self.where, self.cells

    def point(self, x: Fraction, y: Fraction) -> _Point:
        error = _error(y, x, self.function, self.intervals)
        if (attained := _down(abs(error))) > self.attained:
            self.attained, self.where = attained, x
        return _Point(x, y, error)

    def add(self, piece: int, left: _Point, right: _Point) -> None:
        """Bound the error over a part of a piece, and keep it."""
        number, hull = self.intervals.number, self.intervals.context.mpf
        f = self.function.compute(
            self.jets, Jet(hull([number(left.x).a, number(right.x).b]), hull(1), hull(0))
        )
        width = number(right.x - left.x)
        steep = abs(number(self.pieces.slopes[piece]) - f.slope)
        low, high = (number(end(left.y, right.y)) for end in (min, max))
        plain = hull([low.a, high.b]) - f.value
        bound = max(
            _peak(sign * left.error, sign * right.error, width, steep, sign * f.bend, sign * plain)
            for sign in (1, -1)
        )
        if bound == math.inf and right.x - left.x < self.narrowest:
            raise InputError(
                f"{self.function.text!r} is not finite near x = {_place(left.x)}; "
                "take a range without it"
            )
        self.cells += 1
        newest = -self.cells  # first of those without a bound: it soon shows a pole
        heapq.heappush(self.heap, (-bound, newest, piece, left, right))


def _peak(left: Any, right: Any, width: Any, slope: Any, bend: Any, plain: Any) -> float:
    """Return a bound of an error over a part, from above.

    Args:
        left: The error at the left end; all are intervals.
        right: The same at the right end.
        width: Of the part.
        slope: Encloses the size of the error's slope.
        bend: Encloses minus its second derivative.
        plain: Encloses the error.
    """
    bow = bend.b * width**2 / 8  # what the middle of a parabola is above its chord
    rise = abs(right - left)
    if bend.b <= 0 or rise.a >= 4 * bow:  # no peak between the ends
        top = max(left.b, right.b)
    else:
        top = (left + right) / 2 + bow + rise**2 / (16 * bow)
    return min(_up(top), _up((left + right + slope * width) / 2), _up(plain))


def _error(y: Fraction, x: Fraction, function: Expression, intervals: Intervals) -> Any:
    """Return an interval that encloses y - f(x)."""
    try:
        return intervals.number(y) - function(intervals.number(x))
    except InputError as error:
        raise InputError(
            f"{function.text!r} has no value at x = {_place(x)}, {error}; take another range"
        ) from error


def _place(x: Fraction) -> str:
    return f"{round(float(x), 9) + 0.0:.6g}"


def _context() -> Any:
    """Return intervals of mpmath whose precision is nobody else's."""
    from mpmath.ctx_iv import MPIntervalContext  # type: ignore[import-untyped]

    context = MPIntervalContext()
    context.prec = _BITS
    return context


def _up(interval: Any) -> float:
    """Return the least float above an interval; infinity where it has no end."""
    near = float(interval.b)
    if math.isnan(near):
        return math.inf
    return near if interval.b <= near else math.nextafter(near, math.inf)


def _down(interval: Any) -> float:
    """Return the largest float below an interval; minus infinity where it has no end."""
    return -_up(-interval)


def _rounded_up(number: Fraction) -> float:
    """Return the least float that is not below a fraction."""
    near = float(number)
    return near if Fraction(near) >= number else math.nextafter(near, math.inf)
