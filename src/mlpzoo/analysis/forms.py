"""The activations as they are written: in Python, NumPy, C, SymPy and LaTeX."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from mlpzoo.checks import InputError


class Form(NamedTuple):
    """An activation as it is written.

    Attributes:
        code: Of z, in the calls of `PYTHON`; no finite z makes it overflow.
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
    "elu": Form("max(z, 0.0) + expm1(min(z, 0.0))", "Max(0, z) + exp(Min(0, z)) - 1",
                r"\operatorname{ELU}", r"\max(0, z) + e^{\min(0, z)} - 1"),
    "softplus": Form("max(z, 0.0) + (z <= 20.0) * log1p(exp(-abs(z)))",  # z beyond 20, as torch
                     "log(1 + exp(z))", r"\operatorname{softplus}", r"\ln(1 + e^{z})"),
    "gelu": Form("0.5 * z * (1.0 + erf(0.7071067811865476 * z))", "z * (1 + erf(z / sqrt(2))) / 2",
                 r"\operatorname{GELU}",
                 r"\frac{z}{2} (1 + \operatorname{erf}(\frac{z}{\sqrt{2}}))"),
    "silu": Form("z * exp(min(z, 0.0)) / (1.0 + exp(-abs(z)))", "z / (1 + exp(-z))",
                 r"\operatorname{SiLU}", r"\frac{z}{1 + e^{-z}}"),
    "sigmoid": Form("exp(min(z, 0.0)) / (1.0 + exp(-abs(z)))", "1 / (1 + exp(-z))",
                    r"\sigma", r"\frac{1}{1 + e^{-z}}"),
    "tanh": Form("tanh(z)", "tanh(z)", r"\tanh"),
    "hardtanh": Form("max(-1.0, min(z, 1.0))", "Max(-1, Min(1, z))",
                     r"\operatorname{hardtanh}", r"\max(-1, \min(1, z))"),
    "softsign": Form("z / (1.0 + abs(z))", "z / (1 + Abs(z))",
                     r"\operatorname{softsign}", r"\frac{z}{1 + |z|}"),
}  # fmt: skip
PYTHON = {call: f"math.{call}" for call in ("exp", "expm1", "log1p", "erf", "tanh")}
PYTHON |= {call: call for call in ("min", "max", "abs")}
NUMPY = {call: f"np.{call}" for call in PYTHON} | {
    "min": "np.minimum", "max": "np.maximum", "erf": "np.vectorize(math.erf, otypes=[float])"
}  # fmt: skip
_C = {call: call for call in PYTHON} | {"min": "fmin", "max": "fmax", "abs": "fabs"}
C = {"double": _C, "float": {call: f"{word}f" for call, word in _C.items()}}


def own_functions(activations: Iterable[str], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the activations that need a function of their own, with its code of z.

    Args:
        activations: Names of `FORMS`.
        words: What the language calls the calls: `PYTHON`, `NUMPY` or one of `C`.

    Raises:
        InputError: One has no form.
    """
    used = dict.fromkeys(activations)
    if unknown := [name for name in used if name not in FORMS]:
        raise InputError(f"{', '.join(unknown)} has no formula here; there are {', '.join(FORMS)}")
    own = [name for name in used if FORMS[name].code not in ("z", f"{name}(z)")]
    return [(name, _in(FORMS[name].code, words)) for name in own]


def _in(code: str, words: Mapping[str, str]) -> str:
    """Return the code of a form with a language's words in place of its calls."""
    code = re.sub(r"\w+(?=\()", lambda call: words.get(call[0], call[0]), code)
    return re.sub(r"\d\.\d+", r"\g<0>f", code) if words is C["float"] else code


def c_number(real: str) -> Callable[[float], str]:
    """Return how C writes a number, in the fewest digits that give it back.

    Args:
        real: "double" or "float"; the numbers are rounded to that.
    """

    def written(value: float) -> str:
        with np.errstate(over="ignore"):
            nearest = np.float32(value)
        if np.isinf(nearest):
            raise InputError(f"{value:g} is beyond every float; take real='double'")
        return f"{nearest!s}f"

    return written if real == "float" else repr
