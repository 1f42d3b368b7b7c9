"""The steps of many small networks at once, compiled by numba: a member in each lane.

Members never meet in an operation, so each has the bits that it has alone, and K steps the bits of
K blocks of one. Needs the extra `fast`.
"""

from typing import Any

import numpy as np
from numba import njit

from mlpzoo.optim.kernels._units import act, error, slope
from mlpzoo.optim.kernels._vectors import fma, load, normal, spread, sqrt, store, unless
from mlpzoo.optim.kernels.compiled import LANES

ROWS = 4  # that are gone through together
_STEP = ROWS * LANES  # floats of a unit
_compiled: Any = njit(error_model="numpy", cache=True)


@_compiled
def _forward(b, layers, h, p):
    """Fill the outputs of every unit, from h on, for four rows."""
    for q in range(len(layers)):
        first, inputs, out, outputs, kind, weight, bias, _ = layers[q]
        for o in range(outputs):
            z0 = spread(np.float32(0)) if bias < 0 else load(b, p + (bias + o) * LANES)
            z1, z2, z3 = z0, z0, z0
            for i in range(inputs):
                w, x = load(b, p + (weight + o * inputs + i) * LANES), h + (first + i) * _STEP
                z0 = fma(w, load(b, x), z0)
                z1 = fma(w, load(b, x + LANES), z1)
                z2 = fma(w, load(b, x + 2 * LANES), z2)
                z3 = fma(w, load(b, x + 3 * LANES), z3)
            y = h + (out + o) * _STEP
            store(b, y, act(kind, z0))
            store(b, y + LANES, act(kind, z1))
            store(b, y + 2 * LANES, act(kind, z2))
            store(b, y + 3 * LANES, act(kind, z3))


@_compiled
def _backward(b, layers, h, d, p, g):
    """Add the gradient of four rows to g; d holds that of the last units, all else zeros."""
    for q in range(len(layers) - 1, -1, -1):
        first, inputs, out, outputs, kind, weight, bias, adds = layers[q]
        for o in range(outputs):
            y, e = h + (out + o) * _STEP, d + (out + o) * _STEP
            d0 = slope(kind, load(b, y), load(b, e))
            d1 = slope(kind, load(b, y + LANES), load(b, e + LANES))
            d2 = slope(kind, load(b, y + 2 * LANES), load(b, e + 2 * LANES))
            d3 = slope(kind, load(b, y + 3 * LANES), load(b, e + 3 * LANES))
            store(b, e, d0)
            store(b, e + LANES, d1)
            store(b, e + 2 * LANES, d2)
            store(b, e + 3 * LANES, d3)
            if bias >= 0:
                at = g + (bias + o) * LANES
                store(b, at, load(b, at) + ((d0 + d1) + (d2 + d3)))
            for i in range(inputs):
                at, x = g + (weight + o * inputs + i) * LANES, h + (first + i) * _STEP
                s = fma(d1, load(b, x + LANES), fma(d0, load(b, x), load(b, at)))
                s = fma(d3, load(b, x + 3 * LANES), fma(d2, load(b, x + 2 * LANES), s))
                store(b, at, s)
        if q == 0:
            break
        for i in range(inputs):
            x = d + (first + i) * _STEP
            d0 = spread(np.float32(0))
            d1, d2, d3 = d0, d0, d0
            if adds:
                d0, d1 = load(b, x), load(b, x + LANES)
                d2, d3 = load(b, x + 2 * LANES), load(b, x + 3 * LANES)
            for o in range(outputs):
                w, e = load(b, p + (weight + o * inputs + i) * LANES), d + (out + o) * _STEP
                d0 = fma(w, load(b, e), d0)
                d1 = fma(w, load(b, e + LANES), d1)
                d2 = fma(w, load(b, e + 2 * LANES), d2)
                d3 = fma(w, load(b, e + 3 * LANES), d3)
            store(b, x, d0)
            store(b, x + LANES, d1)
            store(b, x + 2 * LANES, d2)
            store(b, x + 3 * LANES, d3)


@_compiled
def _read(b, to, values, step, row, rows, columns, member, members):
    """Copy four rows of data into lanes, zeros where there are no more rows."""
    for q in range(ROWS):
        for i in range(columns):
            value = spread(np.float32(0))
            if row + q < rows:
                at = ((step * rows + row + q) * columns + i) * members
                value = spread(values[at]) if members == 1 else load(values, at + member)
            store(b, to + (i * ROWS + q) * LANES, value)


@_compiled
def _compare(b, h, d, y, row, rows, columns, loss, numbers, answers, at, member, members):
    """Write the derivatives of the loss by the last units, and the answers if at is not below 0."""
    scale, half, centre = numbers
    for q in range(ROWS):
        for o in range(columns):
            place = (o * ROWS + q) * LANES
            if row + q >= rows:
                store(b, d + place, spread(np.float32(0)))
                continue
            answer = fma(load(b, h + place), spread(half), spread(centre))
            wrong = error(loss, answer, load(b, y + place))
            store(b, d + place, wrong * scale * half)
            if at >= 0:
                to = ((at * rows + row + q) * columns + o) * members + member
                store(answers, to, answer)


