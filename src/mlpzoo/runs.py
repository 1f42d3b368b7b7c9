"""The files of a run folder, written and read: settings, metrics, results and checkpoints."""

import csv
import json
import math
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import get_exercise
from mlpzoo.modules import LitNetwork

RECORD = "mlpzoo"  # the key in a checkpoint under which its provenance stands


class RunLogger(CSVLogger):
    """Lightning's CSV logger in a given folder, with the run's config.yaml for hyperparameters.

    Args:
        folder: The run folder.
        config: What to write to config.yaml: the settings that repeat the run.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        super().__init__(folder.parent, name="", version=folder.name)
        self.config = config

    @override
    @rank_zero_only
    def log_hyperparams(self, params: Any = None) -> None:
        write_yaml(Path(self.log_dir) / "config.yaml", self.config)


def make_version_folder(parent: Path) -> Path:
    """Make and return `<parent>/version_n` for the first n that is free.

    Making the folder is the claim, so runs that start together get different ones.

    Raises:
        InputError: The folder cannot be made or written to.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        taken = [int(p.name[8:]) for p in parent.glob("version_*") if p.name[8:].isdigit()]
        version = max(taken, default=-1) + 1
        while True:
            folder = parent / f"version_{version}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                version += 1
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot write to {parent}: {reason}; choose another --out") from error


def run_folder(parent: Path) -> Path:
    """Claim a folder in the first process; the others are told of it by the checkpoint callback."""
    return (
        make_version_folder(parent)
        if getattr(rank_zero_only, "rank", 0) == 0
        else parent / "of_rank_0"
    )


def arguments_of(built: LitNetwork | FunctionDataModule, without: set[str]) -> dict[str, Any]:
    """Return the arguments that something was built with, except those that follow from others."""
    return {name: value for name, value in built.hparams.items() if name not in without}


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain data as YAML, keys in the order given."""
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain data as JSON; numbers that are not finite become null."""
    path.write_text(json.dumps(_finite(content), indent=2) + "\n", encoding="utf-8")


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return optimizer steps and values of every column of a metrics.csv; none without a file.

    Lightning numbers steps from 0; here a value stands at the number of steps taken.
    """
    series: dict[str, tuple[list[float], list[float]]] = {}
    if not path.exists():
        return series
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if value and name not in ("step", "epoch"):
                    steps, values = series.setdefault(name, ([], []))
                    steps.append(float(row["step"]) + 1)
                    values.append(float(value))
    return series


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Load a checkpoint that `mlpzoo train` wrote, on the CPU, without running code.

    Raises:
        InputError: No such file, not a checkpoint, or one without mlpzoo's record.
    """
    path = Path(str(path))
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a checkpoint in it, such as best.ckpt")
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist")
    try:
        with warnings.catch_warnings(action="ignore"):  # what is wrong is said below
            checkpoint: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError) as error:
        raise _unreadable(path, error) from error
    except (pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    if not (isinstance(checkpoint, dict) and isinstance(checkpoint.get(RECORD), dict)):
        raise InputError(
            f"{path} was not written by mlpzoo's train; for others, use load_from_checkpoint"
        )
    return checkpoint


def load_module(
    path: str | Path, *, exercise: str | None = None
) -> tuple[LitNetwork, FunctionDataModule]:
    """Rebuild module and data module from a checkpoint that `train` wrote.

    Args:
        path: The file.
        exercise: The exercise it must be of; None for any.

    Returns:
        The module on the CPU in eval mode, and the data module of its run.

    Raises:
        InputError: Not a readable checkpoint, or one of another exercise.
    """
    checkpoint = read_checkpoint(path)
    record = checkpoint[RECORD]
    name = record.get("exercise")
    if "members" in record:
        raise InputError(f"checkpoint {path} is of a population; take a member from its result")
    if exercise is not None and name != get_exercise(exercise).name:
        raise InputError(f"checkpoint {path} is of exercise {name!r}, not of {exercise!r}")
    try:
        owner = get_exercise(name)
        data = owner.data(recipe=record["recipe"], seed=record["seed"], **record["data"])
        module = owner.module(data, recipe=record["recipe"], **checkpoint["hyper_parameters"])
        module.load_state_dict(checkpoint["state_dict"])
        module.eval()(data.grid(2)[0])
    except Exception as error:  # the file may hold anything: none of it may be a traceback
        raise InputError(f"checkpoint {path} does not fit its exercise: {error}") from error
    return module, data


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is not a checkpoint that can be read ({type(error).__name__})")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
