"""Answers as plain numbers."""

import reprlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np

from mlpzoo.checks import InputError

_MOST = 10_000  # entries of a list: an iterator may have no end


def numbers(answer: Any, *names: str) -> list[float]:
    """Return the finite numbers of an answer, whatever lists, arrays or tensors hold them.

    Args:
        answer: As it was given.
        *names: What each number is, for the message.

    Raises:
        InputError: It is no finite numbers, or more or fewer; the message is a sentence.

    Example:
        >>> numbers([[1, 1], [-0.5, 2]], "w1", "w2", "b", "rate")
        [1.0, 1.0, -0.5, 2.0]
        >>> numbers("one", "w1", "w2", "b")
        Traceback (most recent call last):
        mlpzoo.checks.InputError: Give 3 numbers (w1, w2, b), without quotes, not 'one'.
    """
    given = plain(answer)
    flat = [*_leaves(given)]
    if len(flat) != len(names) or not all(map(_is_finite, flat)):
        wanted = f"{len(names)} numbers" if names[1:] else "one number"
        quotes = ", without quotes" if any(isinstance(each, str) for each in flat) else ""
        raise InputError(f"Give {wanted} ({', '.join(names)}){quotes}, not {reprlib.repr(given)}.")
    return [float(each) for each in flat]


def whole(answer: Any, of: str) -> int:
    """Return an answer that is a whole number of 1 or more.

    Args:
        answer: As it was given.
        of: What it counts, in the plural.

    Raises:
        InputError: It is none; the message is a sentence.
    """
    (count,) = numbers(answer, f"how many {of}")
    if count < 1 or count != int(count):
        raise InputError(
            f"Give a whole number of {of} above 0, not {str(count).removesuffix('.0')}."
        )
    return int(count)


def plain(answer: Any) -> Any:
    """Return an answer in lists and Python's own numbers; what is no number stays as it is.

    Args:
        answer: Numbers, arrays and tensors, in lists, tuples or iterators, however deep.
    """
    if isinstance(answer, Real | Decimal):
        return answer if isinstance(answer, int) else float(answer)
    if hasattr(answer, "tolist"):  # numpy's and torch's, of any precision, with a gradient or not
        return plain(answer.tolist())
    if hasattr(answer, "__array__"):  # a table, whose iterator gives the names of its columns
        return plain(np.asarray(answer))
    if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | Mapping | Set):
        return [plain(each) for each in islice(answer, _MOST)]
    return answer


def _leaves(given: Any) -> Iterator[Any]:
    if isinstance(given, list):
        for each in given:
            yield from _leaves(each)
    else:
        yield given


def _is_finite(value: Any) -> bool:
    """Tell whether a value is a number that a float can hold; a complex one is none."""
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


def compare(
    found: Sequence[float],
    right: Any,
    mistakes: Mapping[str, Any],
    otherwise: str,
) -> str:
    """Return "" where numbers are right to 1 part in 1,000, else the hint of the mistake made.

    Args:
        found: The answer.
        right: What it should be, a number or an array.
        mistakes: By hint, the same for one who makes that mistake.
        otherwise: The hint where it is none of them.

    Example:
        >>> hints = {"Mind the factor 2.": 3.0}
        >>> [compare([value], 6.0, hints, "Once more.") for value in (6.001, 3.0, 5.0)]
        ['', 'Mind the factor 2.', 'Once more.']
        >>> compare([6.03], 6.0, hints, "Once more.")
        'That is near: calculate with more digits.'
    """
    for hint, values in {"": right, **mistakes}.items():
        if np.allclose(found, values, rtol=1e-3, atol=1e-9):
            return hint
    near = np.allclose(found, right, rtol=1e-2, atol=1e-9)  # rounded, as a rule
    return "That is near: calculate with more digits." if near else otherwise
