"""How far a ReLU network of one input is from a function, proved."""

import heapq
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mlpzoo.analysis.pieces import Pieces
from mlpzoo.analysis.proof._jets import Jet, Jets
from mlpzoo.analysis.proof.certificate import LIMIT_S, Certificate
from mlpzoo.analysis.proof.search import will_do
from mlpzoo.checks import InputError, check_at_least, check_positive
from mlpzoo.data.text.expression import Expression, Intervals

_BITS = 100  # of the intervals' ends
_NARROWEST = 2.0**-60  # of the range; a function that is not finite in so little has a pole there


def bound_curve(
    pieces: Pieces,
    function: Expression,
    *,
    gap: float = 1e-9,
    limit_s: float = LIMIT_S,
    below: float | None = None,
) -> Certificate:
    """Return a proved bound of the largest error of a network over a closed range.

    Over a part [p, q] of a piece, the error e lies between its chord plus and minus the most that
    e'' = -f'' lets it bend away from it; f and f'' are enclosed by interval arithmetic. The part
    with the largest bound is split, where e seems to turn, until the gap is met.

    Args:
        pieces: The network, from `mlpzoo.analysis.pieces.pieces`.
        function: What it should be.
        gap: How far the bound may be above an error that is attained, as a share of it.
        limit_s: Seconds after which the bound is returned that is reached by then.
        below: As `bound_boxes` takes it.

    Raises:
        InputError: A function that is not finite in the range.

    Example:
        >>> from mlpzoo import Expression, load_pretrained, pieces
        >>> proved = bound_curve(pieces(load_pretrained("sin"), -10, 10), Expression("sin(x)"))
        >>> proved.bound, proved.where
        (0.0004988732936076441, (-4.117133901799268,))
    """
    check_at_least("gap", gap, 0)
    check_positive("limit_s", limit_s)
    start = time.perf_counter()
    search = _Search(pieces, function)
    complete = search.run(gap, start + limit_s, below)
    x = min(max(Fraction(float(search.where)), pieces.knots[0]), pieces.knots[-1])
    error = abs(_error(pieces(x), x, function, search.intervals))
    return Certificate(
        of="y", bound=search.bound, attained=max(_down(error), 0.0), where=(float(x),),
        method="pieces and intervals", cells=search.cells, seconds=time.perf_counter() - start,
        complete=complete,
    )  # fmt: skip


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
        self.heap: list[tuple[float, int, int, _Point, _Point, float]] = []
        self.cells = 0
        self.attained, self.where = -1.0, pieces.knots[0]
        self.narrowest = (pieces.knots[-1] - pieces.knots[0]) * Fraction(_NARROWEST)
        points = [self.point(*at) for at in zip(pieces.knots, pieces.values, strict=True)]
        for piece, ends in enumerate(pairwise(points)):
            self.add(piece, *ends)

    def run(self, gap: float, end: float, below: float | None) -> bool:
        """Split the first part until its bound is close to what is attained, if there is time."""
        least = 2.0**-52 * float(max(map(abs, self.pieces.values)))  # what float64 tells apart
        while self.bound > will_do(self.attained, gap=gap, least=least, below=below):
            if time.perf_counter() > end:
                return False
            _, _, piece, left, right, share = heapq.heappop(self.heap)
            x = left.x + (right.x - left.x) * Fraction(share)
            if left.x < (near := Fraction(float(x))) < right.x:
                x = near  # fewer digits
            middle = self.point(x, left.y + self.pieces.slopes[piece] * (x - left.x))
            self.add(piece, left, middle)
            self.add(piece, middle, right)
        return True

    @property
    def bound(self) -> float:
        """No error is larger."""
        return -self.heap[0][0]

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
        share = _turn(left.error, right.error, width**2 * f.bend)
        heapq.heappush(self.heap, (-bound, newest, piece, left, right, share))


def _peak(left: Any, right: Any, width: Any, slope: Any, bend: Any, plain: Any) -> float:
    """Return a bound of an error over a part, from above; the arguments are intervals.

    It is `left` and `right` at the ends of the part; `slope` is the size of its slope, `bend` minus
    its second derivative, and `plain` the error itself.
    """
    bow = bend.b * width**2 / 8  # what the middle of a parabola is above its chord
    rise = abs(right - left)
    if bend.b <= 0 or rise.a >= 4 * bow:  # no peak between the ends
        top = max(left.b, right.b)
    else:
        top = (left + right) / 2 + bow + rise**2 / (16 * bow)
    return min(_up(top), _up((left + right + slope * width) / 2), _up(plain))


def _turn(left: Any, right: Any, bend: Any) -> float:
    """Return at which share of a part its error turns, if it is a parabola; else the half."""
    rise, steep = float((right - left).mid), float(bend.mid)
    share = 0.5 + rise / steep if steep else 0.5
    return min(max(share, 1 / 16), 15 / 16) if 0 < share < 1 else 0.5


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
