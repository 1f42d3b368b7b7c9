"""The derivatives of a network's outputs by its weights, layer by layer and never written out."""

from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def parameters(self) -> list[Tensor]:
        """Weights, and biases if there are any."""
        return [each for each in (self.layer.weight, self.layer.bias) if each is not None]

    @cached_property
    def size(self) -> int:
        """How many weights and biases the layer has."""
        return sum(parameter.numel() for parameter in self.parameters)

    @cached_property
    def by_output(self) -> Tensor:
        """The slopes, (outputs, rows, out_features)."""
        return self.slopes.view(-1, *self.inputs.shape[:1], self.slopes.shape[1])

    @property
    def square(self) -> float:
        """The sum of the squares of all derivatives."""
        by_row = self.inputs.double().square().sum(dim=1) + float(self.layer.bias is not None)
        return float(self.by_output.double().square().sum(dim=2).sum(dim=0) @ by_row)

    @property
    def values(self) -> Tensor:
        """The weights and biases, in the order of `written`, in float64."""
        return torch.cat([p.detach().flatten() for p in self.parameters]).double()

    def in_rows(self) -> tuple[Tensor, Tensor]:
        """Return inputs and slopes with a row for each output of each row, in float64."""
        repeats = len(self.slopes) // len(self.inputs)  # in float32, rounding would be the damping
        return self.inputs.double().repeat(repeats, 1), self.slopes.double()

    def write(self, out: Tensor, output: int, rows: slice) -> None:
        """Write derivatives of an output by this layer's weights and biases.

        Args:
            out: Where to, (rows, `size`).
            output: Its index.
            rows: Some of the rows.
        """
        slopes, count = self.by_output[output, rows], self.layer.weight.numel()
        by_weight = out[:, :count].view(-1, *self.layer.weight.shape)
        torch.mul(slopes.unsqueeze(2), self.inputs[rows].unsqueeze(1), out=by_weight)
        out[:, count:] = slopes[:, : out.shape[1] - count]  # of the biases, if there are any

    def gather(self, weighting: Tensor) -> Tensor:
        """Return J^T times a vector over the outputs of all rows, (`size`,), in its precision."""
        by_row = (self.by_output * weighting.view(*self.by_output.shape[:2], 1)).sum(dim=0)
        by_weight = (by_row.T @ self.inputs.to(by_row)).flatten()
        return by_weight if self.layer.bias is None else torch.cat([by_weight, by_row.sum(dim=0)])

    def spread(self, change: Tensor) -> Tensor:
        """Return J times a change of `values`, (outputs * rows,)."""
        weight, *bias = self.split(change.to(self.slopes))
        sums = torch.addmm(bias[0], self.inputs, weight.T) if bias else self.inputs @ weight.T
        spread: Tensor = torch.linalg.vecdot(self.by_output, sums)
        return spread.flatten()

    def split(self, change: Tensor) -> list[Tensor]:
        """Return the parts of a change of `values`, in the shapes of `parameters`."""
        count = self.layer.weight.numel()
        return [change[:count].view_as(self.layer.weight), change[count:]][: len(self.parameters)]

    def subtract(self, change: Tensor, share: float) -> None:
        """Take a share of a change of `values` from weights and biases."""
        for parameter, own in zip(self.parameters, self.split(change), strict=True):
            parameter.sub_(own.to(parameter), alpha=share)


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
    linear = _trained(net)
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


def _trained(net: nn.Module) -> list[nn.Linear]:
    """Return the layers that are not frozen, if they can be trained."""
    parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
    linear = [
        module
        for module in net.modules()
        if isinstance(module, nn.Linear) and any(p.requires_grad for p in module.parameters())
    ]
    plain = all(type(layer).forward is nn.Linear.forward for layer in linear)
    used = [id(p) for layer in linear for p in (layer.weight, layer.bias) if p is not None]
    if not all(p.requires_grad for layer in linear for p in layer.parameters()) or not linear:
        raise InputError(
            "levenberg trains a layer's weights and biases, or freezes both; take adam"
        )
    if set(map(id, parameters)) != set(used) or len(used) != len(set(used)) or not plain:
        raise InputError(
            "levenberg trains plain linear layers only, each with weights of its own, neither "
            "pruned nor parametrized; make these permanent (prune.remove, "
            "parametrize.remove_parametrizations) or take optimizer adam"
        )
    return linear


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
