"""Run folders: claimed for a new run, found again for one that goes on."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

import yaml
from typing_extensions import override

from mlpzoo.checks import InputError, check_decimal, spelling
from mlpzoo.files import sync_folder, write_whole, write_yaml

KINDS = {"train": "a single run", "population": "a population", "sweep": "a sweep"}  # by command
LEFT_AFTER = 3600  # seconds
CONFIG, RESULT, POPULATION = "config.yaml", "result.json", "population.json"
FIGURES, MEMBERS = "figures", "members.csv"
SWEEP, SWEEP_TABLE = "sweep.json", "sweep.csv"
PARTS, PART, KEPT = "parts", "part.json", "kept.safetensors"  # of a population in pieces
FIT, ENSEMBLE = "fit.json", "ensemble"  # of a run of `mlpzoo fit`


def new_folder(parent: Path, config: Mapping[str, Any], *, start: Path | None = None) -> Path:
    """Make and return a folder without a name, with a run's config.yaml in it.

    Args:
        parent: The exercise's folder, made if need be.
        config: Settings that repeat the run.
        start: A checkpoint that it begins with, which is copied; None for none.

    Raises:
        InputError: It cannot be made or written to.
    """
    from mlpzoo.runs.checkpoint import START  # torch, which a list of runs does without

    made = parent / f".new-{os.getpid()}-{token_hex(4)}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep_unnamed(parent)
        made.mkdir()
        write_yaml(made / CONFIG, config)
        if start is not None:
            write_whole(made / START, start.read_bytes())
    except BaseException as error:
        shutil.rmtree(made, ignore_errors=True)
        if isinstance(error, OSError):
            raise _no_folder(parent, error) from error
        raise
    return made


def give_name(made: Path) -> Path:
    """Name a new folder version_n, for the first n that is free, and return it.

    Getting the name is the claim: runs that start together get different ones, for a folder that is
    not empty keeps its own. None is ever seen half made.

    Raises:
        InputError: It cannot be renamed.
    """
    parent = made.parent
    version = max((number for number, _ in _versions(parent)), default=-1) + 1
    while True:
        folder = parent / f"version_{version}"
        try:
            if not folder.exists():
                made.rename(folder)
                sync_folder(parent)
                return folder
        except OSError as error:
            if not folder.exists():
                raise _no_folder(parent, error) from error
        version += 1


def _no_folder(parent: Path, error: OSError) -> InputError:
    return InputError(f"cannot write to {parent}: {error.strerror or error}; choose another --out")


def _sweep_unnamed(parent: Path) -> None:
    """Remove folders that never got a name: their process was killed, an hour ago or more."""
    for left in parent.glob(".new-*"):
        with suppress(FileNotFoundError):  # it has just got one
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                shutil.rmtree(left, ignore_errors=True)


def is_first_process() -> bool:
    """Tell whether this process is the only one of a run, or the first of several."""
    from lightning.pytorch.utilities import rank_zero_only  # which a list of runs does without

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
    if not (runs := run_folders(parent)):
        raise InputError(f"there is no run in {parent} to go on with; name its folder, or --out")
    return runs[-1]


def run_folders(parent: Path) -> list[Path]:
    """Return the folders of the runs of an exercise, the newest last.

    Args:
        parent: The exercise's folder.
    """
    return [run for _, run in sorted(_versions(parent)) if (run / CONFIG).is_file()]


def settings_of(path: str | Path) -> dict[str, Any]:
    """Return the settings of the run whose folder, or a file in it, is named.

    Raises:
        InputError: It is not of a run, or its config.yaml cannot be read.
    """
    return read_config(_folder_of(path) / CONFIG)


def read_config(path: str | Path) -> dict[str, Any]:
    """Read a YAML file such as a run's config.yaml; only plain data is accepted.

    Raises:
        InputError: No such file, not YAML, a name or a number that can be read in two ways, or not
            a mapping of names to values.
    """
    try:
        config = yaml.load(Path(path).read_text(encoding="utf-8"), _OneMeaning)
    except InputError as error:
        raise InputError(f"config {path}, {error}") from error
    except OSError as error:
        raise InputError(f"config {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"config {path} is not YAML: {error}") from error
    if not isinstance(config, dict):
        raise InputError(f"config {path} must map names to values, as a run's config.yaml does")
    return {str(name): value for name, value in config.items()}


class _OneMeaning(yaml.SafeLoader):
    """Reads plain data, and refuses what YAML 1.1 reads otherwise than it looks."""

    @override
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, Any] = {}
        for key, _ in node.value:
            name = spelling(str(key.value))
            if name in seen:
                lines = f"{seen[name].start_mark.line + 1} and {key.start_mark.line + 1}"
                raise InputError(f"lines {lines}: {key.value} is given twice; leave one out")
            seen[name] = key
        return node

    @override
    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if node.tag.endswith((":int", ":float")):
            check_decimal(f"line {node.start_mark.line + 1}: a number", node.value)
        return node


def command_of(config: Mapping[str, Any]) -> str:
    """Return the command that a run is of: train, population or sweep.

    Args:
        config: Its settings.
    """
    return "sweep" if "over" in config else "population" if "members" in config else "train"


def result_file(folder: Path) -> Path | None:
    """Return the file that marks a run as finished; None while it is not."""
    marks = (RESULT, POPULATION, SWEEP, PART)
    return next((folder / n for n in marks if (folder / n).exists()), None)


def read_result(folder: Path) -> dict[str, Any]:
    """Return the result that marks a run as finished.

    Args:
        folder: The run folder.

    Raises:
        InputError: It cannot be read.
    """
    return read_json(result_file(folder) or folder / RESULT, "a result; remove it, then resume")


def read_json(path: Path, what: str) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Args:
        path: The file.
        what: What it should hold, and what to do where it does not.

    Raises:
        InputError: It cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        remedy = what.partition("; ")[2]
        raise InputError(f"{path} cannot be read: {error}; {remedy}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} does not hold {what}")
    return content


def _folder_of(path: str | Path) -> Path:
    named = Path(str(path))
    with suppress(OSError):  # a name that is too long
        folder = named if named.is_dir() else named.parent
        if named.exists() and (folder / CONFIG).is_file():
            return folder
    raise InputError(f"{path} is not the folder of a run; it would hold a {CONFIG}")


def _versions(parent: Path) -> list[tuple[int, Path]]:
    found = parent.glob("version_*")
    return [(int(path.name[8:]), path) for path in found if path.name[8:].isdecimal()]
