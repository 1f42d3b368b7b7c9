"""Polynomials with a rest: what encloses a function of several inputs over many boxes at once.

Over a box x = centre + radius * s with s in [-1, 1]^d, a function is held as

    p(s) + rest,   p(s) = constant + slopes . s + a sum over i <= j of bends_ij s_i s_j.

Products keep what is of degree 2 and put a bound of the others into the rest. Behind a function f
of one number z, p is either Taylor's polynomial of f about the constant, whose rest has the largest
|f'''| / 6 between the ends of z, or a line: f(z) - slope * z rises or falls all the way if slope is
nearest to 0 of all f', so its ends enclose it. In each box the one with the smaller rest is taken.

Rounding: u = 2^-53. What is computed of a coefficient by n operations is off by n u of the same
with absolute values; that, over all coefficients, goes into the rest, `_OFF` = 32 u for steps of
under 32 operations. Rests are sums and products of what is not negative: `_UP` covers the
rounding of 8,000 operations. 1e-290 covers what is lost below the smallest float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, partial
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from mlpzoo.analysis.layers import Array
from mlpzoo.analysis.proof import _elementary as of
from mlpzoo.analysis.proof._elementary import TINY, Near
from mlpzoo.analysis.proof.search import UNIT
from mlpzoo.data.text.reading import CONSTANTS

_OFF, _OFF_TAYLOR, _LEAST = TINY, 512 * UNIT, 1e-290
_UP = 1 + 2.0**-40


class Polynomial:
    """Polynomials of degree 2 with a rest, of any shape of boxes and units.

    Args:
        parts: Constant, slopes and bends, (1 + d + d (d + 1) / 2, ...).
        rest: How far the function may be off, (...); infinity where nothing is known.
    """

    def __init__(self, parts: Array, rest: Array) -> None:
        known = np.isfinite(rest) & np.isfinite(parts).all(axis=0)
        if not known.all():
            parts, rest = np.where(known, parts, 0), np.where(known, rest, np.inf)
        self.parts, self.rest = parts, rest
        self.inputs = (isqrt(8 * len(parts) + 1) - 3) // 2

    @property
    def constant(self) -> Array:
        """(...)."""
        return self.parts[0, ...]

    @property
    def slopes(self) -> Array:
        """(d, ...)."""
        return self.parts[1 : 1 + self.inputs]

    @property
    def bends(self) -> Array:
        """(pairs, ...)."""
        return self.parts[1 + self.inputs :]

    def sizes(self) -> tuple[Array, Array]:
        """Return bounds of what slopes and what bends do."""
        return np.abs(self.slopes).sum(axis=0) * _UP, np.abs(self.bends).sum(axis=0) * _UP

    def ends(self) -> tuple[Array, Array]:
        """Return the least and the largest value over each box, rounded outward."""
        below, above = (self._rise(sign) for sign in (-1, 1))
        off = _OFF * (np.abs(self.constant) + above + below + self.rest) + _LEAST
        return self.constant - below - self.rest - off, self.constant + above + self.rest + off

    def _rise(self, sign: int) -> Array:
        """Return how far p is above its constant, or below, at most; along each axis exactly."""
        i, j = _pairs(self.inputs)
        slopes, bends = np.abs(self.slopes), sign * self.bends
        along = bends[i == j]
        with np.errstate(all="ignore"):
            turns = -slopes * slopes / (4 * along)
        rise = np.where(slopes < -2 * along, turns, slopes + along)
        rise = np.maximum(rise, 0) * _UP
        most: Array = (rise.sum(axis=0) + np.abs(bends[i != j]).sum(axis=0)) * _UP
        return most

    def peak(self, sign: Array) -> Array:
        """Return s in each box where p, times the sign, is large: (d, ...)."""
        i, j = _pairs(self.inputs)
        slopes, along = sign * self.slopes, sign * self.bends[i == j]
        inside = np.abs(slopes) < -2 * along
        return np.where(inside, -slopes / np.where(inside, 2 * along, 1), np.sign(slopes))

    def __add__(self, other: Polynomial) -> Polynomial:
        parts = self.parts + other.parts
        rest = (self.rest + other.rest + UNIT * np.abs(parts).sum(axis=0) + _LEAST) * _UP
        return Polynomial(parts, rest)

    def __neg__(self) -> Polynomial:
        return Polynomial(-self.parts, self.rest)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        parts = self.constant * other.parts + self.parts * other.constant
        parts[0] = self.constant * other.constant
        parts[1 + self.inputs :] += _crossed(self.slopes, other.slopes)
        (slope_1, bend_1), (slope_2, bend_2) = self.sizes(), other.sizes()
        size_1, size_2 = (abs(p.constant) + sum(p.sizes()) for p in (self, other))
        high = slope_1 * bend_2 + bend_1 * (slope_2 + bend_2)
        rest = high + size_1 * other.rest + self.rest * (size_2 + other.rest)
        return Polynomial(parts, (rest + _OFF * size_1 * size_2 + _LEAST) * _UP)

    def __truediv__(self, other: Polynomial) -> Polynomial:
        return self * other**-1

    def __pow__(self, power: int) -> Polynomial:
        if power < 0:
            return behind(of.near_inverse, self**-power)
        if power < 2:
            return self if power else constant(1, self.inputs)
        half = self ** (power // 2)
        return half * half * self if power % 2 else half * half

    def times(self, slope: Array, shift: Array, off: Array) -> Polynomial:
        """Return slope * self + shift, give or take `off`."""
        parts = slope * self.parts
        parts[0] += shift
        size = np.abs(slope) * (np.abs(self.constant) + sum(self.sizes())) + np.abs(shift)
        return Polynomial(parts, (np.abs(slope) * self.rest + off + _OFF * size + _LEAST) * _UP)

    def where(self, chosen: NDArray[np.bool_], other: Polynomial) -> Polynomial:
        """Return these where they are chosen, else the others."""
        parts = np.where(chosen, self.parts, other.parts)
        return Polynomial(parts, np.where(chosen, self.rest, other.rest))


@cache
def _pairs(inputs: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(inputs)


def _crossed(one: Array, other: Array) -> Array:
    """Return the bends of a product of two slopes."""
    i, j = _pairs(len(one))
    half = np.where(i == j, 0.5, 1.0).reshape(-1, *[1] * (one.ndim - 1))
    return half * (one[i] * other[j] + one[j] * other[i])


def constant(value: Array | float, inputs: int, off: Array | float = 0.0) -> Polynomial:
    """Return numbers of the shape (boxes, units), or one, give or take `off`."""
    value = np.reshape(value, np.shape(value) or (1, 1))
    parts = np.zeros((1 + inputs + inputs * (inputs + 1) // 2, *value.shape))
    parts[0] = value
    return Polynomial(parts, np.zeros(value.shape) + off)


def larger(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return max(a, b) = b + max(0, a - b)."""
    low, high = (a - b).ends()
    return a.where(low >= 0, b.where(high <= 0, b + kinked(a - b)))


