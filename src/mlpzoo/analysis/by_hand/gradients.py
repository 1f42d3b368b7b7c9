"""Backpropagation by hand: the gradient of each parameter by the chain rule, factor by factor."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from mlpzoo.analysis.by_hand.slopes import ACTIVATION_SLOPES, LOSS_SLOPES
from mlpzoo.analysis.by_hand.symbols import symbol
from mlpzoo.analysis.layers import Array, Layers, layers_of
from mlpzoo.checks import InputError, check_positive, resolve_name
from mlpzoo.nets.stack import ACTIVATIONS


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
        z: For each layer, W s + b of each unit, (rows, units).
        h: For each layer, the activation of z.
        output: The output, (rows,).
        cost: The cost.
        d_output: d cost/d output, (rows,).
        d_h: For each layer, d cost/d h, (rows, units).
        d_z: For each layer, d cost/d z.
    """

    layers: Layers
    x: Array
    targets: Array
    loss: str
    reduction: str
    z: tuple[Array, ...]
    h: tuple[Array, ...]
    output: Array
    cost: float
    d_output: Array
    d_h: tuple[Array, ...]
    d_z: tuple[Array, ...]

    def __repr__(self) -> str:
        sizes = f"{len(self.x)} rows, {self.layers.size} parameters"
        return f"<Backpropagation: {sizes}, cost {self.cost:.6g}>"

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters by name, layer after layer, of each unit the weights and then the bias."""
        found = []
        for k, layer in enumerate(self.layers.layers):
            gradients = self.d_z[k].T @ self.source(k)
            for unit, bias in enumerate(layer.bias):
                for source, weight in enumerate(layer.weight[unit]):
                    name, gradient = (
                        symbol(self.layers, "w", k, unit, source),
                        gradients[unit, source],
                    )
                    found.append(Parameter(name, k, unit, source, float(weight), float(gradient)))
                gradient, name = self.d_z[k][:, unit].sum(), symbol(self.layers, "b", k, unit)
                found.append(Parameter(name, k, unit, None, float(bias), float(gradient)))
        return {each.name: each for each in found}

    @cached_property
    def difference(self) -> float:
        """The largest difference between a gradient here and the one of torch's autograd."""
        ours = np.array([each.gradient for each in self.parameters.values()])
        return float(np.abs(ours - _by_autograd(self)).max())

    def source(self, layer: int) -> Array:
        """Return what a layer takes, (rows, inputs): h of the one before, or x as it is scaled."""
        centre, half_width = self.layers.in_scale
        return self.h[layer - 1] if layer else (self.x - centre) / half_width

    def slope(self, layer: int) -> Array:
        """Return d h/d z of each unit of a layer, (rows, units)."""
        of = ACTIVATION_SLOPES[self.layers.layers[layer].activation][1]
        slopes: Array = of(self.z[layer], self.h[layer])
        return slopes

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
                layer,
                weight=layer.weight - lr * (self.d_z[k].T @ self.source(k)),
                bias=layer.bias - lr * self.d_z[k].sum(axis=0),
            )
            for k, layer in enumerate(self.layers.layers)
        ]
        after = replace(self.layers, layers=tuple(moved))
        return _both_ways(after, self.x, self.targets, self.loss, self.reduction)


def backpropagate(
    net: nn.Module | Layers,
    x: Any,
    targets: Any,
    *,
    loss: str = "",
    reduction: str = "",
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
    if unknown := layers.activations - set(ACTIVATION_SLOPES):
        raise InputError(
            f"the slope of {', '.join(sorted(unknown))} is not known here; known: "
            f"{', '.join(ACTIVATION_SLOPES)}"
        )
    logit = layers.gives == "logit"
    loss = resolve_name("loss", loss or ("bcewithlogits" if logit else "mse"), LOSS_SLOPES)
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
    (centre, half_width), (middle, span) = layers.in_scale, layers.out_scale
    value, slope = LOSS_SLOPES[loss]
    z, h, d_z, d_h = list[Array](), list[Array](), list[Array](), list[Array]()
    with np.errstate(over="ignore", invalid="ignore"):  # it is refused below
        for layer in layers.layers:
            taken = h[-1] if h else (x - centre) / half_width
            z.append(taken @ layer.weight.T + layer.bias)
            h.append(ACTIVATION_SLOPES[layer.activation][0](z[-1]))
        output = middle + span * h[-1][:, 0]
        share = 1 / len(x) if reduction == "mean" else 1.0
        cost = float(value(output, targets).sum() * share)
        d_output = share * slope(output, targets)
        back = span * d_output[:, np.newaxis]
        for k in reversed(range(len(z))):
            layer = layers.layers[k]
            d_h.insert(0, back)
            d_z.insert(0, back * ACTIVATION_SLOPES[layer.activation][1](z[k], h[k]))
            back = d_z[0] @ layer.weight
    if not np.isfinite([cost, *(part.sum() for part in d_z)]).all():
        raise InputError(
            "the cost is not finite: weights, rows or rate are too large; take smaller ones"
        )
    return Backpropagation(
        layers, x, targets, loss, reduction, tuple(z), tuple(h), output, cost, d_output,
        tuple(d_h), tuple(d_z),
    )  # fmt: skip


def _by_autograd(ours: Backpropagation) -> Array:
    """Return the gradients as torch finds them, in the order of `Backpropagation.parameters`."""
    layers, (middle, span) = ours.layers, ours.layers.out_scale
    numbers = [
        torch.tensor(np.column_stack([layer.weight, layer.bias]), requires_grad=True)
        for layer in layers.layers
    ]
    taken = torch.tensor(ours.source(0))
    for layer, both in zip(layers.layers, numbers, strict=True):
        taken = ACTIVATIONS[layer.activation]()(
            nn.functional.linear(taken, both[:, :-1], both[:, -1])
        )
    losses = {"mse": nn.MSELoss, "bcewithlogits": nn.BCEWithLogitsLoss}
    output, targets = middle + span * taken[:, 0], torch.tensor(ours.targets)
    cost = losses[ours.loss](reduction=ours.reduction)(output, targets)
    return torch.cat([g.flatten() for g in torch.autograd.grad(cost, numbers)]).numpy()
