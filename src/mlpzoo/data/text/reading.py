"""The text of an expression as a tree: what may stand in one, and how large it may be."""

import ast
import math
import operator
import re
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from mlpzoo.checks import InputError, resolve_name

Node = Fraction | str | tuple[Any, ...]  # a number; x, x1, pi, e; what is done, and to what

SEVERAL = tuple(f"x{place}" for place in range(1, 10))  # inputs of one function, at most
CONSTANTS = {"pi": math.pi, "e": math.e}
BASIC: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "negative": operator.neg,
}  # fmt: skip
_FUNCTIONS = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "log10",
    "sqrt", "abs", "min", "max",
)  # fmt: skip
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_LONGEST = 1000  # characters
_DEEPEST = 100
_LARGEST_POWER = 100
_MOST_BITS = 2000  # of a number's numerator and denominator


def read(text: str) -> Node:
    """Return the tree of an expression.

    Args:
        text: As `mlpzoo.data.text.expression.Expression` takes it.
    """
    if len(text) > _LONGEST:
        raise InputError(f"an expression has at most {_LONGEST} characters, got {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python code that is odd
            parsed = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        place = f" at character {place}" if (place := getattr(error, "offset", None)) else ""
        raise InputError(f"not a formula{place}; write it as 2*x**2 + sin(x)") from error
    tree = _read(parsed.body, text)
    if "x" in (used := names_in(tree)) and len(used) > 1:
        raise InputError(f"x and {used[1]} are in one formula; call its inputs x1, x2, ...")
    return tree


def names_in(node: Node) -> tuple[str, ...]:
    """Return the inputs that a tree has, each once and in order.

    Args:
        node: The tree.

    Example:
        >>> names_in(read("x2 * sin(x1) + x2"))
        ('x1', 'x2')
    """
    if isinstance(node, tuple):
        return tuple(sorted({name for part in node[1:] for name in names_in(part)}))
    return (str(node),) if node in ("x", *SEVERAL) else ()


def _read(node: ast.expr, text: str, depth: int = 0) -> Node:
    """Return a node of Python's tree as one of ours, numbers put together."""
    if depth > _DEEPEST:
        raise InputError(f"more than {_DEEPEST} terms or brackets in one another; shorten it")
    written = ast.get_source_segment(text, node) or ""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _number(value, written)
        case ast.Name(id=name):
            return resolve_name("name", name, ["x", *SEVERAL, *CONSTANTS])
        case ast.UnaryOp(op=ast.UAdd() | ast.USub() as sign, operand=inner):
            read = _read(inner, text, depth + 1)
            return read if isinstance(sign, ast.UAdd) else _joined("negative", (read,), written)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            parts = tuple(_read(part, text, depth + 1) for part in (left, right))
            return _joined(_OPERATORS[type(op)], parts, written)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            name, count = resolve_name("function", name, _FUNCTIONS), len(args)
            if (several := name in ("min", "max")) != (count > 1) or not count:
                takes = "two arguments or more" if several else "one argument"
                raise InputError(f"{name} takes {takes}, got {count} in {written!r}")
            parts = tuple(_read(part, text, depth + 1) for part in args)
            return (
                ("/", ("log", *parts), ("log", Fraction(10))) if name == "log10" else (name, *parts)
            )
        case ast.BinOp(op=ast.BitXor()):
            raise InputError(f"write ** for ^ in {written!r}")
    raise InputError(f"{written!r} cannot be used in a formula")


def _number(value: int | float, written: str) -> Fraction:
    """Return a number as it is written, which is not quite what float64 makes of it."""
    if value == math.inf or (value == 0 and re.match(r"[0._]*[1-9]", written)):
        raise InputError(f"{written} is beyond float64")
    return _kept(Fraction(written if value and isinstance(value, float) else value), written)


def _joined(name: str, parts: tuple[Node, ...], written: str) -> Node:
    """Return what is done to parts, computed where that is a fraction."""
    first, last, exact = parts[0], parts[-1], all(isinstance(part, Fraction) for part in parts)
    negative = False
    if name == "**" and isinstance(last, Fraction):
        if abs(last) > _LARGEST_POWER:
            raise InputError(f"a power is at most {_LARGEST_POWER}, got {written!r}")
        exact, negative = exact and last.denominator == 1, last < 0
    if (name == "/" and last == 0) or (negative and first == 0):
        raise InputError(f"{written!r} divides by 0")
    if exact:  # a base has at most _MOST_BITS
        return _kept({**BASIC, "**": operator.pow}[name](*parts), written)
    return name, *parts


def _kept(value: Fraction, written: str) -> Fraction:
    """Return a number, and refuse one that float64 cannot hold."""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > _MOST_BITS or abs(value) > sys.float_info.max:
        raise InputError(f"a number is too large, or has too many digits: {written!r}")
    return value
