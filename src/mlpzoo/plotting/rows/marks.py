"""What drawings of rows share: names that fit, how faint marks are, what is beyond a range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import TRUTH, Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 4000  # rows of a panel that are drawn
_NAME = 22  # letters of a name


def shortened(text: str, most: int = _NAME) -> str:
    r"""Return a name as it is written in a picture: cut, and no part of it taken for mathematics.

    Args:
        text: The name.
        most: Letters that there is room for.

    Example:
        >>> print(shortened("price ($) of a house ($)", 14))
        price (\$)...
    """
    cut = text if len(text) <= most else f"{text[: most - 3].rstrip()}..."
    return cut.replace("$", r"\$")


def faintness(rows: int) -> float:
    """Return how opaque the marks of rows are, so that many do not hide one another.

    Args:
        rows: How many are drawn.
    """
    return float(np.clip(15 / max(rows, 1) ** 0.5, 0.2, 0.7))


def show_outside(
    axes: Axes, trained: tuple[float, float], inside: Array, shown: Sequence[Array]
) -> None:
    """Shade what lies outside the range of x, and let it take no more than half of the height.

    Args:
        axes: With all curves.
        trained: The range.
        inside: The heights within it.
        shown: The heights of curves that reach beyond it.
    """
    low, high = axes.get_xlim()
    for ends in ((low, trained[0]), (trained[1], high)):
        axes.axvspan(*ends, color=TRUTH, alpha=0.12, linewidth=0, label="outside the range")
    heights = np.concatenate([inside.ravel(), *shown])
    heights, inside = (values[np.isfinite(values)] for values in (heights, inside))
    if not len(inside):
        return
    spread = np.ptp(inside) or 1.0
    bottom = max(heights.min(), inside.min() - spread / 2) - 0.05 * spread
    top = min(heights.max(), inside.max() + spread / 2) + 0.05 * spread
    axes.set(xlim=(low, high), ylim=(bottom, top))
