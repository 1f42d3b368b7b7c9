"""Backpropagation by hand: the gradient of each parameter by the chain rule, factor by factor."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mlpzoo.analysis.by_hand.slopes import IN_WORDS
from mlpzoo.analysis.by_hand.symbols import symbol
from mlpzoo.analysis.layers import Array, Layer, Layers, layers_of
from mlpzoo.checks import InputError, check_positive, resolve_name
from mlpzoo.nets.stack import ACTIVATIONS

LOSSES = {"mse": nn.MSELoss, "bcewithlogits": nn.BCEWithLogitsLoss}


@dataclass(frozen=True)
class Parameter:
    """One weight or bias.

    Attributes:
        name: Its symbol.
        layer: Which layer it is of, from 0 on, as the next two.
        unit: Which unit of the layer.
        source: Which input of the unit it weighs; None for a bias.
        value: Its value.
        gradient: d cost/d parameter.
    """

    name: str
    layer: int
    unit: int
    source: int | None
    value: float
    gradient: float


@dataclass(frozen=True, eq=False, repr=False)
class Backpropagation:
    """What a network computes for some rows, and all gradients of its cost, in float64.

    Attributes:
        layers: The network.
        x: The inputs, (rows, inputs).
        targets: What the output should be, (rows,).
        loss: "mse" or "bcewithlogits".
        reduction: Whether the cost is the "sum" or the "mean" over the rows.
        output: The output, (rows,).
        cost: The cost.
        d_output: d cost/d output, (rows,).
        taken: For each layer, what it takes, (rows, inputs): h of the one before, or x as it is
            scaled.
        z: For each layer, W s + b of each unit, (rows, units).
        h: For each layer, the activation of z.
        slopes: For each layer, d h/d z.
        d_h: For each layer, d cost/d h, (rows, units).
        d_z: For each layer, d cost/d z.
        by_autograd: What `gradients` should be.
    """

    layers: Layers
    x: Array
    targets: Array
    loss: str
    reduction: str
    output: Array
    cost: float
    d_output: Array
    taken: list[Array]
    z: list[Array]
    h: list[Array]
    slopes: list[Array]
    d_h: list[Array]
    d_z: list[Array]
    by_autograd: list[Array]

    def __repr__(self) -> str:
        sizes = f"{len(self.x)} rows, {self.layers.size} parameters"
        return f"<Backpropagation: {sizes}, cost {self.cost:.6g}>"

    @cached_property
    def gradients(self) -> list[Array]:
        """For each layer, (units, inputs + 1): d cost/d weight, and last d cost/d bias."""
        pairs = zip(self.d_z, self.taken, strict=True)
        return [np.column_stack([d_z.T @ taken, d_z.sum(axis=0)]) for d_z, taken in pairs]

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters by name, layer after layer, of each unit the weights and then the bias."""
        found = {}
        for k, (layer, gradients) in enumerate(
            zip(self.layers.layers, self.gradients, strict=True)
        ):
            for (unit, place), value in np.ndenumerate(_numbers(layer)):
                source = place if place < layer.weight.shape[1] else None
                name = symbol(self.layers, "b" if source is None else "w", k, unit, source)
                gradient = float(gradients[unit, place])
                found[name] = Parameter(name, k, unit, source, float(value), gradient)
        return found

    @cached_property
    def difference(self) -> float:
        """The largest difference between a gradient here and the one of torch's autograd."""
        pairs = zip(self.gradients, self.by_autograd, strict=True)
        return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)

    def step(self, lr: float) -> "Backpropagation":
        """Return the same of the network one step of gradient descent later.

        Args:
            lr: The learning rate.

        Raises:
            InputError: A rate that is not above 0, or the cost is then not finite.
        """
        check_positive("lr", lr)
        moved = [
            replace(
                layer, weight=layer.weight - lr * each[:, :-1], bias=layer.bias - lr * each[:, -1]
            )
            for layer, each in zip(self.layers.layers, self.gradients, strict=True)
        ]
        after = replace(self.layers, layers=tuple(moved))
        return _both_ways(after, self.x, self.targets, self.loss, self.reduction)


