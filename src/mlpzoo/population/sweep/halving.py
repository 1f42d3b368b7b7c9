"""Successive halving on seeds: settings that are clearly worse get no further seeds."""

from collections.abc import Mapping, Sequence

from mlpzoo.population.paired import paired_test

FEWEST = 8  # seeds before anything is judged
LEVEL = 0.01  # of the paired tests against the best, all together


def rungs(members: int) -> list[int]:
    """Return after how many seeds settings are judged; the last is all of them.

    Args:
        members: How many seeds there are in all.

    Example:
        >>> rungs(100), rungs(10)
        ([12, 25, 50, 100], [10])
    """
    return [n for n in (members // 8, members // 4, members // 2) if n >= FEWEST] + [members]


def survivors(solved: Mapping[int, Sequence[bool]]) -> list[int]:
    """Return the settings that are not clearly worse than the one with most seeds solved.

    One is when the exact paired test against that one has a p value below 0.01 / (settings). So one
    that is truly as good is dropped at most once in two hundred times, whichever came out best by
    luck: that is the sum over all that may, and half of each test's level is for its other side.

    Args:
        solved: Which seeds each setting has solved, the same seeds for all.
    """
    best = max(solved, key=lambda index: sum(solved[index]))
    level = LEVEL / len(solved)
    return [
        index
        for index, own in solved.items()
        if sum(own) == sum(solved[best]) or paired_test(solved[best], own).p_value >= level
    ]
