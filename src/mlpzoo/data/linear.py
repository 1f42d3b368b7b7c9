"""Points near a straight line, drawn or given."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import (
    InputError,
    as_float32,
    as_typed,
    check_at_least,
    check_count,
    is_finite,
    plain_value,
)
from mlpzoo.data.base import Samples
from mlpzoo.data.sampling import cycle, normal, uniform
from mlpzoo.data.stream import Batch

_POINTS, _NOISE = torch.tensor([0]), torch.tensor([1])  # two draws of a seed


@dataclass(kw_only=True, eq=False)
class LinearSamples(Samples):
    """A fixed set of points (x, y); what is to be found is their least-squares line.

    Either `points` are given, or `num_samples` points of y = a x + b + noise_std * N(0, 1) are
    drawn once, with x uniform in [low, high]. Validation and test compare with the least-squares
    line of the points on a grid of their range.

    Shapes: x (batch, 1), y (batch, 1).

    Args:
        points: Pairs (x, y) to use as they are; then a, b, noise_std, num_samples, low and high
            are not used. On the command line "(1,2),(3,4)", or a .csv file with a pair a line.
        a: True slope.
        b: True intercept.
        noise_std: Standard deviation of the noise in y.
        num_samples: How many points to draw.
        batch_size: Points in a batch, taken in turn; None takes all of them in every step.
        seed: Which points are drawn.

    Raises:
        InputError: Fewer than two points, all at one x, or a value out of range.

    Example:
        >>> a, b = LinearSamples(points=((2, 4), (4, 7), (8, 8))).least_squares()
        >>> round(a, 12), round(b, 12)
        (0.607142857143, 3.5)
    """

    in_features = 1

    points: tuple[tuple[float, float], ...] | None = None
    a: float = 2.0
    b: float = 1.0
    noise_std: float = 1.0
    num_samples: int = 100
    low: float = -10.0
    high: float = 10.0
    batch_size: int | None = None  # type: ignore[assignment]  # a number once it is built
    growth: tuple[tuple[int, int], ...] = field(default=(), init=False)
    sampling: str = field(default="uniform", init=False)
    val_points: int = 101
    test_points: int = 1001

    @override
    def __post_init__(self) -> None:
        self._take_numbers()
        for name in ("a", "b"):
            is_finite(name, getattr(self, name))
        check_at_least("noise_std", self.noise_std, 0)
        check_count("num_samples", self.num_samples, least=2)
        if self.points is not None:
            self.points = plain_value("points", self.points)
            self.low, self.high = _range(self.points)
            self.num_samples = len(self.points)
        given = self.batch_size
        self.batch_size = self.num_samples if given is None else given
        super().__post_init__()
        self.arguments["batch_size"] = given  # None means all of whatever points there are
        self.x, self.y = self._draw() if self.points is None else _columns(self.points)
        if not self.y.isfinite().all():
            raise InputError(
                f"y = a x + b must be finite, got a={as_typed(self.a)} b={as_typed(self.b)}"
            )

    def _draw(self) -> Batch:
        size = self.num_samples
        unit, noise = uniform(self.seed, _POINTS, size), normal(self.seed, _NOISE, size)
        x = (self.low + (self.high - self.low) * unit).view(-1, 1)
        return x, self.a * x + self.b + self.noise_std * noise.view(-1, 1)

    def least_squares(self) -> tuple[float, float]:
        """Return slope and intercept of the least-squares line, in float64.

        a = sum((x - mean x)(y - mean y)) / sum((x - mean x)^2), b = mean y - a mean x.
        """
        x, y = self.x.double(), self.y.double()
        dx = x - x.mean()
        a = (dx * (y - y.mean())).sum() / dx.square().sum()
        return a.item(), (y.mean() - a * x.mean()).item()

    @override
    def target(self, x: Tensor) -> Tensor:
        a, b = self.least_squares()
        return (a * x.double() + b).to(x.dtype)

    @override
    def train_block(self, steps: Tensor) -> Batch:
        return cycle(self.x, self.y, self.batch_size or len(self.x), steps)


def _columns(points: tuple[tuple[float, float], ...]) -> Batch:
    x, y = torch.split(torch.tensor(points, dtype=torch.float32), 1, dim=1)
    return x, y


def _range(points: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    listed = points if isinstance(points, tuple) else (points,)
    if not all(isinstance(point, tuple) and len(point) == 2 for point in listed):
        raise InputError(f"points must be pairs (x, y), got {as_typed(points)}")
    for point in points:
        if not all(math.isfinite(as_float32(number)) for number in point):
            raise InputError(f"points must be finite numbers, got {as_typed(point)}")
    numbers = [as_float32(number) for point in points for number in point]
    if len(set(numbers[::2])) < 2:
        raise InputError(f"points must have two different x or more, got {as_typed(points)}")
    return min(numbers[::2]), max(numbers[::2])
