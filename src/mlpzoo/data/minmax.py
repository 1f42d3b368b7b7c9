"""Pairs of numbers with their maximum and minimum."""

from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.data.base import Samples


@dataclass(kw_only=True, eq=False)
class MinMaxSamples(Samples):
    """Fresh pairs x1, x2 in [low, high] with y = (max(x1, x2), min(x1, x2)).

    Shapes: x (batch, 2), y (batch, 2); column 0 of y is the maximum, column 1 the minimum.

    Example:
        >>> MinMaxSamples().target(torch.tensor([[3.0, 8.0]])).tolist()
        [[8.0, 3.0]]
    """

    in_features = 2

    low: float = 0.0
    high: float = 100.0
    val_points: int = 101
    test_points: int = 401

    @override
    def target(self, x: Tensor) -> Tensor:
        return torch.stack([x.amax(dim=-1), x.amin(dim=-1)], dim=-1)
