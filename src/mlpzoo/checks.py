"""Argument checks: every message names the value and what would be accepted.

Each `check_...` refuses with an InputError.
"""

import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

T = TypeVar("T")

LARGEST_COUNT = 2**53  # beyond it, a float no longer tells neighbours apart
_LONGEST_MESSAGE = 500


class InputError(ValueError):
    """A value that a caller gave and that cannot be used; its message is made one line.

    Args:
        message: Names the value and the remedy.
        advice: A command that follows it as it is.
    """

    def __init__(self, message: str, *, advice: str = "") -> None:
        line = " ".join(message.split())
        line = line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}..."
        super().__init__(f"{line} {advice}" if advice else line)


def cause(error: BaseException) -> str:
    """Return why something failed, in one line, without the names of errors and files.

    Args:
        error: What was raised.

    Example:
        >>> cause(FileNotFoundError(2, "No such file or directory", "a.csv")), cause(KeyError())
        ('No such file or directory', 'KeyError')
    """
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__


def resolve_name(what: str, name: str, names: Iterable[str]) -> str:
    """Return the entry of `names` that `name` spells, whatever its case, `_` or `-`.

    Args:
        what: The noun for the message, such as "activation".
        name: The name as it was given.
        names: The accepted names.

    Raises:
        InputError: No entry matches; the message suggests the nearest one.

    Example:
        >>> resolve_name("activation", "Leaky-ReLU", ["relu", "leaky_relu"])
        'leaky_relu'
    """
    names = list(names)
    if name in names:
        return name
    by_key = {spelling(entry): entry for entry in names}
    if (key := spelling(str(name))) in by_key:
        return by_key[key]
    near = get_close_matches(key, by_key, n=1)
    hint = f"did you mean {by_key[near[0]]!r}? " if near else ""
    raise InputError(f"unknown {what} {name!r}; {hint}known: {', '.join(by_key.values())}")


def lookup(what: str, name: str, table: Mapping[str, T]) -> T:
    """Return the value of `table` under the entry that `name` spells, as `resolve_name` does."""
    return table[resolve_name(what, name, table)]


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not finite and above zero."""
    if not (is_finite(name, value) and value > 0):
        raise InputError(f"{name} must be above 0, got {as_typed(value)}")


def check_at_least(name: str, value: float, least: float) -> None:
    """Refuse a number that is not finite and `least` or more."""
    if not (is_finite(name, value) and value >= least):
        raise InputError(f"{name} must be {as_typed(least)} or more, got {as_typed(value)}")


def is_finite(name: str, value: float) -> bool:
    """Tell whether a number is finite, and refuse what is none."""
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False
    except TypeError as error:
        raise InputError(f"{name} must be a number, got {value!r}") from error


def check_count(name: str, value: int, least: int = 1, most: int = LARGEST_COUNT) -> None:
    """Refuse what is not a whole number from `least` to `most`.

    Example:
        >>> check_count("batch_size", 0)
        Traceback (most recent call last):
        mlpzoo.checks.InputError: batch_size must be 1 or more, got 0
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise InputError(f"{name} must be {least} or more, got {value}")
    if value > most:
        raise InputError(f"{name} must be {most} or less, got {value}")


