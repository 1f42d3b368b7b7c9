"""The arguments of a constructor by name: which there are, what they mean, and typed from text."""

import inspect
import itertools
import re
from collections.abc import Mapping
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from mlpzoo.checks import InputError, as_typed, check_decimal, resolve_name

if TYPE_CHECKING:
    from docstring_parser import Docstring

PAIRS = tuple[tuple[float, float], ...]  # which a file can hold too
_NAMES = str(tuple[str, ...])
_WORDS = {
    "int": "a whole number", "float": "a number", "bool": "yes or no", "str": "text",
    "NoneType": "null", str(tuple[int, ...]): "whole numbers, such as 32,32",
    _NAMES: "names, such as a,b", str(tuple[float, float]): "two numbers, such as -1,1",
    str(PAIRS): "pairs of numbers, such as '(1,2),(3,4)', or a .csv file with a pair a line",
}  # fmt: skip


def typed_arguments(
    cls: type[Any], values: Mapping[str, Any], *, group: str, of: str
) -> dict[str, Any]:
    """Return arguments of a constructor, each with the type of its parameter.

    Args:
        cls: The class.
        values: By name, in any spelling, as text or as plain data.
        group: "data" or "module", for messages.
        of: Name of the exercise, for messages.

    Raises:
        InputError: An unknown name, or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{group} must map names to values, got {_given(values)}")
    parameters = inspect.signature(cls).parameters
    named = {resolve_name(f"{group} argument of {of}", name, parameters): name for name in values}
    return {
        name: typed(f"{group}.{name}", parameters[name].annotation, values[given])
        for name, given in named.items()
    }


def typed(name: str, annotation: Any, value: Any) -> Any:
    """Return a value, given as text or as plain data, as a type asks for it.

    Args:
        name: What it is, for the message.
        annotation: The type.
        value: The value.

    Raises:
        InputError: It is of another type.

    Example:
        >>> typed("hidden_features", tuple[int, ...], "32,32"), typed("lr", float, "1e-3")
        ((32, 32), 0.001)
    """
    from jsonargparse import ArgumentError, ArgumentParser  # where something is typed

    kind = str(annotation)
    if isinstance(value, str) and _NAMES in kind:  # of columns, which may have any name
        return value if kind != _NAMES else (value,) if value else ()
    refusal = InputError(f"{name} must be {_kind(annotation)}, got {_given(value)}")
    if value is None and "None" not in kind:
        raise refusal
    if isinstance(value, str) and str(PAIRS) in kind and re.search(r"\.[a-zA-Z]+$", value):
        value = _pairs_in(name, value)
    if isinstance(value, str) and re.search("int|float", kind):
        check_decimal(name, value)
        if not value.strip():
            raise InputError(f"{refusal}{'; write [] for none' if 'tuple' in kind else ''}")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=annotation)
    try:
        if isinstance(value, str):
            value = _as_list(value) if "tuple" in kind else value
            return parser.parse_args([f"--value={value}"]).value
        return parser.parse_object({"value": value}).value
    except (ArgumentError, TypeError, ValueError) as error:
        raise refusal from error


def meanings(cls: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a class and of its bases say of each argument, by name.

    A text below a field of a class says what it means too (attribute docstrings).

    Args:
        cls: The class.
    """
    import docstring_parser  # only where something is explained

    found: dict[str, str] = {}
    for each in cls.__mro__[:-1]:
        if each.__module__.startswith(cls.__module__.partition(".")[0]):
            found = {**_meanings(docstring_parser.parse_from_object(each)), **found}
    return found


def meanings_in(docstring: str) -> dict[str, str]:
    """Return what a docstring says of each argument, by name.

    Args:
        docstring: Of a class or a function.
    """
    import docstring_parser

    return _meanings(docstring_parser.parse(docstring))


def _meanings(parsed: "Docstring") -> dict[str, str]:
    return {p.arg_name: " ".join((p.description or "").split()) for p in parsed.params}


def _as_list(text: str) -> str:
    """Return "(32, 32)", "32,32" or "32" as the list that YAML reads; what is none stays.

    Example:
        >>> _as_list("(32, 32)"), _as_list("8"), _as_list("(1,2),(3,4)"), _as_list("null")
        ('[32, 32]', '[8]', '[[1,2],[3,4]]', 'null')
    """
    inner = text.strip().replace("(", "[").replace(")", "]")
    if inner.lower() in ("null", "none"):
        return "null"
    depths = list(itertools.accumulate((c == "[") - (c == "]") for c in inner))
    return f"[{inner}]" if 0 in depths[:-1] or not inner.startswith("[") else inner


def _pairs_in(name: str, path: str) -> list[list[float]]:
    """Return the pairs of a file, one a line; the first line may say what the columns are."""
    from mlpzoo.data.rows.read import numbers_in

    try:
        return numbers_in(path, columns=2)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _given(value: Any) -> str:
    return repr(value) if isinstance(value, str) else as_typed(value)


def _kind(annotation: Any) -> str:
    """Return in words what a type takes."""
    if str(annotation) in _WORDS:
        return _WORDS[str(annotation)]
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(map(_kind, get_args(annotation)))
    name: str = getattr(annotation, "__name__", str(annotation))
    return _WORDS.get(name, name)
