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
PURPLE, SKY = "#cc79a7", "#56b4e9"  # further ones, of units
CLASSES = ("#e69f00", "#009e73")  # targets 0 and 1
MARKERS = ("o", "s")  # of the same, which need no colour
CMAP = "viridis"
DPI = 120
_MOST_CELLS = 40_000  # above so many, none is split


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


def new_figure(
    width: float,
    height: float,
    dpi: int = DPI,
    *,
    constrained: bool = True,
) -> Figure:
    """Return an empty figure, which shows itself in a notebook.

    Args:
        width: In inches.
        height: In inches.
        dpi: Pixels an inch.
        constrained: Whether the layout is found, which takes as long as to draw; else see
            `set_margins`.
    """
    from mlpzoo.plotting._png_figure import PngFigure  # half a second, paid only where one draws

    return PngFigure(
        figsize=(width, height), dpi=dpi, layout="constrained" if constrained else None
    )


def whole(figure: FigureBase) -> Figure:
    """Return the Figure that a figure is or is a part of.

    Args:
        figure: A Figure or a SubFigure.
    """
    return cast("Figure", figure.figure)  # which is typed as if it could be a part


def signed(value: float, form: str = ".3f") -> str:
    """Return a number as it stands behind others in a sum.

    Args:
        value: The number.
        form: How it is written.

    Example:
        >>> signed(-0.25), signed(2.0, ".3g")
        ('- 0.250', '+ 2')
    """
    return f"{'-' if value < 0 else '+'} {abs(value):{form}}"


def set_keys(figure: Any, **style: Any) -> None:
    """Set one legend beside all axes, in which each label stands once.

    Args:
        figure: A Figure, or a part of one.
        **style: What else `legend` takes.
    """
    parts = [axes.get_legend_handles_labels() for axes in figure.get_axes()]
    keys = {label: key for each in parts for key, label in zip(*each, strict=True)}
    figure.legend(list(keys.values()), list(keys), fontsize="small", frameon=False, **style)


def refined(
    cells: Array, heights: Callable[[Array], Array], *, share: float, rounds: int
) -> tuple[Array, Array]:
    """Return cells and the heights of their corners; those that are steep are split.

    A cell of a line is split in two, of a grid in four, so that a wall is drawn as one, and not as
    a row of teeth.

    Shapes: (cells, 2, 1) or (cells, 4, 2) -> the same of more cells, and (cells, corners, kinds).

    Args:
        cells: The corners of each, in turn.
        heights: Maps inputs (rows, inputs) to heights (rows, kinds).
        share: Of the range of a height, which one cell may span.
        rounds: How often a cell may be split.

    Example:
        >>> line = np.array([[[0.0], [0.5]], [[0.5], [1.0]]])
        >>> refined(line, lambda x: (x > 0.3) * 1.0, share=0.1, rounds=2)[0][..., 0].tolist()
        [[0.5, 1.0], [0.0, 0.25], [0.5, 0.375], [0.25, 0.375]]
    """

    def at(corners: Array) -> Array:
        return heights(corners.reshape(-1, corners.shape[-1])).reshape(*corners.shape[:2], -1)

    z = at(cells)
    for _ in range(rounds):
        with np.errstate(invalid="ignore"):  # of what has diverged
            steep = (np.ptp(z, axis=1) > share * np.ptp(z, axis=(0, 1))).any(axis=1)
        if not 0 < 3 * steep.sum() <= _MOST_CELLS - len(cells):
            break
        old = cells[steep]
        after, before = ((old + np.roll(old, shift, axis=1)) / 2 for shift in (-1, 1))
        middle = np.broadcast_to(old.mean(axis=1, keepdims=True), old.shape)
        parts = (old, middle) if cells.shape[1] == 2 else (old, after, middle, before)
        new = np.stack(parts, axis=2).reshape(-1, *cells.shape[1:])
        cells, z = np.concatenate([cells[~steep], new]), np.concatenate([z[~steep], at(new)])
    return cells, z


def set_margins(figure: Figure, margins: tuple[float, float, float, float], **space: float) -> None:
    """Leave room around the axes of a figure of no layout; to find it takes as long as all else.

    Args:
        figure: One that is not constrained.
        margins: Left, right, below and above, in inches.
        **space: Between axes: wspace and hspace, in their own sizes.
    """
    width, height = figure.get_size_inches()
    left, right, below, above = margins
    figure.subplots_adjust(
        left / width, below / height, 1 - right / width, 1 - above / height, **space
    )


def mark_classes(
    axes: Any,
    at: Iterable[Array],
    targets: Array,
    *,
    hidden: NDArray[np.bool_] | None = None,
    **style: Any,
) -> None:
    """Set a mark for each row, in the colour and the shape of its class.

    Args:
        axes: In two dimensions or in three.
        at: The coordinates, (rows,) each.
        targets: 0 or 1 for each row.
        hidden: Which rows lie behind something, and get an empty mark; None for no row.
        **style: What else `scatter` takes.
    """
    finite = np.isfinite(at := np.stack([*at])).all(axis=0)  # others are nowhere
    behind = np.zeros_like(finite) if hidden is None else hidden
    for value, (colour, marker) in enumerate(zip(CLASSES, MARKERS, strict=True)):
        rows = finite & (targets == value)
        for part, fill, label in ((~behind, colour, f"target {value}"), (behind, "white", None)):
            if label or (rows & part).any():  # the key shows the colour though all be behind
                axes.scatter(*at[:, rows & part], facecolor=fill, edgecolor="black", marker=marker,
                             label=label, **style)  # fmt: skip


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
    write_whole(path, _content(whole(figure), path.suffix[1:] or "png"))


def _content(figure: Figure, kind: str) -> bytes:
    """Return a figure as the content of a file.

    `savefig` draws twice, the first time for the layout alone, though drawing lays out too.
    """
    from matplotlib import rcParams, rcParamsDefault
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    picture = BytesIO()
    usual = all(rcParams[name] == rcParamsDefault[name] for name in rcParams.find_all("^savefig"))
    if usual and kind == "png":
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(picture, pil_kwargs={"compress_level": 3})  # as small, in half the time
    else:  # it is for savefig to do what a style asks for
        figure.savefig(picture, format=kind)
    return picture.getvalue()


def save_each(pictures: Mapping[Path, Callable[[], FigureBase | bytes]]) -> tuple[list[Path], str]:
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
