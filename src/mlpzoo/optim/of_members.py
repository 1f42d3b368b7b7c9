"""SGD, Adam and AdamW of members that are stacked, of whom each has settings of its own.

Each setting has a group of parameters, as torch's schedules take them, and all parameters are in
the first. State has the names and shapes that torch's optimizers give it.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from typing_extensions import override

from mlpzoo.optim.fused_adam import TRACES_EVERY, drop_trace

SETTINGS = ("lr", "momentum", "weight_decay", "beta2")  # of a module
Rates = Sequence[float] | Sequence[Sequence[float]]  # of steps; of steps and groups


class OfMembers(Optimizer):
    """The part of these optimizers that does not depend on their kind.

    Attributes:
        group: The group whose settings each member has, (members,), int64.
        axis: The axis of members in the parameters, 0 or -1.
    """

    group: Tensor
    axis: int

    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        numbers: dict[int, list[Tensor]] = {}
        for weight in self.param_groups[0]["params"]:
            if weight.grad is not None:
                state = self.state[weight]
                count = int(state.get("step", 0))
                if count not in numbers:  # all have taken as many, as a rule
                    numbers[count] = self._numbers(weight, count)
                shape = (-1,) + (1,) * (weight.dim() - 1) if self.axis == 0 else (-1,)
                self._move(weight, state, *(each.view(shape) for each in numbers[count]))
        return loss

    def _numbers(self, weight: Tensor, count: int) -> list[Tensor]:
        """Return `settings` and `sizes` of each member."""
        rates = [[group["lr"] for group in self.param_groups]]
        table = np.concatenate([settings(self), sizes(self, rates, count)[0]])
        return list(torch.from_numpy(table)[:, self.group].to(weight))

    @abstractmethod
    def _move(self, weight: Any, state: Any, *numbers: Tensor) -> None:
        """Take a step of one parameter."""


class MemberSGD(OfMembers, SGD):
    """Gradient descent."""

    @override
    def _move(self, weight: Any, state: Any, *numbers: Tensor) -> None:
        *_, decay, momentum, rate, _, _ = numbers
        grad = torch.addcmul(weight.grad, weight, decay)
        if averages(self):
            before = state.get("momentum_buffer")
            grad = grad if before is None else before.mul_(momentum).add_(grad)
            state["momentum_buffer"] = grad
        weight.addcmul_(grad, rate, value=-1)


class MemberAdam(OfMembers, Adam):
    """Adam."""

    @override
    def _move(self, weight: Any, state: Any, *numbers: Tensor) -> None:
        c1, b2, c2, eps, decay, _, rate, root, shrink = numbers
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = map(torch.zeros_like, (weight, weight))
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        if int(state["step"]) % TRACES_EVERY == 0:
            drop_trace(mean, self.param_groups[0])
        state["step"] += 1
        grad = torch.addcmul(weight.grad, weight, decay)
        mean.addcmul_(grad - mean, c1)
        square.mul_(b2).addcmul_(grad * c2, grad)
        size = torch.addcmul(eps, square.sqrt(), root)
        weight.mul_(shrink).sub_(mean.mul(rate).div_(size))


class MemberAdamW(MemberAdam, AdamW):
    """Adam whose weights shrink."""


OF_TORCH: dict[type[Optimizer], type[OfMembers]] = {
    SGD: MemberSGD, Adam: MemberAdam, AdamW: MemberAdamW
}  # fmt: skip


def optimizer_of_members(
    parameters: Iterable[nn.Parameter], every: Sequence[Optimizer], group: Sequence[int], axis: int
) -> OfMembers:
    """Return the optimizer of the parameters of stacked members.

    Args:
        parameters: What it trains.
        every: An optimizer of each setting, of whatever parameters; all of one class of `OF_TORCH`.
        group: Which of them each member is to have the settings of.
        axis: The axis of members in the parameters.
    """
    groups = [{**each.param_groups[0], "params": [], "fused": None} for each in every]
    groups[0]["params"] = list(parameters)
    kind: Any = OF_TORCH[type(every[0])]
    made: OfMembers = kind(groups)
    made.group, made.axis = torch.tensor(group), axis
    return made


def settings_of(module: Any) -> tuple[float | None, ...]:
    """Return what may be a member's own of the settings of a module's optimizer.

    Args:
        module: A `LitNetwork`.
    """
    return tuple(getattr(module, name) for name in SETTINGS)


def averages(optimizer: Optimizer) -> tuple[str, ...]:
    """Return the names of what SGD or an Adam keeps of each weight.

    Args:
        optimizer: One of these.
    """
    groups = optimizer.param_groups
    if "betas" in groups[0]:
        return "exp_avg", "exp_avg_sq"
    return ("momentum_buffer",) if any(group["momentum"] for group in groups) else ()


def settings(optimizer: Optimizer) -> NDArray[np.float64]:
    """Return 1 - beta1, beta2, 1 - beta2, eps, decay in the gradient and momentum, (6, groups).

    Args:
        optimizer: SGD or an Adam.
    """
    columns = []
    for group in optimizer.param_groups:
        beta1, beta2 = group.get("betas", (0.0, 0.0))
        decay = 0.0 if group.get("decoupled_weight_decay") else group["weight_decay"]
        last = (group.get("eps", 0.0), decay, group.get("momentum", 0.0))
        columns.append((1 - beta1, beta2, 1 - beta2, *last))
    return np.array(columns, np.float64).T


def sizes(optimizer: Optimizer, rates: Rates, count: int) -> NDArray[np.float64]:
    """Return the size of each step, the root that corrects its mean of squares, and its decay.

    Shapes: -> (steps, 3, groups).

    Args:
        optimizer: SGD or an Adam.
        rates: The learning rate of each step, (steps,), or (steps, groups).
        count: Steps that have been taken before.
    """
    groups = optimizer.param_groups
    rate = np.array(rates, np.float64).reshape(-1, len(groups))
    root, shrink = np.ones_like(rate), np.ones_like(rate)
    if "betas" in groups[0]:
        step, betas = count + 1 + np.arange(len(rate)), [group["betas"] for group in groups]
        left = {beta: 1 - beta**step for pair in betas for beta in pair}
        if groups[0]["decoupled_weight_decay"]:
            shrink = 1 - rate * [group["weight_decay"] for group in groups]
        rate = rate / np.stack([left[beta1] for beta1, _ in betas], 1)
        root = 1 / np.sqrt(np.stack([left[beta2] for _, beta2 in betas], 1))
    return np.stack([rate, root, shrink], 1)
