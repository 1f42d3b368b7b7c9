"""What all drawing shares: colours, empty figures, the canvas of a view, marks, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mlpzoo.checks import cause
from mlpzoo.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

Array = NDArray[np.floating[Any]]

MODEL, TRUTH, ERROR = "#0072b2", "#555555", "#d55e00"  # Okabe and Ito's colour-blind-safe set
CLASSES = ("#e69f00", "#009e73")  # targets 0 and 1
CMAP = "viridis"
DPI = 120


@dataclass(frozen=True)
class Canvas:
    """Where a view draws, and how much.

    Args:
        title: What the picture is called.
        figure: A Figure, or a part of one; None for a new Figure of the size that suits.
        detail: Whether to draw all; without, the answer alone, as a film or a gallery shows it.
    """

    title: str
    figure: FigureBase | None = None
    detail: bool = True


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure with constrained layout, which shows itself in a notebook.

    Args:
        width: In inches.
        height: In inches.
    """
    from mlpzoo.plotting._png_figure import PngFigure  # half a second, paid only where one draws

    return PngFigure(figsize=(width, height), dpi=DPI, layout="constrained")


def whole(figure: FigureBase) -> Figure:
    """Return the Figure that a figure is or is a part of.

    Args:
        figure: A Figure or a SubFigure.
    """
    return cast("Figure", figure.figure)  # which is typed as if it could be a part


def mark_classes(axes: Any, at: Iterable[Array], targets: Array, **style: Any) -> None:
    """Set a mark for each row, in the colour of its class.

    Args:
        axes: In two dimensions or in three.
        at: The coordinates, (rows,) each.
        targets: 0 or 1 for each row.
        **style: What else `scatter` takes.
    """
    for value, colour in enumerate(CLASSES):
        places = [along[targets == value] for along in at]
        axes.scatter(*places, color=colour, edgecolor="black", label=f"target {value}", **style)


def save(figure: FigureBase | bytes, path: Path) -> None:
    """Write a figure to a file, a PNG or what its name ends in; its folder is made if need be.

    The folder above must be there: a run that is deleted must not come back as a picture.

    Args:
        figure: A SubFigure is saved with all of its Figure; bytes are written as they are.
        path: The file.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(exist_ok=True)
    if isinstance(figure, bytes):
        write_whole(path, figure)
        return
    picture = BytesIO()
    whole(figure).savefig(picture, format=path.suffix[1:] or "png")
    write_whole(path, picture.getvalue())


def save_each(
    pictures: Mapping[Path, Callable[[], FigureBase | bytes]],
) -> tuple[list[Path], str]:
    """Draw and save pictures; what one of them raises costs that picture only.

    Args:
        pictures: By file, what draws it.

    Returns:
        The files written, and which were not and why, or "".
    """
    from matplotlib import rc_context

    failed: dict[str, list[Path]] = {}
    for path, draw in pictures.items():
        try:
            with rc_context({"text.usetex": False}):  # a name may have "_" or "%"
                save(draw(), path)
        except Exception as error:  # a view, a style or a font may be anyone's
            failed.setdefault(f"in {path.parent}: {cause(error)}", []).append(path)
    lost = [path for paths in failed.values() for path in paths]
    said = (f"{', '.join(path.name for path in paths)} {why}" for why, paths in failed.items())
    return [path for path in pictures if path not in lost], "; ".join(said)
