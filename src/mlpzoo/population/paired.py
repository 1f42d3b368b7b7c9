"""Which of two recipes is better, from the seeds that both were trained from.

A seed that both solve, or neither, says nothing of which is better; of those that tell, the number
that the first alone solves is binomial with 1/2 where the recipes are equally good: McNemar's test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.population.statistics import Z95, binomial, seeds_needed

LEVEL = 0.05  # the p value from which on two recipes cannot be told apart


@dataclass(frozen=True)
class PairedTest:
    """What two recipes came to on the same seeds.

    Attributes:
        both: Seeds that both solve.
        first_only: Seeds that the first alone solves.
        second_only: Seeds that the second alone solves.
        neither: Seeds that none solves.
        p_value: Of McNemar's exact test, two-sided: how likely counts at least as far apart as
            `first_only` and `second_only` are if the recipes are equally good.
        interval: Tango's 95% interval of `difference`.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float
    interval: tuple[float, float]

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def difference(self) -> float:
        """The first's share of solved seeds less the second's."""
        return (self.first_only - self.second_only) / self.seeds

    @property
    def seeds_needed(self) -> int | None:
        """How many seeds would tell a difference like theirs; None where it is told, or is 0."""
        if self.p_value < LEVEL or not self.difference:
            return None
        rates = ((self.both + alone) / self.seeds for alone in (self.first_only, self.second_only))
        share = (self.first_only + self.second_only) / self.seeds
        return seeds_needed(*rates, share=share, level=LEVEL)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "seeds": self.seeds,
            "both": self.both,
            "first_only": self.first_only,
            "second_only": self.second_only,
            "neither": self.neither,
            "difference": self.difference,
            "tango_95": list(self.interval),
            "p_value": self.p_value,
            "seeds_needed": self.seeds_needed,
        }

    def said(self, first: str, second: str) -> list[str]:
        """Return it in sentences.

        Args:
            first: What the first recipe is called.
            second: The same of the second.
        """
        (low, high), p, needed = self.interval, self.p_value, self.seeds_needed
        chance = f"= {p:.2g}" if p else "below 1e-300"
        verdict = "they differ" if p < LEVEL else "no difference is seen"
        if needed is not None:
            verdict = (
                "they cannot be told apart; if their rates are these, about "
                f"{needed:,} seeds tell it four times out of five"
            )
        return [
            f"of the {self.seeds} seeds of both, {self.both} are solved by both, "
            f"{self.first_only} by {first} alone, {self.second_only} by {second} alone, "
            f"{self.neither} by neither",
            f"{first} less {second}: {self.difference:+.2%} "
            f"(95% interval {low:+.2%} to {high:+.2%}, Tango's)",
            f"McNemar's exact test, two-sided: p {chance}: {verdict}",
        ]

    def __str__(self) -> str:
        return "\n".join(self.said("the first", "the second"))


def paired_test(first: Sequence[bool], second: Sequence[bool]) -> PairedTest:
    """Test whether two recipes solve equally many seeds, from those that both were trained from.

    Q. McNemar, Psychometrika 12 (1947), with the binomial distribution itself. The interval is the
    score interval of T. Tango, Statistics in Medicine 17 (1998) 891-908; it need not leave out 0
    just where the exact test is below 0.05, for that test is the more cautious one.

    Args:
        first: Whether the first recipe solves each seed.
        second: The same of the second, seed by seed.

    Raises:
        InputError: They are not of equally many seeds, or of none.

    Example:
        >>> test = paired_test([True] * 9 + [False], [True] * 2 + [False] * 8)
        >>> test.first_only, test.second_only, round(test.p_value, 4)
        (7, 0, 0.0156)
        >>> [round(end, 2) for end in (test.difference, *test.interval)]
        [0.7, 0.23, 0.89]
    """
    one, other = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if one.shape != other.shape or not one.size:
        raise InputError(f"pairs of 1 seed or more are needed, got {one.size} and {other.size}")
    both, alone, others = (int(each.sum()) for each in (one & other, one & ~other, other & ~one))
    tails = 2 * float(binomial(alone + others, 0.5)[: min(alone, others) + 1].sum())
    return PairedTest(both, alone, others, int((~one & ~other).sum()), p_value=min(1.0, tails),
                      interval=_tango(alone, others, one.size))  # fmt: skip


def _tango(first_only: int, second_only: int, seeds: int) -> tuple[float, float]:
    """Return the ends of the differences d that the score test of "it is d" does not refuse.

    |b - c - n d| <= z sqrt(n (2q + d (1 - d))), with b and c the counts and q the likeliest share
    of c if it is d: the larger root of 2n q^2 + (d (2n - b + c) - b - c) q - c d (1 - d).
    """

    def kept(d: float) -> bool:
        linear = d * (2 * seeds - first_only + second_only) - first_only - second_only
        root = sqrt(max(0.0, linear**2 + 8 * seeds * second_only * d * (1 - d)))
        variance = seeds * ((root - linear) / (2 * seeds) + d * (1 - d))
        return abs(first_only - second_only - seeds * d) <= Z95 * sqrt(max(0.0, variance))

    ends = list[float]()
    for outside in (-1.0, 1.0):
        inside = (first_only - second_only) / seeds
        if kept(outside):
            inside = outside
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if kept(middle) else (inside, middle)
        ends.append(inside)
    return ends[0], ends[1]
