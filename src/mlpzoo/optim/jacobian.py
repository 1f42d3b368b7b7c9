"""The derivatives of a network's outputs by its weights, layer by layer and never written out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError


@dataclass
class LayerDerivatives:
    """A linear layer with its inputs (rows, in) and the slopes of each output by its sums.

    Attributes:
        layer: The layer.
        share: Its part in S.
        inputs: Shape (rows, in_features).
        slopes: Shape (outputs * rows, out_features).
    """

    layer: nn.Linear
    share: float
    inputs: Tensor
    slopes: Tensor

    @property
    def size(self) -> int:
        """How many weights and biases the layer has."""
        return sum(parameter.numel() for parameter in self.layer.parameters())

    def in_rows(self) -> tuple[Tensor, Tensor]:
        """Return inputs and slopes with a row for each output of each row, in float64."""
        repeats = len(self.slopes) // len(self.inputs)  # in float32, rounding would be the damping
        return self.inputs.double().repeat(repeats, 1), self.slopes.double()

    def written(self, inputs: Tensor, slopes: Tensor) -> Tensor:
        """Return the derivatives by this layer's weights and biases, (rows, `size`).

        Args:
            inputs: Some of the rows that `in_rows` gives.
            slopes: The same.
        """
        by_weight = (slopes.unsqueeze(2) * inputs.unsqueeze(1)).flatten(1)
        return by_weight if self.layer.bias is None else torch.cat([by_weight, slopes], dim=1)

    def add(self, change: Tensor, share: float) -> None:
        """Add a share of a change to weights and biases.

        Args:
            change: In the order of `written`.
            share: Of it.
        """
        count, weight = self.layer.weight.numel(), self.layer.weight
        weight.add_(change[:count].view_as(weight).to(weight), alpha=share)
        if self.layer.bias is not None:
            self.layer.bias.add_(change[count:].to(weight), alpha=share)

    def move(self, solved: Tensor) -> None:
        """Take -S J^T of a vector over the outputs of all rows."""
        weighted = self.slopes * solved.to(self.slopes).unsqueeze(1)
        by_row = weighted.view(-1, *self.inputs.shape[:1], weighted.shape[1]).sum(dim=0)
        self.layer.weight.sub_(by_row.T @ self.inputs, alpha=self.share)
        if self.layer.bias is not None:
            self.layer.bias.sub_(by_row.sum(dim=0), alpha=self.share)


def derivatives(net: nn.Module, x: Tensor, decay: float) -> tuple[Tensor, list[LayerDerivatives]]:
    """Return a network's answers and the derivatives of each of its linear layers.

    Args:
        net: Linear layers, each called once, and parts without weights that treat each row by
            itself.
        x: Shape (rows, in_features).
        decay: `share` of a layer over that of the layer above it; the last layer's is 1.

    Raises:
        InputError: The network is not of this kind.
    """
    seen: list[tuple[nn.Linear, Tensor, Tensor]] = []
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    _check_weights(list(net.parameters()), linear)
    handles = [
        layer.register_forward_hook(lambda layer, x, z: seen.append((layer, x[0], z)))
        for layer in linear
    ]
    try:
        with torch.enable_grad():
            y: Tensor = net(x)
            outputs = [column.sum() for column in y.unbind(dim=1)]
    finally:
        for handle in handles:
            handle.remove()
    if len(seen) != len(linear):
        raise InputError("levenberg needs every linear layer to be called once a step")
    sums = [z for _, _, z in seen]
    slopes = [_slopes(output, sums) for output in outputs]
    layers = []
    for (layer, inputs, z), depth, *parts in zip(seen, _depths(slopes), *slopes, strict=True):
        every = [torch.zeros_like(z) if part is None else part for part in parts]
        layers.append(
            LayerDerivatives(layer, decay**depth, inputs.detach(), torch.cat(every).detach())
        )
    return y.detach(), layers


def _check_weights(parameters: Sequence[Tensor], linear: Sequence[nn.Linear]) -> None:
    plain = all(type(layer).forward is nn.Linear.forward for layer in linear)
    used = [id(p) for layer in linear for p in (layer.weight, layer.bias) if p is not None]
    if set(map(id, parameters)) != set(used) or len(used) != len(set(used)) or not plain:
        raise InputError(
            "levenberg trains plain linear layers only, each with weights of its own, neither "
            "pruned nor parametrized; make these permanent (prune.remove, "
            "parametrize.remove_parametrizations) or take optimizer adam"
        )
    if not all(p.requires_grad for p in parameters):
        raise InputError("levenberg trains all weights; take adam where some are frozen")


def _slopes(output: Tensor, sums: list[Tensor]) -> list[Tensor | None]:
    return list(torch.autograd.grad(output, sums, retain_graph=True, allow_unused=True))


def _depths(slopes: list[list[Tensor | None]]) -> list[int]:
    """Return how many layers are between each layer and the output that it matters to."""
    depths = [0] * len(slopes[0])
    for of_output in slopes:
        used = [i for i, slope in enumerate(of_output) if slope is not None and bool(slope.any())]
        for depth, index in enumerate(reversed(used)):
            depths[index] = max(depths[index], depth)
    return depths
