"""Modules and data modules from the checkpoints that hold them."""

from pathlib import Path
from typing import Any

import torch

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise, known_exercises
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.architecture import check_fit
from mlpzoo.runs.checkpoint import RECORD, read_checkpoint

PROVENANCE = ("exercise", "recipe", "seed", "data")  # that a checkpoint has to be rebuilt from


def load_module(
    path: str | Path, *, exercise: str | Exercise | None = None
) -> tuple[LitNetwork, FunctionDataModule]:
    """Rebuild module and data module from a checkpoint that `train` wrote.

    Args:
        path: The file.
        exercise: The exercise it must be of; None for any that is known by its name.

    Returns:
        The module on the CPU in eval mode, and the data module of its run.

    Raises:
        InputError: Not a readable checkpoint, or one of another exercise.
    """
    checkpoint = _of_single_run(path, exercise)
    try:
        record, weights = checkpoint[RECORD], checkpoint["state_dict"]
        recipe, arguments = record["recipe"], checkpoint["hyper_parameters"]
        found = get_exercise(exercise or record["exercise"])
        data = found.data(recipe=recipe, **{"seed": record["seed"], **record["data"]})
        with torch.device("meta"):  # what does not fit the weights must not take memory
            check_fit(found.module(data, recipe=recipe, **arguments), weights)
        module = found.module(data, recipe=recipe, **arguments)
        module.load_state_dict(weights)
        module.eval()(data.example)
    except Exception as error:  # the file may hold anything: none of it may be a traceback
        raise InputError(f"checkpoint {path} does not fit its exercise: {error}") from error
    return module, data


def start_from(path: str | Path, module: LitNetwork, *, exercise: str | Exercise) -> None:
    """Give a module the weights of a checkpoint.

    Args:
        path: The file.
        module: Of the same layers.
        exercise: The exercise that the checkpoint must be of.

    Raises:
        InputError: Not a readable checkpoint, or one of other layers.
    """
    checkpoint = _of_single_run(path, exercise)
    try:
        weights = checkpoint["state_dict"]
        check_fit(module, weights)
        module.load_state_dict(weights)
    except Exception as error:  # the file may hold anything
        raise InputError(f"checkpoint {path} does not fit these settings: {error}") from error


def _of_single_run(path: str | Path, exercise: str | Exercise | None) -> dict[str, Any]:
    checkpoint = read_checkpoint(path)
    name = checkpoint[RECORD].get("exercise")
    if "members" in checkpoint[RECORD]:
        raise InputError(f"checkpoint {path} is of a population; take a member from its result")
    if exercise is None and name not in known_exercises():
        raise InputError(
            f"checkpoint {path} is of the unknown exercise {name!r}; give exercise=, or register it"
        )
    wanted = name if exercise is None else get_exercise(exercise).name
    if name != wanted:
        raise InputError(f"checkpoint {path} is of exercise {name!r}, not of {wanted!r}")
    return checkpoint
