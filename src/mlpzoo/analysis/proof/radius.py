"""How far about a corner of a gate the answer is right, and how wrong it is at most: proved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mlpzoo.analysis.layers import Array, Layers, layers_of
from mlpzoo.analysis.proof.certificate import GAP, Certificate
from mlpzoo.analysis.proof.intervals import Spans, activated, spans_of
from mlpzoo.analysis.proof.search import UNIT, Seen, best_first
from mlpzoo.checks import (
    InputError,
    as_typed,
    check_at_least,
    check_positive,
    is_finite,
    resolve_name,
)

Ends = tuple[Array, Array, NDArray[np.intp]]  # below, above, and which edge to halve


@dataclass(frozen=True, kw_only=True)
class Radius:
    """How far the inputs may be from a corner, each of them, with the answer still right.

    Attributes:
        right: The right answer, 0 or 1.
        proved: Up to here the answer is right; rounded down.
        failing_at: How far `witness` is from the corner; rounded up; inf if there is none.
        witness: Inputs where the answer is proved wrong; None: none found up to the reach.
        boxes: Boxes that were looked at.
        seconds: Time taken.
    """

    right: int
    proved: float
    failing_at: float
    witness: tuple[float, ...] | None
    boxes: int
    seconds: float


def radius(
    net: nn.Module,
    corner: Sequence[float],
    *,
    right: int | None = None,
    gives: str | None = None,
    reach: float = 10.0,
    tolerance: float = 1e-6,
    limit_s: float = 10.0,
) -> Radius:
    """Prove how far about a corner a gate gives the right answer.

    The answer is 1 where a logit is above 0, or a probability above 0.5; else 0.

    Args:
        net: A network of one or two inputs and one output, whose activations all rise.
        corner: The inputs in the middle.
        right: The right answer, 0 or 1; None for the one that the network gives at the corner.
        gives: "logit", "probability" or "value", a probability too; None for what it says itself.
        reach: How far to look.
        tolerance: How far `failing_at` may be above `proved`.
        limit_s: Seconds after which the radius proved so far is returned.

    Raises:
        InputError: Another kind of network, or an argument out of its range.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> found = radius(load_pretrained("xor"), (0, 0))
        >>> found.right, round(found.proved, 4), round(found.failing_at, 4)
        (0, 0.1501, 0.1501)
    """
    layers = _gate(net, gives)
    middle = _point("corner", corner, layers)
    check_positive("reach", reach)
    check_positive("tolerance", tolerance)
    right = _answer(layers, middle) if right is None else right
    if right not in (0, 1):
        raise InputError(f"right must be 0 or 1, got {as_typed(right)}")

    def look(boxes: Array) -> Seen:
        low, high = np.split(boxes, 2, axis=1)
        below, above, axis = _above_threshold(layers, low, high)
        may = ~(below > 0 if right else above <= 0)  # be wrong; so may what overflowed to NaN
        near = np.clip(middle, low, high)
        upper = np.where(may, -_distance(near, middle) * (1 - 4 * UNIT), -np.inf)
        points = np.concatenate([near, (low + high) / 2])[np.tile(may, 2)]
        below, above, _ = _above_threshold(layers, points, points)
        points = points[above <= 0 if right else below > 0]
        if not len(points):
            return Seen(upper, axis, -math.inf, ())
        far = _distance(points, middle) * (1 + 4 * UNIT)
        return Seen(upper, axis, -float(far.min()), tuple(points[far.argmin()].tolist()))

    found = best_first(_box(middle, reach), look, enough=lambda e: e + tolerance, limit_s=limit_s)
    return Radius(
        right=int(right),
        proved=max(0.0, min(-found.bound, float(reach))),
        failing_at=-found.attained,
        witness=found.where or None,
        boxes=found.boxes,
        seconds=found.seconds,
    )


def bound_rows(
    net: nn.Module,
    rows: Sequence[Sequence[float]],
    targets: Sequence[float],
    *,
    within: float = 0.0,
    gives: str | None = None,
    gap: float = GAP,
    limit_s: float = 10.0,
) -> list[Certificate]:
    """Prove how far a gate's probability is off its target at each row of a table, or about it.

    Args:
        net: As for `radius`.
        rows: Inputs.
        targets: What each should give.
        within: How far each input may be from its row.
        gives: As for `radius`.
        gap: How far a bound may be above an error attained, as a share of it.
        limit_s: Seconds after which the bounds reached so far are returned; each row has its part.

    Raises:
        InputError: Another kind of network, or an argument out of its range.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> [one.bound for one in bound_rows(load_pretrained("or-exact"), [(0, 1), (1, 1)], [1, 1])]
        [0.0, 0.0]
    """
    layers = _gate(net, gives)
    check_at_least("within", within, 0)
    check_at_least("limit_s", limit_s, 0)
    check_positive("gap", gap)
    if len(rows) != len(targets):
        raise InputError(f"there must be a target for each row, got {len(targets)} for {len(rows)}")
    for target in targets:
        check_at_least("each target", target, 0)
    points, part = [_point("each row", row, layers) for row in rows], limit_s / max(1, len(rows))
    pairs = zip(points, targets, strict=True)
    return [_bound_row(layers, point, target, within, gap, part) for point, target in pairs]


def _bound_row(
    layers: Layers, row: Array, target: float, within: float, gap: float, limit_s: float
) -> Certificate:
    shares = np.array(list(product((0.0, 0.5, 1.0), repeat=len(row))))
    inner = np.nextafter(row - within, row), np.nextafter(row + within, row)

    def look(boxes: Array) -> Seen:
        low, high = np.split(boxes, 2, axis=1)
        below, above, axis = _probability(layers, low, high)
        upper = np.maximum(above - target, target - below) * (1 + 4 * UNIT)
        worst = upper.argmax()
        points = np.clip(low[worst] + shares * (high - low)[worst], *inner)
        below, above, _ = _probability(layers, points, points)
        error = np.maximum(below - target, target - above) * (1 - 4 * UNIT)
        best = error.argmax()
        return Seen(upper, axis, max(0.0, float(error[best])), tuple(points[best].tolist()))

    found = best_first(
        _box(row, within), look, enough=lambda e: (1 + gap) * e + 1e-12, limit_s=limit_s
    )
    return Certificate(
        of="y",
        bound=found.bound,
        attained=found.attained,
        where=found.where,
        method="boxes, by interval arithmetic",
        cells=found.boxes,
        seconds=found.seconds,
        complete=found.complete,
    )


def _gate(net: nn.Module, gives: str | None) -> Layers:
    layers = layers_of(net)
    if gives is not None:
        gives = resolve_name("gives", gives, ("value", "logit", "probability"))
        layers = replace(layers, gives=gives)
    if layers.in_features > 2:
        raise InputError(f"a gate is proved for 1 or 2 inputs, not for {layers.in_features}")
    if len(layers.outputs) > 1 or len(layers.layers[-1].bias) > 1:
        raise InputError("a gate has one output, and this network has more")
    told = layers.gives != "value" or layers.layers[-1].activation in ("step", "sigmoid")
    if gives is None and not told:
        raise InputError("if this network is a gate, say gives='logit' or gives='probability'")
    return layers


def _point(name: str, values: Sequence[float], layers: Layers) -> Array:
    point: Array = np.array([float(v) if is_finite(name, v) else math.nan for v in values])
    if point.shape != (layers.in_features,) or np.isnan(point).any():
        wanted = f"{layers.in_features} finite number{'s' * (layers.in_features > 1)}"
        raise InputError(f"{name} must have {wanted}, got {as_typed(list(values))}")
    return point


def _answer(layers: Layers, point: Array) -> int:
    below, above, _ = _above_threshold(layers, point[None], point[None])
    if not (below[0] > 0 or above[0] <= 0):
        raise InputError("the corner lies on the threshold itself; say which answer is right")
    return int(below[0] > 0)


def _box(middle: Array, size: float) -> Array:
    """Return the box of a size about a point, rounded outward."""
    ends = np.nextafter(middle - size, -np.inf), np.nextafter(middle + size, np.inf)
    return np.concatenate(ends if size else (middle, middle))[None]


def _distance(points: Array, middle: Array) -> Array:
    largest: Array = np.abs(points - middle).max(axis=1)
    return largest


def _above_threshold(layers: Layers, low: Array, high: Array) -> Ends:
    """Return how far a gate is above its threshold over boxes."""
    last, axis = _output(layers, low, high)
    threshold = 0.0 if layers.gives == "logit" else 0.5
    return last.low[:, 0] - threshold, last.high[:, 0] - threshold, axis


def _probability(layers: Layers, low: Array, high: Array) -> Ends:
    last, axis = _output(layers, low, high)
    name = "sigmoid" if layers.gives == "logit" else "identity"
    below, above = activated(name, last.low[:, 0], last.high[:, 0])
    return below, above, axis


@np.errstate(all="ignore")  # what overflows is an end that is infinite or NaN
def _output(layers: Layers, low: Array, high: Array) -> tuple[Spans, NDArray[np.intp]]:
    """Return the ends of the output, and the edge that moves the first layer's units most."""
    spans, weight = spans_of(layers, low, high), layers.layers[0].weight
    first = spans[0]
    slope = (first.high - first.low) / np.maximum(first.z_high - first.z_low, 1e-300)
    moves = (slope @ np.abs(weight)) * (high - low)
    return spans[-1], moves.argmax(axis=1)
