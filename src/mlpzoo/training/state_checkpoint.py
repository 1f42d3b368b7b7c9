"""Saves the state of a run, so often that a kill costs little; new settings for a loaded one."""

import os
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason
from torch import nn
from torch.optim import SGD, Optimizer
from typing_extensions import override

from mlpzoo.files import keep_as
from mlpzoo.optim.factory import build_schedule
from mlpzoo.optim.loops import add_places, complete_counts, is_between_events
from mlpzoo.runs.checkpoint import FORMAT, LAST, PREVIOUS, RECORD, START
from mlpzoo.runs.logger import RunLogger
from mlpzoo.runs.metrics_csv import digest
from mlpzoo.signals import StopRequest, StopTraining

_HERE = "."  # the run folder, in a checkpoint
SECONDS, MOST_SECONDS = 3.0, 4.0  # between two states
SHARE = 50  # a state that takes long to save is saved after so many times as long, up to the most


class StateCheckpoint(Checkpoint):
    """Writes start.ckpt, last.ckpt and the one before it, from which a run goes on bit for bit.

    A state is saved every three seconds, at the last validation, and where a signal asks to stop.
    It is saved only where Lightning's counters are complete: after a validation, or after a
    training step that neither a validation nor the end of an epoch follows. Paths within the run
    folder are written relative to it, so that it can be moved.

    Args:
        folder: The run folder.
        provenance: What says where a checkpoint comes from, as plain data.
        stop: Tells whether a signal has come.
        start: Whether to write start.ckpt.
    """

    def __init__(
        self, folder: Path, provenance: dict[str, Any], *, stop: StopRequest, start: bool = True
    ) -> None:
        self.folder, self.provenance, self.stop = folder.resolve(), provenance, stop
        self.start, self.saved_step = start, 0
        self.started = False
        self._next = 0.0

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.folder = trainer.strategy.broadcast(self.folder)  # the first process has made it
        if trainer.world_size == 1:
            self.stop.listen()  # Lightning has taken SIGTERM for itself
        else:
            self.stop.release()  # processes would stop at different steps, and wait for each other

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.started = True
        self._next = time.monotonic() + SECONDS
        if trainer.global_step == 0 and self.start:
            trainer.save_checkpoint(self.folder / START)
        elif _has_stopped(trainer):
            trainer.should_stop = True

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        complete_counts(trainer)
        if self._is_due(trainer) and is_between_events(trainer):
            for logger in _logs(trainer):
                logger.anticipate(trainer)
            self._save(trainer)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        fits = trainer.state.fn == "fit" and not trainer.sanity_checking
        if fits and (self._is_due(trainer) or trainer.should_stop):
            self._save(trainer)

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        log = b""
        for logger in _logs(trainer):
            logger.flush()  # no state is ever newer than the rows that lead to it
            log = logger.content
        own = {"format": FORMAT, "torch": str(torch.__version__), "log": digest(log)}
        checkpoint[RECORD] = {**_data_of(trainer), **self.provenance, **own}
        checkpoint["callbacks"] = _replaced(checkpoint["callbacks"], str(self.folder), _HERE)
        for state in checkpoint["callbacks"].values():
            if isinstance(state, dict):
                state.pop("current_score", None)  # which ModelCheckpoint saves and does not load

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["callbacks"] = _replaced(checkpoint["callbacks"], _HERE, str(self.folder))
        add_places(checkpoint)

    def _is_due(self, trainer: Trainer) -> bool:
        if trainer.world_size > 1:  # processes must agree: at validations they do
            return trainer.validating
        return self.stop.signum is not None or time.monotonic() >= self._next

    def _save(self, trainer: Trainer) -> None:
        began = time.monotonic()
        last = self.folder / LAST
        if trainer.is_global_zero and last.exists():
            keep_as(last, self.folder / PREVIOUS)
        trainer.save_checkpoint(last)
        self.saved_step = trainer.global_step
        ended = time.monotonic()
        self._next = ended + min(max(SECONDS, SHARE * (ended - began)), MOST_SECONDS)
        if self.stop.signum is not None and not trainer.should_stop:
            raise StopTraining


def _data_of(trainer: Trainer) -> dict[str, Any]:
    """Return what gives the data again, where nobody has said it: what they were built with."""
    module: LightningDataModule | None = getattr(trainer, "datamodule", None)
    data = {} if module is None else dict(module.hparams)
    return {"recipe": "default", "seed": data.pop("seed", 0), "data": data}


def _logs(trainer: Trainer) -> list[RunLogger]:
    return [logger for logger in trainer.loggers if isinstance(logger, RunLogger)]


def _has_stopped(trainer: Trainer) -> bool:
    """Tell whether the state that was loaded is of a run that stops early."""
    stopper: Any = trainer.early_stopping_callback
    met = getattr(stopper, "stopping_reason", None) is EarlyStoppingReason.STOPPING_THRESHOLD
    return met and stopper.stopping_threshold is not None


def _replaced(value: Any, folder: str, by: str) -> Any:
    """Return plain data in which one folder stands for another, in paths to it and below it."""
    if isinstance(value, dict):
        return {_replaced(k, folder, by): _replaced(v, folder, by) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, folder, by) for entry in value]
    if isinstance(value, str) and f"{value}/".startswith((f"{folder}/", f"{folder}{os.sep}")):
        return by + value.removeprefix(folder)
    return value


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
