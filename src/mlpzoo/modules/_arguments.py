"""Arguments that a constructor hands on to others that take arguments of the same names."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any


def taken_by(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some arguments that a function takes.

    Args:
        function: A function or a class.
        arguments: By name, such as a constructor's `locals()`.

    Example:
        >>> taken_by(round, {"number": 2.5, "self": None})
        {'number': 2.5}
    """
    return {name: arguments[name] for name in signature(function).parameters if name in arguments}
