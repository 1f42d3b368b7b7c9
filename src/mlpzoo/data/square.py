"""Samples of y = x^2."""

from dataclasses import dataclass

from torch import Tensor
from typing_extensions import override

from mlpzoo.data.base import Samples


@dataclass(kw_only=True, eq=False)
class SquareSamples(Samples):
    """Fresh samples of y = x^2, in [low, high].

    Shapes: x (batch, 1), y (batch, 1).

    Example:
        >>> import torch
        >>> SquareSamples().target(torch.tensor([[2.0], [3.0]])).flatten().tolist()
        [4.0, 9.0]
    """

    in_features = 1
    expression = "x**2"

    low: float = -100.0
    high: float = 100.0
    val_points: int = 2001
    test_points: int = 20_001

    @override
    def target(self, x: Tensor) -> Tensor:
        return x.square()
