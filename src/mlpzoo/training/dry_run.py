"""A dry run of one step: tells what settings do not fit each other before anything is written."""

from copy import deepcopy

import torch

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.needs import declared_needs


def rehearse(exercise: Exercise, module: LitNetwork, data: FunctionDataModule) -> None:
    """Take one step and one measurement with a copy of the module, on the CPU.

    Args:
        exercise: What the run will be judged by.
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
        reason = str(error) or type(error).__name__
        raise InputError(f"the settings of {exercise.name} do not fit: {reason}") from error


def _step_and_measure(exercise: Exercise, module: LitNetwork, data: FunctionDataModule) -> None:
    data.test_dataloader()
    (x, y), *_ = data.val_dataloader()
    for name, column in (("inputs", x), ("targets", y)):
        if not column.isfinite().all():
            raise InputError(f"the {name} of {exercise.name} are not finite in this range")
    batch = data.train_batch(0)
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
