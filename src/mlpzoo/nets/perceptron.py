"""Rosenblatt's perceptron: one unit with a step."""

from typing import ClassVar

from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.nets.base import Network
from mlpzoo.nets.initialization import initialize
from mlpzoo.nets.stack import Step, linear

_STEP = Step()


class Perceptron(Network):
    """One unit with the step activation: 1 where w . x + b > 0, else 0.

    Shapes: (batch, in_features) -> (batch, 1).

    Args:
        in_features: Number of inputs.
        initialization: A name that `mlpzoo.nets.initialization` knows.
        gain: Factor of the weights and biases that it gives.
        seed: Seed of the start.

    Raises:
        InputError: A size below 1, an unknown initialization, a gain or a seed out of range.

    Example:
        >>> import torch
        >>> gate = Perceptron()
        >>> _ = gate.linear.weight.data.copy_(torch.tensor([[0.5, 0.5]]))
        >>> _ = gate.linear.bias.data.fill_(-0.25)
        >>> gate(torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])).flatten().tolist()
        [0.0, 1.0, 1.0, 1.0]
    """

    gives: ClassVar[str] = "probability"

    def __init__(
        self,
        *,
        in_features: int = 2,
        initialization: str = "default",
        gain: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(in_features=in_features)
        self.linear = linear(in_features, 1)
        initialize(self, initialization, seed, gain=gain)

    @override
    def forward(self, x: Tensor) -> Tensor:
        fires: Tensor = _STEP(self.linear(x))
        return fires

    @override
    def paths(self) -> dict[str, list[nn.Module]]:
        return {"y": [self.linear, _STEP]}

    @override
    def sketch(self) -> str:
        return f"{self.arguments['in_features']}-1 step"
