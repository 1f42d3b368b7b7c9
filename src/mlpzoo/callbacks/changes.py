"""Lets a run go on with another rate or another end than the state it goes on from."""

import warnings
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from torch.optim import SGD, Optimizer
from typing_extensions import override

from mlpzoo.optim.factory import build_schedule


class ApplyChanges(Callback):
    """Gives optimizers and schedules their new settings after a state has been loaded.

    Lightning restores both as they were saved, settings included. A schedule goes on as if it had
    been the new one from the start.

    Args:
        schedule: Name of the schedule (see `mlpzoo.optim.factory`).
    """

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for optimizer in trainer.optimizers:
            for group in optimizer.param_groups:
                group.update({k: v for k, v in optimizer.defaults.items() if k in group})
        total = trainer.estimated_stepping_batches
        for config in trainer.lr_scheduler_configs:
            optimizer = config.scheduler.optimizer
            state, rates = _after(self.schedule, optimizer, total, trainer.global_step)
            config.scheduler.load_state_dict(state)
            optimizer.param_groups[0].update(rates)


def _after(
    schedule: str, optimizer: Optimizer, total: float, steps: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the state of a new schedule after so many steps, and the rates it has set."""
    stand_in = SGD([nn.Parameter(torch.zeros(1))], lr=optimizer.defaults["lr"])
    with warnings.catch_warnings(action="ignore"):  # of steps beyond the last, and of their order
        made = build_schedule(stand_in, schedule, total)
        for _ in range(steps):
            made.step()
    names = ("lr", "initial_lr", "max_lr", "min_lr")
    group = stand_in.param_groups[0]
    return made.state_dict(), {name: group[name] for name in names if name in group}
