"""Views of what goes on inside a trained module, for any exercise (see `mlpzoo.views`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from mlpzoo import plotting
from mlpzoo.data import FunctionDataModule, LinearDataModule
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.trace import dense_layers

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

    from mlpzoo.views import View


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
