"""What lies between the products of a wide network's step, compiled by numba.

Each is one pass over memory that stays in a cache: what torch does in one call an operation. Arrays
are flat, of whole vectors: h and d, what layers give and the loss's derivatives by it, row by row;
state, weights, means, means of squares and gradients, one behind the other. `bias` is a place in
state, below 0 for none. Needs the extra `fast`.
"""

from typing import Any

import numpy as np
from numba import njit

from mlpzoo.optim.kernels._steps import _adapt, _descend
from mlpzoo.optim.kernels._units import act, error, slope
from mlpzoo.optim.kernels._vectors import fma, load, spread, store
from mlpzoo.optim.kernels.compiled import LANES

_compiled: Any = njit(error_model="numpy", cache=True)


@_compiled
def rise(h, state, bias, units, kind):
    """Make of a layer's products, in place, what it gives."""
    for row in range(0, len(h), units):
        for i in range(0, units, LANES):
            z = load(h, row + i)
            if bias >= 0:
                z = z + load(state, bias + i)
            store(h, row + i, act(kind, z))


@_compiled
def fall(h, d, state, bias, units, kind):
    """Make of d, in place, the derivatives by what was activated, and sum them up for a bias."""
    if bias >= 0:
        state[bias : bias + units] = 0
    for row in range(0, len(h), units):
        for i in range(0, units, LANES):
            e = slope(kind, load(h, row + i), load(d, row + i))
            store(d, row + i, e)
            if bias >= 0:
                store(state, bias + i, load(state, bias + i) + e)


@_compiled
def compare(h, d, y, state, biases, rows, kind, loss, numbers, answer):
    """Do what `rise` and `fall` do for the last layers, whose answer and loss lie between."""
    factor, half, centre = numbers
    columns, gradients = len(biases), 3 * (len(state) // 4)
    for c in range(columns):
        if biases[c] >= 0:
            for i in range(c, rows * columns, columns):
                h[i] += state[biases[c]]
    for i in range(0, len(h), LANES):
        own = act(kind, load(h, i))
        z = fma(own, spread(half), spread(centre))
        store(answer, i, z)
        store(d, i, slope(kind, own, error(loss, z, load(y, i)) * factor * half))
    for c in range(columns):
        if biases[c] >= 0:
            total = np.float32(0)
            for i in range(c, rows * columns, columns):
                total += d[i]
            state[gradients + biases[c]] = total


@_compiled
def update(state, adaptive, moves, settings, rates, step):
    """Take a step of the optimizer; settings and rates are those of `_steps.steps`."""
    size = len(state) // 4
    rate, root, shrink = rates[step, 0], rates[step, 1], rates[step, 2]
    m, v, g, vectors = size, 2 * size, 3 * size, size // LANES
    if adaptive:
        _adapt(state, 0, m, v, g, vectors, settings, rate, root, shrink)
    else:
        _descend(state, 0, m, g, vectors, settings, rate, moves)
