"""Plans a run or a population: every setting is checked, the parts built, one step tried."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from mlpzoo.checks import InputError, resolve_name
from mlpzoo.data import FunctionDataModule
from mlpzoo.diagnosis.dry_run import dry_run
from mlpzoo.exercises import Exercise, Recipe, get_exercise, known_exercises
from mlpzoo.exercises.arguments import typed, typed_arguments
from mlpzoo.exercises.threshold import judged_on
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.blocks import work_between_steps
from mlpzoo.optim.factory import OPTIMIZERS, needs_of
from mlpzoo.optim.kernels.choice import choose_kernel
from mlpzoo.runs.checkpoint import START
from mlpzoo.runs.load import start_from
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.settings import GROUPS, OBJECT, TrainSettings, options
from mlpzoo.training.trainer import bare_trainer

Kind = type[TrainSettings] | type[PopulationSettings]
_SINGLE = ("devices", "plot_every", "film")  # stood in the config.yaml of populations once


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run or a population whose every setting has been checked, and that touched no disk yet.

    Attributes:
        exercise: The exercise.
        settings: Its settings, the recipe's where none were given.
        datamodule: Its data; of a population, those of the first seed.
        module: The module at its start; of a population, that of the first seed.
        start: A checkpoint whose weights it begins with; None to draw them from the seed.
        resumed: The folder of the run to go on with; None for a run of its own.
        changes: Settings that differ from those of that run: as they were, and as they are.
        folder: Where to work, which the caller holds; None for the folder of the run.
        part_of: The run folder that this one is in, of a part of a run.
        also: What further stands in the settings that repeat it.
        asked: The command that it belongs to, where that is none of its own.
    """

    exercise: Exercise
    settings: Any
    datamodule: FunctionDataModule
    module: LitNetwork
    start: Path | None = None
    resumed: Path | None = None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    folder: Path | None = None
    part_of: Path | None = None
    also: Mapping[str, Any] = field(default_factory=dict)
    asked: str = ""

    def __getstate__(self) -> dict[str, Any]:
        own = self.exercise  # ours have functions without a name
        known = (own.name, own.bars, own.stop_at) if own.name in known_exercises() else own
        return {**self.__dict__, "exercise": known}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(known := state["exercise"], tuple):
            name, bars, stop_at = known
            state = {**state, "exercise": replace(get_exercise(name), bars=bars, stop_at=stop_at)}
        self.__dict__.update(state)

    @property
    def command(self) -> str:
        """The command that goes on with it."""
        return self.asked or ("population" if self.many else "train")

    @property
    def many(self) -> bool:
        """Whether it is a population."""
        return isinstance(self.settings, PopulationSettings)

    @property
    def parent(self) -> Path:
        """The folder of its run folders."""
        return runs_of(self.exercise, self.settings.out, self.command)

    @property
    def config(self) -> dict[str, Any]:
        """The settings that repeat it, as they stand in config.yaml."""
        return {"exercise": self.exercise.name, **self.settings.saved(), **self.also}


def runs_of(exercise: Exercise, out: str | Path, command: str) -> Path:
    """Return the folder of the run folders of an exercise.

    Args:
        exercise: The exercise.
        out: The folder that holds the folders of the exercises.
        command: Whose runs are meant: train, population or sweep.
    """
    return Path(str(out)) / (exercise.name if command == "train" else f"{exercise.name}-{command}")


