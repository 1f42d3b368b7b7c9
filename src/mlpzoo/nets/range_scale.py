"""The affine map between the units of an exercise and those that a network works in."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError, as_typed, check_ordered, plain_value


class RangeScale(nn.Module):
    """The affine map between a range in the exercise's units and [-1, 1], kept as buffers.

    Shapes: any -> the same.

    Args:
        value_range: Low and high end in the exercise's units; None for the identity.

    Raises:
        InputError: The ends are not finite and in order.

    Example:
        >>> RangeScale((0.0, 100.0)).to_unit(torch.tensor([0.0, 75.0, 100.0])).tolist()
        [-1.0, 0.5, 1.0]
    """

    centre: Tensor
    half_width: Tensor

    def __init__(self, value_range: Sequence[float] | None) -> None:
        super().__init__()
        pair = (-1.0, 1.0) if value_range is None else plain_value("range", value_range)
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise InputError(f"a range must be a pair low,high, got {as_typed(value_range)}")
        low, high = pair
        check_ordered("range", low, high)
        self.register_buffer("centre", torch.tensor((high + low) / 2))
        self.register_buffer("half_width", torch.tensor((high - low) / 2))
        self.identity = (low, high) == (-1.0, 1.0)  # known beforehand, it costs no operation
        self.register_load_state_dict_post_hook(_look_again)  # type: ignore[no-untyped-call]

    def to_unit(self, value: Tensor) -> Tensor:
        """Map the range on [-1, 1]."""
        return value if self.identity else (value - self.centre) / self.half_width

    def from_unit(self, unit: Tensor) -> Tensor:
        """Map [-1, 1] on the range."""
        return unit if self.identity else torch.addcmul(self.centre, unit, self.half_width)


def _look_again(scale: RangeScale, _: object) -> None:
    if scale.centre.is_meta:
        return
    scale.identity = scale.centre.item() == 0 and scale.half_width.item() == 1
