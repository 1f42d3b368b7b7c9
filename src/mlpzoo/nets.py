"""The networks: plain `torch.nn.Module`s that know nothing of Lightning, data or training.

Every network draws its start from its own `seed`; torch's global generator is neither read nor
advanced. `forward` takes x and returns y in the units of the exercise.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.checks import InputError, choose, count
from mlpzoo.initialization import initialize
from mlpzoo.linear import Linear
from mlpzoo.scaling import RangeScale

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
ACTIVATIONS: dict[str, type[nn.Module]] = {"identity": nn.Identity} | {
    name.lower(): getattr(nn.modules.activation, name)
    for name in nn.modules.activation.__all__
    if name not in _NOT_ELEMENTWISE
}


class SequentialMLP(nn.Module):
    """A stack of linear layers with one activation after every hidden layer.

    y = s_out * (W_n act(... act(W_1 (x - m_in) / s_in + b_1) ...) + b_n) + m_out, where the range
    `in_range` is mapped on [-1, 1] before the first layer and [-1, 1] on `out_range` after the
    last. Both maps are buffers, so they travel in the state_dict. Without hidden layers the
    network is linear regression.

    Shapes: (batch, in_features) -> (batch, out_features).

    Args:
        in_features: Number of inputs.
        hidden_features: Units of each hidden layer, first to last; empty for none.
        out_features: Number of outputs.
        activation: Name of a `torch.nn` activation, in any case.
        out_activation: The same for the output; "identity" for none.
        initialization: A name that `mlpzoo.initialization` knows.
        in_range: Low and high end of the inputs; None leaves them as they are.
        out_range: Low and high end of the outputs; None leaves them as they are.
        seed: Seed of the start.

    Raises:
        InputError: A size below 1, an unknown name, or a range whose ends are not in order.

    Example:
        >>> net = SequentialMLP(in_features=1, hidden_features=(256, 256), out_features=1)
        >>> net(torch.zeros(100, 1)).shape, sum(p.numel() for p in net.parameters())
        (torch.Size([100, 1]), 66561)
    """

    def __init__(
        self,
        *,
        in_features: int = 1,
        hidden_features: Sequence[int] = (256, 256),
        out_features: int = 1,
        activation: str = "relu",
        out_activation: str = "identity",
        initialization: str = "default",
        in_range: tuple[float, float] | None = None,
        out_range: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.in_scale = RangeScale(in_range)
        self.layers = _stack((in_features, *hidden_features, out_features), activation)
        self.out_activation = choose("activation", out_activation, ACTIVATIONS)()
        self.out_scale = RangeScale(out_range)
        initialize(self, initialization, seed)

    @override
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out_activation(self.layers(self.in_scale.to_unit(x)))
        return self.out_scale.from_unit(y)


class FourLayerXOR(nn.Module):
    """The lecture's class: 2-2-2-2-2-1, a sigmoid after each hidden layer, 27 parameters.

    The output is the logit of "x1 differs from x2"; no final sigmoid is applied.

    Shapes: (batch, 2) -> (batch, 1).

    Args:
        initialization: A name that `mlpzoo.initialization` knows.
        seed: Seed of the start.

    Raises:
        InputError: Unknown initialization or a seed out of range.

    Example:
        >>> FourLayerXOR()(torch.zeros(4, 2)).shape
        torch.Size([4, 1])
    """

    def __init__(self, *, initialization: str = "default", seed: int = 0) -> None:
        super().__init__()
        self.layer1, self.sigmoid1 = _linear(2, 2), nn.Sigmoid()
        self.layer2, self.sigmoid2 = _linear(2, 2), nn.Sigmoid()
        self.layer3, self.sigmoid3 = _linear(2, 2), nn.Sigmoid()
        self.layer4, self.sigmoid4 = _linear(2, 2), nn.Sigmoid()
        self.output_layer = _linear(2, 1)
        initialize(self, initialization, seed)

    def hidden(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs of the four hidden layers, first to last.

        Shapes: (batch, 2) -> four times (batch, 2).
        """
        h1 = self.sigmoid1(self.layer1(x))
        h2 = self.sigmoid2(self.layer2(h1))
        h3 = self.sigmoid3(self.layer3(h2))
        h4 = self.sigmoid4(self.layer4(h3))
        return h1, h2, h3, h4

    @override
    def forward(self, x: Tensor) -> Tensor:
        logit: Tensor = self.output_layer(self.hidden(x)[-1])
        return logit


