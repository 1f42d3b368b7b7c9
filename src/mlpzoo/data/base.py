"""The base of all data modules: fresh batches from (seed, step), fixed grids to judge on."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import at_least, known, ordered, seed_in_range
from mlpzoo.data.sampling import latin_hypercube, uniform
from mlpzoo.data.stream import Batch, BatchStream

SAMPLINGS = ("uniform", "stratified", "closed", "arcsine")
_GRID_ROWS = 16_384  # rows of a grid evaluated at once, to bound memory


class FunctionDataModule(LightningDataModule, ABC):
    """Samples of y = target(x) for x in [low, high]^in_features.

    Training batches are fresh in every step and a pure function of (seed, step): the same on every
    run and device, whatever was drawn before. With several processes, process r of n takes the
    steps r, r + n, ... Validation, test and prediction use an even grid that includes both ends.

    Shapes: x (batch, in_features), y (batch, out_features).

    Args:
        low: Low end of every input, in the exercise's units.
        high: High end of every input.
        batch_size: Rows of a training batch.
        sampling: "uniform"; "stratified" for a Latin hypercube, each row still uniform; "closed"
            for the same with the outer strata shrunk to the two ends, so that every batch holds
            both; "arcsine" for strata that narrow towards the ends, density 1 / sqrt(t (1 - t)).
        seed: Which sequence of batches.
        val_points: Points along each axis of the validation grid.
        test_points: The same of the test grid.
        steps_per_epoch: Batches that make an epoch; epochs do not repeat one another.

    Raises:
        InputError: A size below its least, low >= high, or an unknown sampling.
    """

    in_features: ClassVar[int]

    def __init__(
        self,
        *,
        low: float,
        high: float,
        batch_size: int,
        sampling: str = "uniform",
        seed: int = 0,
        val_points: int,
        test_points: int,
        steps_per_epoch: int = 1000,
    ) -> None:
        super().__init__()
        ordered("range", low, high)
        at_least("batch_size", batch_size, 1)
        at_least("val_points", val_points, 2)
        at_least("test_points", test_points, 2)
        at_least("steps_per_epoch", steps_per_epoch, 1)
        seed_in_range(seed)
        self.low, self.high, self.seed = low, high, seed
        self.batch_size, self.steps_per_epoch = batch_size, steps_per_epoch
        self.sampling = known("sampling", sampling, SAMPLINGS)
        self.val_points, self.test_points = val_points, test_points

    @abstractmethod
    def target(self, x: Tensor) -> Tensor:
        """Return the right answers: (batch, in_features) -> (batch, out_features)."""

    def train_batch(self, step: int) -> Batch:
        """Return the batch of a step, a pure function of (seed, step).

        Args:
            step: 0 or more.
        """
        shape = (self.batch_size, self.in_features)
        if self.sampling == "uniform":
            unit = uniform(self.seed, step, self.batch_size * self.in_features).view(shape)
        else:
            unit = latin_hypercube(self.seed, step, *shape)
        if self.sampling == "closed" and self.batch_size > 2:
            unit = ((self.batch_size * unit - 1) / (self.batch_size - 2)).clamp(0, 1)
        if self.sampling == "arcsine":
            unit = torch.sin(unit * (math.pi / 2)).square()
        x = self.low + (self.high - self.low) * unit
        return x, self.target(x)

    def grid(self, points: int) -> Batch:
        """Return an even grid over the closed range and its targets; the last axis runs fastest.

        Shapes: -> x (points ** in_features, in_features), y (the same, out_features).

        Args:
            points: Points along each axis, 2 or more.
        """
        axis = torch.linspace(self.low, self.high, points)
        x = torch.cartesian_prod(*[axis] * self.in_features).view(-1, self.in_features)
        return x, self.target(x)

    @override
    def train_dataloader(self) -> BatchStream:
        trainer = self.trainer
        if trainer is None:
            return BatchStream(self.train_batch, length=self.steps_per_epoch)
        rank, world = trainer.global_rank, trainer.world_size
        return BatchStream(
            self.train_batch,
            length=self.steps_per_epoch,
            start=lambda: (trainer.fit_loop.total_batch_idx + 1) * world + rank,
            stride=world,
        )

    @override
    def val_dataloader(self) -> BatchStream:
        return _chunks(self.grid(self.val_points))

    @override
    def test_dataloader(self) -> BatchStream:
        return _chunks(self.grid(self.test_points))

    @override
    def predict_dataloader(self) -> BatchStream:
        return self.test_dataloader()


def cycle(x: Tensor, y: Tensor, batch_size: int, step: int) -> Batch:
    """Return rows step * batch_size, ... of (x, y), starting over after the last one.

    Shapes: x (rows, in_features), y (rows, out_features) -> the same with batch_size rows.
    """
    if batch_size == len(x):
        return x, y
    rows = (torch.arange(batch_size) + step * batch_size) % len(x)
    return x[rows], y[rows]


def _chunks(grid: Batch) -> BatchStream:
    chunks = list(zip(*(torch.split(column, _GRID_ROWS) for column in grid), strict=True))
    return BatchStream(chunks.__getitem__, length=len(chunks))
