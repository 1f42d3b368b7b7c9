"""Runs that go on, also with other settings, and runs that begin from another's start."""

import inspect
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, replace
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, as_typed, resolve_name
from mlpzoo.exercises import Exercise, check_own_name, get_exercise, known_exercises
from mlpzoo.optim.factory import for_optimizer
from mlpzoo.optim.kernels import TORCH
from mlpzoo.runs.checkpoint import START, is_whole
from mlpzoo.runs.folder import CONFIG, KINDS, command_of, find_run, read_config
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.plan import Kind, Plan, from_config, holds_object, resolve, runs_of
from mlpzoo.training.settings import (
    GROUPS,
    ONLY_PYTHON,
    RunSettings,
    TrainSettings,
    check_names,
    options,
)


def plan_run(exercise: str | Exercise, given: Mapping[str, Any], kind: Kind) -> Plan:
    """Plan a run or a population, which may go on with another, or begin from another's start.

    Args:
        exercise: One of `list_exercises()`, or an exercise.
        given: Settings by name; where a run goes on, what is not given is as it was.
        kind: The settings that there are.

    Raises:
        InputError: A value that cannot be used, no such run, or settings that differ.
    """
    exercise = get_exercise(exercise)
    check_own_name(exercise)
    check_names(given, kind)
    asked = kind(**given)
    again = asked.resume or asked.rewind
    if not again:
        if asked.change:
            raise InputError("change goes with resume; name the run to go on with")
        return resolve(exercise, asked)
    if asked.resume and asked.rewind:
        raise InputError("resume goes on with a run, rewind begins another; choose one")
    if "start" in given:
        raise InputError("start goes with a new run; leave it out")
    if "out" in given and asked.resume and asked.resume is not True:
        raise InputError("a run goes on in its own folder; leave out --out")
    folder, config = _find(exercise, again, asked)
    for name in ONLY_PYTHON:
        if asked.rewind and name not in given and holds_object(config.get(name)):
            raise InputError(f"{folder} has {name} that no file can hold; give {name} again")
    settings = kind(**_merged(exercise, kind, config, given))
    if asked.rewind and isinstance(settings, TrainSettings):
        return resolve(exercise, replace(settings, start=folder / START))
    plan = _resolved(exercise, settings, config, folder)
    if "start" in config:
        plan = replace(plan, settings=replace(plan.settings, start=config["start"]))
    return replace(plan, resumed=folder, changes=_allowed(config, exercise, plan.settings, folder))


def differences(
    before: Mapping[str, Any], now: Mapping[str, Any], exercise: Exercise | None = None
) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ, by their dotted names, as they were and as they are.

    One that stands on one side only has its default on the other.

    Args:
        before: The settings of a run.
        now: Others.
        exercise: Whose arguments have defaults too; None for none.

    Example:
        >>> differences({"seed": 1, "module": {"lr": 0.1}}, {"seed": 1, "module": {"lr": 0.2}})
        {'module.lr': (0.1, 0.2)}
    """
    old, new = dict(flat(before)), dict(flat(now))
    absent = {**_ABSENT, **(_defaults(exercise) if exercise else {})}
    pairs = {
        name: (old.get(name, absent.get(name)), new.get(name, absent.get(name)))
        for name in {**old, **new}
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings by their dotted names, lists for tuples as YAML gives them back.

    Args:
        settings: As in config.yaml.
        prefix: What comes before the names.
    """
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _as_lists(value)


def advice(plan: Plan, folder: Path) -> str:
    """Return how to go on with a run, in a line.

    Args:
        plan: Its plan.
        folder: Its folder.
    """
    line = shlex.join(["mlpzoo", plan.command, plan.exercise.name, "--resume", str(folder)])
    if not repeatable(plan.config):
        function = {"population": "train_population"}.get(plan.command, plan.command)
        line = f"mlpzoo.{function}(..., resume={str(folder)!r}), with the same objects"
    return f"go on with: {line}"


def repeatable(config: Mapping[str, Any]) -> bool:
    """Tell whether a command with the settings of a run's config.yaml gives the very run.

    Args:
        config: The settings.
    """
    return config["exercise"] in known_exercises() and not holds_object(config)


