"""Tries an exercise before anything of it is on the disk: one step, one measurement."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError, cause
from mlpzoo.data import FunctionDataModule
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.needs import declared_needs


def dry_run(exercise: Any, module: LitNetwork, data: FunctionDataModule) -> None:
    """Take one step and one measurement with a copy of the module, on the CPU.

    Args:
        exercise: The `Exercise` that the run will be judged by.
        module: The module at its start; it is not changed.
        data: Its data.

    Raises:
        InputError: Something fails: shapes, a loss that these targets do not suit, numbers that
            are not finite in float32, memory.
    """
    try:
        _step_and_measure(exercise, deepcopy(module), data)
    except InputError:
        raise
    except Exception as error:  # whatever it is, these settings cannot be trained with
        raise InputError(f"the settings of {exercise.name} do not fit: {cause(error)}") from error


def _step_and_measure(exercise: Any, module: LitNetwork, data: FunctionDataModule) -> None:
    data.test_dataloader()
    (x, y), *_ = data.val_dataloader()
    for name, column in (("inputs", x), ("targets", y)):
        if not column.isfinite().all():
            raise InputError(f"the {name} of {exercise.name} are not finite in this range")
    _check_sizes(exercise, module, x, y)
    batch = data.train_batch(sum(steps for steps, _ in data.growth))  # one of the largest
    module.check_loss()
    declared_needs(type(module.build_optimizer())).trial(module, batch[0][:2])
    objective, _ = module.objective(*batch)
    objective.backward()  # type: ignore[no-untyped-call]
    metrics = module.metrics("")
    with torch.no_grad():
        module.update_metrics(metrics, module(x), y)
    names = {*metrics.keys(), *exercise.measure(module, data)}
    if exercise.monitor not in names:
        raise InputError(
            f"task {module.task!r} does not measure {exercise.monitor}, which {exercise.name} needs"
        )


def _check_sizes(exercise: Any, module: LitNetwork, x: Tensor, y: Tensor) -> None:
    for name, column in (("in_features", x), ("out_features", y)):
        given, wanted = module.hparams.get(name), column.shape[-1]
        if given not in (None, wanted) and column.is_floating_point() and column.ndim == 2:
            raise InputError(f"module.{name} must be {wanted} for {exercise.name}, got {given}")
