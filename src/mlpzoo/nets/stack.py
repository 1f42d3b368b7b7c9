"""Activations by name, and linear layers stacked with one between each two."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.checks import check_count

_NOT_ELEMENTWISE = {
    "GLU",  # halves its input
    "LogSoftmax",
    "MultiheadAttention",
    "RReLU",  # draws from the global generator
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Threshold",  # has no defaults
}


class Step(nn.Module):
    """1 where the input is above 0, else 0; its slope is 0, so no gradient passes it.

    Shapes: any -> the same.

    Example:
        >>> Step()(torch.tensor([-1.0, 0.0, 0.5])).tolist()
        [0.0, 0.0, 1.0]
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x.relu().sign()


ACTIVATIONS: dict[str, type[nn.Module]] = {"identity": nn.Identity, "step": Step} | {
    name.lower(): getattr(nn.modules.activation, name)
    for name in nn.modules.activation.__all__
    if name not in _NOT_ELEMENTWISE
}


def linear(in_features: int, out_features: int) -> nn.Linear:
    """Return a linear layer whose weights are still to be drawn.

    Args:
        in_features: Number of inputs.
        out_features: Number of outputs.

    Raises:
        InputError: A size below 1.
    """
    check_count("in_features", in_features)
    check_count("out_features", out_features)
    with torch.device("meta"):  # it neither draws from torch's global generator nor takes memory
        layer = nn.Linear(in_features, out_features)
    for name, parameter in list(layer.named_parameters()):  # to_empty imports 0.4 s of torch
        setattr(layer, name, nn.Parameter(torch.empty(parameter.shape)))
    return layer


def stack(features: Sequence[int], activation: str) -> nn.Sequential:
    """Return linear layers with an activation between each two.

    Args:
        features: Number of inputs, then the units of each layer.
        activation: A name of `ACTIVATIONS`.

    Raises:
        InputError: A size below 1.
    """
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(features):
        layers += [linear(size_in, size_out), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])
