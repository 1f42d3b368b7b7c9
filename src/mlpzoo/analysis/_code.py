"""The units of a formula, and their source text in Python, NumPy and C."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mlpzoo.checks import InputError, resolve_name


class Form(NamedTuple):
    """An activation as it is written.

    Attributes:
        code: Of z, in exp, tanh, min, max and abs; no finite z makes it overflow.
        sympy: The same for SymPy.
        latex: Its sign.
        meaning: What the sign means, in LaTeX; "" for what everybody knows.
    """

    code: str
    sympy: str
    latex: str
    meaning: str = ""


FORMS = {
    "identity": Form("z", "z", ""),
    "step": Form("1.0 * (z > 0.0)", "Piecewise((1, z > 0), (0, True))",
                 r"\operatorname{step}", r"1 \text{ if } z > 0, \text{ else } 0"),
    "relu": Form("max(z, 0.0)", "Max(0, z)", r"\operatorname{ReLU}", r"\max(0, z)"),
    "leakyrelu": Form("max(z, 0.0) + 0.01 * min(z, 0.0)", "Max(0, z) + 0.01 * Min(0, z)",
                      r"\operatorname{LeakyReLU}", r"\max(0, z) + 0.01\,\min(0, z)"),
    "sigmoid": Form("exp(min(z, 0.0)) / (1.0 + exp(-abs(z)))", "1 / (1 + exp(-z))",
                    r"\sigma", r"\frac{1}{1 + e^{-z}}"),
    "tanh": Form("tanh(z)", "tanh(z)", r"\tanh"),
}  # fmt: skip
_CALLS = ("exp", "tanh", "min", "max", "abs")
_MATH = {call: f"math.{call}" for call in ("exp", "tanh")}
_NUMPY = {call: f"np.{call}" for call in _CALLS} | {"min": "np.minimum", "max": "np.maximum"}
_C = {call: call for call in _CALLS} | {"min": "fmin", "max": "fmax", "abs": "fabs"}
RESERVED = {  # what the texts use themselves, and the words of C that Python has not
    "network", "out", "math", "np", *_CALLS, *FORMS,
    *_C.values(), *(f"{name}f" for name in _C.values()),
    "auto", "case", "char", "const", "default", "do", "double", "enum", "extern", "float", "goto",
    "inline", "int", "long", "register", "restrict", "short", "signed", "sizeof", "static",
    "struct", "switch", "typedef", "union", "unsigned", "void", "volatile",
    "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "INFINITY", "NAN",
}  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """One unit: name = activation(sum of weight * source + bias).

    Attributes:
        name: What later units call it.
        activation: A name of `FORMS`.
        weights: By source, an input or an earlier unit.
        bias: The number added.
    """

    name: str
    activation: str
    weights: Mapping[str, float]
    bias: float

    def __str__(self) -> str:
        z = " ".join(signed(self, lambda value: repr(value).removesuffix(".0"), str, " "))
        return f"{self.name} = {z if self.activation == 'identity' else f'{self.activation}({z})'}"

    def rounded(self, digits: int | None) -> "Unit":
        """Return it with its numbers rounded to so many digits; None leaves them as they are."""
        if digits is None:
            return self
        weights = {of: float(f"{weight:.{digits}g}") for of, weight in self.weights.items()}
        return Unit(self.name, self.activation, weights, float(f"{self.bias:.{digits}g}"))

    @property
    def sources(self) -> list[str]:
        """What it depends on; its first source, in name only, if it is constant."""
        return [of for of, weight in self.weights.items() if weight] or list(self.weights)[:1]


def signed(
    unit: Unit, number: Callable[[float], str], symbol: Callable[[str], str], times: str
) -> list[str]:
    """Return the terms of a unit's sum, each with its sign in front.

    Args:
        unit: The unit.
        number: How a number is written that is not negative.
        symbol: How a name is written.
        times: What stands between the two.
    """
    terms = [
        (weight, symbol(of) if abs(weight) == 1 else number(abs(weight)) + times + symbol(of))
        for of, weight in unit.weights.items()
        if weight
    ]
    if unit.bias or not terms:
        terms.append((unit.bias, number(abs(unit.bias))))
    signs = [("-" if value < 0 else "+") + " " for value, _ in terms]
    signs[0] = signs[0].replace("+", "").strip()
    return [sign + term for sign, (_, term) in zip(signs, terms, strict=True)]


@dataclass(frozen=True, repr=False)
class Source:
    """The units of a network, and their source text; what its attributes are is in `Formula`."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    units: dict[str, tuple[Unit, ...]]
    digits: int | None = None

    def python(self) -> str:
        """Return a module with a function `network` of numbers, which needs `math` alone."""
        return self._python(_MATH, "import math")

    def numpy(self) -> str:
        """Return a module with a function `network` of NumPy arrays, one for each input."""
        return self._python(_NUMPY, "import numpy as np")

    def c(self, real: str = "double") -> str:
        """Return a function `network` in C99, which needs `math.h` alone.

        It returns its output, or writes several into `out`.

        Args:
            real: "double" or "float".

        Raises:
            InputError: Another type, or a number that is beyond every float.
        """
        real = resolve_name("type of C", real, ("double", "float"))
        words = {call: f"{word}{'f' * (real == 'float')}" for call, word in _C.items()}
        units, outputs = self.computed(), self.outputs
        several, read = len(outputs) > 1, {source for unit in units for source in unit.sources}
        unread = {*self.inputs, *(unit.name for unit in units)} - read - {*outputs}
        arguments = [f"{real} {name}" for name in self.inputs]
        arguments += [f"{real} out[{len(outputs)}]"] * several
        helpers = [
            f"static {real} {name}({real} z)\n{{\n    return {code};\n}}\n"
            for name, code in _own(units, words)
        ]
        body = [f"{real} {unit.name} = {_applied(unit, words, _number(real))};" for unit in units]
        body += [f"(void){name};" for name in sorted(unread)]
        body += [f"out[{place}] = {name};" for place, name in enumerate(outputs) if several]
        body += [] if several else [f"return {outputs[0]};"]
        head = f"{'void' if several else real} network({', '.join(arguments)})"
        return "\n".join(
            ["#include <math.h>\n", *helpers, head, "{", *(f"    {line}" for line in body), "}\n"]
        )

    def computed(self) -> list[Unit]:
        """Return all units, each behind its sources, with the digits that were asked for."""
        return [unit.rounded(self.digits) for units in self.units.values() for unit in units]

    def _python(self, words: Mapping[str, str], library: str) -> str:
        units = self.computed()
        code = [
            *(f"def {name}(z):\n    return {own}\n\n" for name, own in _own(units, words)),
            f"def network({', '.join(self.inputs)}):",
            *(f"    {unit.name} = {_applied(unit, words)}" for unit in units),
            f"    return {', '.join(self.outputs)}\n",
        ]
        text = "\n".join(code)
        return f"{library}\n\n\n{text}" if words["exp"].partition(".")[0] + "." in text else text


