"""Drawing of what is predicted for rows never trained on, and of how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlpzoo.plotting.figure import ERROR, MODEL, TRUTH, Array, new_figure, set_keys, whole
from mlpzoo.plotting.rows.marks import POINTS, faintness, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase
    from numpy.typing import NDArray

MOST_TARGETS = 6  # that have a panel
_MARKED = 3  # largest errors that are named
_NEAR = (0.25, 0.06)  # of the axes: marks so near to one another are named together
_GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.7}  # of texts


def plot_predicted(
    observed: Array,
    predicted: Array,
    *,
    title: str,
    targets: Sequence[str] = ("y",),
    lines: Sequence[int] | None = None,
    note: str = "",
    detail: bool = True,
    figure: FigureBase | None = None,
) -> Figure:
    """Draw what is predicted for rows against what was observed, a panel for each target.

    Shapes: observed and predicted (rows, targets).

    Args:
        observed: What is right.
        predicted: What the network answers.
        title: Above all.
        targets: Their names.
        lines: Where each row stands in its file, which is written beside the largest errors.
        note: Written below all.
        detail: Whether to mark those; without, the axes are as long as what was observed.
        figure: Where to draw.
    """
    count = min(len(targets), MOST_TARGETS)
    columns = min(3, count)
    rows = -(-count // columns)
    figure = figure or new_figure(*((3.5 * columns, 3.7 * rows + 0.7) if count > 1 else (4.8, 5.2)))
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, right, given) in zip(
        panels, _each(observed, predicted, targets), strict=False
    ):
        shown = right if not detail else np.concatenate([right, given[np.isfinite(given)]])
        ends = _padded(shown)
        axes.plot(ends, ends, color=TRUTH, linewidth=4, alpha=0.35, label="predicted = observed")
        _draw_points(axes, right, given)
        if detail:
            _mark_largest(axes, right, given, given - right, lines, left=given > right)
        axes.set(xlim=ends, ylim=ends, box_aspect=1, xlabel="observed", ylabel="predicted")
        axes.set_title(f"{shortened(name)}: {_summary(right, given)}", fontsize="small")
        axes.locator_params(nbins=5)
    for axes in panels[count:]:
        axes.axis("off")
    return _finished(figure, title, len(targets), note if detail else None)


def plot_residuals(
    observed: Array,
    predicted: Array,
    *,
    title: str,
    targets: Sequence[str] = ("y",),
    lines: Sequence[int] | None = None,
    figure: FigureBase | None = None,
) -> Figure:
    """Draw errors against what is predicted, and beside it how they are distributed.

    Shapes: see `plot_predicted`.

    Args:
        observed: What is right.
        predicted: What the network answers.
        title: Above all.
        targets: Their names.
        lines: Where each row stands in its file, which is written beside the largest errors.
        figure: Where to draw.
    """
    count = min(len(targets), MOST_TARGETS)
    columns = min(2, count)
    rows = -(-count // columns)
    figure = figure or new_figure(6.4 if count == 1 else 5.4 * columns, 3.0 * rows + 0.8)
    places = figure.add_gridspec(rows, 2 * columns, width_ratios=(4, 1) * columns)
    for index, (name, right, given) in enumerate(_each(observed, predicted, targets)):
        row, column = divmod(index, columns)
        axes = figure.add_subplot(places[row, 2 * column])
        beside = figure.add_subplot(places[row, 2 * column + 1], sharey=axes)
        off = given - right
        axes.axhline(0, color=TRUTH, linewidth=0.8)
        _draw_points(axes, given, off)
        _mark_largest(axes, given, off, off, lines, left=np.zeros(len(off), dtype=bool))
        axes.set(xlabel="predicted", ylabel="predicted - observed")
        axes.set_title(f"{shortened(name)}: {_summary(right, given)}", fontsize="small", loc="left")
        finite = off[np.isfinite(off)]
        counts = np.histogram(finite, bins=30, range=_padded(finite))
        beside.stairs(*counts, orientation="horizontal", fill=True, color=MODEL)
        beside.axhline(0, color=TRUTH, linewidth=0.8)
        beside.tick_params("y", labelleft=False)
        beside.set(xlabel="rows")
        beside.locator_params(axis="x", nbins=2, integer=True)
    return _finished(figure, title, len(targets))


def _each(
    observed: Array, predicted: Array, targets: Sequence[str]
) -> Iterator[tuple[str, Array, Array]]:
    return zip(targets[:MOST_TARGETS], observed.T, predicted.T, strict=False)


def _summary(observed: Array, predicted: Array) -> str:
    """Return the root mean square of the errors, and what share of the variance is explained.

    Example:
        >>> _summary(np.array([0.0, 2.0]), np.array([0.5, 2.5]))
        'RMSE 0.5, R2 0.75'
    """
    square, variance = np.mean((predicted - observed) ** 2), observed.var()
    said = f"RMSE {np.sqrt(square):.4g}"
    if variance == 0:
        return said
    lost = square / variance
    return f"{said}, R2 {1 - lost:.4g}" if not lost < 1e-4 else f"{said}, R2 1 - {lost:.1e}"


def _padded(values: Array) -> tuple[float, float]:
    """Return the ends of an axis of values, which are apart though all values be one."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    width = max(high - low, 1e-9 * max(abs(low), abs(high))) or 1.0
    return low - 0.05 * width, high + 0.05 * width


