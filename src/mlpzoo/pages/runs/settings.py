"""The settings of runs as tables: those that differ come first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError
from mlpzoo.exercises.declared import arguments_of
from mlpzoo.pages.runs.told import in_line
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.resume import differences, flat
from mlpzoo.training.settings import GROUPS, TrainSettings

if TYPE_CHECKING:
    from mlpzoo.exercises import Exercise
    from mlpzoo.pages.runs.told import Told

_HOW = (  # not what is learned
    "accelerator", "devices", "keep", "kernel", "part", "plots", "plot_every", "threads",
)  # fmt: skip


def settings_of_one(told: Told) -> dict[str, Any]:
    """Return the settings of a run: those that its recipe has otherwise, and the others.

    Args:
        told: The run.
    """
    own = dict(flat(told.config))
    usual = _usual(told.exercise, told.config) if told.exercise else {}
    other = {} if not usual else differences(usual, told.config)
    differ = {k: pair for k, pair in other.items() if k in own and k.partition(".")[0] not in _HOW}
    return {
        "heads": ["setting", "this run", "recipe"],
        "differ": [[name, in_line(now), in_line(was)] for name, (was, now) in differ.items()],
        "same": [[name, in_line(value)] for name, value in own.items() if name not in differ],
    }


def settings_of_two(first: Told, second: Told) -> dict[str, Any]:
    """Return the settings of two runs: those that differ, and the others.

    Args:
        first: A run.
        second: Another.
    """
    exercise = first.exercise if first.exercise is second.exercise else None
    differ = differences(first.config, second.config, exercise)
    same = {name: value for name, value in flat(first.config) if name not in differ}
    return {
        "heads": ["setting", first.label, second.label],
        "differ": [[name, *map(in_line, pair)] for name, pair in differ.items()],
        "same": [[name, in_line(value)] for name, value in same.items()],
    }


def _usual(exercise: Exercise, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run of which nothing but its recipe was said; none of another's."""
    try:
        recipe = exercise.recipe(name := str(config.get("recipe", "default")))
    except InputError:
        return {}
    kind = PopulationSettings if "members" in config else TrainSettings
    arguments: dict[str, Any] = {
        group: {argument: default for argument, (default, _) in said.items()}
        for group, said in arguments_of(exercise, name).items()
        if group in GROUPS
    }
    budget = {key: getattr(recipe, key) for key in ("max_steps", "val_every", "early_stop")}
    return {"exercise": exercise.name, **kind(recipe=name, **budget, **arguments).saved()}