def _own(units: Sequence[Unit], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the activations that need a function of their own, with its code."""
    used = dict.fromkeys(unit.activation for unit in units)
    own = [name for name in used if FORMS[name].code not in ("z", f"{name}(z)")]
    return [(name, _in(FORMS[name].code, words)) for name in own]


def _in(code: str, words: Mapping[str, str]) -> str:
    """Return the code of a form with a language's words in place of its calls."""
    code = re.sub(r"\w+(?=\()", lambda call: words.get(call[0], call[0]), code)
    return re.sub(r"\d\.\d+", r"\g<0>f", code) if words["exp"] == "expf" else code


def _applied(unit: Unit, words: Mapping[str, str], number: Callable[[float], str] = repr) -> str:
    z = " ".join(signed(unit, number, str, " * "))
    if not any(unit.weights.values()):  # so that an array gives an array
        z = f"{number(0.0)} * {unit.sources[0]} + {z}"
    if unit.activation == "identity":
        return z
    return f"{words.get(unit.activation, unit.activation)}({z})"


def _number(real: str) -> Callable[[float], str]:
    def written(value: float) -> str:
        with np.errstate(over="ignore"):
            nearest = np.float32(value)
        if np.isinf(nearest):
            raise InputError(f"{value:g} is beyond every float; take real='double'")
        return f"{nearest!s}f"

    return written if real == "float" else repr
