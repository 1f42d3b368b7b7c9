"""What compiled kernels share: they take whole blocks, and know a few optimizers by their numbers.

The state of optimizers and weights stays where torch has it: it is copied before a block and
written back behind it, so whoever looks between two blocks sees what ordinary steps would have
left, up to float rounding. Needs the extra `fast`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain
from mlpzoo.optim.kernels.gradient import Losses
from mlpzoo.optim.of_members import OF_TORCH, OfMembers, Rates, averages, settings, sizes

Array = NDArray[np.float32]
LANES = 16  # numbers that are worked on at once
KINDS = ("identity", "sigmoid", "relu", "tanh")  # activations by their codes
LOSSES = ("mse", "bcewithlogits", "bce")  # their codes in the kernels
ALL = slice(None)  # of the members
_UNUSUAL = ("amsgrad", "maximize", "capturable", "differentiable", "nesterov", "dampening")


class CompiledSteps(ABC):
    """Takes the steps of blocks.

    Args:
        chain: What each member computes.
        weights: The parameters that are trained, in the order of the chain's.
        axis: Their axis of members; None for a single network.
        optimizer: Of these parameters, one that `is_plain`.
        losses: Maps outputs (..., out_features) and targets to losses by name.
    """

    multiple = 1  # to which the places of a parameter are filled up in the kernel's state

    def __init__(
        self,
        chain: Chain,
        weights: Sequence[Tensor],
        axis: int | None,
        optimizer: Optimizer,
        losses: Callable[[Tensor, Tensor], Losses],
    ) -> None:
        self.chain, self.weights, self.axis = chain, list(weights), axis
        self.optimizer, self.losses = optimizer, losses
        self.members = 1 if axis is None else self.weights[0].shape[axis]
        self.columns = sum(chain.links[index].linear.out_features for index in chain.outputs)
        sizes = [weight.numel() // self.members for weight in self.weights]
        ends = np.cumsum([size + -size % self.multiple for size in sizes]).tolist()
        self.places = [slice(end, end + size) for end, size in zip([0, *ends], sizes, strict=False)]
        self.size: int = ends[-1]
        optimizer.zero_grad()
        optimizer.step()  # without gradients it changes nothing; schedules ask for it

    @abstractmethod
    def take(
        self, block: Block, rates: Rates, told: Sequence[int], chosen: Tensor | None = None
    ) -> Losses:
        """Take a step for each batch of a block.

        Args:
            block: x (steps, rows, in_features), y (steps, rows, out_features); of members with an
                axis of members, or 1, behind that of steps.
            rates: The learning rate of each step, or those of the optimizer's groups.
            told: The steps whose losses are wanted, in order, counted from 0.
            chosen: The places of the members that take them, int64; None for all.

        Returns:
            Their losses, by name, (told,) or (told, members), NaN of members that are left out.
        """

    def _kept(self) -> Iterator[tuple[int, slice, Array]]:
        """Yield weights and averages, members last, each with its place in the kernel's state."""
        names = averages(self.optimizer)
        for weight, place in zip(self.weights, self.places, strict=True):
            state = self.optimizer.state[weight]
            for row, values in enumerate((weight, *(state[name] for name in names))):
                array: Array = values.detach().numpy()  # the same memory
                own = array[..., None] if self.axis is None else np.moveaxis(array, self.axis, -1)
                yield row, place, own

    def _gather(self, state: Array, chosen: Any = ALL) -> None:
        """Fill a kernel's state, (3, size, members or more), with some of the members."""
        self._begin()
        for row, place, values in self._kept():
            own = values[..., chosen]
            state[row, place, : own.shape[-1]] = own.reshape(-1, own.shape[-1])

    def _scatter(self, state: Array, chosen: Any = ALL) -> None:
        for row, place, values in self._kept():
            shape = values.shape[:-1]
            count = self.members if chosen is ALL else len(chosen)
            values[..., chosen] = state[row, place, :count].reshape(*shape, count)

    def _begin(self) -> None:
        """Give the optimizer the state that its first step would give it."""
        names = averages(self.optimizer)
        for weight in self.weights:
            state = self.optimizer.state[weight]
            for name in names:
                if state.get(name) is None:
                    state[name] = torch.zeros_like(weight)
            if "exp_avg" in names:
                state.setdefault("step", torch.zeros(()))

    def _numbers(self, rows: int) -> tuple[Any, Any, Any]:
        """Return the codes and numbers of `steps` that are the same at every step."""
        f = np.float32
        loss, half, centre = self.chain.loss, 1.0, 0.0
        if (scale := self.chain.out_scale) is not None:
            half, centre = scale.half_width.item(), scale.centre.item()
        terms = rows if self.chain.parts else rows * self.columns
        factor = (2 if loss == "mse" else 1) / (1 if self.chain.reduction == "sum" else terms)
        kept = averages(self.optimizer)
        codes = (LOSSES.index(loss), "exp_avg" in kept, "momentum_buffer" in kept)
        return codes, (f(factor), f(half), f(centre)), settings(self.optimizer).astype(f, order="C")

    def _sizes(self, rates: Rates) -> Array:
        """Return `of_members.sizes` of these steps, and count them."""
        counts = [self.optimizer.state[weight].get("step", 0) for weight in self.weights]
        found = sizes(self.optimizer, rates, int(counts[0]))
        for count in counts:
            count += len(rates)
        return found.astype(np.float32)


def is_plain(optimizer: Optimizer) -> bool:
    """Tell whether the kernels know an optimizer with its settings.

    Args:
        optimizer: Any.
    """
    one = type(optimizer) in OF_TORCH and len(optimizer.param_groups) == 1
    if not (one or issubclass(type(optimizer), OfMembers)):
        return False
    group = optimizer.param_groups[0]
    hooked = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    numbers = (group["lr"], *group.get("betas", ()))
    unusual = any(group.get(name) for name in _UNUSUAL)
    return not (hooked or unusual or any(isinstance(each, Tensor) for each in numbers))