def _draw_points(axes: Axes, x: Array, y: Array) -> None:
    """Draw a mark for each row, or for some of many."""
    finite = np.flatnonzero(np.isfinite(x + y))
    some = finite[:: max(-(-len(finite) // POINTS), 1)]
    of = f" of {len(x):,}" if len(some) < len(x) else ""
    axes.plot(x[some], y[some], "o", color=MODEL, markersize=3.5, markeredgewidth=0,
              alpha=faintness(len(some)), label=f"{len(some):,}{of} rows")  # fmt: skip


def _mark_largest(
    axes: Axes,
    x: Array,
    y: Array,
    off: Array,
    lines: Sequence[int] | None,
    *,
    left: NDArray[np.bool_],
) -> None:
    """Draw rings about the largest errors, and write their lines, to the right or to the left."""
    finite = np.flatnonzero(np.isfinite(off))
    largest = finite[np.argsort(-np.abs(off[finite]), kind="stable")[:_MARKED]]
    label = "largest errors" + ("" if lines is None else ", and their lines in the file")
    axes.plot(x[largest], y[largest], "o", markersize=8, markerfacecolor="none",
              markeredgecolor=ERROR, label=label)  # fmt: skip
    if lines is None or not len(largest):
        return
    places = np.column_stack([x, y])[finite]
    size = np.maximum(np.ptp(places, axis=0), 1e-30)
    at = (np.column_stack([x, y])[largest] - places.min(axis=0)) / size
    for group in _groups(at):
        first = largest[group[0]]
        said = ", ".join(str(lines[largest[index]]) for index in sorted(group))
        side = -1 if (left[first] or at[group[0], 0] > 0.8) and at[group[0], 0] > 0.2 else 1
        axes.annotate(said, (x[first], y[first]), (7 * side, 0), color=ERROR, va="center",
                      textcoords="offset points", ha="right" if side < 0 else "left",
                      fontsize="small", bbox=_GROUND)  # fmt: skip


def _groups(places: Array) -> list[list[int]]:
    """Return which places, in shares of the axes, are so near that their texts would meet.

    Example:
        >>> _groups(np.array([[0.0, 0.0], [1.0, 1.0], [0.01, 0.0]]))
        [[0, 2], [1]]
    """
    groups: list[list[int]] = []
    for index, place in enumerate(places):
        near = [each for each in groups if (abs(places[each[0]] - place) < _NEAR).all()]
        if near:
            near[0].append(index)
        else:
            groups.append([index])
    return groups


def _finished(figure: FigureBase, title: str, targets: int, note: str | None = "") -> Figure:
    rule = f"the first {MOST_TARGETS} of {targets} targets" if targets > MOST_TARGETS else ""
    if said := "\n".join(filter(None, (title, rule))):
        figure.suptitle(said, wrap=True)
    if note is not None:
        set_keys(figure, loc="outside lower center", ncols=2, title=note or None,
                 title_fontsize="small")  # fmt: skip
    return whole(figure)
