"""The affine map between the units of an exercise and those that a network works in."""

from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.checks import InputError, as_typed, check_ordered, plain_value

Ranges = tuple[float, float] | tuple[tuple[float, float], ...]  # of all columns, or of each


class RangeScale(nn.Module):
    """The affine map between a range in the exercise's units and [-1, 1], kept as buffers.

    The buffers are of one number where all columns have the same range, else of one a column.

    Shapes: any, or (..., columns) -> the same.

    Args:
        value_range: Low and high end in the exercise's units, or such a pair for each column; None
            for the identity.
        columns: How many there are; None for as many as there are pairs.

    Raises:
        InputError: The ends are not finite and in order, or not so many pairs.

    Example:
        >>> RangeScale((0.0, 100.0)).to_unit(torch.tensor([0.0, 75.0, 100.0])).tolist()
        [-1.0, 0.5, 1.0]
        >>> RangeScale(((0, 100), (0, 8))).from_unit(torch.tensor([[0.0, 0.5]])).tolist()
        [[50.0, 6.0]]
    """

    centre: Tensor
    half_width: Tensor

    def __init__(self, value_range: Ranges | None, columns: int | None = None) -> None:
        super().__init__()
        pairs = _pairs((-1.0, 1.0) if value_range is None else value_range, columns)
        one = len(set(pairs)) == 1
        for name, sign in (("centre", 1), ("half_width", -1)):
            values = [(high + sign * low) / 2 for low, high in pairs]
            self.register_buffer(name, torch.tensor(values[0] if one else values))
        self._columns = columns
        self.identity = one and pairs[0] == (-1.0, 1.0)  # known beforehand, it costs no operation
        self.register_load_state_dict_post_hook(_look_again)  # type: ignore[no-untyped-call]

    def take_form_of(self, buffer: Any) -> None:
        """Make buffers of one number, or of one a column, as another scale's are.

        Args:
            buffer: Of the other; what is neither changes nothing.
        """
        shape = getattr(buffer, "shape", None)
        if shape in ((), (self._columns,)) and shape != self.centre.shape:
            self.centre, self.half_width = (old.new_ones(shape) for old in self.buffers())

    @override
    def _load_from_state_dict(self, state_dict: Any, prefix: str, *others: Any) -> None:
        self.take_form_of(state_dict.get(f"{prefix}centre"))
        super()._load_from_state_dict(state_dict, prefix, *others)

    def to_unit(self, value: Tensor) -> Tensor:
        """Map the range on [-1, 1]."""
        return value if self.identity else (value - self.centre) / self.half_width

    def from_unit(self, unit: Tensor) -> Tensor:
        """Map [-1, 1] on the range."""
        return unit if self.identity else torch.addcmul(self.centre, unit, self.half_width)


def _look_again(scale: RangeScale, _: object) -> None:
    if scale.centre.is_meta:
        return
    scale.identity = bool((scale.centre == 0).all() and (scale.half_width == 1).all())


def _pairs(given: Any, columns: int | None) -> list[tuple[float, float]]:
    """Return the range of each column, or of all."""
    value = plain_value("range", given)
    pairs = value if isinstance(value, tuple) else ()
    if (alone := not any(isinstance(pair, tuple) for pair in pairs)) and len(pairs) == 2:
        pairs = (pairs,)
    count = len(pairs) if alone or columns is None else columns
    if [isinstance(pair, tuple) and len(pair) == 2 for pair in pairs] != [True] * (count or 1):
        each = "" if columns in (None, 1) else f", or one for each of {columns} columns"
        raise InputError(f"a range must be a pair low,high{each}, got {as_typed(given)}")
    for low, high in pairs:
        check_ordered("range", low, high)
    return list(pairs)
