"""How far the maximum and the minimum of a two-head ReLU network can be off, proved over a square.

The square is cut into boxes of (a, d): the smaller input, and by how much the other is larger.
There both max(x1, x2) = a + d and min(x1, x2) = a are linear, and the diagonal is an edge. In a
box each unit is held between two parallel lines: forward, layer by layer, come the ends of its z
and so its lines; then backward, from head to inputs, one line above and one below the head.

Rounding: what is proved holds for the real-number function of the stored weights. A product of n
terms, in any order, with FMA or without, is off by about n u times the same product of absolute
values, u = 2^-53. All numbers that a batch holds for a unit (the middle of its z, the two slopes'
parts and the rest) add up to M at most, the largest end of its z there; so the next layer is off by
n u (|W| M + |b|). The step within a unit (ends, slope, shift, products) takes under 32 operations
up to M: as much as 32 more terms behind it. `_rounding` moves the ends of z apart by both. The way
back takes the same products, behind the weights that came back: |weights| times the same, once for
W and once for the units. The sums of constants take four terms more a layer.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mlpzoo.analysis.layers import Array, Layer, Layers
from mlpzoo.analysis.proof.certificate import GAP, LIMIT_S, Certificate
from mlpzoo.analysis.proof.search import UNIT, Seen, best_first
from mlpzoo.checks import InputError, check_at_least, check_ordered, check_positive

_BATCH = 64  # twice as many boxes of 256 units fit into a core's cache
_Relaxed = list[tuple[Array, Array, Array]]


class _Affine(NamedTuple):
    """A layer as the proof needs it."""

    weight: Array
    bias: Array
    straight: NDArray[np.bool_]  # units that are left as they are, without ReLU
    absolute: Array  # |W| the other way round, (inputs, units)
    share: float  # n u, n being the terms of a sum and what else rounds


class _Lines(NamedTuple):
    """Over each box, the error is value + slope . (x - centre), give or take `slack`."""

    value: Array
    slope: Array
    slack: Array


def bound_heads(
    layers: Layers, low: float, high: float, *, gap: float = GAP, limit_s: float = LIMIT_S
) -> dict[str, Certificate]:
    """Prove how far each head can be off the maximum and the minimum of its two inputs.

    Args:
        layers: Those of a `DualHeadMLP` of two inputs.
        low: Low end of both inputs, in their units.
        high: High end of both.
        gap: How far the bound may be above an error attained, as a share of it.
        limit_s: Seconds after which the bounds reached so far are returned, half for each head.

    Raises:
        InputError: Another kind of network, a gap that is not above 0, or a range out of order.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> from mlpzoo.analysis.layers import layers_of
        >>> proved = bound_heads(layers_of(load_pretrained("minmax-exact")), -5, 8)
        >>> [(name, one.bound < 1e-10) for name, one in proved.items()]
        [('max', True), ('min', True)]
    """
    check_positive("gap", gap)
    check_at_least("limit_s", limit_s, 0)
    check_ordered("range", low, high)
    if set(layers.outputs) != {"max", "min"}:
        heads = ", ".join(layers.outputs)
        raise InputError(f"the network must have two heads, max and min, not {heads}")
    if layers.in_features != 2:
        raise InputError(f"max and min are proved for 2 inputs, not for {layers.in_features}")
    if layers.in_scale != layers.out_scale:
        raise InputError("inputs and outputs must be on one scale, as those of DualHeadMLP are")
    ends, threads = (float(low), float(high)), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {name: _bound_head(layers, name, ends, gap, limit_s / 2) for name in layers.outputs}
    finally:
        torch.set_num_threads(threads)


def _bound_head(
    layers: Layers, name: str, ends: tuple[float, float], gap: float, limit_s: float
) -> Certificate:
    chain, (centre, half), larger = _chain(layers, name), layers.in_scale, float(name == "max")
    scaled = (np.array(ends) - centre) / half
    off = 4 * UNIT * float(np.abs(scaled).max())
    bottom, top = scaled[0] - off, scaled[1] + off
    first = np.array([[bottom, 0, top, top - bottom + off, mark] for mark in (0.0, 1.0)])
    least = 1e-12 * float(np.abs(first).max())  # rounding alone may keep bounds above an error

    def look(boxes: Array) -> Seen:
        inside = ~(boxes[:, 0] + boxes[:, 1] > top + off)
        lines = _lines(chain, boxes[inside], larger)
        upper, axis = np.full(len(boxes), -np.inf), (boxes[:, 2:4] - boxes[:, :2]).argmax(axis=1)
        upper[inside] = _upper(lines, boxes[inside])
        return Seen(upper, axis, *_best_point(chain, boxes[inside], lines, top, larger))

    found = best_first(
        first, look, enough=lambda e: (1 + gap) * e + least, limit_s=limit_s, batch=_BATCH
    )
    where = np.clip(centre + half * np.array(found.where), *ends)
    x = (where - centre) / half
    point = np.array([[x.min(), np.ptp(x), x.min(), np.ptp(x), float(x[1] > x[0])]])
    lines = _lines(chain, point, larger)
    attained = float(np.abs(lines.value[0]) - lines.slack[0]) * (1 - 4 * UNIT) * half
    return Certificate(
        of=name,
        bound=found.bound * half * (1 + 4 * UNIT),
        attained=max(0.0, attained) if attained < np.inf else 0.0,  # 0 if it is NaN, too
        where=tuple(where.tolist()),
        method="boxes, each with every ReLU between two lines",
        cells=found.boxes,
        seconds=found.seconds,
        complete=found.complete,
    )


def _chain(layers: Layers, name: str) -> list[_Affine]:
    """Return the layers of a head from the input on."""
    path: list[Layer] = []
    place = layers.outputs.get(name)
    while place is not None:
        path.insert(0, layers.layers[place])
        place = path[0].source
    if [e.activation for e in path] != [*["relu"] * (len(path) - 1), "identity"]:
        raise InputError("max and min are proved for relu behind every layer but the last")
    chain, weight = [], path[0].weight
    for layer, behind in zip(path, [*path[1:], None], strict=True):
        after = behind.weight if behind else np.zeros((0, len(weight)))
        straight, after = _without_twins(np.column_stack([weight, layer.bias]), after)
        share = 1.1 * UNIT * (max(weight.shape) + 32 + 4 * len(path))
        chain.append(_Affine(weight, layer.bias, straight, np.abs(weight.T), share))
        weight = after
    return chain


def _without_twins(rows: Array, after: Array) -> tuple[NDArray[np.bool_], Array]:
    """Spare the ReLU of a unit that is the opposite of another: relu(-z) = relu(z) - z.

    Where the two cancel, as in max(x1, x2) = (x1 + x2 + |x1 - x2|) / 2, their lines would not.
    Done only where the new weights behind are exact.
    """
    straight, after, units = np.zeros(len(rows), bool), after.copy(), dict[bytes, int]()
    for unit, row in enumerate(rows):
        twin = units.get((0.0 - row).tobytes())
        units[(0.0 + row).tobytes()] = unit
        if twin is not None and not straight[twin]:
            one, other = after[:, twin], after[:, unit]
            both = one + other
            if (both - one == other).all() and (both - other == one).all():
                straight[unit], after[:, twin] = True, both
    return straight, after


@np.errstate(all="ignore")  # what overflows gives no bound: infinity, or NaN
def _lines(chain: list[_Affine], boxes: Array, larger: float) -> _Lines:
    """Return the error over boxes: of the larger input if `larger` is 1, of the smaller if 0."""
    centre, radius = (boxes[:, :2] + boxes[:, 2:4]) / 2, (boxes[:, 2:4] - boxes[:, :2]) / 2
    share = np.stack([1 - boxes[:, 4], boxes[:, 4]], axis=1)  # of d in each input
    rows = np.stack([centre[:, :1] + share * centre[:, 1:], radius[:, :1] + 0 * share, 0 * share])
    rows[2] = share * radius[:, 1:]
    largest = np.full(2, 2 * np.abs(boxes[:, :4]).max(initial=0))
    value, slope, slack = _backward(chain, _forward(chain, rows, largest), len(boxes))
    head = np.abs(value) + np.abs(chain[-1].bias) + (np.abs(slope).sum(axis=1) + 2) * largest[0]
    slack = (slack + chain[-1].share * head) * (1 + chain[-1].share)
    slope = np.stack([slope.sum(axis=1) - 1, (slope * share).sum(axis=1) - larger], axis=1)
    return _Lines(value + (slope * centre).sum(axis=1), slope, slack)


def _product(rows: Array, matrix: Array) -> Array:
    """Return rows @ matrix by torch, which can be told to take one thread: two are far slower."""
    return np.asarray(torch.from_numpy(rows) @ torch.from_numpy(matrix))


def _rounding(affine: _Affine, largest: Array) -> Array:
    """Return by how much each z may be off, its inputs being at most `largest`."""
    return affine.share * (_product(largest, affine.absolute) + np.abs(affine.bias)) + 1e-300


def _forward(chain: list[_Affine], rows: Array, largest: Array) -> list[tuple[Array, Array, Array]]:
    """Return the lines of each hidden layer: h = slope z + shift, give or take shift and rounding.

    Over a box z = rows[0] + s rows[1] + t rows[2], give or take `rest`, with s and t from -1 to 1.
    """
    rest, relaxed = np.zeros(rows.shape[1:]), []
    for affine in chain[:-1]:
        off = _rounding(affine, largest)
        rows = _product(rows.reshape(-1, rows.shape[2]), affine.weight.T).reshape(3, len(rest), -1)
        rows[0] += affine.bias
        rest = _product(rest, affine.absolute) + off
        wide = np.abs(rows[1]) + np.abs(rows[2]) + rest
        low, high = rows[0] - wide, rows[0] + wide
        largest = np.maximum(high.max(axis=0, initial=0), -low.min(axis=0, initial=0))
        slope = np.clip(high / (2 * wide), 0, 1)
        shift = np.maximum(-low, 0) * slope / 2
        slope[:, affine.straight], shift[:, affine.straight] = 1, 0
        rows *= slope
        rows[0] += shift
        rest = rest * slope + shift
        relaxed.append((slope, shift, 2 * off))
    return relaxed


def _backward(chain: list[_Affine], relaxed: _Relaxed, size: int) -> tuple[Array, Array, Array]:
    """Return the head over each box as constant + weight . x, give or take slack."""
    weight: Array = np.repeat(chain[-1].weight, size, axis=0)
    constant, slack = np.full(size, chain[-1].bias[0]), np.zeros(size)
    for affine, (slope, shift, off) in zip(chain[-2::-1], relaxed[::-1], strict=True):
        slack += _product(np.abs(weight), off)
        moved = weight * shift
        constant += moved.sum(axis=1)
        slack += np.abs(moved).sum(axis=1)
        weight *= slope
        constant += _product(weight, affine.bias)
        weight = _product(weight, affine.weight)
    return constant, weight, slack


def _upper(lines: _Lines, boxes: Array) -> Array:
    spread: Array = (np.abs(lines.slope) * (boxes[:, 2:4] - boxes[:, :2])).sum(axis=1) / 2
    return (np.abs(lines.value) + spread + lines.slack) * (1 + 8 * UNIT)


def _best_point(
    chain: list[_Affine], boxes: Array, lines: _Lines, top: float, larger: float
) -> tuple[float, tuple[float, ...]]:
    """Return the largest error, as float64 has it, at points that the lines call promising."""
    picked = np.argsort(-_upper(lines, boxes))[: max(8, len(boxes) // 8)]
    boxes, centre = boxes[picked], (boxes[picked, :2] + boxes[picked, 2:4]) / 2
    towards = np.sign(lines.value[picked, None] * lines.slope[picked])
    a, d = np.concatenate([centre, centre + towards * (boxes[:, 2:4] - centre)]).T
    d = np.clip(d, 0, np.maximum(top - a, 0))
    mark = np.tile(boxes[:, 4], 2)
    h = x = np.stack([a + d * (1 - mark), a + d * mark], axis=1)
    for affine in chain[:-1]:
        z = _product(h, affine.weight.T) + affine.bias
        h = np.where(affine.straight, z, np.maximum(z, 0))
    y = _product(h, chain[-1].weight[0]) + chain[-1].bias[0]
    error = np.fmax(np.abs(y - a - larger * d), 0)  # 0 where it overflows to NaN
    return float(error.max()), tuple(x[error.argmax()].tolist())
