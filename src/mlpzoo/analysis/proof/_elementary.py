"""Functions of one number in float64, with an error that + - * / of IEEE 754 alone vouch for."""

from typing import NamedTuple

import numpy as np

from mlpzoo.analysis.layers import Array
from mlpzoo.analysis.proof.search import UNIT

_LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 33 bits: a product with 10 more is exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_HALF_PI = tuple(
    map(float.fromhex, ("0x1.921fb544p+0", "0x1.0b4611a6p-34", "0x1.3198a2e037073p-69"))
)
_FARTHEST = 2.0**20  # of sin: quarters of a turn that a product with 33 bits holds exactly
TINY = 32 * UNIT


class Near(NamedTuple):
    """A function of one number between two ends, low and high.

    Attributes:
        taylor: f, f' and f'' / 2 at the middle.
        third: The largest |f'''| / 6 between the ends.
        ends: f at them.
        slope: Nearest to 0 of all f' between the ends, or nearer.
        size: Added to |f|, |f'| and |f''| / 2: each is off by 256 u of the sum.
    """

    taylor: tuple[Array, Array, Array]
    third: Array
    ends: tuple[Array, Array]
    slope: Array
    size: float


def exp_below_zero(x: Array) -> Array:
    """Return e^x for x <= 0, off by at most 8 u of it, u = 2^-53; below -690, by at most 1e-299.

    x = k ln 2 + r with |r| < 0.35. k times the high part of ln 2 is exact, and what ln 2 has behind
    its low part is below 2^-86: r is off by less than u. Taylor's rest behind r^13 is below 0.1 u.
    The term r^n / n! goes through 3 n operations: 3 u (|r| + 2 |r|^2 / 2! + ...) = 3 u |r| e^|r|
    < 1.5 u, and e^r > 0.7. Multiplying by 2^k is exact.

    Args:
        x: Any shape.

    Example:
        >>> exp_below_zero(np.array([0.0, -1.0, -1000.0])).round(6).tolist()
        [1.0, 0.367879, 0.0]
    """
    x = np.maximum(x, -690.0)
    k = np.rint(x * 1.4426950408889634)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    series = np.ones_like(r)
    for n in range(13, 0, -1):
        series = 1 + r * series / n
    power: Array = ((k.astype(np.int64) + 1023) << 52).view(np.float64)  # 2^k by its bits
    return series * power


