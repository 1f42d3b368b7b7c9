"""Views of what a network answers: a curve, a line, a gate, two heads."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.modules.evaluation import measure_grid
from mlpzoo.nets import Perceptron
from mlpzoo.plotting.figure import Array, Canvas, refined
from mlpzoo.plotting.surfaces import cells_of
from mlpzoo.plotting.views.base import outputs_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import LinearSamples, Samples
    from mlpzoo.modules.finished import Answering

SURFACE_POINTS, COARSE_POINTS = 100, 41  # along each axis
CURVE_POINTS, OUTSIDE_POINTS = 2001, 441  # within the range, and on either side of it


def curve(module: Answering, data: Samples, canvas: Canvas, beyond: float = 0.0) -> Figure:
    """Draw y against x with the truth, and the error below, for one input and one output.

    Args:
        module: See `View`.
        data: See `View`.
        canvas: See `View`.
        beyond: How far to draw on either side of the range, as a share of it; the truth has gaps
            where it is not finite.
    """
    points = max(CURVE_POINTS, data.test_points if canvas.detail else 0)

    def both(x: Array) -> Array:
        inputs = torch.tensor(x, dtype=torch.float32)
        return torch.cat([outputs_of(module, inputs), data.target(inputs)], dim=1).double().numpy()

    x = _column(data.grid(points)[0])[:, np.newaxis]
    cells, heights = refined(np.stack([x[:-1], x[1:]], axis=1), both, share=0.015, rounds=6)
    x, places = np.unique(cells, return_index=True)
    y, trained = heights.reshape(-1, 2)[places], (float(x[0]), float(x[-1]))
    if beyond:
        further = np.linspace(0, beyond * np.ptp(x), OUTSIDE_POINTS + 1)[1:]
        left, right = x[0] - further[::-1], x[-1] + further
        y = np.concatenate([both(left[:, np.newaxis]), y, both(right[:, np.newaxis])])
        x = np.concatenate([left, x, right])
        y = np.where(np.isfinite(y), y, np.nan)
    return plotting.plot_curve(
        x, *y.T, title=canvas.title, figure=canvas.figure, error=_error(module, data, canvas),
        trained=trained if beyond else None,
    )  # fmt: skip


def fitted_line(module: Answering, data: LinearSamples, canvas: Canvas) -> Figure:
    """Draw the points, the learned line and the least-squares line."""
    arrays = (_column(data.x), _column(data.y)), line_of(module), data.least_squares()
    error = _error(module, data, canvas)
    return plotting.plot_fit(*arrays, title=canvas.title, figure=canvas.figure, error=error)


def separating_line(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the half planes of a perceptron with two inputs, and the rows of its truth table."""
    if data.in_features != 2 or not isinstance(module.net, Perceptron):
        return probability_surface(module, data, canvas)
    x, targets = data.grid(2)
    weight, bias = module.net.linear.weight.detach().cpu().numpy(), module.net.linear.bias.item()
    return plotting.plot_separating_line(
        x.numpy(), _column(targets), weight[0], bias, title=canvas.title, figure=canvas.figure
    )


def probability_surface(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw a gate's probability over the unit square, with the four rows, and its logit if any."""
    if data.in_features != 2:
        return truth_table(module, data, canvas)
    gate = data.arguments.get("table") or data.arguments.get("gate")
    name = f"{gate.upper()} Gate Output, " if gate else ""  # as the notes call it
    shown = {f"{name}probability" if canvas.detail else "probability": module.probability}
    zero = torch.zeros(1)
    if canvas.detail and module.probability(zero) is not zero:  # else there is no logit
        shown[f"{name}logit"] = module.logit

    def heights(x: Array) -> Array:
        outputs = outputs_of(module, torch.tensor(x, dtype=torch.float32))
        return torch.cat([height(outputs).double() for height in shown.values()], dim=1).numpy()

    axis = np.linspace(data.low, data.high, SURFACE_POINTS if canvas.detail else COARSE_POINTS)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    cells, surfaces = refined(cells_of(grid), heights, share=0.15, rounds=3)
    corners, targets = (values.numpy() for values in data.grid(2))
    marks = dict(zip(shown, heights(corners).T, strict=True))
    named = dict(zip(shown, np.moveaxis(surfaces, -1, 0), strict=True))
    return plotting.plot_surfaces(
        cells[..., 0], cells[..., 1], named, title=canvas.title, figure=canvas.figure,
        points=(corners, marks, targets[:, 0]),
    )  # fmt: skip


def truth_table(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw what a gate of any number of inputs answers in each row."""
    x, targets = data.grid(2)
    arrays = map(_column, (module.probability(outputs_of(module, x)), targets))
    return plotting.plot_truth_table(x.numpy(), *arrays, title=canvas.title, figure=canvas.figure)


def heads_surface(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the max head and the min head over two inputs, and below each its error."""
    return _surfaces(module, data, canvas, ("max head", "min head"))


def surface(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw what a network answers over two inputs, and beside it its error."""
    return _surfaces(module, data, canvas, ("network, y",))


def _surfaces(module: Answering, data: Samples, canvas: Canvas, names: tuple[str, ...]) -> Figure:
    x, _ = data.grid(SURFACE_POINTS if canvas.detail else COARSE_POINTS)
    y, maps = outputs_of(module, x), {}
    if canvas.detail:
        errors = torch.cat([outputs_of(module, at) - right for at, right in data.test_dataloader()])
        for name, column in zip(names, errors.T, strict=True):
            maps[f"{name.partition(', ')[0]}, largest error {column.abs().max():.4g}"] = _grid(
                column
            )
    return plotting.plot_surfaces(
        _grid(x[:, 0]), _grid(x[:, 1]), dict(zip(names, map(_grid, y.T), strict=True)),
        maps=maps, title=canvas.title, figure=canvas.figure,
    )  # fmt: skip


def line_of(module: Answering) -> tuple[float, float]:
    """Return slope and intercept of a module that is a line, in float64.

    Args:
        module: One input, one output, no hidden layer.

    Raises:
        InputError: It has hidden layers, so that it need not be a line.
    """
    if sum(isinstance(part, nn.Linear) for part in module.net.modules()) != 1:
        raise InputError("a straight line has no hidden layer; set module.hidden_features to []")
    ends = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    net = deepcopy(module.net).cpu().double()
    with torch.no_grad():
        at_0, at_1 = net(ends).flatten().tolist()
    return at_1 - at_0, at_0


def _error(module: Answering, data: Samples, canvas: Canvas) -> bool | str:
    """Return what is said of the error of a curve, or whether it is drawn."""
    found = measure_grid(module, data.test_dataloader()) if canvas.detail else {}
    if "max_error" not in found:
        return canvas.detail
    return f"largest error {found['max_error']:.4g} on the test grid"


def _grid(values: Tensor) -> Array:
    side = math.isqrt(len(values))
    return values.reshape(side, side).double().numpy()


def _column(values: Tensor) -> Array:
    return values.flatten().double().numpy()