@_compiled
def _descend(b, p, m, g, size, settings, rate, moves):
    """Take a step of gradient descent with the gradient at g; moves tells of momentum."""
    decay, momentum = settings[4], settings[5]
    for i in range(0, size * LANES, LANES):
        weight = load(b, p + i)
        grad = fma(weight, spread(decay), load(b, g + i))
        if moves:
            grad = unless(momentum, fma(load(b, m + i), spread(momentum), grad), grad)
            store(b, m + i, grad)
        store(b, p + i, weight - grad * rate)


@_compiled
def _adapt(b, p, m, v, g, size, settings, rate, root, shrink):
    """Take a step of Adam, with decay in the gradient, or of AdamW, whose weights shrink."""
    c1, b2, c2, eps, decay, _ = settings
    for i in range(0, size * LANES, LANES):
        weight, mean = load(b, p + i), load(b, m + i)
        grad = fma(weight, spread(decay), load(b, g + i))
        mean = normal(fma(grad - mean, spread(c1), mean))
        square = fma(grad * c2, grad, load(b, v + i) * b2)
        store(b, m + i, mean)
        store(b, v + i, square)
        change = mean * rate / fma(sqrt(square), spread(root), spread(eps))
        store(b, p + i, weight * shrink - change)


@_compiled
def _own(b, number, table, group, member):
    """Return what the lanes have of a table (numbers, groups), by the end of b if of several."""
    if len(group) == 0:
        return spread(table[number, 0])
    end = len(b) - LANES
    for lane in range(LANES):
        b[end + lane] = table[number, group[member + lane]]
    return load(b, end)


@_compiled
def _gradient(b, start, layers, step, member, data, shape, at, loss, numbers):
    """Fill the gradient of a step, which lies behind weights and averages."""
    size, h, d, y_at = start
    x, y, answers = data
    rows, inputs, columns, x_members, y_members, members = shape
    g, last = 3 * size * LANES, d - h - columns * _STEP
    for i in range(g, g + size * LANES, LANES):
        store(b, i, spread(np.float32(0)))
    for row in range(0, rows, ROWS):
        _read(b, h, x, step, row, rows, inputs, member, x_members)
        _read(b, y_at, y, step, row, rows, columns, member, y_members)
        _forward(b, layers, h, 0)
        _compare(
            b, h + last, d + last, y_at, row, rows, columns, loss, numbers,
            answers, at, member, members,
        )  # fmt: skip
        _backward(b, layers, h, d, 0, g)


@_compiled
def steps(state, x, y, answers, places, layers, codes, numbers, settings, rates, group):
    """Take steps with every member.

    Args:
        state: Weights, means and means of squares, (3, weights, members); changed in place.
        x: (steps, rows, in_features, members or 1).
        y: (steps, rows, out_features, members or 1).
        answers: Those before a step, (steps that are told, rows, out_features, members); filled.
        places: Of each step in them, below 0 for none, (steps,).
        layers: Of `lanes.py`, as are the rest.
        codes: The loss, whether the optimizer is an Adam, and whether it has a momentum.
        numbers: Factor of the loss, half width and centre of the answers.
        settings: 1 - beta1, beta2, 1 - beta2, eps, decay in the gradient, momentum, (6, groups).
        rates: Size of each step, root of its mean of squares, and factor of its weights, (steps, 3,
            groups).
        group: Of each member, filled up; empty where there is one of all.
    """
    _, size, members = state.shape
    (loss, adaptive, moves), flat = codes, state.ravel()
    units = layers[-1, 2] + layers[-1, 3]
    h, d = 4 * size * LANES, 4 * size * LANES + units * _STEP
    start = (size, h, d, d + units * _STEP)
    m, v, g = size * LANES, 2 * size * LANES, 3 * size * LANES
    data = x.ravel(), y.ravel(), answers.ravel()
    shape = (*x.shape[1:3], y.shape[2], x.shape[3], y.shape[3], members)
    changing = rates.reshape(-1, rates.shape[2])
    b = np.empty(start[3] + y.shape[2] * _STEP + LANES, np.float32)
    for member in range(0, members, LANES):
        for i in range(3 * size):
            store(b, i * LANES, load(flat, i * members + member))
        own = (
            _own(b, 0, settings, group, member), _own(b, 1, settings, group, member),
            _own(b, 2, settings, group, member), _own(b, 3, settings, group, member),
            _own(b, 4, settings, group, member), _own(b, 5, settings, group, member),
        )  # fmt: skip
        for k in range(len(rates)):
            _gradient(b, start, layers, k, member, data, shape, places[k], loss, numbers)
            rate = _own(b, 3 * k, changing, group, member)
            if adaptive:
                root = _own(b, 3 * k + 1, changing, group, member)
                shrink = _own(b, 3 * k + 2, changing, group, member)
                _adapt(b, 0, m, v, g, size, own, rate, root, shrink)
            else:
                _descend(b, 0, m, g, size, own, rate, moves)
        for i in range(3 * size):
            store(flat, i * members + member, load(b, i * LANES))