def from_config(exercise: Exercise, config: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """Return settings that stand in a config.yaml, or are given as text, with their types.

    Args:
        exercise: Whose constructors the groups data and module belong to.
        config: Settings by their names in config.yaml, as text or as plain data.
        kind: The settings that there are.

    Raises:
        InputError: An unknown name, or a value of the wrong type.
    """
    fields = {each.metadata["key"] or each.name: each for each in options(kind)}
    classes = {"data": exercise.data_class, "module": exercise.module_class}
    found: dict[str, Any] = {}
    _check_groups(config, classes)
    for name, value in config.items():
        if name == "exercise" or (kind is PopulationSettings and name in _SINGLE):
            continue
        key = resolve_name("setting", name, fields)
        if key in GROUPS:
            given = {} if value is None else value
            found[key] = typed_arguments(classes[key], given, group=key, of=exercise.name)
        elif fields[key].metadata["typed"]:
            if key != "start" or value is not None:
                found[fields[key].name] = typed(key, fields[key].type, value)
        elif key == "trainer" and not holds_object(value):
            found[key] = value
    return found


def _check_groups(config: Mapping[str, Any], classes: Mapping[str, type[Any]]) -> None:
    """Refuse an argument of the one group that is given for the other."""
    known = {group: inspect.signature(cls).parameters for group, cls in classes.items()}
    for group, other in (GROUPS, GROUPS[::-1]):
        for name in given if isinstance(given := config.get(group), Mapping) else ():
            if name in known[other] and name not in known[group]:
                raise InputError(f"unknown {group}.{name}; did you mean {other}.{name}?")


def holds_object(value: Any) -> bool:
    """Tell whether what stands in a config.yaml stands for an object, which no file can hold.

    Args:
        value: Plain data.
    """
    if isinstance(value, Mapping):
        return OBJECT in value or any(map(holds_object, value.values()))
    return isinstance(value, list) and any(map(holds_object, value))


def resolve(exercise: Exercise, settings: Any, *, weights: Path | None = None) -> Plan:
    """Check the settings of a run, build its parts and try a step, without touching the disk.

    Args:
        exercise: The exercise.
        settings: `TrainSettings` or `PopulationSettings`; what they lack is the recipe's.
        weights: A checkpoint that the module takes its weights from; None for those of the start.

    Raises:
        InputError: A value that cannot be used.
    """
    chosen = exercise.recipe(settings.recipe)
    trainer = bare_trainer(settings, settings.devices if isinstance(settings, TrainSettings) else 1)
    pace = _pace(chosen, settings, trainer)
    arguments = {"recipe": settings.recipe, "seed": settings.seed}
    data = exercise.data(**{**arguments, **pace, **settings.data})
    module = exercise.module(data, **{**arguments, **settings.module})
    start = None if settings.start is None else Path(str(settings.start))
    if (begun := weights or start) is not None:
        start_from(begun, module, exercise=exercise)
    exercise = judged_on(data, exercise, module)
    dry_run(exercise, module, data)
    linked = chosen.linked(data)
    names = ("max_steps", "val_every", "early_stop")
    defaults = {name: getattr(chosen, name) for name in names}
    filled = settings.filled(**defaults, threads=torch.get_num_threads())
    over_soon = isinstance(settings, TrainSettings) and filled.early_stop
    module.kernel = choose_kernel(
        settings.kernel, module, data, steps=0 if over_soon else filled.max_steps,
        device=trainer.strategy.root_device.type,
    )  # fmt: skip
    filled = replace(
        filled,
        kernel=module.kernel,
        data=_arguments(data, {"seed", *pace} - settings.data.keys()),
        module=_arguments(module, {"seed", *linked} - settings.module.keys()),
    )
    if isinstance(filled, TrainSettings) and start:
        filled = replace(filled, start=START)  # its copy beside config.yaml
    return Plan(exercise=exercise, settings=filled, datamodule=data, module=module, start=start)


def with_numbers(plan: Plan, settings: Any) -> Plan:
    """Return a plan whose module has other numbers, which changes nothing of what has been tried.

    Args:
        plan: The plan.
        settings: Settings that differ from its own in numbers of the module or in its start.

    Raises:
        InputError: A value that cannot be used.
    """
    exercise, data, recipe = plan.exercise, plan.datamodule, settings.recipe
    module = exercise.module(data, recipe=recipe, **{"seed": settings.seed, **settings.module})
    module.kernel = plan.module.kernel
    without = {"seed", *exercise.recipe(recipe).linked(data)} - settings.module.keys()
    filled = replace(plan.settings, module=_arguments(module, without))
    return replace(plan, settings=filled, module=module)


def _pace(recipe: Recipe, settings: Any, trainer: Trainer) -> dict[str, int]:
    """Return how long an epoch is, and how many steps are taken at once."""
    given = settings.module.get("optimizer", recipe.module.get("optimizer", "adam"))
    optimizer = resolve_name("optimizer", str(given), OPTIMIZERS)
    needs = needs_of(optimizer)
    devices = trainer.num_devices * trainer.num_nodes
    by_blocks = devices == 1 and needs.blocks
    if not by_blocks and settings.data.get("block_steps", 1) != 1:
        wanted = f"one device, not {devices}" if needs.blocks else f"adam, not {optimizer}"
        raise InputError(f"data.block_steps above 1 goes with {wanted}")
    if devices != 1 and not needs.gradients:
        raise InputError(f"{optimizer} goes with one device, not {devices}; set module.optimizer")
    return {
        # an epoch is the run, so that one progress bar shows the whole of it
        "steps_per_epoch": settings.max_steps or recipe.max_steps,
        "block_steps": recipe.block_steps if by_blocks and not work_between_steps(trainer) else 1,
    }


def _arguments(built: LitNetwork | FunctionDataModule, without: set[str]) -> dict[str, Any]:
    """Return what something was built with, except what follows from other settings."""
    return {name: value for name, value in built.hparams.items() if name not in without}
