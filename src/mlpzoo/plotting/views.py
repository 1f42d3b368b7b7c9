"""What a trained module looks like: evaluate it on a grid, hand the arrays to `plotting`.

An Exercise names its views; `FigureWriter`, films and the command line call them. See `View` for
what a view takes, and how to write one.
"""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.modules.evaluation import measure_grid
from mlpzoo.nets import Perceptron
from mlpzoo.nets.trace import dense_layers, in_eval_mode
from mlpzoo.plotting.figure import Array, Canvas, refined
from mlpzoo.plotting.surfaces import cells_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import LinearSamples, Samples
    from mlpzoo.modules.finished import Answering

SURFACE_POINTS, COARSE_POINTS = 100, 41  # along each axis
CURVE_POINTS = 2001


class View(Protocol):
    """A function that draws a trained module, as all those below.

    Example:
        >>> def coarse_curve(module, data, canvas):
        ...     x, truth = data.grid(11)
        ...     arrays = (values.detach().numpy().ravel() for values in (x, module(x), truth))
        ...     return plotting.plot_curve(*arrays, title=canvas.title, figure=canvas.figure)
        >>> from mlpzoo import get_exercise
        >>> sin = get_exercise("sin")
        >>> coarse_curve(sin.module(), sin.data(), Canvas("before training"))
        <PngFigure size 768x576 with 2 Axes>
    """

    def __call__(self, module: Any, data: Any, canvas: Canvas, /) -> Figure:
        """Return the whole Figure.

        Args:
            module: What was trained; it is left as it was.
            data: Its data module.
            canvas: The title, where to draw, and whether in detail.
        """


def curve(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw y against x with the truth, and the error below, for one input and one output."""
    points = max(CURVE_POINTS, data.test_points if canvas.detail else 0)

    def both(x: Array) -> Array:
        inputs = torch.tensor(x, dtype=torch.float32)
        return torch.cat([_outputs(module, inputs), data.target(inputs)], dim=1).double().numpy()

    x = _column(data.grid(points)[0])[:, np.newaxis]
    cells, heights = refined(np.stack([x[:-1], x[1:]], axis=1), both, share=0.015, rounds=6)
    x, places = np.unique(cells, return_index=True)
    y = heights.reshape(-1, 2)[places]
    error = _error(module, data, canvas)
    return plotting.plot_curve(x, *y.T, title=canvas.title, figure=canvas.figure, error=error)


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
        outputs = _outputs(module, torch.tensor(x, dtype=torch.float32))
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
    arrays = map(_column, (module.probability(_outputs(module, x)), targets))
    return plotting.plot_truth_table(x.numpy(), *arrays, title=canvas.title, figure=canvas.figure)


def heads_surface(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the max head and the min head over two inputs, and below each its error."""
    x, _ = data.grid(SURFACE_POINTS if canvas.detail else COARSE_POINTS)
    y, maps = _outputs(module, x), {}
    if canvas.detail:
        errors = torch.cat([_outputs(module, at) - right for at, right in data.test_dataloader()])
        for head, column in zip(("max", "min"), errors.T, strict=True):
            maps[f"{head} head, largest error {column.abs().max():.4g}"] = _grid(column)
    return plotting.plot_surfaces(
        _grid(x[:, 0]), _grid(x[:, 1]), {"max head": _grid(y[:, 0]), "min head": _grid(y[:, 1])},
        maps=maps, title=canvas.title, figure=canvas.figure,
    )  # fmt: skip


def neurons(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw what every hidden unit gives over the range of the data."""
    points = None
    if _is_gate_of_two(module, data):
        x, targets = data.grid(2)
        points = (x.numpy(), _column(targets))
    ranges, most = [(data.low, data.high)] * data.in_features, None if canvas.detail else 2
    return plotting.plot_neurons(
        module.net, ranges, most=most, points=points, title=canvas.title, figure=canvas.figure
    )


def network(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the network with its weights and biases."""
    count = sum(parameter.numel() for parameter in module.net.parameters())
    title, most = f"{canvas.title}, {count:,} parameters", 8 if canvas.detail else 4
    return plotting.plot_network(module.net, most=most, title=title, figure=canvas.figure)


def layers(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw how the rows of a gate move through layers of two units."""
    return plotting.plot_layers(module.net, *data.grid(2), title=canvas.title, figure=canvas.figure)


def pictures_of(module: Answering, data: Samples) -> dict[str, View]:
    """Return the views of the inside that suit a network, by the name of their file.

    Args:
        module: Whose network is looked at.
        data: Its data.
    """
    dense = dense_layers(module.net, data.grid(2)[0])
    hidden = [layer.units.shape[1] for layer in dense if layer.hidden]
    some = hidden and data.in_features <= 2
    found: dict[str, View] = {"neurons": neurons} if some else {}
    found["network"] = network
    if set(hidden) == {2} and _is_gate_of_two(module, data):
        found["layers"] = layers
    return found


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


def _is_gate_of_two(module: Answering, data: Samples) -> bool:
    return module.task == "gate" and data.in_features == 2


def _error(module: Answering, data: Samples, canvas: Canvas) -> bool | str:
    """Return what is said of the error of a curve, or whether it is drawn."""
    found = measure_grid(module, data.test_dataloader()) if canvas.detail else {}
    if "max_error" not in found:
        return canvas.detail
    return f"largest error {found['max_error']:.4g} on the test grid"


def _outputs(module: Answering, x: Tensor) -> Tensor:
    with in_eval_mode(module), torch.no_grad():
        return cast("Tensor", module(x.to(module.device)).cpu())


def with_gate(name: str, data: Samples) -> str:
    """Return the name of an exercise, and the gate that data are of, if it is another word.

    Args:
        name: The name.
        data: Any data.
    """
    gate = data.arguments.get("table") or data.arguments.get("gate", name)
    gate = gate if len(gate) <= 16 else f"{data.in_features} inputs"
    return name if gate == name else f"{name}: {gate}"


def _grid(values: Tensor) -> Array:
    side = math.isqrt(len(values))
    return values.reshape(side, side).double().numpy()


def _column(values: Tensor) -> Array:
    return values.flatten().double().numpy()
