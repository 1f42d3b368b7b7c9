"""Functions written as text, such as sin(x) * exp(-x / 5); reading one runs no code."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError, as_typed
from mlpzoo.data.text.reading import BASIC, CONSTANTS, SEVERAL, Node, names_in, read

_LARGEST_EXPONENT = 10_000  # of exp, where intervals are computed
_ROUNDED = 2.0**-80  # how far below 0 rounded intervals may be of what is not below 0


class Expression:
    """A function of x, or of x1, x2, ... to x9, written as text.

    It may have numbers, pi, e, `+ - * / **`, brackets, sin, cos, tan, asin, acos, atan, sinh, cosh,
    tanh, exp, log, log10, sqrt, abs, and min and max of two or more. Numbers are what is written:
    0.1 is a tenth.

    Args:
        text: The function, as Python writes it.

    Raises:
        InputError: The text has anything else, or is too long, too deep or too large.

    Attributes:
        text: The same.
        inputs: The names that stand in it: ("x",), or such as ("x1", "x2").

    Example:
        >>> f = Expression("x**2 - x/3")
        >>> f(3.0), f(torch.tensor([0.0, 3.0]))
        (8.0, tensor([0., 8.]))
        >>> Expression("max(x1, x2)**2")(torch.tensor([[1.0, 2.0], [4.0, 3.0]])).tolist()
        [[4.0], [16.0]]
        >>> Expression("2 * foo(x)")
        Traceback (most recent call last):
        mlpzoo.checks.InputError: unknown function 'foo'; known: sin, cos, tan, asin, acos, \
atan, sinh, cosh, tanh, exp, log, log10, sqrt, abs, min, max, in '2 * foo(x)'
    """

    def __init__(self, text: str) -> None:
        self.text = str(text).strip()
        try:
            self._tree = read(self.text)
        except InputError as error:
            place = "" if repr(self.text) in str(error) else f", in {self.text!r}"
            raise InputError(f"{error}{place}") from None
        self.inputs = names_in(self._tree)
        self._columns = SEVERAL.index(self.inputs[-1]) + 1 if {*self.inputs} & {*SEVERAL} else 1
        self._takes = ", ".join(SEVERAL[: self._columns]) if self._columns > 1 else "a number"

    def __call__(self, x: Any) -> Any:
        """Return the value at x.

        Shapes: of one input, any -> the same; of several, (rows, inputs) -> (rows, 1).

        Args:
            x: A tensor; a number, for which it is computed in float64, or several in a row; or an
                interval of mpmath, which gives an enclosure.
        """
        if isinstance(x, Tensor):
            return self._of_tensor(x)
        if hasattr(x, "_mpi_"):
            return self.compute(Intervals(x.ctx), x)
        try:
            numbers = float(x) if self._columns == 1 else [float(number) for number in x]
        except (TypeError, ValueError):
            raise InputError(f"{self.text!r} takes {self._takes}, got {as_typed(x)}") from None
        return self(torch.tensor(numbers, dtype=torch.float64)).item()

    def _of_tensor(self, x: Tensor) -> Tensor:
        if self._columns == 1:
            value: Tensor = self.compute(_Tensors(x), x)
            return value.expand_as(x)
        if not x.ndim or x.shape[-1] != self._columns:
            raise InputError(
                f"{self.text!r} takes {self._takes} as columns, got the shape {tuple(x.shape)}"
            )
        value = self.compute(_Tensors(x), *x.unbind(-1))
        return value.expand(x.shape[:-1]).unsqueeze(-1)

    def compute(self, arithmetic: Any, *x: Any) -> Any:
        """Return the value in any arithmetic.

        Args:
            arithmetic: Of x, which has + - * / and whole powers. It needs `functions`, by name the
                others of an expression, "**" being powers that are not whole; and `number`, which
                makes one of a fraction, "pi" or "e".
            *x: Where: x, or x1, x2, ...
        """
        if len(x) < self._columns:
            raise InputError(f"{self.text!r} has {self._columns} inputs, got {len(x)}")
        return _value(self._tree, {"x": x[0], **dict(zip(SEVERAL, x, strict=False))}, arithmetic)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class _Tensors:
    """Arithmetic of tensors, in the type and on the device of one of them."""

    functions: Mapping[str, Callable[..., Tensor]] = {
        "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "asin": torch.asin,
        "acos": torch.acos, "atan": torch.atan, "sinh": torch.sinh, "cosh": torch.cosh,
        "tanh": torch.tanh, "exp": torch.exp, "log": torch.log,
        "sqrt": torch.sqrt, "abs": torch.abs,
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
            "sin": context.sin, "cos": context.cos, "tan": context.tan, "asin": self._asin,
            "acos": lambda x: context.pi / 2 - self._asin(x), "atan": lambda x: context.atan2(x, 1),
            "sinh": lambda x: self._rising(self._sinh, x), "cosh": self._cosh,
            "tanh": self._tanh, "exp": self._exp, "log": self._log, "sqrt": self._sqrt, "abs": abs,
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
        return self.context.sqrt(self._from_zero(x)) if x.a >= -_ROUNDED else self.everything

    def _power(self, base: Any, power: Any) -> Any:
        if base.b < 0 or (base.b == 0 and power.b <= 0):
            raise InputError("a power of a number that is not above 0")
        if base.a >= -_ROUNDED and power.a > 0:  # 0 to it is 0
            return self._exp(power * self.context.log(self._from_zero(base)))
        return self._exp(power * self._log(base)) if base.b > 0 else self.everything

    def _from_zero(self, x: Any) -> Any:
        return self.context.mpf([max(x.a, 0), x.b])

    def _tanh(self, x: Any) -> Any:
        return 1 - 2 / (self._exp(2 * x) + 1)

    def _sinh(self, x: Any) -> Any:
        return (self._exp(x) - self._exp(-x)) / 2

    def _cosh(self, x: Any) -> Any:
        return self._rising(lambda t: (self._exp(t) + self._exp(-t)) / 2, abs(x))

    def _asin(self, x: Any) -> Any:
        if x.b < -1 or x.a > 1:
            raise InputError("asin or acos of a number beyond -1 to 1")
        inside = x.a >= -1 and x.b <= 1
        return self._rising(self._asin_at, x) if inside else self.everything

    def _asin_at(self, x: Any) -> Any:
        return self.context.atan2(x, self.context.sqrt((1 - x) * (1 + x)))

    def _rising(self, function: Callable[[Any], Any], x: Any) -> Any:
        """Return what a function that only rises gives over an interval, by its ends."""
        low, high = (function(self.context.mpf(end)) for end in (x.a, x.b))
        return self.context.mpf([low.a, high.b])


def _value(node: Node, x: Mapping[str, Any], arithmetic: Any) -> Any:
    if not isinstance(node, tuple):
        return x[str(node)] if node in x else arithmetic.number(node)
    name, *parts = node
    values = [_value(part, x, arithmetic) for part in parts]
    if name == "**" and isinstance(parts[1], Fraction) and parts[1].denominator == 1:
        return values[0] ** int(parts[1])
    function = BASIC.get(name) or arithmetic.functions[name]
    return function(*values) if len(values) < 3 else reduce(function, values)  # max of several
