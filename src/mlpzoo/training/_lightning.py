"""Lightning in this process: its Trainer without its notes, and alone where it is to be alone."""

import atexit
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from lightning.fabric.plugins import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Trainer
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher
from lightning.pytorch.utilities import rank_zero_only

from mlpzoo.checks import InputError
from mlpzoo.training.settings import RunSettings, TrainSettings

_LOCK, _UNDO, _THREADS = threading.Lock(), ExitStack(), list[int]()


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Leave out Lightning's notes on hardware and on folders, and of what torch deprecates.

    Levels and filters are the whole process's: the first thread sets, the last resets.
    """
    with _LOCK:
        _THREADS.append(threading.get_ident())
        if len(_THREADS) == 1:
            _UNDO.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", message=r".*LeafSpec.*", category=FutureWarning)
            warnings.filterwarnings("ignore", message=r"Checkpoint directory .* is not empty")
            for log in map(logging.getLogger, ("lightning.pytorch", "lightning.fabric")):
                _UNDO.callback(log.setLevel, log.level)
                log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        with _LOCK:
            _THREADS.pop()
            if not _THREADS:
                _UNDO.close()


def made(
    *own: Any, devices: int | str | list[int], plugins: Any = None, **arguments: Any
) -> Trainer:
    """Return Lightning's Trainer, with plugins of our own beside those given.

    With one device it is alone, whatever the environment says: that has a rank for each task of a
    job, and Lightning lets only the first write.
    """
    given = [
        *(plugins if isinstance(plugins, list | tuple) else [plugins] if plugins else ()),
        *own,
    ]
    one = devices == 1 or (isinstance(devices, list) and len(devices) == 1)
    alone = one and arguments.get("num_nodes", 1) == 1
    if alone and not any(isinstance(each, ClusterEnvironment) for each in given):
        given.append(LightningEnvironment())
    trainer = Trainer(devices=devices, plugins=given, **arguments)
    if trainer.world_size == 1:
        rank_zero_only.rank = 0  # type: ignore[attr-defined]
    return trainer


def check_processes(trainer: Trainer, settings: RunSettings, devices: int | str) -> None:
    """Refuse processes that would not work on one run, or that this one would not hear from."""
    asked = trainer.num_devices * trainer.num_nodes
    launched = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    if launched and isinstance(settings, TrainSettings):
        started = int(os.environ.get("WORLD_SIZE", "1"))
        if started != asked:
            raise InputError(
                f"torchrun started {started} processes for a run in {asked}; give --devices "
                f"{started}, or start it without torchrun"
            )
    if isinstance(trainer.strategy.launcher, _MultiProcessingLauncher):
        raise InputError(
            f"devices {devices} would train in copies of this process, which keep what they learn; "
            "run a script or the command line, or take devices 1"
        )


def leave_group_at_exit(trainer: Trainer) -> None:
    """Leave torch's group of processes, where there is one, before the interpreter ends.

    Lightning does so for GPUs only; on CPUs, threads of a group that is still open can abort the
    process at its very end.
    """
    if trainer.world_size > 1:
        atexit.register(_leave_group)


def _leave_group() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
