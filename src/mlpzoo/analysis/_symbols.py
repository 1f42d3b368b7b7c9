"""A formula in symbols: the names of inputs and units, LaTeX, and SymPy's expressions."""

import keyword
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from mlpzoo.analysis._code import RESERVED, Unit, signed
from mlpzoo.analysis.forms import FORMS
from mlpzoo.analysis.layers import Layers
from mlpzoo.checks import InputError

MOST_OPERATIONS = 5_000  # of an expression that anyone can use
_IN_A_LINE = 6  # terms
_CALLS = ("Abs", "Piecewise", "erf", "exp", "log", "sqrt", "tanh")  # of SymPy, in `FORMS`


def input_names(names: str | Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Return the names of inputs, which every language takes.

    Args:
        names: As they were given, commas between them in a string; None for x, or x1, x2, ...
        count: How many inputs there are.

    Raises:
        InputError: Too many or too few, one twice, or one that cannot be a name.
    """
    if names is None:
        return ("x",) if count == 1 else tuple(f"x{n}" for n in range(1, count + 1))
    given = [str(name).strip() for name in (names.split(",") if isinstance(names, str) else names)]
    if len(given) != count:
        raise InputError(f"there must be {count} names of inputs, got {', '.join(given) or 'none'}")
    for name in given:
        if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
            raise InputError(f"a name must be letters, digits and _, a letter first, got {name!r}")
        if name in RESERVED or keyword.iskeyword(name):
            raise InputError(f"{name!r} is a word of Python, C or the formula; choose another name")
        if given.count(name) > 1:
            raise InputError(f"names must differ, got {', '.join(given)}")
    return tuple(given)


def unit_names(exact: Layers) -> list[list[str]]:
    """Return the names of the units of each layer: h<layer><unit>, or those of the outputs.

    Args:
        exact: The layers.
    """
    ends = {place: name for name, place in exact.outputs.items()}
    hidden = [place for place in range(len(exact.layers)) if place not in ends]
    sizes = [len(layer.bias) for layer in exact.layers]
    between = "_" * (max([len(hidden), *(sizes[place] for place in hidden)]) > 9)
    return [
        [f"h{hidden.index(place) + 1}{between}{n}" for n in range(1, size + 1)]
        if place in hidden
        else [f"{ends[place]}{n if size > 1 else ''}" for n in range(1, size + 1)]
        for place, size in enumerate(sizes)
    ]


def latex(layers: Sequence[Sequence[Unit]]) -> str:
    """Return the formulas of layers, a line for each unit, aligned; and what their signs mean.

    Args:
        layers: Their units.
    """
    blocks = [[_line(unit) for unit in units] for units in layers]
    used = dict.fromkeys(unit.activation for units in layers for unit in units)
    forms = [FORMS[name] for name in used if FORMS[name].meaning]
    blocks.append([f"{form.latex}(z) &= {form.meaning}" for form in forms])
    lines = " \\\\[1ex]\n".join(" \\\\\n".join(block) for block in blocks if block)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def _line(unit: Unit) -> str:
    terms = signed(unit, _number, _symbol, r"\,")
    rows = [" ".join(terms[k : k + _IN_A_LINE]) for k in range(0, len(terms), _IN_A_LINE)]
    z = " \\\\\n&\\qquad {} ".join(rows)
    sign = FORMS[unit.activation].latex
    return f"{_symbol(unit.name)} &= {f'{sign}({z})' if sign else z}"


def _number(value: float) -> str:
    digits, _, power = repr(value).removesuffix(".0").partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits


def _symbol(name: str) -> str:
    if name in ("max", "min"):
        return rf"y_{{\{name}}}"
    letters = re.sub("_?[0-9]+(_[0-9]+)*$", "", name)
    numbers = name.removeprefix(letters).lstrip("_").replace("_", ",")
    head = letters if len(letters) == 1 else rf"\mathrm{{{letters}}}".replace("_", r"\_")
    return f"{head}_{{{numbers}}}" if numbers else head


def expressions(inputs: Sequence[str], units: Sequence[Unit], *, composed: bool) -> dict[Any, Any]:
    """Return each unit as an expression, of the symbols of its sources or of the inputs.

    Args:
        inputs: Names of the inputs.
        units: All units, each behind its sources.
        composed: Whether units are put into one another.

    Raises:
        InputError: Composed, it would be too large.
    """
    import sympy  # type: ignore[import-untyped]

    if composed and (count := _operations(units)) > MOST_OPERATIONS:
        raise InputError(
            f"composed, the formula would have about {count:.0e} operations, more than the "
            f"{MOST_OPERATIONS:,} that are of use; take it layer by layer: .sympy()"
        )
    calls = {name: getattr(sympy, name) for name in _CALLS}
    # SymPy compares all arguments of Max with one another, which may take minutes.
    calls |= {name: partial(getattr(sympy, name), evaluate=False) for name in ("Max", "Min")}
    symbol = partial(sympy.Symbol, real=True)
    known: dict[str, Any] = {name: symbol(name) for name in inputs}
    found: dict[Any, Any] = {}
    for unit in units:
        terms = (weight * known[of] for of, weight in unit.weights.items() if weight)
        z = sympy.Add(*terms, *[unit.bias] * (unit.bias != 0))
        value = eval(FORMS[unit.activation].sympy, {"__builtins__": {}, **calls, "z": z})
        found[symbol(unit.name)] = value
        known[unit.name] = value if composed else symbol(unit.name)
    return found


def _operations(units: Sequence[Unit]) -> float:
    """Return about how many operations the outputs have when units are put into one another."""
    counts: dict[str, float] = {}
    for unit in units:
        counts[unit.name] = 3 + sum(2 + counts.get(source, 0) for source in unit.sources)
    read = {source for unit in units for source in unit.sources}
    return sum(count for name, count in counts.items() if name not in read)