def exp(x: Array) -> Array:
    """Return e^x, off by at most 16 u of it and 1e-299; infinity above 690.

    Args:
        x: Any shape; NaN stays NaN.
    """
    small = exp_below_zero(-np.abs(x))
    return np.where(x > 690, np.inf, np.where(x > 0, 1 / small, small) + 0 * x)


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z), off by at most 16 u of it and 1e-299.

    Args:
        z: Any shape.
    """
    small = exp_below_zero(-np.abs(z))
    return np.where(z < 0, small, 1) / (1 + small)


def tanh(z: Array) -> Array:
    """Return tanh z, off by at most 32 u.

    Args:
        z: Any shape.
    """
    small = exp_below_zero(-2 * np.abs(z))
    return np.sign(z) * (1 - small) / (1 + small)


def sin_cos(x: Array) -> tuple[Array, Array]:
    """Return sin x and cos x, off by at most 16 u; NaN where |x| is above a million.

    x = k pi/2 + r with |r| < 0.79. k times the first part of pi/2 is exact, and so is x minus that:
    both are multiples of 2^-53 (x below 1/2 has k = 0). The other two parts round by u each, and
    what is left behind them is below 2^-100. Taylor's rest behind r^17 and r^18 is below 0.01 u.
    By Horner's rule each step adds 4 u of a sum that r^2 / 6 makes small: together below 8 u.

    Args:
        x: Any shape.

    Example:
        >>> [part.round(6).tolist() for part in sin_cos(np.array([0.0, 1.0]))]
        [[0.0, 0.841471], [1.0, 0.540302]]
    """
    x = np.where(np.abs(x) < _FARTHEST, x, np.nan)
    k = np.rint(x * 0.6366197723675814)
    r = x
    for part in _HALF_PI:
        r = r - k * part
    square, sin, cos = r * r, np.ones_like(r), np.ones_like(r)
    for n in range(18, 0, -2):
        sin = 1 - square * sin / (n * (n + 1)) if n < 18 else sin
        cos = 1 - square * cos / (n * (n - 1))
    sin = r * sin
    turned, back = k % 2 == 1, np.where(k % 4 >= 2, -1, 1)
    cos_back = np.where((k % 4 == 1) | (k % 4 == 2), -1, 1)
    return back * np.where(turned, cos, sin), cos_back * np.where(turned, sin, cos)


def log(x: Array) -> Array:
    """Return log x, off by at most 160 u (1 + |log x|); NaN where that cannot be shown.

    What the library gives for y is checked: x = e^y (1 + d) has log x = y + log(1 + d).

    Args:
        x: Any shape; NaN where it is not above 0.
    """
    y = np.log(np.where(x > 0, x, np.nan))
    small = exp_below_zero(-np.abs(y))
    near = np.where(y > 0, x * small, small / x)
    return np.where(np.abs(near - 1) < 128 * UNIT, y, np.nan)


def atan(x: Array) -> Array:
    """Return atan x, off by at most 160 u; NaN where that cannot be shown.

    It is checked: sin y - x cos y = sqrt(1 + x^2) sin(y - atan x).

    Args:
        x: Any shape.
    """
    y = np.arctan(x)
    sin, cos = sin_cos(y)
    off = np.abs(sin - x * cos) / np.maximum(1, np.abs(x))
    return np.where(off < 64 * UNIT, y, np.nan)


def _flattest(first: Array, off: float = 0.0) -> Array:
    """Return the slope nearest to 0 at two ends, made smaller by what it may be off."""
    least = np.minimum(np.abs(first[0]), np.abs(first[2])) * (1 - 2.0**-40) - off
    return np.where(first[0] * first[2] > 0, np.sign(first[0]) * np.maximum(least, 0), 0)


def near_tanh(z: Array) -> Near:
    t = tanh(z)
    first = 1 - t * t
    second = -t[1] * first[1]
    near, far = _near_and_far(t)
    third = (1 - near) * np.maximum(np.abs(1 - 3 * near), np.abs(1 - 3 * far)) / 3 + TINY
    return Near((t[1], first[1], second), third, (t[0], t[2]), _flattest(first, 256 * UNIT), 1)


def _near_and_far(t: Array) -> tuple[Array, Array]:
    """Return the least and the largest t^2 between two ends."""
    squares = t * t
    near = np.where(t[0] * t[2] <= 0, 0, np.minimum(squares[0], squares[2]))
    return near, np.maximum(squares[0], squares[2])


def near_softplus(z: Array) -> Near:
    value = np.maximum(z, 0) + log(1 + exp_below_zero(-np.abs(z)))
    t = tanh(z / 2)
    first = (1 + t) / 2
    near, far = _near_and_far(t)
    third = (1 - near) * np.sqrt(far) / 24 + TINY
    taylor = (value[1], first[1], (1 - t[1] * t[1]) / 8)
    return Near(taylor, third, (value[0], value[2]), _flattest(first, 256 * UNIT), 1)


def near_wave(turned: bool, z: Array) -> Near:
    sin, cos = sin_cos(z[1])
    value, first = (cos, -sin) if turned else (sin, cos)
    one = np.ones_like(value)
    return Near((value, first, -value / 2), one / 6 + TINY, (-one, one), 0 * one, 1)


def near_exp(z: Array) -> Near:
    value = exp(z)
    third = value[2] / 6 * (1 + TINY)
    taylor = (value[1], value[1], value[1] / 2)
    return Near(taylor, third, (value[0], value[2]), _flattest(value), 0)


def near_log(z: Array) -> Near:
    z = np.where(z[0] > 0, z, np.nan)
    value, first = log(z), 1 / z
    third = first[0] ** 3 / 3 * (1 + TINY)
    taylor = (value[1], first[1], -first[1] * first[1] / 2)
    return Near(taylor, third, (value[0], value[2]), _flattest(first), 1)


def near_sqrt(z: Array) -> Near:
    inside = z[0] > 0  # else it is between 0 and the end, where it has a value at all
    z = np.where(z[2] < 0, np.nan, np.maximum(z, 0))
    value = np.sqrt(z)
    first = 0.5 / value
    third = first[0] / (8 * z[0] * z[0]) * (1 + TINY)
    taylor = (value[1], first[1], -first[1] / (4 * z[1]))
    slope = np.where(inside, _flattest(first), 0)
    return Near(taylor, third, (value[0], value[2]), slope, 0)


def near_inverse(z: Array) -> Near:
    value = np.where((z[0] > 0) | (z[2] < 0), 1 / z, np.nan)
    first = -value * value
    third = np.maximum(np.abs(first[0]), np.abs(first[2])) ** 2 * (1 + TINY)
    taylor = (value[1], first[1], -first[1] * value[1])
    return Near(taylor, third, (value[0], value[2]), _flattest(first), 0)


def near_atan(z: Array) -> Near:
    value, first = atan(z), 1 / (1 + z * z)
    third = np.full_like(value[1], 1 / 3 + TINY)
    taylor = (value[1], first[1], -z[1] * first[1] * first[1])
    return Near(taylor, third, (value[0], value[2]), _flattest(first, 256 * UNIT), 1)
