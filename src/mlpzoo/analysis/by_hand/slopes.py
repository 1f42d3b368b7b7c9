"""Activations and losses with their slopes, as backpropagation by hand takes them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpzoo.analysis.layers import Array

Function = Callable[[Array], Any]
Slope = Callable[[Array, Array], Any]


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), which no z overflows."""
    h: Array = np.exp(-np.logaddexp(0, -z))
    return h


ACTIVATION_SLOPES: dict[str, tuple[Function, Slope, str]] = {  # h of z; d h/d z of z, h; in words
    "identity": (lambda z: z, lambda z, h: np.ones_like(z), "1"),
    "relu": (lambda z: np.maximum(z, 0), lambda z, h: (z > 0) * 1.0, "1 where z > 0, else 0"),
    "sigmoid": (sigmoid, lambda z, h: h * (1 - h), "h (1 - h)"),
    "step": (lambda z: (z > 0) * 1.0, lambda z, h: np.zeros_like(z), "0"),
    "tanh": (np.tanh, lambda z, h: 1 - h * h, "1 - h^2"),
}
LOSS_SLOPES: dict[str, tuple[Slope, Slope]] = {  # of one row, of output and target; d loss/d output
    "mse": (lambda y, t: (y - t) ** 2, lambda y, t: 2 * (y - t)),
    "bcewithlogits": (lambda y, t: np.logaddexp(0, y) - t * y, lambda y, t: sigmoid(y) - t),
}
