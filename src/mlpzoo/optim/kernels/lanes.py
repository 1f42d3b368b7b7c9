"""Blocks of steps by one compiled kernel, for small networks: a member in each lane of a vector.

The state of optimizers and weights stays where torch has it: it is copied before a block and
written back behind it, so whoever looks between two blocks sees what ordinary steps would have
left, up to float rounding. Needs the extra `fast`.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain, read_chain
from mlpzoo.optim.kernels.gradient import Losses

Array = NDArray[np.float32]
WIDEST = 32  # units of a layer up to which lanes are faster than products of matrices
LANES = 16  # members are filled up to a multiple
_KINDS = ("identity", "sigmoid", "relu", "tanh")  # activations by their codes
_LOSSES = ("mse", "bcewithlogits", "bce")  # their codes in the kernel
_UNUSUAL = ("amsgrad", "maximize", "capturable", "differentiable", "nesterov", "dampening")


class LaneSteps:
    """Takes the steps of blocks with every member at once.

    Args:
        chain: What each member computes.
        weights: The parameters that are trained, in the order of the chain's.
        axis: Their axis of members; None for a single network.
        optimizer: Of these parameters; see `lane_steps`.
        losses: Maps outputs (..., out_features) and targets to losses by name.
    """

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
        self.layers = _table(chain)
        optimizer.zero_grad()
        optimizer.step()  # without gradients it changes nothing; schedules ask for it
        self.columns = int(self.layers[-len(chain.outputs) :, 3].sum())

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
        from mlpzoo.optim.kernels._steps import steps

        scale = self.chain.in_scale
        x, y = block.x if scale is None else scale.to_unit(block.x), block.y
        rows, padded = x.shape[-2], self.members + -self.members % LANES
        places = np.full(len(x), -1)
        places[told] = np.arange(len(told))
        answers = np.empty((len(told), rows, self.columns, padded), np.float32)
        state = self._gathered(padded)
        steps(
            state, self._by_lane(x), self._by_lane(y), answers, places, self.layers,
            *self._numbers(rows), self._sizes(rates),
        )  # fmt: skip
        self._scatter(state)
        given, right = torch.from_numpy(answers[..., : self.members]).movedim(-1, 1), y[told]
        if self.axis is None:
            return torch.vmap(self.losses)(given[:, 0], right)
        right = right.expand(-1, self.members, *y.shape[2:])
        return torch.vmap(self.losses)(given, right)

    def _by_lane(self, values: Tensor) -> Array:
        """Return data with the members behind all other axes, filled up; one where all share it."""
        own = values.unsqueeze(-1) if self.axis is None else values.movedim(1, -1)
        if own.shape[-1] > 1:
            own = nn.functional.pad(own, (0, -self.members % LANES))
        array: Array = own.contiguous().numpy()
        return array

    def _kept(self) -> Iterator[tuple[int, slice, Array]]:
        """Yield weights and averages, members last, each with its place in the kernel's state."""
        names = _averages(self.optimizer)
        end = 0
        for weight in self.weights:
            state = self.optimizer.state[weight]
            place = slice(end, end := end + weight.numel() // self.members)
            for row, values in enumerate((weight, *(state[name] for name in names))):
                array: Array = values.detach().numpy()  # the same memory
                own = array[..., None] if self.axis is None else np.moveaxis(array, self.axis, -1)
                yield row, place, own

    def _gathered(self, padded: int) -> Array:
        self._begin()
        size = sum(weight.numel() for weight in self.weights) // self.members
        state = np.zeros((3, size, padded), np.float32)
        for row, place, values in self._kept():
            state[row, place, : self.members] = values.reshape(-1, self.members)
        return state

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
        codes = (_LOSSES.index(loss), "betas" in group)
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


def is_installed() -> bool:
    """Tell whether the extra `fast` is there."""
    return find_spec("numba") is not None


def lane_steps(
    module: Any, optimizer: Optimizer, stacked: Any = None, axis: int | None = None
) -> LaneSteps | None:
    """Return what takes a module's steps in lanes; None where they are not known or not small.

    Args:
        module: A `LitNetwork`.
        optimizer: Of its parameters, or of those of `stacked`.
        stacked: A module of many members, each of which computes what `module` does.
        axis: The axis of members in its parameters.
    """
    chain = read_chain(module.objective)
    if chain is None or not (_is_small(chain) and _is_plain(optimizer)):
        return None
    trained = module if stacked is None else stacked
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    weights = [trained.get_parameter(names[id(each)]) for each in chain.parameters]
    return LaneSteps(chain, weights, axis, optimizer, trained.losses)


def _is_small(chain: Chain) -> bool:
    sizes = (max(link.linear.weight.shape) for link in chain.links)
    first = chain.parameters[0]
    return max(sizes) <= WIDEST and (first.dtype, first.device.type) == (torch.float32, "cpu")


def _is_plain(optimizer: Optimizer) -> bool:
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


def _table(chain: Chain) -> NDArray[np.int64]:
    """Return the layers as the kernel takes them, those that give the output last.

    Columns: first unit that it takes, how many, first unit that it gives, how many, activation,
    place of the weight and of the bias (-1 for none), and whether another layer behind it takes
    the same units.
    """
    links, given, size = chain.links, 0, 0
    starts: dict[int | None, int] = {None: 0}
    places, taken = {}, set[int | None]()
    for index, link in enumerate(links):
        places[index] = size
        size += sum(parameter.numel() for parameter in link.linear.parameters())
    inner = [index for index in range(len(links)) if index not in chain.outputs]
    order = [*inner, *chain.outputs]
    given = links[0].linear.in_features
    for index in order:
        starts[index], given = given, given + links[index].linear.out_features
    rows = []
    for index in reversed(order):
        link, linear = links[index], links[index].linear
        bias = -1 if linear.bias is None else places[index] + linear.weight.numel()
        rows.append(
            (starts[link.source], linear.in_features, starts[index], linear.out_features,
             _KINDS.index(link.activation), places[index], bias, link.source in taken)
        )  # fmt: skip
        taken.add(link.source)
    return np.array(rows[::-1], np.int64)
