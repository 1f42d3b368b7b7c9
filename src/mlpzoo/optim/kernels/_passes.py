"""What lies between the products of a wide network's step, compiled by numba.

Each is one pass over memory that stays in a cache: what torch does in one call an operation. Arrays
are flat, and filled up to whole vectors. Needs the extra `fast`.
"""

from typing import Any

import numpy as np
from numba import njit

from mlpzoo.optim.kernels._steps import _act, _adapt, _descend, _error, _slope
from mlpzoo.optim.kernels._vectors import LANES, fma, load, spread, store

_compiled: Any = njit(error_model="numpy", cache=True)


@_compiled
def rise(h, state, bias, units, kind):
    """Add the bias to the products of a layer and activate them, in place.

    Args:
        h: (rows, units).
        state: Weights, means, means of squares and gradients, (4, size).
        bias: Its place in them, below 0 for none.
        units: Of the layer, filled up.
        kind: The activation.
    """
    for row in range(0, len(h), units):
        for i in range(0, units, LANES):
            z = load(h, row + i)
            if bias >= 0:
                z = z + load(state, bias + i)
            store(h, row + i, _act(kind, z))


@_compiled
def fall(h, d, state, bias, units, kind):
    """Go back through an activation, in place, and sum up the gradient of the bias.

    Args:
        h: What the layer gave, (rows, units).
        d: The loss's derivatives by it, (rows, units); then those by what was activated.
        state: As of `rise`.
        bias: The place of its gradient, below 0 for none.
        units: As of `rise`.
        kind: As of `rise`.
    """
    if bias >= 0:
        state[bias : bias + units] = 0
    for row in range(0, len(h), units):
        for i in range(0, units, LANES):
            e = _slope(kind, load(h, row + i), load(d, row + i))
            store(d, row + i, e)
            if bias >= 0:
                store(state, bias + i, load(state, bias + i) + e)


@_compiled
def compare(o, d, y, state, biases, rows, kind, loss, numbers, answer):
    """Finish the last layers, write their answers, and go back to what was activated.

    Args:
        o: The products of the last layers, (rows, columns); then what they give.
        d: The loss's derivatives by what was activated, (rows, columns); filled.
        y: The targets, (rows, columns).
        state: As of `rise`; the gradients of the biases are filled.
        biases: The place of each column's bias, below 0 for none.
        rows: Of the batch.
        kind: The activation.
        loss: Its code.
        numbers: Factor of the loss, half width and centre of the answers.
        answer: What the network answers, (rows, columns); filled.
    """
    factor, half, centre = numbers
    columns, gradients = len(biases), 3 * (len(state) // 4)
    for c in range(columns):
        if biases[c] >= 0:
            for i in range(c, rows * columns, columns):
                o[i] += state[biases[c]]
    for i in range(0, len(o), LANES):
        h = _act(kind, load(o, i))
        z = fma(h, spread(half), spread(centre))
        store(o, i, h)
        store(answer, i, z)
        store(d, i, _slope(kind, h, _error(loss, z, load(y, i)) * factor * half))
    for c in range(columns):
        if biases[c] >= 0:
            total = np.float32(0)
            for i in range(c, rows * columns, columns):
                total += d[i]
            state[gradients + biases[c]] = total


@_compiled
def update(state, adaptive, settings, rates, step):
    """Change weights and means by their gradients.

    Args:
        state: As of `rise`.
        adaptive: Whether the optimizer is an Adam.
        settings: As of `steps`.
        rates: As of `steps`.
        step: Which of them it is.
    """
    size = len(state) // 4
    rate, root, shrink = rates[step, 0], rates[step, 1], rates[step, 2]
    m, v, g, vectors = size, 2 * size, 3 * size, size // LANES
    if adaptive:
        _adapt(state, 0, m, v, g, vectors, settings, rate, root, shrink)
    else:
        _descend(state, 0, m, g, vectors, settings, rate)
