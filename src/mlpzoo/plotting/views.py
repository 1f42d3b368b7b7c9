"""What a trained module looks like: evaluate it on a grid, hand the arrays to `plotting`.

A view takes a module, its data module and a title, and returns a figure; an Exercise names its
view, and `FigureWriter` and the command line call it. Without `detail` it draws the answer alone,
as a film or a gallery shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule, LinearDataModule
from mlpzoo.modules import LitNetwork, LitPerceptron
from mlpzoo.nets.trace import dense_layers, in_eval_mode

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

SURFACE_POINTS, COARSE_POINTS = 100, 41  # along each axis
CURVE_POINTS = 2001


View = Callable[..., "FigureBase"]  # (module, data, *, title, figure=None, detail=True), as below


def curve(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw y against x with the truth, and the error below, for one input and one output."""
    x, truth = data.grid(CURVE_POINTS)
    y = _outputs(module, x)
    return plotting.plot_curve(
        _column(x), _column(y), _column(truth), title=title, figure=figure, error=detail
    )


def fitted_line(
    module: LitNetwork,
    data: LinearDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw the points, the learned line and the least-squares line."""
    return plotting.plot_fit(
        (_column(data.x), _column(data.y)),
        line_of(module),
        data.least_squares(),
        title=title,
        figure=figure,
        error=detail,
    )


def separating_line(
    module: LitPerceptron,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw the half planes of a perceptron with two inputs, and the rows of its truth table."""
    if data.in_features != 2:
        return truth_table(module, data, title=title, figure=figure)
    x, targets = data.grid(2)
    weight, bias = module.net.linear.weight, module.net.linear.bias
    return plotting.plot_separating_line(
        x.numpy(),
        _column(targets),
        weight.detach().cpu().numpy()[0],
        bias.item(),
        title=_with_gate(title, data),
        figure=figure,
    )


def probability_surface(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw a gate's probability and logit over the unit square, with the four rows on them."""
    if data.in_features != 2:
        return truth_table(module, data, title=title, figure=figure)
    x = _square(data, detail)
    corners, targets = data.grid(2)
    surfaces: dict[str, Tensor] = {}
    marks: dict[str, Tensor] = {}
    for points, heights in ((x, surfaces), (corners, marks)):
        output = _outputs(module, points)
        heights["probability"], heights["logit"] = module.probability(output), module.logit(output)
    names = ("probability", "logit") if detail else ("probability",)
    return plotting.plot_surfaces(
        *_axes(x),
        {name: _grid(surfaces[name]) for name in names},
        points=(corners.numpy(), {n: _column(z) for n, z in marks.items()}, _column(targets)),
        title=_with_gate(title, data),
        columns=len(names),
        figure=figure,
    )


def truth_table(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw what a gate of any number of inputs answers in each row."""
    x, targets = data.grid(2)
    answers = module.probability(_outputs(module, x))
    return plotting.plot_truth_table(
        x.numpy(), _column(answers), _column(targets), title=_with_gate(title, data), figure=figure
    )


def heads_surface(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw the max head and the min head over two inputs, and below each its error."""
    x = _square(data, detail)
    y, truth = _outputs(module, x), data.target(x)
    surfaces = {"max head": y[:, 0], "min head": y[:, 1]}
    if detail:
        surfaces["max head, error"], surfaces["min head, error"] = (y - truth).unbind(dim=1)
    heights = {name: _grid(z) for name, z in surfaces.items()}
    return plotting.plot_surfaces(*_axes(x), heights, title=title, figure=figure)


def pictures_of(module: LitNetwork, data: FunctionDataModule) -> Mapping[str, View]:
    """Return the views that suit a network, by the name of the file they are written to.

    "neurons" where there are hidden layers, over one or two inputs; "network" always; "layers"
    where all hidden layers have two units, and the task is a gate.

    Args:
        module: Whose network is looked at.
        data: Its data.
    """
    dense = dense_layers(module.net, data.grid(2)[0])
    hidden = [layer.units.shape[1] for layer in dense if layer.hidden]
    views: dict[str, View] = {}
    if hidden and data.in_features <= 2:
        views["neurons"] = neurons
    views["network"] = network
    if hidden and set(hidden) == {2} and data.in_features == 2 and module.task == "gate":
        views["layers"] = layers
    return views


def neurons(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw what every hidden unit gives over the range of the data."""
    ranges = [(data.low, data.high)] * data.in_features
    points = None
    if module.task == "gate" and data.in_features == 2:
        x, targets = data.grid(2)
        points = (x.numpy(), targets.flatten().numpy())
    return plotting.plot_neurons(
        module.net, ranges, most=None if detail else 2, points=points, title=title, figure=figure
    )


def network(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw the network with its weights and biases."""
    count = sum(parameter.numel() for parameter in module.net.parameters())
    return plotting.plot_network(
        module.net, most=8 if detail else 4, title=f"{title}, {count:,} parameters", figure=figure
    )


def layers(
    module: LitNetwork,
    data: FunctionDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw how the rows of a gate move through layers of two units."""
    return plotting.plot_layers(module.net, *data.grid(2), title=title, figure=figure)


def descent(
    module: LitNetwork,
    data: LinearDataModule,
    *,
    title: str,
    figure: FigureBase | None = None,
    detail: bool = True,
) -> FigureBase:
    """Draw the cost of a line through the points of the data, and gradient descent on it."""
    points = torch.cat([data.x, data.y], dim=1).double().numpy()
    return plotting.plot_descent(points, title=title, figure=figure)


def line_of(module: LitNetwork) -> tuple[float, float]:
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


def _outputs(module: LitNetwork, x: Tensor) -> Tensor:
    with in_eval_mode(module), torch.no_grad():
        y: Tensor = module(x.to(module.device)).cpu()
    return y


def _with_gate(title: str, data: FunctionDataModule) -> str:
    gate = data.hparams.get("table") or data.hparams.get("gate", title)
    gate = gate if len(gate) <= 16 else f"{data.in_features} inputs"
    return title if gate == title else f"{title}: {gate}"


def _square(data: FunctionDataModule, detail: bool) -> Tensor:
    return data.grid(SURFACE_POINTS if detail else COARSE_POINTS)[0]


def _axes(x: Tensor) -> tuple[plotting.Array, plotting.Array]:
    return _grid(x[:, 0]), _grid(x[:, 1])


def _grid(values: Tensor) -> plotting.Array:
    side = math.isqrt(len(values))
    return values.reshape(side, side).double().numpy()


def _column(values: Tensor) -> plotting.Array:
    return values.flatten().double().numpy()
