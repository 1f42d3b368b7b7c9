"""Best-first search for the largest value of a function over boxes, with a bound of it proved."""

import heapq
import math
import sys
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlpzoo.analysis.layers import Array
from mlpzoo.checks import check_at_least

UNIT = 2.0**-53  # how far the nearest float64 may be off, as a share of a number
_MOST = 2**19  # boxes that wait, some 150 MB
_FEW = 16  # to halve at a time where there is no bound yet


class Seen(NamedTuple):
    """What a look at boxes shows: their upper bounds, where to halve them, the best point in them.

    Attributes:
        upper: Of each box, (boxes,); -inf where nothing is left to look for.
        axis: Which edge of each to halve next, (boxes,).
        attained: The largest value met at a point.
        where: That point.
    """

    upper: Array
    axis: NDArray[np.intp]
    attained: float
    where: tuple[float, ...]


class Found(NamedTuple):
    """The end of a search: the largest value lies from `attained`, at `where`, to `bound`.

    It is complete if that is near enough; else the time or the memory was over before.
    """

    bound: float
    attained: float
    where: tuple[float, ...]
    boxes: int
    seconds: float
    complete: bool


def will_do(
    attained: float, *, gap: float, least: float = 0.0, below: float | None = None
) -> float:
    """Return the bound that will do where a value is attained.

    Args:
        attained: The largest value met.
        gap: How far the bound may be above it, as a share of it.
        least: How far at least.
        below: Where it is only asked whether the largest value is at most this.
    """
    if below is None:
        return min(attained + max(gap * attained, least), sys.float_info.max)
    return below if attained <= below else math.inf


@np.errstate(all="ignore")  # what overflows gives no bound: infinity
def best_first(
    boxes: Array,
    look: Callable[[Array], Seen],
    *,
    enough: Callable[[float], float],
    limit_s: float,
    batch: int = 32,
) -> Found:
    """Halve the boxes of the largest bounds until the bound is near enough to a value attained.

    Halves share their edge exactly, so the boxes cover at every time what they covered at first.

    Args:
        boxes: The first ones, (boxes, 2 * inputs) or one more: low ends, high ends, and perhaps
            a mark that the halves inherit.
        look: Tells of boxes what is in them.
        enough: The bound that will do, given the largest value attained.
        limit_s: Seconds after which the bound reached so far is returned; so it is when half a
            million boxes wait.
        batch: How many boxes are halved at a time.

    Raises:
        InputError: A limit below 0.
    """
    check_at_least("limit_s", limit_s, 0)
    begun, seen, best = perf_counter(), 0, -math.inf
    where: tuple[float, ...] = ()
    heap: list[tuple[float, ...]] = []
    settled = -math.inf  # the largest bound of the boxes that need no halving
    while True:
        shown = look(boxes)
        seen += len(boxes)
        best, where = max((best, where), (shown.attained, shown.where))
        upper = np.where(np.isnan(shown.upper), math.inf, shown.upper)
        needed = upper > enough(best)
        settled = max(settled, float(upper[~needed].max(initial=-math.inf)))
        newest = -seen - np.arange(len(boxes))  # first of those without a bound: it shows a pole
        for entry in np.column_stack([-upper, newest, shown.axis, boxes])[needed].tolist():
            heapq.heappush(heap, tuple(entry))
        bound = max(settled, -heap[0][0]) if heap else settled
        seconds = perf_counter() - begun
        complete = not heap or bound <= enough(best)
        if complete or seconds > limit_s or len(heap) > _MOST:
            return Found(max(bound, best), best, where, seen, seconds, complete)
        count = min(batch if bound < math.inf else _FEW, len(heap))
        worst = np.array([heapq.heappop(heap) for _ in range(count)])
        boxes = _halves(worst[:, 3:], worst[:, 2].astype(int))


def _halves(boxes: Array, axis: NDArray[np.int_]) -> Array:
    each, inputs = np.arange(len(boxes)), boxes.shape[1] // 2
    middle = (boxes[each, axis] + boxes[each, inputs + axis]) / 2
    below, above = boxes.copy(), boxes.copy()
    below[each, inputs + axis] = middle
    above[each, axis] = middle
    return np.concatenate([below, above])
