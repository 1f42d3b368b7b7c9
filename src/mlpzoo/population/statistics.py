"""What a count of successes tells: intervals and steps."""

import math
from collections.abc import Sequence

SHARES = {"median": 0.5, "90%": 0.9, "99%": 0.99}
Z95 = 1.959963984540054  # of the standard normal, two-sided 95%


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
    half = z * math.sqrt(p * (1 - p) / trials + (z / (2 * trials)) ** 2) / shrink
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
    needed = math.ceil(share * len(steps) - 1e-9)
    solved = sorted(step for step in steps if step is not None)
    return solved[needed - 1] if 0 < needed <= len(solved) else None
