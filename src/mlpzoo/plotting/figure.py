"""What all drawing shares: colours, empty figures, files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlpzoo.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

Array = NDArray[np.floating[Any]]

MODEL, TRUTH, ERROR = "#0072b2", "#555555", "#d55e00"  # Okabe and Ito's colour-blind-safe set
CLASSES = ("#e69f00", "#009e73")  # targets 0 and 1
CMAP = "viridis"
DPI = 120


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with constrained layout, sizes in inches."""
    from matplotlib.figure import Figure  # half a second, paid only where something is drawn

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def save(figure: FigureBase, path: Path) -> None:
    """Write a figure to a file, a PNG or what its name ends in; its folder is made if need be.

    The folder above must be there: a run that is deleted must not come back as a picture.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    whole: Any = figure.figure  # a SubFigure is saved with all of its figure
    picture = BytesIO()
    whole.savefig(picture, format=path.suffix[1:] or "png")
    write_whole(path, picture.getvalue())
