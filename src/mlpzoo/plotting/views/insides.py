"""Views of what is inside a network: its units, its weights, how rows move through its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpzoo import plotting
from mlpzoo.nets.trace import dense_layers
from mlpzoo.plotting.figure import Canvas
from mlpzoo.plotting.views.base import is_table
from mlpzoo.plotting.views.own import dependence, residuals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import Samples
    from mlpzoo.modules.finished import Answering
    from mlpzoo.plotting.views.base import View


def neurons(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw what every hidden unit gives over the range of the data."""
    points = None
    if _is_gate_of_two(module, data):
        x, targets = data.grid(2)
        points = (x.numpy(), targets.flatten().double().numpy())
    ranges, most = data.ranges, None if canvas.detail else 2
    return plotting.plot_neurons(
        module.net, ranges, most=most, points=points, names=data.names, title=canvas.title,
        figure=canvas.figure,
    )  # fmt: skip


def network(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw the network with its weights and biases."""
    count = sum(parameter.numel() for parameter in module.net.parameters())
    title, most = f"{canvas.title}, {count:,} parameters", 8 if canvas.detail else 4
    names = data.names if is_table(data) else ()  # which other inputs' numbers say
    return plotting.plot_network(
        module.net, most=most, names=names, title=title, figure=canvas.figure
    )


def layers(module: Answering, data: Samples, canvas: Canvas) -> Figure:
    """Draw how the rows of a gate move through layers of two units."""
    return plotting.plot_layers(module.net, *data.grid(2), title=canvas.title, figure=canvas.figure)


def pictures_of(module: Answering, data: Samples) -> dict[str, View]:
    """Return the views of the inside that suit a network, by the name of their file.

    Args:
        module: Whose network is looked at.
        data: Its data.
    """
    dense = dense_layers(module.net, data.example)
    hidden = [layer.units.shape[1] for layer in dense if layer.hidden]
    found: dict[str, View] = {}
    if module.task == "regression":
        of_rows = data.in_features > 2 or is_table(data)  # of a table
        found |= {"residuals": residuals} if of_rows else {}
        found |= {"dependence": dependence} if of_rows and data.in_features > 1 else {}
    if hidden and data.in_features <= 2:
        found["neurons"] = neurons
    found["network"] = network
    if set(hidden) == {2} and _is_gate_of_two(module, data):
        found["layers"] = layers
    return found


def _is_gate_of_two(module: Answering, data: Samples) -> bool:
    return module.task == "gate" and data.in_features == 2
