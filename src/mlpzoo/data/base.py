"""Samples of a function: fresh batches from (seed, step), fixed grids to judge on; no Lightning."""

import math
from abc import ABC, abstractmethod
from collections.abc import MutableMapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlpzoo.checks import (
    LARGEST_COUNT,
    InputError,
    as_typed,
    check_count,
    check_ordered,
    check_seed,
    plain_value,
    resolve_name,
)
from mlpzoo.data.sampling import latin_hypercube, uniform
from mlpzoo.data.stream import Batch, BatchStream, BlockStream, Grid, block_stream, passes

SAMPLINGS = ("uniform", "stratified", "closed", "even", "arcsine", "near")
_NEAR = 0.2  # of the range: how far apart the coordinates of a near row are, at most
_GRID_ROWS = 16_384  # rows of a grid evaluated at once, to bound memory
MOST_ROWS = 2**20  # of a grid of three inputs or more: 101 points along three axes
SAMPLE_ROWS = 2**16  # that stand in for a larger one
_SAMPLE = torch.tensor([-1])  # a draw that no training step takes


@dataclass(kw_only=True, eq=False)
class Samples(ABC):
    """Samples of y = target(x) for x in [low, high]^in_features.

    Training batches are fresh in every step and a pure function of (seed, step): the same on every
    run and device, whatever was drawn before. With several processes, process r of n takes the
    steps r, r + n, ... Validation, test and prediction use an even grid that includes both ends;
    of three inputs or more, where it would have over 2^20 rows, 2^16 fixed rows of a Latin
    hypercube.

    Rows are drawn one by one ("uniform"), or as a Latin hypercube, in which each is still uniform
    ("stratified"). "closed" shrinks its outer strata to the two ends, so that every batch of three
    rows or more holds both; in "even", which is "closed" too, the other rows are equally far apart
    along each axis; "arcsine" narrows its strata towards the ends, to the density
    1 / sqrt(t (1 - t)); "near" is "closed" with the coordinates of every second row close to its
    first, closer than a fifth of the range, mostly far closer.

    A subclass is a dataclass too, and states the arguments that it adds or has other defaults for.
    `mlpzoo.data.modules` makes a LightningDataModule of each.

    Shapes: x (batch, in_features), y (batch, out_features).

    Args:
        low: Low end of every input, in the exercise's units.
        high: High end of every input.
        batch_size: Rows of a training batch.
        growth: Smaller batches before these: pairs of steps and rows, such as
            ((60, 300), (60, 600)), of which none has more rows than `batch_size`.
        sampling: "uniform", "stratified" (no gaps), "closed" (both ends in every batch), "even"
            (equal gaps), "arcsine" (denser near the ends) or "near" (inputs that lie close
            together).
        seed: Which sequence of batches.
        val_points: Points along each axis of the validation grid.
        test_points: Points along each axis of the test grid.
        steps_per_epoch: Batches that make an epoch; epochs do not repeat one another.
        block_steps: Most steps taken in one training_step; results do not depend on it.

    Raises:
        InputError: A size below its least, low >= high, or an unknown sampling.

    Attributes:
        arguments: Those that it was built with, by name.
    """

    trainer: ClassVar[Any] = None
    in_features: int = field(init=False)  # a subclass sets it
    expression: ClassVar[str] = ""  # the function of x as text, where `certify` can know it
    low: float
    high: float
    batch_size: int = 100
    growth: tuple[tuple[int, int], ...] = ()
    sampling: str = "uniform"
    seed: int = 0
    val_points: int
    test_points: int
    steps_per_epoch: int = 1000
    block_steps: int = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):  # Lightning would not keep the arguments that it adds
            raise TypeError(f"{cls.__name__} must state its arguments as fields of a dataclass")

    def __post_init__(self) -> None:
        self._take_numbers()
        if not hasattr(self, "in_features"):
            name = type(self).__name__
            raise InputError(f"{name} must say how many inputs it has: in_features = 2, say")
        check_count("in_features", self.in_features)
        check_ordered("range", self.low, self.high)
        self.low, self.high = float(self.low), float(self.high)
        self.sampling = resolve_name("sampling", self.sampling, SAMPLINGS)
        self.arguments = self._arguments()
        for name in ("batch_size", "val_points", "test_points", "steps_per_epoch", "block_steps"):
            check_count(name, getattr(self, name), least=2 if "points" in name else 1)
        check_seed("seed", self.seed)
        self._check_growth()

    def _check_growth(self) -> None:
        self.growth = plain_value("growth", self.growth)
        if not isinstance(self.growth, tuple) or not all(
            isinstance(stage, tuple) and len(stage) == 2 for stage in self.growth
        ):
            raise InputError(f"growth must be pairs (steps, rows), got {as_typed(self.growth)}")
        for stage in self.growth:
            for name, number in zip(("steps", "rows"), stage, strict=True):
                check_count(f"{name} of growth", number)

    def _arguments(self) -> MutableMapping[str, Any]:
        """Return the arguments of the constructor, to be kept."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def _take_numbers(self) -> None:
        """Make numpy's and torch's numbers Python's, so that a checkpoint loads."""
        for name, value in list(vars(self).items()):
            if getattr(value, "ndim", None) == 0:
                setattr(self, name, value.item())

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "trainer": None}  # which a fit leaves here

    @abstractmethod
    def target(self, x: Tensor) -> Tensor:
        """Return the right answers: (batch, in_features) -> (batch, out_features)."""

    def train_block(self, steps: Tensor) -> Batch:
        """Return the batches of several steps of one stage, stacked: functions of seed and step.

        Shapes: steps (count,), int64 -> x (count, batch, in_features), y (the same, out_features).
        """
        return self._answered(self._in_range(self._unit_points(steps)))

    def stage(self, step: int) -> tuple[int, int]:
        """Return the rows of the batch of a step, and after how many steps they may change.

        Args:
            step: 0 or more.

        Example:
            >>> from mlpzoo import SinDataModule
            >>> data = SinDataModule(growth=((60, 300),), batch_size=1000)
            >>> data.stage(59), data.stage(60)[0]
            ((300, 1), 1000)
        """
        for steps, rows in self.growth:
            if step < steps:
                return min(rows, self.batch_size), steps - step
            step -= steps
        return self.batch_size, LARGEST_COUNT

    def train_batch(self, step: int) -> Batch:
        """Return the batch of one step.

        Args:
            step: 0 or more.
        """
        x, y = self.train_block(torch.tensor([step]))
        return x[0], y[0]

    def grid(self, points: int) -> Batch:
        """Return an even grid over the closed range and its targets; the last axis runs fastest.

        Shapes: -> x (points ** in_features, in_features), y (the same, out_features). Where these
            are more than 2^20 rows of three inputs or more, 2^16 fixed ones stand in, and each
            axis still has both ends.

        Args:
            points: Points along each axis, 1 or more.

        Raises:
            InputError: Less than one point.
        """
        check_count("points", points := plain_value("points", points))
        if self.in_features > 2 and points**self.in_features > MOST_ROWS:
            unit = latin_hypercube(0, _SAMPLE, SAMPLE_ROWS, self.in_features)[0]
            return self._answered(self._in_range(_closed(unit)))
        axis = torch.linspace(self.low, self.high, points)
        x = torch.cartesian_prod(*[axis] * self.in_features).view(-1, self.in_features)
        return self._answered(x)

    def train_dataloader(self) -> BatchStream | BlockStream:
        """Return batches from step 0 on, or those that a Trainer's module is ready for."""
        trainer, length = self.trainer, self.steps_per_epoch
        if trainer is None:
            return BatchStream(self.train_batch, length=length)
        if self.block_steps > 1:
            return block_stream(self, self)
        return BatchStream(
            self.train_batch,
            rank=trainer.global_rank,
            world=trainer.world_size,
            **passes(trainer, length),
        )

    def val_dataloader(self) -> Grid:
        """Return the validation grid."""
        return Grid(self.grid(self.val_points), rows=_GRID_ROWS)

    def test_dataloader(self) -> Grid:
        """Return the test grid."""
        return Grid(self.grid(self.test_points), rows=_GRID_ROWS)

    def predict_dataloader(self) -> Grid:
        """Return the test grid."""
        return self.test_dataloader()

    def _in_range(self, unit: Tensor) -> Tensor:
        return torch.lerp(torch.tensor(self.low), torch.tensor(self.high), unit)  # exact at ends

    def _answered(self, x: Tensor) -> Batch:
        """Return x with its targets, which a subclass may give as an array or in float64."""
        y = torch.as_tensor(self.target(x.reshape(-1, self.in_features)), dtype=x.dtype)
        return x, y.reshape(*x.shape[:-1], -1)

    def _unit_points(self, steps: Tensor) -> Tensor:
        size, columns = self.stage(int(steps[0]))[0], self.in_features
        if self.sampling == "uniform":
            return uniform(self.seed, steps, size * columns).view(-1, size, columns)
        unit = latin_hypercube(self.seed, steps, size, columns, even=self.sampling == "even")
        if self.sampling in ("closed", "even", "near") and size > 2:
            unit = _closed(unit)
        if self.sampling == "near":
            rows = unit[:, ::2]
            side = 2 * rows[..., 1:] - 1
            apart = _NEAR * side * side.square().square()  # a power's last bit hangs on the block
            unit[:, ::2] = torch.cat([rows[..., :1], rows[..., :1] + apart], dim=-1).clamp(0, 1)
        return torch.sin(unit * (math.pi / 2)).square() if self.sampling == "arcsine" else unit


def _closed(unit: Tensor) -> Tensor:
    """Return a Latin hypercube whose outer strata have shrunk to the two ends."""
    size = unit.shape[-2]
    return ((size * unit - 1) / (size - 2)).clamp(0, 1)