class DualHeadMLP(nn.Module):
    """One trunk with a ReLU after each layer, a head for the maximum and a head for the minimum.

    Shapes: (batch, in_features) -> (batch, 2); column 0 is the max head, column 1 the min head.

    Args:
        in_features: Number of inputs.
        trunk_features: Units of each trunk layer.
        head_features: Units of each hidden layer of a head.
        initialization: A name that `mlpzoo.initialization` knows.
        value_range: Low and high end of inputs and outputs, mapped on [-1, 1] inside; None
            leaves both as they are.
        seed: Seed of the start.

    Raises:
        InputError: A size below 1, no trunk layer, an unknown name, or a range out of order.

    Example:
        >>> net = DualHeadMLP()
        >>> net(torch.zeros(100, 2)).shape, sum(p.numel() for p in net.parameters())
        (torch.Size([100, 2]), 264450)
    """

    def __init__(
        self,
        *,
        in_features: int = 2,
        trunk_features: Sequence[int] = (256, 256, 256),
        head_features: Sequence[int] = (256,),
        initialization: str = "default",
        value_range: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not trunk_features:
            raise InputError("trunk_features must name at least one layer, got none")
        self.scale = RangeScale(value_range)
        self.trunk = _stack((in_features, *trunk_features), "relu").append(nn.ReLU())
        self.max_head = _stack((trunk_features[-1], *head_features, 1), "relu")
        self.min_head = _stack((trunk_features[-1], *head_features, 1), "relu")
        initialize(self, initialization, seed)

    @override
    def forward(self, x: Tensor) -> Tensor:
        shared = self.trunk(self.scale.to_unit(x))
        heads = torch.cat([self.max_head(shared), self.min_head(shared)], dim=-1)
        return self.scale.from_unit(heads)


class Perceptron(nn.Module):
    """One unit with the step activation: 1 where w . x + b > 0, else 0.

    Shapes: (batch, in_features) -> (batch, 1).

    Args:
        in_features: Number of inputs.
        initialization: A name that `mlpzoo.initialization` knows.
        seed: Seed of the start.

    Raises:
        InputError: A size below 1, an unknown initialization or a seed out of range.

    Example:
        >>> gate = Perceptron()
        >>> _ = gate.linear.weight.data.copy_(torch.tensor([[0.5, 0.5]]))
        >>> _ = gate.linear.bias.data.fill_(-0.25)
        >>> gate(torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])).flatten().tolist()
        [0.0, 1.0, 1.0, 1.0]
    """

    def __init__(
        self, *, in_features: int = 2, initialization: str = "default", seed: int = 0
    ) -> None:
        super().__init__()
        self.linear = _linear(in_features, 1)
        initialize(self, initialization, seed)

    @override
    def forward(self, x: Tensor) -> Tensor:
        fires: Tensor = self.linear(x) > 0
        return fires.to(x.dtype)


def _linear(in_features: int, out_features: int) -> Linear:
    count("in_features", in_features)
    count("out_features", out_features)
    return Linear(in_features, out_features, empty=True)


def _stack(features: Sequence[int], activation: str) -> nn.Sequential:
    act = choose("activation", activation, ACTIVATIONS)
    if min(features) < 1:
        raise InputError(f"every layer must have 1 unit or more, got {tuple(features)}")
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(features):
        layers += [act()] if layers else []
        layers.append(_linear(size_in, size_out))
    return nn.Sequential(*layers)
