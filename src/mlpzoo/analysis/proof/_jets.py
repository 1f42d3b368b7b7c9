"""Intervals with their first and second derivative: how much a function can bend in an interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from mlpzoo.data.text.expression import Intervals


@dataclass(frozen=True, eq=False)
class Jet:
    """What encloses a function, its slope and its second derivative, over an interval.

    Where it has a kink, the slopes on both sides are enclosed, and `bend` is everything.

    Attributes:
        value: An interval of mpmath.
        slope: The same.
        bend: The same.
    """

    value: Any
    slope: Any
    bend: Any

    def __add__(self, other: "Jet") -> "Jet":
        return Jet(self.value + other.value, self.slope + other.slope, self.bend + other.bend)

    def __neg__(self) -> "Jet":
        return Jet(-self.value, -self.slope, -self.bend)

    def __sub__(self, other: "Jet") -> "Jet":
        return self + -other

    def __mul__(self, other: "Jet") -> "Jet":
        return Jet(
            self.value * other.value,
            self.slope * other.value + self.value * other.slope,
            self.bend * other.value + 2 * self.slope * other.slope + self.value * other.bend,
        )

    def __truediv__(self, other: "Jet") -> "Jet":
        return self * other**-1

    def __pow__(self, power: int) -> "Jet":
        x, n = self.value, power
        if n == 1:
            return self
        if n == 0:
            return Jet(x**0, 0 * x**0, 0 * x**0)
        return self.behind(x**n, n * x ** (n - 1), n * (n - 1) * x ** (n - 2))

    def behind(self, value: Any, slope: Any, bend: Any) -> "Jet":
        """Return f(self), by the chain rule.

        Args:
            value: f of `self.value`.
            slope: f' of it.
            bend: f'' of it.
        """
        return Jet(value, slope * self.slope, bend * self.slope**2 + slope * self.bend)


_SLOPES: dict[str, Callable[..., tuple[Any, Any]]] = {  # f' and f'', of x, f and the functions
    "sin": lambda x, f, of: (of["cos"](x), -f),
    "cos": lambda x, f, of: (-of["sin"](x), -f),
    "tan": lambda x, f, of: (1 + f**2, 2 * f * (1 + f**2)),
    "asin": lambda x, f, of: (1 / of["sqrt"](1 - x**2), x / of["sqrt"](1 - x**2) ** 3),
    "acos": lambda x, f, of: (-1 / of["sqrt"](1 - x**2), -x / of["sqrt"](1 - x**2) ** 3),
    "atan": lambda x, f, of: (1 / (1 + x**2), -2 * x / (1 + x**2) ** 2),
    "sinh": lambda x, f, of: (of["cosh"](x), f),
    "cosh": lambda x, f, of: (of["sinh"](x), f),
    "exp": lambda x, f, of: (f, f),
    "log": lambda x, f, of: (1 / x, -1 / x**2),
    "sqrt": lambda x, f, of: (1 / (2 * f), -1 / (4 * f * x)),
    "tanh": lambda x, f, of: (1 - f**2, -2 * f * (1 - f**2)),
}


class Jets:
    """Arithmetic of jets, as an `Expression` takes it.

    Args:
        context: Of mpmath's intervals.
    """

    def __init__(self, context: Any) -> None:
        self._of = Intervals(context)
        self._hull = context.mpf
        self._everything = self._of.everything
        self.functions: Mapping[str, Callable[..., Jet]] = {
            **{name: partial(self._behind, name) for name in _SLOPES},
            "abs": self._abs, "min": self._min, "max": lambda a, b: -self._min(-a, -b),
            "**": self._power,
        }  # fmt: skip

    def number(self, value: Fraction | str) -> Jet:
        """Return a constant."""
        constant = self._of.number(value)
        return Jet(constant, 0 * constant, 0 * constant)

    def _behind(self, name: str, x: Jet) -> Jet:
        value = self._of.functions[name](x.value)
        return x.behind(value, *_SLOPES[name](x.value, value, self._of.functions))

    def _power(self, base: Jet, power: Jet) -> Jet:
        value = self._of.functions["**"](base.value, power.value)
        if not base.value.b > 0:  # it is 0 all over, or nothing is known
            return Jet(value, value, value)
        through = self.functions["exp"](power * self.functions["log"](base))
        return Jet(value, through.slope, through.bend)

    def _abs(self, x: Jet) -> Jet:
        if x.value.a >= 0 or x.value.b <= 0:
            return x if x.value.a >= 0 else -x
        return x.behind(abs(x.value), self._hull([-1, 1]), self._everything)

    def _min(self, a: Jet, b: Jet) -> Jet:
        if a.value.b <= b.value.a:
            return a
        if b.value.b <= a.value.a:
            return b
        slope = self._hull([min(a.slope.a, b.slope.a), max(a.slope.b, b.slope.b)])
        value = self._of.functions["min"](a.value, b.value)
        return Jet(value, slope, self._everything)
