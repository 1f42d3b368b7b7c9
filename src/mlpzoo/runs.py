"""Run folders: claimed for a new run, found again for one that goes on."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import yaml
from lightning.pytorch.utilities import rank_zero_only

from mlpzoo.checkpoints import BEST, LAST, PREVIOUS, RECORD, read_checkpoint
from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.files import sync_folder, write_yaml
from mlpzoo.logs import FILE_NAME, logged_steps
from mlpzoo.modules import LitNetwork

GROUPS = ("data", "module")
LEFT_AFTER = 3600  # seconds
CONFIG, RESULT, POPULATION = "config.yaml", "result.json", "population.json"


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a run goes on from.

    Attributes:
        path: The checkpoint; None for the start.
        step: How many optimizer steps it has behind it.
        torch: The version of torch that wrote it, or "".
        notes: What was found damaged or missing, a line each.
    """

    path: Path | None = None
    step: int = 0
    torch: str = ""
    notes: tuple[str, ...] = ()


def new_run(parent: Path, config: Mapping[str, Any]) -> Path:
    """Make and return `<parent>/version_n`, with its config.yaml, for the first n that is free.

    The folder gets its name when the file is in it, and getting it is the claim: runs that start
    together get different ones, and none is ever seen half made. Only the first of several
    processes makes it; the others are told of it by the checkpoint callback.

    Args:
        parent: The exercise's folder, made if need be.
        config: Settings that repeat the run.

    Raises:
        InputError: The folder cannot be made or written to.
    """
    if not is_first_process():
        return parent / "of_rank_0"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep_unnamed(parent)
        made = parent / f".new-{os.getpid()}-{token_hex(4)}"
        made.mkdir()
        try:
            write_yaml(made / CONFIG, config)
            return _name(made, parent)
        except BaseException:
            (made / CONFIG).unlink(missing_ok=True)
            made.rmdir()
            raise
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot write to {parent}: {reason}; choose another --out") from error


def _sweep_unnamed(parent: Path) -> None:
    """Remove folders that never got a name: their process was killed, an hour ago or more."""
    for left in parent.glob(".new-*"):
        if time.time() - left.stat().st_mtime > LEFT_AFTER:
            shutil.rmtree(left, ignore_errors=True)


def _name(made: Path, parent: Path) -> Path:
    """Give a new folder the first name that is free; a folder that is not empty keeps its own."""
    version = max((number for number, _ in _versions(parent)), default=-1) + 1
    while True:
        folder = parent / f"version_{version}"
        try:
            if not folder.exists():
                made.rename(folder)
                sync_folder(parent)
                return folder
        except OSError:
            if not folder.exists():
                raise
        version += 1


def is_first_process() -> bool:
    """Tell whether this process is the only one of a run, or the first of several."""
    return bool(getattr(rank_zero_only, "rank", 0) == 0)


def find_run(path: str | Path | None, parent: Path) -> Path:
    """Return the folder of the run that is meant.

    Args:
        path: The folder or a file in it; None for the newest run of an exercise.
        parent: The exercise's folder.

    Raises:
        InputError: There is none.
    """
    if path is not None:
        return _folder_of(path)
    runs = [run for _, run in sorted(_versions(parent)) if (run / CONFIG).is_file()]
    if not runs:
        raise InputError(f"there is no run in {parent} to go on with; name its folder, or --out")
    return runs[-1]


def settings_of(path: str | Path) -> dict[str, Any]:
    """Return the settings of the run whose folder, or a file in it, is named.

    Raises:
        InputError: It is not of a run, or its config.yaml cannot be read.
    """
    return read_config(_folder_of(path) / CONFIG)


def read_config(path: str | Path) -> dict[str, Any]:
    """Read a YAML file such as a run's config.yaml; only plain data is accepted.

    Raises:
        InputError: No such file, not YAML, or not a mapping of names to values.
    """
    try:
        config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"config {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"config {path} is not YAML: {error}") from error
    if not isinstance(config, dict) or not all(
        isinstance(config.get(group) or {}, dict) for group in GROUPS
    ):
        raise InputError(f"config {path} must map names to values, as a run's config.yaml does")
    return {str(name): value for name, value in config.items()}


def result_file(folder: Path) -> Path | None:
    """Return the file that marks a run as finished; None while it is not."""
    return next((folder / n for n in (RESULT, POPULATION) if (folder / n).exists()), None)


def newest_state(folder: Path) -> State:
    """Return the newest state of a run that is whole and has all it needs.

    A state needs the best checkpoint that it knows of. Where none is left, the run goes on from its
    start, which its settings give again.

    Args:
        folder: The run folder.
    """
    notes: list[str] = []
    best = _usable(folder / BEST, notes)
    for name in (LAST, PREVIOUS, BEST):
        path = folder / name
        checkpoint = best if name == BEST else _usable(path, notes)
        if checkpoint is None:
            continue
        if best is None and _knows_a_best(checkpoint):
            notes.append(f"{folder / BEST}, which {name} needs, is missing or damaged")
        elif logged_steps(folder / FILE_NAME) < checkpoint[RECORD]["logged"]:
            notes.append(f"{folder / FILE_NAME} lacks rows that lead to {name}")
        elif name != BEST or notes:  # there are newer ones than the best, if nothing was lost
            written_by = str(checkpoint[RECORD].get("torch", ""))
            step = checkpoint["global_step"]
            return State(path=path, step=step, torch=written_by, notes=_once(notes))
    return State(notes=_once(notes))


def arguments_of(built: LitNetwork | FunctionDataModule, without: set[str]) -> dict[str, Any]:
    """Return the arguments that something was built with, except those that follow from others."""
    return {name: value for name, value in built.hparams.items() if name not in without}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ, by their dotted names, as they were and as they are.

    Example:
        >>> differences({"seed": 1, "module": {"lr": 0.1}}, {"seed": 1, "module": {"lr": 0.2}})
        {'module.lr': (0.1, 0.2)}
    """
    old, new = dict(_flat(before)), dict(_flat(now))
    names = [*old, *(name for name in new if name not in old)]
    return {
        name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    }


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _as_lists(value)


def _as_lists(value: Any) -> Any:
    """Return a value as YAML gives it back."""
    return [_as_lists(entry) for entry in value] if isinstance(value, list | tuple) else value


def _folder_of(path: str | Path) -> Path:
    named = Path(str(path))
    folder = named if named.is_dir() else named.parent
    if not named.exists() or not (folder / CONFIG).is_file():
        raise InputError(f"{path} is not the folder of a run; it would hold a {CONFIG}")
    return folder


def _versions(parent: Path) -> list[tuple[int, Path]]:
    found = parent.glob("version_*")
    return [(int(path.name[8:]), path) for path in found if path.name[8:].isdecimal()]


def _usable(path: Path, notes: list[str]) -> dict[str, Any] | None:
    try:
        return read_checkpoint(path) if path.exists() else None
    except InputError as error:
        notes.append(str(error))
        return None


def _knows_a_best(checkpoint: Mapping[str, Any]) -> bool:
    states = checkpoint["callbacks"].values()
    return any(isinstance(state, Mapping) and state.get("best_model_path") for state in states)


def _once(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
