"""Samples of y = x^2."""

from typing import ClassVar

from torch import Tensor
from typing_extensions import override

from mlpzoo.data.base import FunctionDataModule


class SquareDataModule(FunctionDataModule):
    """Fresh samples of y = x^2, in [low, high].

    Shapes: x (batch, 1), y (batch, 1).

    Args:
        low: Low end of x.
        high: High end of x.
        batch_size: Rows of a training batch.
        sampling: "uniform", "stratified" (no gaps), "closed" (both ends in every batch) or
            "arcsine" (denser near the ends); "near" concerns several inputs.
        seed: Which sequence of batches.
        val_points: Points of the validation grid.
        test_points: Points of the test grid.
        steps_per_epoch: Batches that make an epoch.
        block_steps: Most steps taken in one training_step; results do not depend on it.

    Raises:
        InputError: A size below its least, low >= high, or an unknown sampling.

    Example:
        >>> import torch
        >>> SquareDataModule().target(torch.tensor([[2.0], [3.0]])).flatten().tolist()
        [4.0, 9.0]
    """

    in_features: ClassVar[int] = 1

    def __init__(
        self,
        *,
        low: float = -100.0,
        high: float = 100.0,
        batch_size: int = 100,
        sampling: str = "uniform",
        seed: int = 0,
        val_points: int = 2001,
        test_points: int = 20_001,
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
        return x.square()
