"""Argument checks: every message names the value and what would be accepted."""

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")


class InputError(ValueError):
    """A value that a caller gave and that cannot be used; its message is one line."""


def known(what: str, name: str, names: Iterable[str]) -> str:
    """Return the entry of `names` that `name` spells, whatever its case, `_` or `-`.

    Args:
        what: The noun for the message, such as "activation".
        name: The name as it was given.
        names: The accepted names.

    Raises:
        InputError: No entry matches; the message suggests the nearest one.

    Example:
        >>> known("activation", "Leaky-ReLU", ["relu", "leaky_relu"])
        'leaky_relu'
    """
    by_key = {_key(entry): entry for entry in names}
    key = _key(str(name))
    if key in by_key:
        return by_key[key]
    near = get_close_matches(key, by_key, n=1)
    hint = f"did you mean {by_key[near[0]]!r}? " if near else ""
    raise InputError(f"unknown {what} {name!r}; {hint}known: {', '.join(by_key.values())}")


def choose(what: str, name: str, table: Mapping[str, T]) -> T:
    """Return the value of `table` under the entry that `name` spells (see `known`).

    Raises:
        InputError: No entry matches.
    """
    return table[known(what, name, table)]


def positive(name: str, value: float) -> None:
    """Refuse a number that is not finite and above zero.

    Raises:
        InputError: As said.
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} must be above 0, got {value}")


def at_least(name: str, value: float, least: float) -> None:
    """Refuse a number that is not finite and `least` or more.

    Raises:
        InputError: As said.
    """
    if not (math.isfinite(value) and value >= least):
        raise InputError(f"{name} must be {least} or more, got {value}")


def ordered(name: str, low: float, high: float) -> None:
    """Refuse a range that is not finite or whose low end is not below its high end.

    Raises:
        InputError: As said.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"{name} must run from low to high, got low={low} high={high}")


def seed_in_range(value: int) -> None:
    """Refuse a seed outside 0 to 2**63 - 1, the range that all generators here share.

    Raises:
        InputError: As said.
    """
    if not 0 <= value < 2**63:
        raise InputError(f"seed must be from 0 to 2**63 - 1, got {value}")


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
