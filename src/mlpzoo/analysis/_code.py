"""The units of a formula, and their source text in Python, NumPy and C."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlpzoo.analysis.forms import FORMS, NUMPY, PYTHON, C, c_number, own_functions
from mlpzoo.checks import resolve_name

RESERVED = {  # what the texts use themselves, and the words of C that Python has not
    "network", "out", "math", "np", *FORMS, *PYTHON, *C["double"].values(), *C["float"].values(),
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
        return self._python(PYTHON)

    def numpy(self) -> str:
        """Return a module with a function `network` of NumPy arrays, one for each input."""
        return self._python(NUMPY)

    def c(self, real: str = "double") -> str:
        """Return a function `network` in C99, which needs `math.h` alone.

        It returns its output, or writes several into `out`.

        Args:
            real: "double" or "float".

        Raises:
            InputError: Another type, or a number that is beyond every float.
        """
        real = resolve_name("type of C", real, ("double", "float"))
        words, units, outputs = C[real], self.computed(), self.outputs
        several, read = len(outputs) > 1, {source for unit in units for source in unit.sources}
        unread = {*self.inputs, *(unit.name for unit in units)} - read - {*outputs}
        arguments = [f"{real} {name}" for name in self.inputs]
        arguments += [f"{real} out[{len(outputs)}]"] * several
        helpers = [
            f"static {real} {name}({real} z)\n{{\n    return {code};\n}}\n"
            for name, code in own_functions((unit.activation for unit in units), words)
        ]
        body = [f"{real} {unit.name} = {_applied(unit, words, c_number(real))};" for unit in units]
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

    def _python(self, words: Mapping[str, str]) -> str:
        units = self.computed()
        own = own_functions((unit.activation for unit in units), words)
        code = [
            *(f"def {name}(z):\n    return {of_z}\n\n" for name, of_z in own),
            f"def network({', '.join(self.inputs)}):",
            *(f"    {unit.name} = {_applied(unit, words)}" for unit in units),
            f"    return {', '.join(self.outputs)}\n",
        ]
        text = "\n".join(code)
        libraries = {"math.": "import math", "np.": "import numpy as np"}
        imports = [line for call, line in libraries.items() if call in text]
        return "\n\n".join([*imports, f"\n{text}"]) if imports else text


def _applied(unit: Unit, words: Mapping[str, str], number: Callable[[float], str] = repr) -> str:
    z = " ".join(signed(unit, number, str, " * "))
    if not any(unit.weights.values()):  # so that an array gives an array
        z = f"{number(0.0)} * {unit.sources[0]} + {z}"
    if unit.activation == "identity":
        return z
    return f"{words.get(unit.activation, unit.activation)}({z})"
