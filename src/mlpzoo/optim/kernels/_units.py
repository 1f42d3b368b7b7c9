"""What a unit gives, its slope, and a loss's derivative, compiled by numba into what calls them.

Needs the extra `fast`.
"""

from typing import Any

import numpy as np
from numba import njit

from mlpzoo.optim.kernels._vectors import above, gate, relu, sigmoid, tanh
from mlpzoo.optim.kernels.compiled import KINDS, LOSSES

_SIGMOID, _RELU, _TANH = map(KINDS.index, ("sigmoid", "relu", "tanh"))
_OF_LOGITS, _OF_PROBABILITIES = map(LOSSES.index, ("bcewithlogits", "bce"))
_inlined: Any = njit(error_model="numpy", inline="always")


@_inlined
def act(kind, z):
    """Return what a unit of a kind gives for z."""
    if kind == _SIGMOID:
        return sigmoid(z)
    if kind == _RELU:
        return relu(z)
    if kind == _TANH:
        return tanh(z)
    return z


@_inlined
def slope(kind, h, d):
    """Return d times the slope of an activation whose output is h."""
    if kind == _SIGMOID:
        return d * (h - h * h)
    if kind == _RELU:
        return gate(h, d)
    if kind == _TANH:
        return d - d * h * h
    return d


@_inlined
def error(loss, y, t):
    """Return the derivative of a loss by the answer, but for a factor."""
    if loss == _OF_LOGITS:
        return sigmoid(y) - t
    if loss == _OF_PROBABILITIES:
        return (y - t) / above(y - y * y, np.float32(1e-12))
    return y - t
