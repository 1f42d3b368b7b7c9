"""Samples of a function that is written as text, such as sin(x) * exp(-x / 5)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError, as_typed, check_ordered, check_positive, plain_value
from mlpzoo.data.base import Samples
from mlpzoo.data.sampling import sample_of_cube
from mlpzoo.data.stream import Batch
from mlpzoo.data.text.expression import Expression

_POINTS = {1: (4001, 20_001), 2: (101, 201)}  # of validation and test, by the number of inputs
_MANY = 129  # so many that rows of a sample stand in for the grid
_SAMPLED = 2**14  # validation rows of three inputs or more, which are not the test's
_ZERO = 1e-6  # of the largest input: what stands for 0
_FINEST = 1e-5  # of a range: numbers of float32 may be so far apart in it
_SHARE = 100  # the spread of the answers over the error that is allowed where nothing is asked


@dataclass(kw_only=True, eq=False)
class ExpressionSamples(Samples):
    """Fresh samples of a function written as text, each input in its own range.

    Of three inputs or more, validation takes 2^14 fixed rows of a Latin hypercube, and the test
    2^16 others, unless fewer points are asked for.

    Shapes: x (batch, in_features), y (batch, 1).

    Args:
        function: The function of x, or of x1, x2, ..., as `mlpzoo.Expression` takes it.
        ranges: Low and high end of each input.
        within: How far off a network may be anywhere; None for a hundredth of the spread of y.
        val_points: Points along each axis; None for 4001 of one input and 101 of two.
        test_points: The same; None for 20001 of one input and 201 of two.

    Attributes:
        out_scale: The smallest and the largest answer of validation.

    Raises:
        InputError: Not a function of as many inputs as there are ranges, or one that is not finite
            somewhere in them, or is the same everywhere.

    Example:
        >>> import torch
        >>> data = ExpressionSamples(function="max(x1, x2)**2", ranges=((0, 1), (0, 2)))
        >>> data.target(torch.tensor([[1.0, 2.0]])).tolist(), data.bars
        ([[4.0]], {'max_error': 0.04})
    """

    function: str = "sin(x)"
    ranges: tuple[tuple[float, float], ...] = ((-10.0, 10.0),)
    within: float | None = None
    low: float = field(init=False)
    high: float = field(init=False)
    val_points: int | None = None  # type: ignore[assignment]  # a number once it is built
    test_points: int | None = None  # type: ignore[assignment]

    @override
    def __post_init__(self) -> None:
        self._take_numbers()
        self.ranges = _ranges(self.ranges)
        self.low, self.high = min(self.ranges)[0], max(high for _, high in self.ranges)
        self.in_features = len(self.ranges)
        self._of_x = Expression(self.function)
        self.function = self.expression = self._of_x.text
        if self.within is not None:
            check_positive("within", self.within)
        given = {"val_points": self.val_points, "test_points": self.test_points}
        usual = _POINTS.get(self.in_features, (_MANY, _MANY))
        for (name, points), most in zip(given.items(), usual, strict=True):
            setattr(self, name, most if points is None else points)
        super().__post_init__()
        self.arguments.update(given)
        if self._of_x.inputs != self.names:
            raise InputError(
                f"{self.function!r} is of {' and '.join(self._of_x.inputs) or 'no input'}, and the "
                f"ranges are of {' and '.join(self.names)}; give one for each input, in order"
            )
        self.out_scale = _ends(self)

    @property
    @override
    def names(self) -> tuple[str, ...]:
        return ("x1",) if self._of_x.inputs == ("x1",) and self.in_features == 1 else super().names

    @property
    @override
    def title(self) -> str:
        return self.function

    @property
    @override
    def bars(self) -> Mapping[str, float]:
        low, high = self.out_scale
        return {"max_error": (high - low) / _SHARE if self.within is None else self.within}

    @override
    def rows_of(self, stage: str) -> Batch:
        if stage == "val" and self.sampled(self.val_points or 0):
            unit = sample_of_cube(self.in_features, rows=_SAMPLED, draw=1)
            return self._answered(self._in_range(unit))
        return super().rows_of(stage)

    @override
    def target(self, x: Tensor) -> Tensor:
        y: Tensor = self._of_x(x.double())
        return y.to(x.dtype)


_ENDS: dict[Any, tuple[float, float]] = {}  # of functions that have been looked at


def _ends(data: ExpressionSamples) -> tuple[float, float]:
    """Return the smallest and the largest answer of validation; refuse what is not finite."""
    known = data.function, data.ranges, data.val_points, data.test_points
    if known not in _ENDS:
        for stage in ("test", "val"):
            x, y = data.rows_of(stage)
            x = x.where(x.abs() > _ZERO * x.abs().amax(dim=0), 0)  # which no float of it may be
            y = data.target(x)
            if len(wrong := x[~y.isfinite().all(dim=1)]):
                pairs = zip(data.names, wrong[0].tolist(), strict=True)
                place = ", ".join(f"{name}={value:.6g}" for name, value in pairs)
                raise InputError(f"{data.function!r} is not finite at {place}; change its ranges")
        _ENDS[known] = y.min().item(), y.max().item()
    low, high = _ENDS[known]
    if not 0 < high - low < math.inf:
        raise InputError(f"{data.function!r} is the same everywhere in its ranges")
    return _ENDS[known]


def _ranges(given: Any) -> tuple[tuple[float, float], ...]:
    """Return ranges as pairs of numbers, one pair by itself as one of them."""
    ranges = plain_value("ranges", given)
    if isinstance(ranges, tuple) and ranges and not any(isinstance(each, tuple) for each in ranges):
        ranges = (ranges,)
    if not (isinstance(ranges, tuple) and ranges):
        raise InputError(f"ranges must be pairs low,high, one an input, got {as_typed(given)}")
    for pair in ranges:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise InputError(f"each of ranges must be a pair low,high, got {as_typed(pair)}")
        check_ordered("each of ranges", *pair)
        if float(np.spacing(np.float32(max(map(abs, pair))))) > _FINEST * (pair[1] - pair[0]):
            raise InputError(
                f"the range {as_typed(pair)} is too narrow so far from 0: float32 has fewer than "
                f"{1 / _FINEST:g} numbers in it; write the function of x less {as_typed(pair[0])}"
            )
    return tuple((float(low), float(high)) for low, high in ranges)