def check_sizes(name: str, value: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of layers, and refuse what are not whole numbers of 1 or more in a row.

    Example:
        >>> check_sizes("hidden_features", 8)
        Traceback (most recent call last):
        mlpzoo.checks.InputError: hidden_features must be whole numbers, such as (8, 8), got 8
    """
    sizes = plain_value(name, value)
    if not isinstance(sizes, tuple):
        raise InputError(f"{name} must be whole numbers, such as (8, 8), got {value!r}")
    for size in sizes:
        check_count(f"each of {name}", size)
    return sizes


def check_decimal(name: str, text: str) -> None:
    """Refuse a number that YAML reads to the base of 60 or 8, such as 1:30 or 010.

    Example:
        >>> check_decimal("max_steps", "1:30")
        Traceback (most recent call last):
        mlpzoo.checks.InputError: max_steps must be written in decimal, got 1:30
    """
    if re.search(r"(?<![\w.])(?<![eE][-+])0[0-7]+(?![\d.eE])|\d:\d", text):
        raise InputError(f"{name} must be written in decimal, got {text}")


def check_ordered(name: str, low: float, high: float) -> None:
    """Refuse a range that, in float32, is not finite or does not rise from low to high."""
    near, far = as_float32(low), as_float32(high)
    if not (math.isfinite(near) and math.isfinite(far) and near < far):
        ends = f"low={as_typed(low)} high={as_typed(high)}"
        raise InputError(f"{name} must run from low to high, both finite in float32, got {ends}")


def as_float32(value: float) -> float:
    """Return the float32 nearest to a value, infinite where there is none.

    Example:
        >>> as_float32(1e39), as_float32(0.1)
        (inf, 0.10000000149011612)
    """
    try:
        nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    except struct.error as error:
        raise InputError(f"a number is needed, got {value!r}") from error
    return nearest


def check_flag(name: str, value: object) -> None:
    """Refuse what is not True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, got {value!r}")


def check_devices(name: str, value: object) -> None:
    """Refuse what cannot say which devices: a number, all as -1, "auto", indices as "0,1"."""
    said = re.fullmatch(r"auto|-1|0*[1-9]\d*|(\d+,)+\d*", str(value))
    if isinstance(value, int | str) and not said:
        wanted = "1 or more, -1 for all, auto, or indices such as 0,1"
        raise InputError(f"{name} must be {wanted}, got {as_typed(value)}")


def check_seed(name: str, value: int) -> None:
    """Refuse a seed outside 0 to 2**63 - 1, the range that all generators here share."""
    if isinstance(value, bool) or not (isinstance(value, int) and 0 <= value < 2**63):
        raise InputError(f"{name} must be from 0 to 2^63 - 1, got {value!r}")


def plain_values(group: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as plain numbers, strings, bools and tuples, so that YAML can hold them.

    Args:
        group: What the arguments are of, for the message.
        arguments: By name; numpy's and torch's numbers and arrays are turned into Python's.
    """
    if not isinstance(arguments, Mapping):
        raise InputError(f"{group} must map names to values, got {arguments!r}")
    return {str(name): plain_value(f"{group}.{name}", value) for name, value in arguments.items()}


def plain_value(name: str, value: Any) -> Any:
    """Return one value as `plain_values` does."""
    if hasattr(value, "tolist"):  # numpy and torch
        return plain_value(name, value.tolist())
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return tuple(plain_value(name, entry) for entry in value)
    raise InputError(f"{name} must be a number, string, bool or tuple of them, got {value!r}")


def as_typed(value: Any) -> str:
    """Return a value as it is written on the command line and in the messages of checks.

    Args:
        value: Plain data.

    Example:
        >>> [as_typed(value) for value in ((8, 8), ((1.0, 2.5), (3, 4)), None, False, 2.0, "sin")]
        ['8,8', '(1,2.5),(3,4)', 'null', 'no', '2', 'sin']
    """
    if isinstance(value, list | tuple):
        parts = [f"({as_typed(v)})" if isinstance(v, list | tuple) else as_typed(v) for v in value]
        return ",".join(parts) or "[]"
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    named = {None: "null", True: "yes", False: "no"}
    return named[value] if value is None or isinstance(value, bool) else str(value)


def is_number(text: str) -> bool:
    """Tell whether a text is a number, "nan" and "inf" too.

    Args:
        text: Any text.
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def spelling(name: str) -> str:
    """Return what is the same for names that differ in case, `_` and `-` alone.

    Args:
        name: The name.
    """
    return name.lower().replace("_", "").replace("-", "")
