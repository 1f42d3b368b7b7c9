"""What every network of this room has: the arguments that give its layers."""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import nn


class Network(nn.Module):
    """A plain network that remembers which layers its constructor was asked for.

    `type(net)(**net.arguments)` has the same layers, so a file needs no more than class, arguments
    and state_dict. What the state_dict brings is left out: the start, and the ranges, which are
    buffers and may be replaced by those of another net.

    Args:
        **arguments: Those of the constructor that give the layers, names as `ACTIVATIONS` has them.

    Attributes:
        arguments: The same as plain data: numbers, names and lists of numbers.
        gives: What `forward` returns if nothing else is said: "value", "logit" or "probability".
    """

    gives: ClassVar[str] = "value"

    def __init__(self, **arguments: int | str | Sequence[int]) -> None:
        super().__init__()
        self.arguments: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in arguments.items()
        }

    def paths(self) -> dict[str, list[nn.Module]]:
        """Return the modules that each output comes through, by its name, from the input on.

        A `RangeScale` that comes first maps to [-1, 1], one that comes last from it.
        """
        return {"y": list(self.children())}

    def sketch(self) -> str:
        """Return the sizes of the layers in a few characters, such as "1-256-1 relu"."""
        raise NotImplementedError
