"""Optimizer steps in a row: torch's fused Adam without the bookkeeping between them.

For a network of a few parameters, `Adam.step` spends four fifths of its time on collecting the same
lists again. In a row of steps nothing but the gradients changes, so the lists are collected once
and the kernel is called directly. State and results are those of `Adam.step`, bit for bit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer


@contextmanager
def steps_in_a_row(optimizer: Optimizer) -> Iterator[Callable[[], None]]:
    """Yield a function that takes one step of an optimizer and clears the gradients.

    On leaving, the optimizer's state is what as many calls of its `step` would have made it.

    Args:
        optimizer: Any; what is not a fused Adam or AdamW on a CPU takes its ordinary steps.
    """
    row = _AdamRow(optimizer) if _is_plain_fused_adam(optimizer) else _Row(optimizer)
    try:
        yield row.step
    finally:
        row.close()


class _Row:
    """Steps of any optimizer."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    def step(self) -> None:
        self.optimizer.step()
        self.optimizer.zero_grad()

    def close(self) -> None:
        """Leave the optimizer's state complete."""


class _AdamRow(_Row):
    """Steps of fused Adam; all parameters share one count of steps until the row is closed."""

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__(optimizer)
        (self.group,) = optimizer.param_groups
        self.parameters: list[Tensor] = self.group["params"]
        self.states: list[dict[str, Tensor]] = []
        self.count = torch.zeros(())

    def step(self) -> None:
        grads = [parameter.grad for parameter in self.parameters]
        if not self.states or any(grad is None for grad in grads):
            self.close()
            self.optimizer.step()
            self._collect(grads)
        else:
            self._call_kernel(grads)
        for parameter in self.parameters:
            parameter.grad = None

    def close(self) -> None:
        for state in self.states:
            state["step"].copy_(self.count)
        self.states = []

    def _collect(self, grads: list[Tensor | None]) -> None:
        states: list[dict[str, Tensor]] = [self.optimizer.state[p] for p in self.parameters]
        if any(grad is None for grad in grads) or len({int(s["step"]) for s in states}) != 1:
            return  # parameters without a gradient, now or once: they are not in step
        self.states, self.count = states, states[0]["step"].clone()
        self.means = [state["exp_avg"] for state in states]
        self.squares = [state["exp_avg_sq"] for state in states]
        self.counts = [self.count] * len(states)

    @torch.no_grad()
    def _call_kernel(self, grads: list[Any]) -> None:
        group = self.group
        self.count += 1
        kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
        kernel(
            self.parameters, grads, self.means, self.squares, [], self.counts, lr=group["lr"],
            beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"],
            eps=group["eps"], amsgrad=False, maximize=group["maximize"],
        )  # fmt: skip


def _is_plain_fused_adam(optimizer: Optimizer) -> bool:
    if type(optimizer) not in (Adam, AdamW) or len(optimizer.param_groups) != 1:
        return False
    (group,) = optimizer.param_groups
    hooked = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    plain = group["fused"] and not (group["amsgrad"] or group["capturable"] or hooked)
    numbers = not any(isinstance(value, Tensor) for value in (group["lr"], *group["betas"]))
    like_the_first = all(
        p.device.type == "cpu" and p.dtype == group["params"][0].dtype for p in group["params"]
    )
    return bool(plain and numbers and like_the_first)
