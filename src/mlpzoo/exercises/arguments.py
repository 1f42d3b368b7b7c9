"""The arguments of a constructor by name: which there are, what they mean, and typed from text."""

import inspect
import itertools
import re
from collections.abc import Mapping
from typing import Any

from mlpzoo.checks import InputError, check_decimal, resolve_name


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
        raise InputError(f"{group} must map names to values, got {values!r}")
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

    kind = _kind(annotation)
    if value is None and "None" not in kind:
        raise InputError(f"{name} must be {kind}, got null")
    if isinstance(value, str) and re.search("int|float", kind):
        check_decimal(name, value)
        if not value.strip():
            none = "; write [] for none" if "tuple" in kind else ""
            raise InputError(f"{name} must be {kind}, got {value!r}{none}")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=annotation)
    try:
        if isinstance(value, str):
            value = _as_list(value) if "tuple" in kind else value
            return parser.parse_args([f"--value={value}"]).value
        return parser.parse_object({"value": value}).value
    except (ArgumentError, TypeError, ValueError) as error:
        raise InputError(f"{name} must be {kind}, got {value!r}") from error


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
            parsed = docstring_parser.parse_from_object(each)
            texts = {p.arg_name: " ".join((p.description or "").split()) for p in parsed.params}
            found = {**texts, **found}
    return found


def _as_list(text: str) -> str:
    """Return "(32, 32)", "32,32" or "32" as the list that YAML reads; what is none stays.

    Example:
        >>> _as_list("(32, 32)"), _as_list("8"), _as_list("(1,2),(3,4)"), _as_list("null")
        ('[32, 32]', '[8]', '[[1,2],[3,4]]', 'null')
    """
    inner = text.strip().replace("(", "[").replace(")", "]")
    if inner.lower() in ("null", "none"):
        return "null"
    whole = inner.startswith("[") and not _closes_early(inner)
    return inner if whole else f"[{inner}]"


def _closes_early(text: str) -> bool:
    depths = list(itertools.accumulate((c == "[") - (c == "]") for c in text))
    return 0 in depths[:-1]


def _kind(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
