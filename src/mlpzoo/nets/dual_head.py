"""One trunk with two heads, for the maximum and the minimum."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.checks import InputError, check_sizes
from mlpzoo.nets.base import Network
from mlpzoo.nets.initialization import initialize
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.nets.stack import stack


class DualHeadMLP(Network):
    """One trunk with a ReLU after each layer, a head for the maximum and a head for the minimum.

    Shapes: (batch, in_features) -> (batch, 2); column 0 is the max head, column 1 the min head.

    Args:
        in_features: Number of inputs.
        trunk_features: Units of each trunk layer.
        head_features: Units of each hidden layer of a head.
        initialization: A name that `mlpzoo.nets.initialization` knows.
        gain: Factor of the weights and biases that it gives.
        value_range: Low and high end of inputs and outputs; None leaves both as they are.
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
        gain: float = 1.0,
        value_range: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> None:
        trunk_features = check_sizes("trunk_features", trunk_features)
        head_features = check_sizes("head_features", head_features)
        super().__init__(
            in_features=in_features, trunk_features=trunk_features, head_features=head_features
        )
        if not trunk_features:
            raise InputError("trunk_features must name at least one layer, got none")
        self.scale = RangeScale(value_range)
        self.trunk = stack((in_features, *trunk_features), "relu").append(nn.ReLU())
        self.max_head = stack((trunk_features[-1], *head_features, 1), "relu")
        self.min_head = stack((trunk_features[-1], *head_features, 1), "relu")
        initialize(self, initialization, seed, gain=gain)

    @override
    def forward(self, x: Tensor) -> Tensor:
        shared = self.trunk(self.scale.to_unit(x))
        heads = torch.cat([self.max_head(shared), self.min_head(shared)], dim=-1)
        return self.scale.from_unit(heads)

    @override
    def paths(self) -> dict[str, list[nn.Module]]:
        heads = {"max": self.max_head, "min": self.min_head}
        return {name: [self.scale, self.trunk, head, self.scale] for name, head in heads.items()}

    @override
    def sketch(self) -> str:
        given = self.arguments
        trunk = "-".join(map(str, (given["in_features"], *given["trunk_features"])))
        head = "-".join(map(str, (*given["head_features"], 1)))
        return f"{trunk}, two heads {head} relu"
