"""What is proved of a network's error."""

import math
from dataclasses import dataclass

GAP, LIMIT_S = 0.01, 60.0  # of a proof, where nothing else is asked for


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """An upper bound of an error that is proved, and an error that is attained, from below.

    Both are of the real-number function of the stored weights. An evaluation in float32 or float64
    rounds, and may be off by more; how much is measured, not claimed.

    Attributes:
        of: Which output: "y", "max", "min".
        bound: The error is nowhere larger; rounded up.
        attained: The error at `where`; rounded down.
        where: The inputs.
        method: How it was proved.
        cells: Pieces or boxes that were looked at.
        seconds: Time taken.
        rounding: How far the network in float32 was from float64 at most, measured on a grid of
            the range; None where it was not measured.
        complete: Whether the gap that was asked for is met; else the time was over before.
    """

    of: str
    bound: float
    attained: float
    where: tuple[float, ...]
    method: str
    cells: int
    seconds: float
    rounding: float | None = None
    complete: bool = True

    @property
    def gap(self) -> float:
        """How far the bound may be above the largest error, as a share of it; 0 for none."""
        if self.attained > 0:
            return self.bound / self.attained - 1
        return 0.0 if self.bound == 0 else math.inf
