"""Samples of y = sin(x), x in radians."""

from dataclasses import dataclass

from torch import Tensor
from typing_extensions import override

from mlpzoo.data.base import Samples


@dataclass(kw_only=True, eq=False)
class SinSamples(Samples):
    """Fresh samples of y = sin(x), x in radians, in [low, high].

    Shapes: x (batch, 1), y (batch, 1).

    Example:
        >>> import torch
        >>> SinSamples().target(torch.tensor([[0.0]])).flatten().tolist()
        [0.0]
    """

    in_features = 1
    expression = "sin(x)"

    low: float = -10.0
    high: float = 10.0
    val_points: int = 4001
    test_points: int = 20_001

    @override
    def target(self, x: Tensor) -> Tensor:
        return x.sin()
