"""Lightning Trainers as the exercises use them: to fit, to test, to check a device."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import Checkpoint, EarlyStopping, ModelCheckpoint, ProgressBar
from lightning.pytorch.loggers import Logger

from mlpzoo.callbacks import (
    LastStepValidation,
    LineProgress,
    Measure,
    StepProgressBar,
    StopWhereNotFinite,
)
from mlpzoo.checks import LARGEST_COUNT, InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.runs.checkpoint import BEST, WholeFileIO
from mlpzoo.runs.folder import is_first_process
from mlpzoo.signals import StopRequest
from mlpzoo.training._lightning import check_processes, made, quiet_lightning
from mlpzoo.training.settings import RunSettings
from mlpzoo.training.state_checkpoint import StateCheckpoint


def build_trainer(
    exercise: str | Exercise,
    *,
    folder: str | Path,
    max_steps: int,
    val_every: int,
    early_stop: bool = True,
    progress: bool = True,
    logger: Logger | Sequence[Logger] | bool = False,
    callbacks: Sequence[Callback] = (),
    provenance: Mapping[str, Any] | None = None,
    stop: StopRequest | None = None,
    part: bool = False,
    **arguments: Any,
) -> Trainer:
    """Return a Trainer that keeps best.ckpt and its state and stops when the bar is met.

    `load_module` reads its checkpoints.

    Args:
        exercise: Whose monitored metric and figures are used: a name, or an exercise.
        folder: Where the checkpoints go; it is made.
        max_steps: Budget in optimizer steps.
        val_every: Optimizer steps between validations.
        early_stop: Stop once the monitored metric reaches the exercise's `stop_at`.
        progress: Show a bar on a terminal, lines elsewhere.
        logger: Lightning's argument of that name.
        callbacks: Further callbacks.
        provenance: What a checkpoint says of where it comes from; see `StateCheckpoint`.
        stop: Tells whether a signal has come; see `StateCheckpoint`.
        part: Whether it is for a part of a run, which has neither best.ckpt nor start.ckpt.
        **arguments: Further arguments of Lightning's Trainer; one device is the default.

    Raises:
        InputError: An unknown exercise, or an argument that is given otherwise.
    """
    for name in arguments.keys() & _INSTEAD.keys():
        raise InputError(f"build_trainer takes no {name}; {_INSTEAD[name]}")
    exercise, folder = get_exercise(exercise), Path(str(folder))
    state = StateCheckpoint(
        folder, {"exercise": exercise.name, **(provenance or {})}, stop=stop or StopRequest(),
        start=not part,
    )  # fmt: skip
    theirs = any(isinstance(callback, ProgressBar) for callback in callbacks)
    bar = progress and bool(sys.stdout and sys.stdout.isatty()) and not theirs
    metrics = ("train_loss", f"val_{exercise.monitor}")
    kind = StepProgressBar if bar else LineProgress
    shown = [kind(exercise.name, metrics)] if progress and not theirs else []
    log_every = min(100, val_every, max_steps)
    defaults = {"devices": 1, "num_sanity_val_steps": 0, "log_every_n_steps": log_every}
    trainer = made(
        WholeFileIO(folder),
        **{**defaults, "enable_model_summary": False, **arguments},
        max_steps=max_steps,
        max_epochs=-1,
        val_check_interval=min(val_every, max_steps),
        check_val_every_n_epoch=None,
        logger=logger,
        callbacks=[
            *_judges(exercise, early_stop),
            *callbacks,
            *shown,
            *([] if part else [_best(exercise, folder)]),
            state,
        ],
        enable_progress_bar=bar or theirs,
    )
    if is_first_process():
        folder.mkdir(parents=True, exist_ok=True)
    return trainer


class _Stopper(EarlyStopping):
    """Lightning's, which stands beside a user's of the same metric."""

    @property
    def _legacy_state_key(self) -> str:  # type: ignore[override]  # that of older checkpoints
        return self.state_key.replace("_Stopper", "EarlyStopping", 1)


class _Best(ModelCheckpoint):
    """Lightning's, which stands beside a user's of the same metric."""

    @property
    def _legacy_state_key(self) -> str:  # type: ignore[override]
        return self.state_key.replace("_Best", "ModelCheckpoint", 1)


def _judges(exercise: Exercise, early_stop: bool) -> list[Callback]:
    """Return what measures a run and says when it ends."""
    monitor = f"val_{exercise.monitor}"
    return [
        LastStepValidation(),
        StopWhereNotFinite(monitor),
        Measure(exercise.measure),
        _Stopper(
            monitor,
            mode=exercise.mode,
            patience=(early_stop and exercise.patience) or LARGEST_COUNT,
            stopping_threshold=exercise.stop_at if early_stop else None,
            check_finite=False,  # a callback of ours stops before anything is kept
        ),
    ]


def _best(exercise: Exercise, folder: Path) -> ModelCheckpoint:
    return _Best(
        folder, filename=Path(BEST).stem, monitor=f"val_{exercise.monitor}", mode=exercise.mode,
        enable_version_counter=False,
    )  # fmt: skip


_SETTING = {
    "callbacks": "callbacks", "logger": "logger", "enable_progress_bar": "progress",
    "check_val_every_n_epoch": "val_every", "val_check_interval": "val_every",
    **dict.fromkeys(("fast_dev_run", "max_epochs", "max_steps", "max_time"), "max_steps"),
}  # fmt: skip
_JUDGED = ("barebones", "enable_checkpointing", "limit_test_batches", "limit_val_batches",
           "overfit_batches")  # fmt: skip
_INSTEAD = {
    **{name: f"give {setting} as a setting" for name, setting in _SETTING.items()},
    **dict.fromkeys(_JUDGED, "a run is judged, and goes on, by what that leaves out"),
}


def evaluate(
    exercise: Exercise, module: LitNetwork, data: FunctionDataModule, *, accelerator: str = "auto"
) -> dict[str, float]:
    """Return the test metrics of a module, names without `test_`, measured on one device.

    Args:
        exercise: Whose further measures are taken.
        module: What to measure.
        data: Whose test grid to measure on.
        accelerator: Lightning's name of the device.
    """
    with quiet_lightning():
        judge = Measure(exercise.measure)
        return measure(_bare(accelerator=accelerator, devices=1, callbacks=[judge]), module, data)


def measure(
    trainer: Trainer, module: LitNetwork, data: FunctionDataModule, ckpt_path: Path | None = None
) -> dict[str, float]:
    """Return the test metrics of a module, names without `test_`.

    Args:
        trainer: What runs the test.
        module: What to measure.
        data: Whose test grid to measure on.
        ckpt_path: Measure these weights, which are loaded into the module; None for its own.
    """
    (tested,) = trainer.test(module, data, ckpt_path=ckpt_path, verbose=False, weights_only=True)
    return {name.removeprefix("test_"): value for name, value in tested.items()}


def bare_trainer(settings: RunSettings, devices: int | str) -> Trainer:
    """Return a Trainer of a run's settings that writes nothing, if Lightning has one for them.

    Args:
        settings: Whose accelerator, callbacks, logger and further arguments are meant.
        devices: How many devices.

    Raises:
        InputError: It has none: a name, a number, a missing package.
    """
    for each in settings.callbacks:
        if not isinstance(each, Callback):
            raise InputError(f"callbacks must be Lightning's, got {each!r}")
    for logger in settings.loggers:
        if not isinstance(logger, Logger):
            raise InputError(f"logger must be Lightning's, got {logger!r}")
    for name in settings.trainer.keys() & _INSTEAD.keys():
        raise InputError(f"trainer takes no {name}; {_INSTEAD[name]}")
    callbacks = [c for c in settings.callbacks if not isinstance(c, Checkpoint | ProgressBar)]
    arguments = {"accelerator": settings.accelerator, "devices": devices, "callbacks": callbacks}
    try:
        with quiet_lightning():
            trainer = _bare(**arguments, **settings.trainer)
    except Exception as error:  # Lightning has one for each of these
        asked = f"accelerator {settings.accelerator!r} with devices {devices!r}"
        if settings.trainer:
            asked = f"{asked} and trainer {dict(settings.trainer)}"
        raise InputError(f"{asked} cannot be used here: {error}") from error
    check_processes(trainer, settings, devices)
    return trainer


def _bare(**settings: Any) -> Trainer:
    bare = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return made(**{**bare, "enable_model_summary": False, **settings})
