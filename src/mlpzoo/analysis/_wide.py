"""Arrays of exact numbers of any length, kept as digits so that matrices multiply fast."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Wide:
    """A matrix of dyadic numbers: the sum of digits[i] * 2^(bits (place + i)), nothing rounded.

    Attributes:
        digits: (count, rows, columns), whole numbers of at most 2^bits in size, lowest first.
        place: Which digit the first is, counted from the point.
        bits: Of a digit.
    """

    digits: Array
    place: int
    bits: int

    def times(self, other: "Wide") -> "Wide":
        """Return self @ other.T; `digit_bits` makes every sum of products exact in float64."""
        count = len(self.digits) + len(other.digits) - 1
        total = np.zeros((count, self.digits.shape[1], other.digits.shape[1]), np.int64)
        for i, left in enumerate(self.digits):
            for j, right in enumerate(other.digits):
                total[i + j] += (left @ right.T).astype(np.int64)
        return _carried(total, self.place + other.place, self.bits)

    def plus(self, other: "Wide") -> "Wide":
        """Return self + other, of one row or as many."""
        place = min(self.place, other.place)
        end = max(term.place + len(term.digits) for term in (self, other))
        total = np.zeros((end - place, *self.digits.shape[1:]), np.int64)
        for term in (self, other):
            start = term.place - place
            total[start : start + len(term.digits)] += term.digits.astype(np.int64)
        return _carried(total, place, self.bits)

    def rows(self, chosen: list[int], where: NDArray[np.bool_]) -> "Wide":
        """Return the rows with these numbers, with 0 where `where` is false."""
        return Wide(self.digits[:, chosen] * where, self.place, self.bits)

    def is_zero(self) -> NDArray[np.bool_]:
        """Tell which of the numbers are 0."""
        zero: NDArray[np.bool_] = (self.digits == 0).all(axis=0)
        return zero

    def rounded(self) -> tuple[Array, float]:
        """Return the numbers in float64, and a bound of their relative error."""
        total = np.zeros(self.digits.shape[1:])
        for i in reversed(range(len(self.digits))):
            total += np.ldexp(self.digits[i], self.bits * (self.place + i))
        return total, (len(self.digits) + 1) * 2.0**-53

    def exact(self, row: int, column: int) -> Fraction:
        """Return one of the numbers."""
        digits = enumerate(self.digits[:, row, column])
        return sum(int(d) << self.bits * i for i, d in digits) * Fraction(2) ** (
            self.bits * self.place
        )


def rounded(number: Fraction) -> float:
    """Return the nearest float; infinity where there is none.

    Args:
        number: Any.
    """
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def digit_bits(most_terms: int) -> int:
    """Return the bits of a digit with which sums of that many products stay below 2^53."""
    return (53 - most_terms.bit_length()) // 2


def wide(values: Array, bits: int) -> Wide:
    """Return a matrix of float64 as digits.

    Args:
        values: Finite numbers.
        bits: Of a digit.
    """
    rest = values.copy()
    digits: list[Array] = []
    place = math.ceil(int(np.frexp(np.abs(rest).max())[1]) / bits)
    while rest.any() or not digits:
        place -= 1
        digits.append(np.trunc(np.ldexp(rest, -bits * place)))
        rest -= np.ldexp(digits[-1], bits * place)
    return Wide(np.stack(digits[::-1]), place, bits)


def _carried(total: NDArray[np.int64], place: int, bits: int) -> Wide:
    """Return sums of digits as digits: from 0 to 2^bits, but for the last, which has the sign."""
    digits, carry = [], np.zeros_like(total[0])
    for part in total:
        part = part + carry
        digits.append(part & ((1 << bits) - 1))
        carry = part >> bits
    while not np.isin(carry, (0, -1)).all():
        digits.append(carry & ((1 << bits) - 1))
        carry = carry >> bits
    digits.append(carry)
    while len(digits) > 1 and np.isin(digits[-1], (0, -1)).all():
        top = digits.pop()
        digits[-1] += top << bits
    while len(digits) > 1 and not digits[0].any():
        del digits[0]
        place += 1
    return Wide(np.stack(digits).astype(np.float64), place, bits)
