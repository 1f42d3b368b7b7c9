"""Functions written as text, such as sin(x) * exp(-x / 5); reading one runs no code."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError
from mlpzoo.data._reading import BASIC, CONSTANTS, Node, read

_LARGEST_EXPONENT = 10_000  # of exp, where intervals are computed


class Expression:
    """A function of x, written as text.

    It may have numbers, pi, e, `+ - * / **`, brackets, sin, cos, tan, exp, log, sqrt, tanh, abs,
    and min and max of two. Numbers are what is written: 0.1 is a tenth.

    Args:
        text: The function, as Python writes it.

    Raises:
        InputError: The text has anything else, or is too long, too deep or too large.

    Attributes:
        text: The same.

    Example:
        >>> f = Expression("x**2 - x/3")
        >>> f(3.0), f(torch.tensor([0.0, 3.0]))
        (8.0, tensor([0., 8.]))
        >>> Expression("2 * foo(x)")
        Traceback (most recent call last):
        mlpzoo.checks.InputError: unknown function 'foo'; known: sin, cos, tan, exp, log, sqrt, \
tanh, abs, min, max, in '2 * foo(x)'
    """

    def __init__(self, text: str) -> None:
        self.text = str(text).strip()
        try:
            self._tree = read(self.text)
        except InputError as error:
            place = "" if repr(self.text) in str(error) else f", in {self.text!r}"
            raise InputError(f"{error}{place}") from None

    def __call__(self, x: Any) -> Any:
        """Return the value at x.

        Args:
            x: A tensor; a number, for which it is computed in float64; or an interval of mpmath,
                which gives an enclosure.
        """
        if isinstance(x, Tensor):
            return self.compute(_Tensors(x), x).expand_as(x)
        if hasattr(x, "_mpi_"):
            return self.compute(Intervals(x.ctx), x)
        return self(torch.tensor(float(x), dtype=torch.float64)).item()

    def compute(self, arithmetic: Any, x: Any) -> Any:
        """Return the value in any arithmetic.

        Args:
            arithmetic: Of x, which has + - * / and whole powers. It needs `functions`, by name the
                others of an expression, "**" being powers that are not whole; and `number`, which
                makes one of a fraction, "pi" or "e".
            x: Where.
        """
        return _value(self._tree, x, arithmetic)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class _Tensors:
    """Arithmetic of tensors, in the type and on the device of one of them."""

    functions: Mapping[str, Callable[..., Tensor]] = {
        "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "exp": torch.exp, "log": torch.log,
        "sqrt": torch.sqrt, "tanh": torch.tanh, "abs": torch.abs,
        "min": torch.minimum, "max": torch.maximum, "**": torch.pow,
    }  # fmt: skip

    def __init__(self, like: Tensor) -> None:
        self._like = like

    def number(self, value: Fraction | str) -> Tensor:
        return self._like.new_tensor(CONSTANTS[value] if isinstance(value, str) else float(value))


class Intervals:
    """Arithmetic of mpmath's intervals: an enclosure of the value, all numbers where it has none.

    Args:
        context: Of the intervals, such as `mpmath.iv`.
    """

    def __init__(self, context: Any) -> None:
        self.context = context
        self.everything = context.mpf(["-inf", "inf"])
        self.functions: Mapping[str, Callable[..., Any]] = {
            "sin": context.sin, "cos": context.cos, "tan": context.tan, "exp": self._exp,
            "log": self._log, "sqrt": self._sqrt, "tanh": self._tanh, "abs": abs,
            "min": lambda a, b: context.mpf([min(a.a, b.a), min(a.b, b.b)]),
            "max": lambda a, b: context.mpf([max(a.a, b.a), max(a.b, b.b)]),
            "**": self._power,
        }  # fmt: skip

    def number(self, value: Fraction | str) -> Any:
        """Return a fraction, "pi" or "e" as an interval."""
        if isinstance(value, str):
            return +getattr(self.context, value)
        return self.context.mpf(value.numerator) / value.denominator

    def _exp(self, x: Any) -> Any:
        if x.b < _LARGEST_EXPONENT:
            return self.context.exp(x)
        low = self.context.exp(x.a) if x.a < _LARGEST_EXPONENT else 0
        return self.context.mpf([low, "inf"])

    def _log(self, x: Any) -> Any:
        if x.b <= 0:
            raise InputError("log of a number that is not above 0")
        return self.context.log(x) if x.a > 0 else self.everything

    def _sqrt(self, x: Any) -> Any:
        if x.b < 0:
            raise InputError("sqrt of a number below 0")
        return self.context.sqrt(x) if x.a >= 0 else self.everything

    def _power(self, base: Any, power: Any) -> Any:
        if base.a >= 0 and power.a > 0:  # 0 to it is 0
            return self._exp(power * self.context.log(base))
        return self._exp(power * self._log(base))

    def _tanh(self, x: Any) -> Any:
        return 1 - 2 / (self._exp(2 * x) + 1)


def _value(node: Node, x: Any, arithmetic: Any) -> Any:
    if node == "x":
        return x
    if not isinstance(node, tuple):
        return arithmetic.number(node)
    name, *parts = node
    values = [_value(part, x, arithmetic) for part in parts]
    if name == "**" and isinstance(parts[1], Fraction) and parts[1].denominator == 1:
        return values[0] ** int(parts[1])
    return (BASIC.get(name) or arithmetic.functions[name])(*values)
