"""Samples of a function: fresh batches from (seed, step), fixed grids to judge on; no Lightning."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from typing import Any

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
from mlpzoo.data.sampling import SAMPLINGS, sample_of_cube, unit_points
from mlpzoo.data.stream import Batch, Loaders

MOST_ROWS = 2**20  # of a grid of three inputs or more: 101 points along three axes


@dataclass(kw_only=True, eq=False)
class Samples(Loaders, ABC):
    """Samples of y = target(x) for x in [low, high]^in_features, or in a range for each input.

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

    in_features: int = field(init=False)  # a subclass sets it
    expression: str = field(
        default="", init=False
    )  # the function of x as text, where `certify` can know it
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

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Low and high end of each input."""
        return ((self.low, self.high),) * self.in_features

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return (
            ("x",) if self.in_features == 1 else tuple(f"x{i + 1}" for i in range(self.in_features))
        )

    @property
    def title(self) -> str:
        """What pictures call the function; "" for the name of the exercise."""
        return ""

    @property
    def bars(self) -> Mapping[str, float]:
        """Limits by metric that the data ask for."""
        return {}

    @property
    def example(self) -> Tensor:
        """Inputs of a few rows, to try a network with."""
        return self.grid(2)[0]

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
        if self.sampled(points):
            return self._answered(self._in_range(sample_of_cube(self.in_features)))
        axes = [torch.linspace(low, high, points) for low, high in self.ranges]
        x = torch.cartesian_prod(*axes).view(-1, self.in_features)
        return self._answered(x)

    def sampled(self, points: int) -> bool:
        """Tell whether a sample stands in for a grid, which would be too large.

        Args:
            points: Points along each axis.
        """
        return self.in_features > 2 and points**self.in_features > MOST_ROWS

    def rows_of(self, stage: str) -> Batch:
        """Return the rows that validation or the test measures on.

        Shapes: -> x (rows, in_features), y (rows, out_features).

        Args:
            stage: "val" or "test".
        """
        return self.grid({"val": self.val_points, "test": self.test_points}[stage])

    def _in_range(self, unit: Tensor) -> Tensor:
        different = len(set(ranges := self.ranges)) > 1
        low, high = torch.tensor(ranges if different else ranges[0]).unbind(-1)
        return torch.lerp(low, high, unit)  # exact at both ends

    def _answered(self, x: Tensor) -> Batch:
        """Return x with its targets, which a subclass may give as an array or in float64."""
        y = torch.as_tensor(self.target(x.reshape(-1, self.in_features)), dtype=x.dtype)
        return x, y.reshape(*x.shape[:-1], -1)

    def _unit_points(self, steps: Tensor) -> Tensor:
        size = self.stage(int(steps[0]))[0]
        return unit_points(self.sampling, self.seed, steps, size, self.in_features)
