"""Blocks: several optimizer steps in one training_step, at the price of a plain loop.

Lightning's own work for a training_step costs more than the whole step of a small network. So a
data module may hand out the batches of K steps at once, and the module takes all K in one call.
The Trainer's limits, intervals, logs, checkpoints and counts go by steps all the same, and no block
reaches past a validation, a log, a checkpoint or the last step. What happens around each optimizer
step is left out, so a Trainer, module or callback that needs it is refused; hooks around a batch
are called once a block, with the index of its first step.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import (
    LearningRateFinder,
    StochasticWeightAveraging,
    WeightAveraging,
)
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import Tensor
from torch.optim import Optimizer

from mlpzoo.checks import InputError
from mlpzoo.data.stream import Block
from mlpzoo.optim.cuda_graphs import BlockGraphs
from mlpzoo.optim.fused_adam import steps_in_a_row
from mlpzoo.optim.kernels.compiled import CompiledSteps
from mlpzoo.optim.kernels.gradient import ByAutograd, Losses, Objective
from mlpzoo.optim.kernels.written_out import Gradients
from mlpzoo.optim.needs import declared_needs, work_on_gradients

_STEP_HOOKS = (
    "configure_gradient_clipping",
    "lr_scheduler_step",
    "on_after_backward",
    "on_before_backward",
    "on_before_optimizer_step",
    "on_before_zero_grad",
    "optimizer_step",
    "optimizer_zero_grad",
)


class BlockSteps:
    """Takes the steps of blocks: as one CUDA graph where that is possible, else in a row.

    Args:
        objective: Maps x, y to what a step minimises and the losses to log.
        optimizer: Takes the steps.
        schedule: Sets the rate after each of them; None for a constant one.
        graphs: Whether to record blocks on a GPU.
        lanes: What takes the steps instead; None for torch.

    Attributes:
        minimised: What each step of the last block has minimised, (steps,); of a recorded block,
            what the last step's losses say.
    """

    minimised: Tensor

    def __init__(
        self,
        objective: Objective,
        optimizer: Optimizer,
        schedule: Any = None,
        *,
        graphs: bool = True,
        lanes: CompiledSteps | None = None,
    ) -> None:
        self.lanes = lanes
        self.objective, self.optimizer, self.schedule = objective, optimizer, schedule
        self.gradients = Gradients(objective)
        self.graphs = BlockGraphs(self.gradients, optimizer) if graphs else None
        self.by_closure = declared_needs(type(optimizer)).closure
        self._waits = True

    def check_taken(self, module: LightningModule) -> None:
        """Refuse a module whose training_step has not had its block taken.

        Raises:
            InputError: As said; nothing would be trained.
        """
        if self._waits:
            step = f"{type(module).__name__}.training_step"
            raise InputError(f"{step} does not take blocks; set data.block_steps to 1")
        self._waits = True

    def take(
        self, block: Block, told: Sequence[int] = (), chosen: Tensor | None = None
    ) -> list[Losses]:
        """Take a step for each batch of a block.

        Args:
            block: The batches.
            told: Earlier steps than the last, counted from 0, whose losses are wanted too; of
                lanes alone, since other blocks end where something is logged.
            chosen: The members that have to take them; see `CompiledSteps.take`. Others than lanes
                take them with all.

        Returns:
            The losses of the steps told, and of the last.
        """
        self._waits = False
        if self.lanes is not None:
            return self._take_in_lanes(self.lanes, block, told, chosen)
        return [self._take(block)]

    def _take(self, block: Block) -> Losses:
        graphs = self.graphs
        recorded = graphs is not None and graphs.ready(block)
        if graphs is not None and (recorded or (graphs.possible and graphs.state_is_there())):
            take = graphs.replay if recorded else graphs.take
            losses = take(block, [rate for (rate,) in self._next_rates(len(block.x))])
            self.minimised = losses["loss"].detach().reshape(-1)
            return losses
        self.optimizer.zero_grad()
        if self.by_closure:
            return self._take_by_closure(block)
        gradient = self.gradients.of(block)
        with steps_in_a_row(self.optimizer, kept=gradient.kept) as step:
            for at in range(len(block.x)):
                gradient.take(at)
                step()
                self._next_rate()
        self.minimised, losses = gradient.losses()
        return losses

    def _take_in_lanes(
        self, lanes: CompiledSteps, block: Block, told: Sequence[int], chosen: Tensor | None
    ) -> list[Losses]:
        rates = self._next_rates(len(block.x))
        ends = [*told, len(rates) - 1]
        steps = range(len(rates)) if lanes.axis is None else ends
        losses = lanes.take(block, rates, steps, chosen)
        self.minimised = losses["loss"]
        return [{n: each[steps.index(end)] for n, each in losses.items()} for end in ends]

    def _take_by_closure(self, block: Block) -> Losses:
        optimizer: Any = self.optimizer
        gradient = ByAutograd(self.objective, block)

        def closure(at: int) -> Tensor:  # which may be called several times a step
            optimizer.zero_grad()
            return gradient.take(at)

        each = []
        for at in range(len(block.x)):
            each.append(optimizer.step(partial(closure, at)))
            self._next_rate()
        self.minimised = torch.stack(each)
        return gradient.losses()[1]

    def _next_rates(self, steps: int) -> list[list[float]]:
        if self.schedule is None:
            return [self._next_rate()] * steps
        return [self._next_rate() for _ in range(steps)]

    def _next_rate(self) -> list[float]:
        """Return the rate of each group for a step and go on to those of the next."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.schedule is not None:
            self.schedule.step()
        return rates


def check_blocks(trainer: Trainer, module: LightningModule) -> None:
    """Refuse what works between the steps that a block takes in one go.

    Raises:
        InputError: More than one process, accumulation, gradient clipping, mixed precision, hooks
            around an optimizer step, averaging of weights, or a search for the learning rate.
    """
    hooks = [name for name in _STEP_HOOKS if is_overridden(name, module, LightningModule)]
    _refuse([*work_between_steps(trainer), *hooks])


def work_between_steps(trainer: Trainer) -> list[str]:
    """Return what a Trainer and its callbacks do around each optimizer step, for a message.

    Args:
        trainer: The Trainer.
    """
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    between = [type(callback).__name__ for callback in callbacks if _steps_in(callback)]
    return [*work_on_gradients(trainer), *between]


def check_steps(trainer: Trainer) -> None:
    """Refuse optimizers that take no blocks, and schedules not stepped plainly after each step.

    Raises:
        InputError: Such an optimizer, or a schedule by epoch, every few steps, or on a plateau.
    """
    optimizers = [type(each) for each in trainer.optimizers]
    schedules = [
        f"schedule {type(config.scheduler).__name__} by {config.interval}"
        for config in trainer.lr_scheduler_configs
        if config.interval != "step" or config.frequency != 1 or config.reduce_on_plateau
    ]
    alone = [cls.__name__ for cls in optimizers if not declared_needs(cls).blocks]
    _refuse([*alone, *schedules])


def _steps_in(callback: Callback) -> bool:
    known = isinstance(callback, StochasticWeightAveraging | WeightAveraging | LearningRateFinder)
    hooks = (name for name in _STEP_HOOKS if hasattr(Callback, name))
    return known or any(is_overridden(name, callback, Callback) for name in hooks)


def _refuse(reasons: list[str]) -> None:
    if reasons:
        raise InputError(f"blocks do not go with {', '.join(reasons)}; set data.block_steps to 1")