def of_state(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a state depends on."""
    return {name: value for name, value in config.items() if name not in _FREE}


def changeable(settings: type[RunSettings]) -> Iterator[str]:
    """Yield the dotted names of what neither a state nor the measure of the best weights needs."""
    for each in options(settings):
        if each.metadata["changeable"] is True:
            yield each.name
        elif each.metadata["changeable"]:
            yield from (f"{each.name}.{name}" for name in each.metadata["changeable"])


_FIELDS = {
    each.metadata["key"] or each.name: each
    for kind in (PopulationSettings, TrainSettings)
    for each in options(kind)
}
_FREE = [name for name, each in _FIELDS.items() if each.metadata["free"]]
CUT = ("part", "keep")  # settings by which a population is cut and kept
_BEFORE = {"kernel": TORCH}  # of runs from when there was no choice
_ABSENT = {  # what it means that a setting does not stand in a config.yaml
    name: each.default
    for name, each in _FIELDS.items()
    if each.metadata["saved"] and each.default is not MISSING
} | _BEFORE


def _find(
    exercise: Exercise, which: bool | str | Path, asked: RunSettings
) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the run that is meant, and the settings it has."""
    command = "population" if isinstance(asked, PopulationSettings) else "train"
    parent = runs_of(exercise, asked.out, command)
    folder = find_run(None if isinstance(which, bool) else which, parent)
    config = read_config(folder / CONFIG)
    check_command(exercise.name, folder, config, command)
    if command == "population":
        config.setdefault("part", config["members"])  # of runs from when there were no pieces
    return folder, config


def check_command(wanted: str, folder: Path, config: Mapping[str, Any], command: str) -> None:
    """Refuse the run of another exercise, or of another command.

    Args:
        wanted: Name of the exercise that is meant.
        folder: The run folder.
        config: Its settings.
        command: The command that is meant.

    Raises:
        InputError: As said; the message has the right one.
    """
    name, of = config.get("exercise"), command_of(config)
    if (name, of) != (wanted, command):
        raise InputError(
            f"{folder} is of {KINDS[of]} of {name!r}, not {KINDS[command]} of {wanted!r}: "
            f"it goes on with mlpzoo {of} {name} --resume {folder}"
        )


def _merged(
    exercise: Exercise, kind: Kind, config: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of a run with others in their place.

    Another optimizer than the run's does not inherit what only that one takes.
    """
    kept = from_config(exercise, _BEFORE | {k: config[k] for k in config if k != "start"}, kind)
    module = kept.get("module", {})
    if "optimizer" in (given.get("module") or {}):
        module = for_optimizer(module, str(given["module"]["optimizer"]))
    groups = {"data": kept.get("data", {}), "module": module}
    merged = {group: {**groups[group], **(given.get(group) or {})} for group in GROUPS}
    return {**kept, **given, **merged}


def _resolved(exercise: Exercise, settings: Any, config: Mapping[str, Any], folder: Path) -> Plan:
    single = isinstance(settings, TrainSettings) and is_whole(folder / START)
    try:
        return resolve(exercise, settings, weights=folder / START if single else None)
    except InputError:  # where the settings are sound, the weights are of others: say which
        _allowed(config, exercise, resolve(exercise, settings).settings, folder)
        raise


def _allowed(
    before: Mapping[str, Any], exercise: Exercise, settings: RunSettings, folder: Path
) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ from those of a run, all of which may."""
    now = {"exercise": exercise.name, **settings.saved()}
    changes = differences(of_state(before), of_state(now), exercise)
    may, many = list(changeable(type(settings))), isinstance(settings, PopulationSettings)
    if many:  # neither is of a state
        changes |= {name: pair for name, pair in differences(before, now).items() if name in CUT}
    wanted = {resolve_name("setting that can change", n, may) for n in settings.change}
    for name, (was, would_be) in changes.items():
        shown = "first_seed" if name == "seed" and many else name
        differs = f"{shown} is {as_typed(was)} in {folder} and would be {as_typed(would_be)}"
        if name.partition(".")[0] in ONLY_PYTHON:
            raise InputError(f"{differs}; a run goes on with the same ones, given from Python")
        if name not in may:
            raise InputError(f"{differs}; that needs a run of its own")
        longer = name == "max_steps" and isinstance(was, int) and would_be > was
        if name not in wanted and not longer:
            raise InputError(f"{differs}; leave it out, or allow it with --change {name}")
    return changes


def _defaults(exercise: Exercise) -> dict[str, Any]:
    """Return the defaults of the arguments of data and module, by their dotted names."""
    return {
        f"{group}.{name}": _as_lists(parameter.default)
        for group, cls in (("data", exercise.data_class), ("module", exercise.module_class))
        for name, parameter in inspect.signature(cls).parameters.items()
    }


def _as_lists(value: Any) -> Any:
    return [_as_lists(entry) for entry in value] if isinstance(value, list | tuple) else value
