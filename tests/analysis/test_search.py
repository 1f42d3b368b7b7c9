import math

import numpy as np
import pytest

from mlpzoo.analysis import search
from mlpzoo.analysis.search import Seen, best_first


def look(boxes):
    """Bounds of |x| over boxes of one input, that are twice as high as need be."""
    ends = np.abs(boxes)
    best = ends[:, 0].argmax()
    upper = np.maximum(*ends.T) + (boxes[:, 1] - boxes[:, 0])
    where = (float(boxes[best, 0]),)
    return Seen(upper, np.zeros(len(boxes), int), float(ends[best, 0]), where)


def found(**changes):
    first = np.array([[-1.0, 0.5]])
    given = {"enough": lambda e: e + 1e-3, "limit_s": 5, "batch": 4} | changes
    return best_first(first, look, **given)


def test_bound_comes_near_what_is_attained():
    end = found()
    assert (end.attained, end.where) == (1, (-1,))
    assert 1 <= end.bound <= 1.001
    assert end.boxes < 200


@pytest.mark.parametrize("most", [3, 2**19])
def test_stopped_search_returns_a_bound(monkeypatch, most):
    monkeypatch.setattr(search, "_MOST", most)
    end = found(enough=lambda e: e - 1, limit_s=0.2 if most > 3 else 60)
    assert 1 <= end.bound < 2.6
    assert end.seconds < 10


def test_overflow_is_no_bound():
    def nothing(boxes):
        return Seen(np.full(len(boxes), np.nan), np.zeros(len(boxes), int), -math.inf, ())

    assert best_first(np.zeros((1, 2)), nothing, enough=abs, limit_s=0, batch=1).bound == math.inf
