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
from torch.optim import SGD, Adam, AdamW, Optimizer

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain
from mlpzoo.optim.kernels.gradient import Losses

Array = NDArray[np.float32]
LANES = 16  # numbers that are worked on at once
KINDS = ("identity", "sigmoid", "relu", "tanh")  # activations by their codes
LOSSES = ("mse", "bcewithlogits", "bce")  # their codes in the kernels
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
    def take(self, block: Block, rates: Sequence[float], told: Sequence[int]) -> Losses:
        """Take a step for each batch of a block.

        Args:
            block: x (steps, rows, in_features), y (steps, rows, out_features); of members with an
                axis of members, or 1, behind that of steps.
            rates: The learning rate of each step.
            told: The steps whose losses are wanted, in order, counted from 0.

        Returns:
            Their losses, by name, (told,) or (told, members).
        """

    def _kept(self) -> Iterator[tuple[int, slice, Array]]:
        """Yield weights and averages, members last, each with its place in the kernel's state."""
        names = _averages(self.optimizer)
        for weight, place in zip(self.weights, self.places, strict=True):
            state = self.optimizer.state[weight]
            for row, values in enumerate((weight, *(state[name] for name in names))):
                array: Array = values.detach().numpy()  # the same memory
                own = array[..., None] if self.axis is None else np.moveaxis(array, self.axis, -1)
                yield row, place, own

    def _gather(self, state: Array) -> None:
        """Fill a kernel's state, (3, size, members or more)."""
        self._begin()
        for row, place, values in self._kept():
            state[row, place, : self.members] = values.reshape(-1, self.members)

    def _scatter(self, state: Array) -> None:
        for row, place, values in self._kept():
            values[...] = state[row, place, : self.members].reshape(values.shape)

    def _begin(self) -> None:
        """Give the optimizer the state that its first step would give it."""
        names = _averages(self.optimizer)
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
        loss, group, half, centre = self.chain.loss, self.optimizer.param_groups[0], 1.0, 0.0
        if (scale := self.chain.out_scale) is not None:
            half, centre = scale.half_width.item(), scale.centre.item()
        terms = rows if self.chain.parts else rows * self.columns
        factor = (2 if loss == "mse" else 1) / (1 if self.chain.reduction == "sum" else terms)
        beta1, beta2 = group.get("betas", (0.0, 0.0))
        shrinks = group.get("decoupled_weight_decay", False)
        decay, momentum = 0.0 if shrinks else group["weight_decay"], group.get("momentum", 0.0)
        settings = (1 - beta1, beta2, 1 - beta2, group.get("eps", 0.0), decay, momentum)
        codes = (LOSSES.index(loss), "betas" in group)
        return codes, (f(factor), f(half), f(centre)), tuple(map(f, settings))

    def _sizes(self, rates: Sequence[float]) -> Array:
        """Return the size of each step, the root that corrects its mean of squares, and decay."""
        group, rate = self.optimizer.param_groups[0], np.array(rates, np.float64)
        root, shrink = np.ones_like(rate), np.ones_like(rate)
        if "betas" in group:
            counts = [self.optimizer.state[weight]["step"] for weight in self.weights]
            step = int(counts[0]) + 1 + np.arange(len(rate))
            for count in counts:
                count += len(rate)
            if group["decoupled_weight_decay"]:
                shrink = 1 - rate * group["weight_decay"]
            rate = rate / (1 - group["betas"][0] ** step)
            root = 1 / np.sqrt(1 - group["betas"][1] ** step)
        return np.stack([rate, root, shrink], 1).astype(np.float32)


def is_plain(optimizer: Optimizer) -> bool:
    """Tell whether the kernels know an optimizer with its settings.

    Args:
        optimizer: Any.
    """
    if type(optimizer) not in (SGD, Adam, AdamW) or len(optimizer.param_groups) != 1:
        return False
    (group,) = optimizer.param_groups
    hooked = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    numbers = (group["lr"], *group.get("betas", ()))
    unusual = any(group.get(name) for name in _UNUSUAL)
    return not (hooked or unusual or any(isinstance(each, Tensor) for each in numbers))


def _averages(optimizer: Optimizer) -> tuple[str, ...]:
    """Return the names of what an optimizer keeps of each weight."""
    (group,) = optimizer.param_groups
    if "betas" in group:
        return "exp_avg", "exp_avg_sq"
    return ("momentum_buffer",) if group["momentum"] else ()
