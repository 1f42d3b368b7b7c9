"""Between which numbers the units of a small network are, over boxes of its inputs.

Every number is rounded outward. That rests on + - * / of IEEE 754 alone: exp is our own.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlpzoo.analysis.layers import Array, Layer, Layers
from mlpzoo.analysis.proof._elementary import exp_below_zero, sigmoid, tanh
from mlpzoo.analysis.proof.search import UNIT
from mlpzoo.checks import InputError


class Spans(NamedTuple):
    """The ends of a layer's sums z and outputs h over boxes, each (boxes, units)."""

    z_low: Array
    z_high: Array
    low: Array
    high: Array


_EXACT: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "step": lambda z: np.heaviside(z, 0),  # NaN stays NaN
    "relu": lambda z: np.maximum(z, 0),
    "relu6": lambda z: np.clip(z, 0, 6),
    "hardtanh": lambda z: np.clip(z, -1, 1),
}
_ROUNDED: dict[str, Callable[[Array], Array]] = {  # off by at most 32 u (1 + |value|)
    "leakyrelu": lambda z: np.where(z < 0, 0.01 * z, z),
    "elu": lambda z: np.where(z < 0, exp_below_zero(np.minimum(z, 0)) - 1, z),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "sigmoid": sigmoid,
    "tanh": tanh,
}


def spans_of(layers: Layers, low: Array, high: Array) -> list[Spans]:
    """Return the ends of each layer over boxes; those of the outputs in their own units.

    Args:
        layers: Those of a network whose activations all rise.
        low: Low ends of the boxes, (boxes, inputs).
        high: High ends.

    Raises:
        InputError: An activation that does not rise, or whose ends are not known here.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> from mlpzoo.analysis.layers import layers_of
        >>> gate = layers_of(load_pretrained("or-exact"))
        >>> spans = spans_of(gate, np.array([[0.25, 0.5]]), np.array([[0.5, 0.75]]))
        >>> float(spans[-1].low[0, 0]), float(spans[-1].high[0, 0])
        (1.0, 1.0)
    """
    known = _EXACT | _ROUNDED
    if others := layers.activations - set(known):
        name = min(others)
        raise InputError(
            f"nothing is proved of the activation {name}; it may be {', '.join(known)}"
        )
    (centre, half), ends = map(np.asarray, layers.in_scale), (low, high)
    if layers.in_scale != (0, 1):
        ends = _apart((low - centre) / half, (high - centre) / half, 0)
    spans: list[Spans] = []
    for layer in layers.layers:
        source = ends if layer.source is None else spans[layer.source][2:]
        z_low, z_high = _sums(layer, *source)
        spans.append(Spans(z_low, z_high, *activated(layer.activation, z_low, z_high)))
    (centre, half), outputs = map(np.asarray, layers.out_scale), set(layers.outputs.values())
    if layers.out_scale != (0, 1):
        for place in outputs:
            moved = _apart(
                centre + half * spans[place].low, centre + half * spans[place].high, centre
            )
            spans[place] = Spans(*spans[place][:2], *moved)
    return spans


def activated(name: str, low: Array, high: Array) -> tuple[Array, Array]:
    """Return the ends of an activation between two ends.

    Args:
        name: One that rises.
        low: Low ends of its input.
        high: High ends.
    """
    if name in _EXACT:
        return _EXACT[name](low), _EXACT[name](high)
    below, above = _apart(_ROUNDED[name](low), _ROUNDED[name](high), 1)
    if name == "sigmoid":
        return np.maximum(below, 0), np.minimum(above, 1)
    return below, above


def _apart(low: Array, high: Array, size: float | Array) -> tuple[Array, Array]:
    """Move ends apart by what rounding may have done to them, and to numbers of a size.

    1e-300 is for what a division or a product loses below the smallest float64.
    """
    below, above = (32 * UNIT * (np.abs(end) + abs(size)) + 1e-300 for end in (low, high))
    return low - below, high + above


def _sums(layer: Layer, low: Array, high: Array) -> tuple[Array, Array]:
    """Return the ends of W s + b, s being between low and high.

    A sum of n products, in any order, is off by about n u of the same sum of absolute values; not
    at all where all are multiples of 2^-20 and small: then the products are of 2^-40.
    """
    rising, falling = np.maximum(layer.weight, 0).T, np.minimum(layer.weight, 0).T
    size = np.maximum(np.abs(low), np.abs(high)) @ np.abs(layer.weight.T) + np.abs(layer.bias)
    exact = _coarse(low) & _coarse(high) & _coarse(layer.weight).all() & _coarse(layer.bias[None])
    off = 1.1 * UNIT * (len(rising) + 8) * size + 1e-300
    off[exact & (size.max(axis=1) < 2**12)] = 0
    off[:, ~layer.weight.any(axis=1)] = 0  # the bias alone
    z_low = low @ rising + high @ falling + layer.bias - off
    return z_low, high @ rising + low @ falling + layer.bias + off


def _coarse(numbers: Array) -> NDArray[np.bool_]:
    whole: NDArray[np.bool_] = (numbers * 2.0**20 % 1 == 0).all(axis=1)
    return whole
