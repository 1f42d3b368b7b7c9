"""Intervals with their first and second derivative: how much a function can bend in an interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mlpzoo.data.expression import Intervals


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


class Jets:
    """Arithmetic of jets, as an `Expression` takes it.

    Args:
        context: Of mpmath's intervals.
    """

    def __init__(self, context: Any) -> None:
        self._of = Intervals(context)
        self._hull = context.mpf
        self._everything = context.mpf(["-inf", "inf"])
        self.functions: Mapping[str, Callable[..., Jet]] = {
            "sin": self._sin, "cos": self._cos, "tan": self._tan, "exp": self._exp,
            "log": self._log, "sqrt": self._sqrt, "tanh": self._tanh, "abs": self._abs,
            "min": self._min, "max": lambda a, b: -self._min(-a, -b), "**": self._power,
        }  # fmt: skip

    def number(self, value: Fraction | str) -> Jet:
        """Return a constant."""
        constant = self._of.number(value)
        return Jet(constant, 0 * constant, 0 * constant)

    def _f(self, name: str, *values: Any) -> Any:
        return self._of.functions[name](*values)

    def _sin(self, x: Jet) -> Jet:
        sin = self._f("sin", x.value)
        return x.behind(sin, self._f("cos", x.value), -sin)

    def _cos(self, x: Jet) -> Jet:
        cos = self._f("cos", x.value)
        return x.behind(cos, -self._f("sin", x.value), -cos)

    def _tan(self, x: Jet) -> Jet:
        tan = self._f("tan", x.value)
        return x.behind(tan, 1 + tan**2, 2 * tan * (1 + tan**2))

    def _exp(self, x: Jet) -> Jet:
        exp = self._f("exp", x.value)
        return x.behind(exp, exp, exp)

    def _log(self, x: Jet) -> Jet:
        return x.behind(self._f("log", x.value), 1 / x.value, -1 / x.value**2)

    def _sqrt(self, x: Jet) -> Jet:
        sqrt = self._f("sqrt", x.value)
        return x.behind(sqrt, 1 / (2 * sqrt), -1 / (4 * sqrt * x.value))

    def _tanh(self, x: Jet) -> Jet:
        tanh = self._f("tanh", x.value)
        return x.behind(tanh, 1 - tanh**2, -2 * tanh * (1 - tanh**2))

    def _power(self, base: Jet, power: Jet) -> Jet:
        through = self._exp(power * self._log(base))
        return Jet(self._f("**", base.value, power.value), through.slope, through.bend)

    def _abs(self, x: Jet) -> Jet:
        if x.value.a >= 0:
            return x
        return (
            -x if x.value.b <= 0 else x.behind(abs(x.value), self._hull([-1, 1]), self._everything)
        )

    def _min(self, a: Jet, b: Jet) -> Jet:
        if a.value.b <= b.value.a:
            return a
        if b.value.b <= a.value.a:
            return b
        slope = self._hull([min(a.slope.a, b.slope.a), max(a.slope.b, b.slope.b)])
        return Jet(self._f("min", a.value, b.value), slope, self._everything)
