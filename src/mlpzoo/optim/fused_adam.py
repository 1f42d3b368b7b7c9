"""Optimizer steps in a row: torch's fused Adam without the bookkeeping between them.

For a network of a few parameters, `Adam.step` spends four fifths of its time on collecting the same
lists again. In a row of steps nothing but the gradients changes, so the lists are collected once
and the kernel is called directly. State and results are those of `Adam.step`, bit for bit.

The mean gradient of a unit that is never active shrinks by a tenth a step, and after 830 steps it
is below the smallest normal float32, where processors take two to three times as long for a step.
Such means change a weight by less than 1e-27, so they are set to 0 now and then.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer

TRACES_EVERY = 25  # steps of a parameter, after which what is left of old gradients is dropped
_LEAST_EPS = 1e-10  # below it, such means could matter
_SUBNORMAL = torch.finfo(torch.float32).smallest_normal


def drop_traces(optimizer: Optimizer) -> None:
    """Before a step that is due for it, set means of gradients to 0 that are no normal float32.

    Args:
        optimizer: Any; one that is not a fused Adam or AdamW on a CPU is left as it is.
    """
    if is_plain_fused_adam(optimizer, "cpu"):
        for state in optimizer.state.values():
            if state and int(state["step"]) % TRACES_EVERY == 0:
                drop_trace(state["exp_avg"], optimizer.param_groups[0])


def may_fuse(module: Any) -> bool:
    """Tell whether a fused optimizer works for a module: not where Lightning rescales gradients.

    Args:
        module: A LightningModule.
    """
    precision = "32-true" if module._trainer is None else module._trainer.precision
    on_known_device = all(p.device.type in ("cpu", "cuda") for p in module.parameters())
    return precision != "16-mixed" and on_known_device


@contextmanager
def steps_in_a_row(optimizer: Optimizer, *, kept: bool = False) -> Iterator[Callable[[], object]]:
    """Yield a function that takes one step of an optimizer and clears the gradients.

    On leaving, the optimizer's state is what as many calls of its `step` would have made it.

    Args:
        optimizer: Any; what is not a fused Adam or AdamW on a CPU takes its ordinary steps.
        kept: Whether all gradients stay the same tensors, which need no clearing.
    """
    if not is_plain_fused_adam(optimizer, "cpu"):
        yield optimizer.step if kept else lambda: (optimizer.step(), optimizer.zero_grad())
        return
    row = _AdamRow(optimizer, kept=kept)
    try:
        yield row.step
    finally:
        row.close()


def is_plain_fused_adam(optimizer: Optimizer, device: str) -> bool:
    """Tell whether `AdamKernel` does what an optimizer's step does.

    Args:
        optimizer: Any.
        device: The type of device that its parameters must be on: "cpu" or "cuda".
    """
    if type(optimizer) not in (Adam, AdamW) or len(optimizer.param_groups) != 1:
        return False
    (group,) = optimizer.param_groups
    hooked = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    plain = group["fused"] and not (group["amsgrad"] or group["capturable"] or hooked)
    numbers = not any(isinstance(value, Tensor) for value in (group["lr"], *group["betas"]))
    first = group["params"][0]
    alike = all(p.device == first.device and p.dtype == first.dtype for p in group["params"])
    return bool(plain and numbers and alike and first.device.type == device)


class AdamKernel:
    """torch's kernel for a whole step of Adam or AdamW, with the lists that it works on.

    Args:
        optimizer: One that `is_plain_fused_adam`, and that has taken a step of every parameter.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        (group,) = optimizer.param_groups
        self.parameters: list[Tensor] = group["params"]
        states = [optimizer.state[parameter] for parameter in self.parameters]
        self.means: list[Tensor] = [state["exp_avg"] for state in states]
        self.squares: list[Tensor] = [state["exp_avg_sq"] for state in states]
        self.counts: list[Tensor] = [state["step"] for state in states]
        decoupled = group["decoupled_weight_decay"]
        self._kernel: Any = partial(
            torch._fused_adamw_ if decoupled else torch._fused_adam_,
            beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"],
            eps=group["eps"], amsgrad=False, maximize=group["maximize"],
        )  # fmt: skip
        self._values = [parameter.detach() for parameter in self.parameters]

    def step(self, grads: list[Any], counts: list[Tensor], lr: float | Tensor) -> None:
        """Change parameters and means in place.

        Args:
            grads: A gradient for each parameter.
            counts: How many steps each has taken, this one included.
            lr: The rate of this step.
        """
        self._kernel(self._values, grads, self.means, self.squares, [], counts, lr=lr)


class _AdamRow:
    """Steps of fused Adam; all parameters share one count of steps until the row is closed."""

    def __init__(self, optimizer: Optimizer, *, kept: bool) -> None:
        self.optimizer, self.kept = optimizer, kept
        (self.group,) = optimizer.param_groups
        self.kernel: AdamKernel | None = None
        self.count, self.one = torch.zeros(()), torch.ones(())
        self.grads: list[Any] = []
        self.taken = 0

    def step(self) -> None:
        if not (self.kept and self.kernel):
            self.grads = [parameter.grad for parameter in self.group["params"]]
        if self.kernel is None or (not self.kept and any(grad is None for grad in self.grads)):
            self.close()
            drop_traces(self.optimizer)
            self.optimizer.step()
            if all(grad is not None for grad in self.grads):
                self._collect()
        else:
            if self.taken % TRACES_EVERY == 0:
                for mean in self.kernel.means:
                    drop_trace(mean, self.group)
            self.taken += 1
            self.count.add_(self.one)
            self.kernel.step(self.grads, self.counts, self.group["lr"])
        if not self.kept:
            for parameter in self.group["params"]:
                parameter.grad = None

    def close(self) -> None:
        if self.kernel is not None:
            for count in self.kernel.counts:
                count.copy_(self.count)
        self.kernel = None

    def _collect(self) -> None:
        kernel = AdamKernel(self.optimizer)
        if len({int(count) for count in kernel.counts}) == 1:  # none has missed a step
            self.kernel, self.count = kernel, kernel.counts[0].clone()
            self.taken = int(self.count)
            self.counts = [self.count] * len(kernel.counts)


def drop_trace(mean: Tensor, group: Mapping[str, Any]) -> None:
    """Set what is no normal float32 in a mean of gradients to 0.

    Args:
        mean: It; changed in place.
        group: The settings of its optimizer.
    """
    if group["eps"] >= _LEAST_EPS:
        torch.ops.aten.hardshrink.out(mean, _SUBNORMAL, out=mean)
