"""Pairs of numbers with their maximum and minimum."""

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.data.base import FunctionDataModule


class MinMaxDataModule(FunctionDataModule):
    """Fresh pairs x1, x2 in [low, high] with y = (max(x1, x2), min(x1, x2)).

    Shapes: x (batch, 2), y (batch, 2); column 0 of y is the maximum, column 1 the minimum.

    Args:
        low: Low end of both inputs.
        high: High end of both inputs.
        batch_size: Rows of a training batch.
        sampling: "uniform", "stratified" (no gaps), "closed" (both ends in every batch) or
            "arcsine" (denser near the ends); "near" concerns several inputs.
        seed: Which sequence of batches.
        val_points: Points along each axis of the validation grid.
        test_points: Points along each axis of the test grid.
        steps_per_epoch: Batches that make an epoch.
        block_steps: Most steps taken in one training_step; results do not depend on it.

    Raises:
        InputError: A size below its least, low >= high, or an unknown sampling.

    Example:
        >>> import torch
        >>> MinMaxDataModule().target(torch.tensor([[3.0, 8.0]])).tolist()
        [[8.0, 3.0]]
    """

    in_features: ClassVar[int] = 2

    def __init__(
        self,
        *,
        low: float = 0.0,
        high: float = 100.0,
        batch_size: int = 100,
        sampling: str = "uniform",
        seed: int = 0,
        val_points: int = 101,
        test_points: int = 401,
        steps_per_epoch: int = 1000,
        block_steps: int = 1,
    ) -> None:
        super().__init__(
            low=low,
            high=high,
            batch_size=batch_size,
            sampling=sampling,
            seed=seed,
            val_points=val_points,
            test_points=test_points,
            steps_per_epoch=steps_per_epoch,
            block_steps=block_steps,
        )
        self.save_hyperparameters(logger=False)

    @override
    def target(self, x: Tensor) -> Tensor:
        return torch.stack([x.amax(dim=-1), x.amin(dim=-1)], dim=-1)