def backpropagate(
    net: nn.Module | Layers, x: Any, targets: Any, *, loss: str = "", reduction: str = ""
) -> Backpropagation:
    """Return what a network computes for some rows, and the gradient of each of its parameters.

    Args:
        net: What `mlpzoo.analysis.layers.layers_of` takes or gives, with one output.
        x: The inputs, (rows, inputs).
        targets: What the output should be, (rows,) or (rows, 1).
        loss: "mse", or "bcewithlogits" where the output is a logit; "" for what suits the output.
        reduction: Whether the cost is the "sum" or the "mean" over the rows; "" for the sum of
            squares, as the lecture has it, and the mean of cross-entropies.

    Raises:
        InputError: A network with more outputs or with activations whose slope is not known here,
            rows that do not fit it, an unknown name, or a cost that is not finite.

    Example:
        >>> from mlpzoo import SequentialMLP
        >>> line = SequentialMLP(hidden_features=(), initialization="zeros")
        >>> by_hand = backpropagate(line, [[2], [4], [8]], [4, 7, 8])
        >>> by_hand
        <Backpropagation: 3 rows, 2 parameters, cost 129>
        >>> [(each.name, each.gradient) for each in by_hand.parameters.values()]
        [('a', -200.0), ('b', -38.0)]
        >>> by_hand.difference, round(by_hand.step(0.001).cost, 6)
        (0.0, 91.133132)
    """
    layers = net if isinstance(net, Layers) else layers_of(net)
    outputs = sum(len(layers.layers[place].bias) for place in layers.outputs.values())
    if outputs != 1:
        raise InputError(
            f"backpropagation by hand takes one output, and this network has {outputs}"
        )
    if unknown := layers.activations - set(IN_WORDS):
        raise InputError(
            f"the slope of {', '.join(sorted(unknown))} is not known here; known: "
            f"{', '.join(IN_WORDS)}"
        )
    logit = layers.gives == "logit"
    loss = resolve_name("loss", loss or ("bcewithlogits" if logit else "mse"), LOSSES)
    if loss == "bcewithlogits" and not logit:
        raise InputError(
            f"loss {loss} takes a logit, and this network gives a {layers.gives}; take mse"
        )
    usual = "sum" if loss == "mse" else "mean"
    reduction = resolve_name("reduction", reduction or usual, ("sum", "mean"))
    try:
        rows, wanted = (np.asarray(given, dtype=np.float64) for given in (x, targets))
    except (TypeError, ValueError) as error:
        raise InputError(f"rows must be numbers: {error}") from error
    wanted = wanted.reshape(-1)
    if rows.shape != (len(wanted), layers.in_features) or not len(rows):
        raise InputError(
            f"x must be (rows, {layers.in_features}), with a target for each row, got "
            f"{rows.shape} and {len(wanted)}"
        )
    return _both_ways(layers, rows, wanted, loss, reduction)


def _both_ways(
    layers: Layers, x: Array, targets: Array, loss: str, reduction: str
) -> Backpropagation:
    """Compute forwards, and the gradients backwards."""
    (centre, half_width), (middle, span) = map(np.asarray, layers.in_scale), layers.out_scale
    numbers = [torch.tensor(_numbers(layer), requires_grad=True) for layer in layers.layers]
    taken, z, slopes = [torch.tensor((x - centre) / half_width)], list[Tensor](), list[Tensor]()
    for layer, both in zip(layers.layers, numbers, strict=True):
        z.append(nn.functional.linear(taken[-1], both[:, :-1], both[:, -1]))
        taken.append(ACTIVATIONS[layer.activation]()(z[-1]))
        slopes += torch.autograd.grad(taken[-1].sum(), z[-1], retain_graph=True)
    output = middle + span * taken[-1][:, 0]
    cost = LOSSES[loss](reduction=reduction)(output, torch.tensor(targets))
    (d_output,) = torch.autograd.grad(cost, output, retain_graph=True)
    by_autograd = torch.autograd.grad(cost, numbers)
    d_h, d_z = [span * d_output.unsqueeze(1)], list[Tensor]()
    for both, slope in zip(numbers[::-1], slopes[::-1], strict=True):
        d_z.insert(0, d_h[0] * slope)
        d_h.insert(0, d_z[0] @ both[:, :-1])
    if not all(part.isfinite().all() for part in (cost, *d_z)):
        raise InputError(
            "the cost is not finite: weights, rows or rate are too large; take smaller ones"
        )
    parts = (taken[:-1], z, taken[1:], slopes, d_h[1:], d_z, by_autograd)
    arrays = ([each.detach().numpy() for each in part] for part in parts)
    ends = (output.detach().numpy(), cost.item(), d_output.numpy())
    return Backpropagation(layers, x, targets, loss, reduction, *ends, *arrays)


def _numbers(layer: Layer) -> Array:
    """Return weights and last the bias, (units, inputs + 1)."""
    return np.column_stack([layer.weight, layer.bias])
