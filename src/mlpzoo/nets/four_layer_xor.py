"""The lecture's XOR network, a class with its four hidden layers by name."""

from typing import ClassVar

from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.nets.base import Network
from mlpzoo.nets.initialization import initialize
from mlpzoo.nets.stack import linear


class FourLayerXOR(Network):
    """The lecture's class: 2-2-2-2-2-1, a sigmoid after each hidden layer, 27 parameters.

    The output is the logit of "x1 differs from x2"; no final sigmoid is applied.

    Shapes: (batch, 2) -> (batch, 1).

    Args:
        initialization: A name that `mlpzoo.nets.initialization` knows.
        gain: Factor of the weights and biases that it gives.
        seed: Seed of the start.

    Raises:
        InputError: Unknown initialization, or a gain or a seed out of range.

    Example:
        >>> import torch
        >>> FourLayerXOR()(torch.zeros(4, 2)).shape
        torch.Size([4, 1])
    """

    gives: ClassVar[str] = "logit"

    def __init__(
        self, *, initialization: str = "default", gain: float = 1.0, seed: int = 0
    ) -> None:
        super().__init__()
        self.layer1, self.sigmoid1 = linear(2, 2), nn.Sigmoid()
        self.layer2, self.sigmoid2 = linear(2, 2), nn.Sigmoid()
        self.layer3, self.sigmoid3 = linear(2, 2), nn.Sigmoid()
        self.layer4, self.sigmoid4 = linear(2, 2), nn.Sigmoid()
        self.output_layer = linear(2, 1)
        initialize(self, initialization, seed, gain=gain)

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

    @override
    def sketch(self) -> str:
        return "2-2-2-2-2-1 sigmoid"
