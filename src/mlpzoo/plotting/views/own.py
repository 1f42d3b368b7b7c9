"""Views of one's own function or table: on rows never trained on, and beyond the range."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mlpzoo import plotting
from mlpzoo.plotting.figure import Array, Canvas
from mlpzoo.plotting.views.answers import curve, surface
from mlpzoo.plotting.views.base import is_table, outputs_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

    from mlpzoo.data import Samples, TableSamples
    from mlpzoo.modules.finished import Answering

BEYOND = 0.22  # of the range, on either side of it
MOST_ROWS, POINTS = 500, 41  # that an input's values are tried with, and how many values
_WIDTH = 60  # letters of a line of a note
_FEW = 6  # values of an input, between which none are tried
_CALLS = 6000  # rows of all inputs, each with all values: about a quarter of a second


def function(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw a function: its curve within and beyond its range, its surface, or its test rows."""
    if data.in_features == 1:
        return curve(module, data, canvas, beyond=BEYOND if canvas.detail else 0.0)
    if data.in_features == 2:
        return surface(module, data, canvas)
    return predicted(module, data, canvas)


def table(module: Answering, data: TableSamples, canvas: Canvas) -> Figure:
    """Draw what is predicted for the held-out rows, and the curve of one input and one target."""
    if data.in_features > 1 or len(data.targets) > 1:
        return predicted(module, data, canvas)
    if not canvas.detail:
        return _over_rows(module, data, canvas)
    figure = canvas.figure or plotting.new_figure(10.2, 5.0)
    figure.suptitle(canvas.title)
    halves: Any = figure.subfigures(1, 2, width_ratios=(1.15, 1))
    _over_rows(module, data, Canvas("", halves[0]))
    return predicted(module, data, Canvas("", halves[1]))


def predicted(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw what is predicted for the test rows against what is right."""
    right, given = _answered(module, data)
    return plotting.plot_predicted(
        right, given, title=canvas.title, note=_largest(data, right, given),
        targets=_targets(data, right), lines=_lines(data),
        detail=canvas.detail, figure=canvas.figure,
    )  # fmt: skip


def residuals(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the errors of the test rows, and how they are distributed."""
    right, given = _answered(module, data)
    return plotting.plot_residuals(
        right, given, title=canvas.title, targets=_targets(data, right), lines=_lines(data),
        figure=canvas.figure,
    )  # fmt: skip


def dependence(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the mean answer over some rows as one input changes: a panel an input."""
    rows, sample = _sample(data)
    columns, values, answers = rows.T.double().numpy(), [], []
    of_table = is_table(data)
    for index, ends in enumerate(data.ranges):
        tried = _tried(columns[index]) if of_table else np.linspace(*ends, POINTS)
        x = sample.repeat_interleave(len(tried), dim=0)
        x[:, index] = torch.tensor(tried, dtype=x.dtype).repeat(len(sample))
        given = outputs_of(module, x).double().numpy()
        values.append(tried)
        answers.append(given.reshape(len(sample), len(tried), -1))
    return plotting.plot_dependence(
        values, answers, title=canvas.title, names=data.names,
        targets=_targets(data, answers[0][0]), rows=[*columns] if of_table else None,
        figure=canvas.figure,
    )  # fmt: skip


def _sample(data: Any) -> tuple[Tensor, Tensor]:
    """Return the rows that an input's values are of, and some that it is changed in."""
    rows = data.x[data.train] if is_table(data) else data.rows_of("test")[0]
    count = min(MOST_ROWS, max(_CALLS // data.in_features, 30), len(rows))
    chosen = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:count]
    return rows, rows[chosen]


def _tried(column: Array) -> Array:
    """Return values of an input of a table: where rows are, and evenly in between."""
    few = np.unique(column)
    if len(few) <= _FEW:
        return few
    shares = np.linspace(0, 1, POINTS // 2 + 1)
    even = np.linspace(few[0], few[-1], POINTS // 2 + 1)[1:-1]
    return np.sort(np.concatenate([np.quantile(column, shares), even]))


def _over_rows(module: Answering, data: TableSamples, canvas: Canvas) -> Figure:
    ((low, high),) = data.ranges
    beyond = BEYOND * (high - low) if canvas.detail else 0.0
    x = np.linspace(low - beyond, high + beyond, 801)
    y = outputs_of(module, torch.tensor(x, dtype=torch.float32).unsqueeze(1))
    held_out = np.zeros(len(data.x), dtype=bool)
    held_out[data.test.numpy()] = True
    right, shown, given = (each.flatten().double().numpy() for each in (data.x, data.y, y))
    return plotting.plot_rows(
        right, shown, held_out, (x, given), title=canvas.title,
        names=(data.names[0], data.targets[0]), figure=canvas.figure,
    )  # fmt: skip


def _answered(module: Answering, data: Samples) -> tuple[Array, Array]:
    """Return what is right and what is predicted for the test rows."""
    x, y = data.rows_of("test")
    return y.double().numpy(), outputs_of(module, x).double().numpy()


def _largest(data: Samples, right: Array, given: Array) -> str:
    """Return where a function's largest error is, of a few inputs; a table's is marked."""
    if is_table(data) or data.in_features > 4:
        return ""
    off = np.nan_to_num(np.abs(given - right)).max(axis=1)
    x = data.rows_of("test")[0][off.argmax()]
    where = ", ".join(f"{name}={value:.3g}" for name, value in zip(data.names, x, strict=True))
    return fill(f"largest error {off.max():.4g} at {where}", _WIDTH)


def _targets(data: Any, right: Array) -> tuple[str, ...]:
    count = right.shape[1]
    numbered = tuple(f"y{index + 1}" for index in range(count)) if count > 1 else ("y",)
    return data.targets if is_table(data) else numbered


def _lines(data: Any) -> list[int] | None:
    """Return where the test rows stand in the file of a table; None where there is none."""
    return [*data.lines[data.test].tolist()] if is_table(data) else None
