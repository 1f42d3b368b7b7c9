"""How far a network of any smooth or straight activations is from a function, proved over a box."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from mlpzoo.analysis.layers import Array, Layers
from mlpzoo.analysis.proof._elementary import near_softplus
from mlpzoo.analysis.proof._polynomials import (
    Polynomial,
    Polynomials,
    behind,
    constant,
    kinked,
    larger,
)
from mlpzoo.analysis.proof.certificate import GAP, LIMIT_S, Certificate
from mlpzoo.analysis.proof.search import UNIT, Seen, best_first, will_do
from mlpzoo.checks import InputError, check_positive
from mlpzoo.data.text.expression import Expression

_FIRST, _BATCH = 256, 512  # boxes to begin with, and that are halved at a time
_LINEAR = 2.07e-9  # above e^-20
_FINE = 2.0**-24  # of the network's largest value: float32 tells no more apart
_NARROWEST = 2.0**-30  # of the range; a function that is not finite in so little has a pole there


class _Error:
    """A network minus a function, over boxes."""

    def __init__(self, layers: Layers, function: Expression, ends: Array) -> None:
        self.layers, self.function, self.inputs = layers, function, len(ends)
        self.widths = ends[:, 1] - ends[:, 0]
        self.arithmetic = Polynomials(len(ends))
        activations = _activations(self.arithmetic)
        if others := layers.activations - set(activations):
            raise InputError(
                f"no largest error is proved of the activation {min(others)}; it may be "
                f"{', '.join(activations)}"
            )
        self.activations, self.size = activations, 0.0

    @np.errstate(all="ignore")  # what overflows has a rest of infinity
    def __call__(self, centre: Array, radius: Array) -> Polynomial:
        """Return it over boxes, (boxes, inputs) each."""
        x = constant(centre, self.inputs)
        for axis in range(self.inputs):
            x.parts[1 + axis, :, axis] = radius[:, axis]
        columns = [
            Polynomial(x.parts[..., [axis]], x.rest[:, [axis]]) for axis in range(self.inputs)
        ]
        y = self._network(x)
        function: Polynomial = self.function.compute(self.arithmetic, *columns)
        sizes = np.abs(y.constant[np.isfinite(y.rest)])
        self.size = max(self.size, float(sizes.max(initial=0)))
        return y - function

    def look(self, boxes: Array) -> Seen:
        """Return bounds over boxes, and the largest error at points where it seems large."""
        low, high = np.split(boxes, 2, axis=1)
        centre = low + (high - low) / 2
        radius = np.maximum(high - centre, centre - low) * (1 + 2 * UNIT)
        over = self(centre, radius)
        least, most = over.ends()
        upper = np.maximum(-least, most)[:, 0]
        share = radius / self.widths
        lost = np.isinf(upper) & (share.max(axis=1) < _NARROWEST)
        if lost.any():
            raise InputError(_pole(self.function, centre[lost][0]))
        some = np.argsort(-upper)[: max(8, len(upper) // 8)]
        towards = over.peak(np.where(most > -least, 1, -1))[:, some, 0].T
        points = np.clip(centre[some] + towards * radius[some], low[some], high[some])
        at = self(points, 0 * points)
        attained = np.where(np.isfinite(at.rest), np.abs(at.constant) - at.rest, 0)[:, 0]
        best = attained.argmax()
        return Seen(
            upper, share.argmax(axis=1), float(attained[best]), tuple(points[best].tolist())
        )

    def _network(self, x: Polynomial) -> Polynomial:
        centre, half = (np.asarray(part) for part in self.layers.in_scale)
        x = x.times(1 / half + 0 * x.constant, -centre / half, 0 * x.rest)
        outputs: list[Polynomial] = []
        for layer in self.layers.layers:
            source = x if layer.source is None else outputs[layer.source]
            z = _through(layer.weight, layer.bias, source)
            outputs.append(self.activations[layer.activation](z))
        centre, half = (np.asarray(part) for part in self.layers.out_scale)
        (place,) = self.layers.outputs.values()
        y = outputs[place]
        return y.times(half + 0 * y.constant, centre, 0 * y.rest)


def bound_boxes(
    layers: Layers,
    function: Expression,
    ranges: Sequence[tuple[float, float]],
    *,
    gap: float = GAP,
    limit_s: float = LIMIT_S,
    below: float | None = None,
) -> Certificate:
    """Return a proved bound of the largest error of a network over a closed box.

    Args:
        layers: Those of a network of one output.
        function: What it should be.
        ranges: Low and high end of each input.
        gap: How far the bound may be above an error that is attained, as a share of it.
        limit_s: Seconds after which the bound is returned that is reached by then.
        below: Only tell whether the largest error is at most this: stop as soon as it is proved, or
            a larger one is attained.

    Raises:
        InputError: More outputs, an activation of which nothing is known, or a function that is not
            finite in the box.

    Example:
        >>> from torch import nn
        >>> from mlpzoo.analysis.layers import layers_of
        >>> net = nn.Sequential(nn.Linear(2, 1))
        >>> _ = nn.init.constant_(net[0].weight, 1.0), nn.init.constant_(net[0].bias, 0.0)
        >>> found = bound_boxes(layers_of(net), Expression("max(x1, x2)"), [(0, 1), (0, 2)])
        >>> 1 <= found.bound < 1.01, found.where  # the smaller one
        (True, (1.0, 1.0))
    """
    check_positive("gap", gap)
    if (given := sum(len(layers.layers[k].bias) for k in layers.outputs.values())) != 1:
        raise InputError(f"a function is compared with one output, and the network has {given}")
    ends = np.array(ranges, dtype=float)
    error = _Error(layers, function, ends)

    def enough(attained: float) -> float:
        return will_do(attained, gap=gap, least=_FINE * error.size, below=below)

    found = best_first(_grid(ends), error.look, enough=enough, limit_s=limit_s, batch=_BATCH)
    return Certificate(
        of="y", bound=found.bound, attained=max(0.0, found.attained), where=found.where,
        method="boxes, each with polynomials of degree 2", cells=found.boxes,
        seconds=found.seconds, complete=found.complete,
    )  # fmt: skip


def _grid(ends: Array) -> Array:
    """Return boxes that cover the whole."""
    count = round(_FIRST ** (1 / len(ends)))
    axes = [np.linspace(low, high, count + 1) for low, high in ends]
    lows, highs = (
        list(product(*(axis[part] for axis in axes))) for part in (np.s_[:-1], np.s_[1:])
    )
    return np.concatenate([lows, highs], axis=1)


def _pole(function: Expression, x: Array) -> str:
    names = ["x"] if len(x) == 1 else [f"x{place}" for place in range(1, len(x) + 1)]
    near = ", ".join(
        f"{name} = {round(float(number), 9) + 0.0:.6g}"
        for name, number in zip(names, x, strict=True)
    )
    return f"{function.text!r} is not finite near {near}; take a range without it"


def _through(weight: Array, bias: Array, x: Polynomial) -> Polynomial:
    """Return W x + b."""
    parts = x.parts @ weight.T
    parts[0] += bias
    share, absolute = 1.1 * UNIT * (weight.shape[1] + 8), np.abs(weight.T)
    rest = x.rest + share * (np.abs(x.constant) + sum(x.sizes()))
    return Polynomial(parts, (rest @ absolute + share * np.abs(bias) + 1e-290) * (1 + 2.0**-40))


def _softplus(z: Polynomial) -> Polynomial:
    """Return torch's softplus: log(1 + e^z), but z itself above 20."""
    low, high = z.ends()
    smooth = behind(near_softplus, z)
    off = np.where(high > 20, _LINEAR, 0)
    return z.where(low > 20, Polynomial(smooth.parts, (smooth.rest + off) * (1 + 2 * UNIT)))


def _activations(arithmetic: Polynomials) -> dict[str, Callable[[Polynomial], Polynomial]]:
    tanh, smaller = arithmetic.functions["tanh"], arithmetic.functions["min"]
    number = arithmetic.number
    half, one, six, leak = (number(Fraction(n)) for n in (0.5, 1, 6, 0.01))

    def sigmoid(z: Polynomial) -> Polynomial:
        return half * tanh(half * z) + half

    return {
        "identity": lambda z: z,
        "tanh": tanh,
        "sigmoid": sigmoid,
        "softplus": _softplus,
        "silu": lambda z: z * sigmoid(z),
        "relu": kinked,
        "leakyrelu": lambda z: leak * z + (one - leak) * kinked(z),
        "relu6": lambda z: smaller(kinked(z), six),
        "hardtanh": lambda z: smaller(larger(z, -one), one),
        "softsign": lambda z: z / (one + arithmetic.functions["abs"](z)),
    }