@np.errstate(all="ignore")  # what has no value is NaN, and its rest is infinity
def behind(function: Callable[[Array], Near], x: Polynomial) -> Polynomial:
    """Return a function of a polynomial.

    Args:
        function: From low end, middle and high end, (3, ...).
        x: What it is of.
    """
    low, high = x.ends()
    near = function(np.stack([low, x.constant, high]))
    value, first, second = near.taylor
    slope, bend = x.sizes()
    wide = slope + bend + x.rest
    parts = first * x.parts
    parts[0] = value
    parts[1 + x.inputs :] += second * _crossed(x.slopes, x.slopes)
    rest = np.abs(first) * x.rest + np.abs(second) * (bend + x.rest) * (wide + slope)
    rest = rest + near.third * wide * wide * wide
    size = (np.abs(value) + near.size) + (np.abs(first) + near.size) * wide
    size = size + (np.abs(second) + near.size) * wide * wide
    taylor = Polynomial(parts, (rest + _OFF_TAYLOR * size + _LEAST) * _UP)
    line = x.times(*_line(near, low, high))
    return taylor.where(taylor.rest <= line.rest, line)


def _line(near: Near, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Return slope, shift and how far a function may be off slope * z + shift between the ends."""
    left, right = near.ends[0] - near.slope * low, near.ends[1] - near.slope * high
    size = np.abs(near.ends[0]) + np.abs(near.ends[1]) + near.size
    size = size + np.abs(near.slope) * (np.abs(low) + np.abs(high))
    return near.slope, (left + right) / 2, np.abs(right - left) / 2 + _OFF_TAYLOR * size


def kinked(x: Polynomial) -> Polynomial:
    """Return max(0, x): between its ends it is between slope * x and that plus twice the shift."""
    low, high = x.ends()
    with np.errstate(all="ignore"):
        slope = np.where(np.isfinite(x.rest), np.clip(high / (high - low), 0, 1), 0)
    slope = np.where(low >= 0, 1.0, np.where(high <= 0, 0.0, slope))
    bow = np.maximum(-slope * low, (1 - slope) * high) / 2
    bow = np.where((low >= 0) | (high <= 0), 0, bow)
    return x.times(slope, bow, bow)


class Polynomials:
    """Arithmetic of polynomials, as an `Expression` takes it.

    Args:
        inputs: How many.
    """

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        exp, log, sqrt, atan, sin, cos, tanh = (
            partial(behind, near)
            for near in (of.near_exp, of.near_log, of.near_sqrt, of.near_atan,
                         partial(of.near_wave, False), partial(of.near_wave, True), of.near_tanh)
        )  # fmt: skip
        half, one, two = (constant(number, inputs) for number in (0.5, 1, 2))
        self.functions: Mapping[str, Callable[..., Polynomial]] = {
            "exp": exp, "log": log, "sqrt": sqrt, "atan": atan, "sin": sin, "cos": cos,
            "tanh": tanh, "tan": lambda x: sin(x) / cos(x),
            "asin": lambda x: two * atan(x / (one + sqrt(one - x * x))),
            "acos": lambda x: half * self.number("pi") - self.functions["asin"](x),
            "sinh": lambda x: half * (exp(x) - exp(-x)),
            "cosh": lambda x: half * (exp(x) + exp(-x)),
            "abs": lambda x: larger(x, -x), "max": larger, "min": lambda a, b: -larger(-a, -b),
            "**": self._power,
        }  # fmt: skip

    def number(self, value: Fraction | str) -> Polynomial:
        """Return a constant."""
        near = CONSTANTS[value] if isinstance(value, str) else float(value)
        return constant(near, self._inputs, 0.0 if value == near else 2 * UNIT * abs(near))

    def _power(self, base: Polynomial, power: Polynomial) -> Polynomial:
        exp, log, high = self.functions["exp"], self.functions["log"], base.ends()[1]
        through = exp(power * log(base))
        some = constant(np.maximum(high, 1e-100), self._inputs)  # log shows nothing of less
        most = exp(power * log(some)).ends()[1]
        from_zero = constant(most / 2, self._inputs, most / 2 * _UP)
        fits = (high >= 0) & (power.ends()[0] > 0) & ~(from_zero.rest >= through.rest)
        return from_zero.where(fits, through)
