"""The gradients of a block's batches, one after the other, as autograd gives them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.data.stream import Block

Losses = Mapping[str, Tensor]
Objective = Callable[[Tensor, Tensor], tuple[Tensor, Losses]]


class Gradient(ABC):
    """The gradients of the batches of a block, one after the other.

    Attributes:
        kept: Whether each takes the place of the one before, so that none need be cleared.
    """

    kept: bool

    @abstractmethod
    def take(self, step: int) -> object:
        """Set the gradient of every parameter for the batch of a step of the block."""

    @abstractmethod
    def losses(self) -> tuple[Tensor, Losses]:
        """Return what each step has minimised, (steps,), and the losses of the last to log."""


class ByAutograd(Gradient):
    """The gradients of any objective.

    Args:
        objective: Maps x, y to what a step minimises and the losses to log.
        block: The batches.
    """

    kept = False

    def __init__(self, objective: Objective, block: Block) -> None:
        self.objective = objective
        self.batches = list(zip(block.x.unbind(), block.y.unbind(), strict=True))
        self._each: list[Tensor] = []
        self._last: Losses = {}

    @override
    def take(self, step: int) -> Tensor:
        minimised, self._last = self.objective(*self.batches[step])
        minimised.backward()  # type: ignore[no-untyped-call]
        self._each.append(minimised.detach())
        return self._each[-1]

    @override
    def losses(self) -> tuple[Tensor, Losses]:
        losses, self._last = self._last, {}  # their graph, kept, would spoil a recording
        return torch.stack(self._each), losses
