"""What counts of successes tell: intervals, steps, and how many seeds tell two recipes apart."""

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np

from mlpzoo.checks import InputError, as_typed, is_finite
from mlpzoo.plotting import Array

SHARES = {"median": 0.5, "90%": 0.9, "99%": 0.99}
Z95 = 1.959963984540054  # of the standard normal, two-sided 95%

_EXACT = 2**20  # seeds, up to which a power is computed; Connor's formula is as good beyond


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's (1927) 95% interval for a probability, from successes in so many trials.

    With p = successes / trials, n = trials and z = 1.96:
    (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n).

    Args:
        successes: 0 to `trials`.
        trials: 1 or more.

    Example:
        >>> [round(end, 3) for end in wilson_interval(8, 10)]
        [0.49, 0.943]
    """
    p, z, shrink = successes / trials, Z95, 1 + Z95 * Z95 / trials
    middle = (p + z * z / (2 * trials)) / shrink
    half = z * sqrt(p * (1 - p) / trials + (z / (2 * trials)) ** 2) / shrink
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def steps_to_solve(steps: Sequence[int | None], share: float) -> int | None:
    """Return after how many steps a share of all members is solved; None if it never is.

    Args:
        steps: When each member was first solved; None for those who never were.
        share: Above 0, up to 1.

    Example:
        >>> steps_to_solve([100, None, 300, 200], 0.5), steps_to_solve([100, None], 0.9)
        (200, None)
    """
    needed = ceil(share * len(steps) - 1e-9)
    solved = sorted(step for step in steps if step is not None)
    return solved[needed - 1] if 0 < needed <= len(solved) else None


def seeds_needed(
    rate: float,
    other: float,
    *,
    share: float | None = None,
    power: float = 0.8,
    level: float = 0.05,
) -> int:
    """Return of how many seeds on McNemar's exact test tells two recipes apart.

    The power is the exact one, summed over how many seeds tell and how many of them the first alone
    solves. Where it rises and falls with the number of seeds, as it does for few of them, this is
    one that reaches it when one fewer does not. Above 2^20 seeds it is the formula of R. J. Connor,
    Biometrics 43 (1987) 207-211.

    Args:
        rate: The share of all seeds that the first recipe solves.
        other: The same of the second.
        share: Of the seeds that one recipe alone solves, their difference or more; None for that of
            recipes that solve seeds independently of each other.
        power: How likely the test is to tell them apart.
        level: The p value at or below which it does.

    Raises:
        InputError: The rates are equal, or a number is not one that can be.

    Example:
        >>> seeds_needed(0.9, 0.8), seeds_needed(0.9, 0.8, share=0.12)
        (215, 95)
    """
    _check(rate, other, power, level)
    gap = abs(rate - other)
    most = min(rate + other, 2 - rate - other)
    telling = rate * (1 - other) + other * (1 - rate) if share is None else share
    if not gap - 1e-12 <= telling <= most + 1e-12:
        raise InputError(
            f"share must be from {gap:.6g} to {most:.6g} for rates of {as_typed(rate)} and "
            f"{as_typed(other)}, got {as_typed(telling)}"
        )
    at = NormalDist().inv_cdf
    spread = -at(level / 2) * sqrt(telling) + at(power) * sqrt(max(0.0, telling - gap**2))
    guess = ceil((spread / gap) ** 2)
    if guess > _EXACT:
        return guess
    telling, tilt = np.clip([telling, (1 + gap / telling) / 2], 2**-53, 1 - 2**-53).tolist()
    near, step = guess + round(2 / gap), ceil(0.25 / gap)  # the exact test asks for so many more
    return _first(lambda seeds: _power(seeds, telling, tilt, level) >= power, near, step)


def _check(rate: float, other: float, power: float, level: float) -> None:
    for name, value in {"rate": rate, "other": other, "power": power, "level": level}.items():
        least = 1e-9 if name in ("power", "level") else 0  # what sums in float64 can tell
        if not (is_finite(name, value) and least <= value <= 1 - least):
            raise InputError(f"{name} must be from {least} to {1 - least}, got {as_typed(value)}")
    if abs(rate - other) < 1e-9:
        raise InputError(f"both rates are {as_typed(rate)}: no number of seeds tells them apart")


def _first(reached: Callable[[int], bool], near: int, step: int) -> int:
    """Return a number near another that reaches what the one below it does not."""
    low = high = near
    while not reached(high):
        low, high, step = high, high + step, 2 * step
    while low == high or (low and reached(low)):
        low, high, step = max(0, low - step), low, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _power(seeds: int, share: float, tilt: float, level: float) -> float:
    """Return how likely the exact test is to have a p value of `level` or less.

    Of n seeds that tell, it refuses k or fewer on one side. From n to n + 1, k stays or grows by
    one, and tails follow from those before. `tilt` is the chance that it is the first recipe that
    solves a seed which one alone solves.
    """
    likely = binomial(seeds, share)
    (occur,) = np.nonzero(likely > 1e-14 * likely.max())
    n, chances = int(occur[0]), np.array([0.5, tilt, 1 - tilt])
    each = np.stack([binomial(n, chance) for chance in chances])
    k = int((2 * each[0].cumsum() <= level).sum()) - 1
    tails, above = each[:, : k + 1].sum(axis=1), each[:, k + 1]  # of k or fewer, and of k + 1
    odds, total = chances / (1 - chances), 0.0
    for n in occur.tolist():
        total += float(likely[n] * tails[1:].sum())
        tails = tails - chances * above * (k + 1) / ((n - k) * odds)
        above = above * (n + 1) * (1 - chances) / (n - k)
        if 2 * (tails[0] + above[0]) <= level:
            k, tails = k + 1, tails + above
            above = above * (n + 1 - k) / (k + 1) * odds
    return total


def binomial(trials: int, chance: float) -> Array:
    """Return the probability of 0, 1, ... successes, from the likeliest on by their ratios.

    Args:
        trials: How many.
        chance: Of a success in each, above 0 and below 1.
    """
    mode, odds = min(trials, int((trials + 1) * chance)), chance / (1 - chance)
    up, down = np.arange(mode + 1, trials + 1), np.arange(mode, 0, -1)
    rise = np.cumsum(np.log((trials - up + 1) / up * odds))
    fall = np.cumsum(np.log(down / (trials - down + 1) / odds))
    weights = np.exp(np.concatenate([fall[::-1], [0.0], rise]))
    return np.asarray(weights / weights.sum())
