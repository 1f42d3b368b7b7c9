"""Plans a sweep: every setting is checked before the first is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from mlpzoo.checks import InputError, as_typed
from mlpzoo.exercises import Exercise, check_own_name, get_exercise
from mlpzoo.optim.of_members import SETTINGS
from mlpzoo.population.members.variants import STARTS
from mlpzoo.population.sweep.axes import RECIPE, Axes, named, typed_axes
from mlpzoo.population.work.making import with_part
from mlpzoo.runs.folder import CONFIG, find_run, read_config
from mlpzoo.training.many import MOST_MEMBERS, PopulationSettings, SweepSettings
from mlpzoo.training.plan import Plan, from_config, resolve, runs_of, with_numbers
from mlpzoo.training.resume import CUT, check_command, differences, of_state
from mlpzoo.training.settings import GROUPS, check_names

COMMAND = "sweep"
MOST_SETTINGS = 10_000
NUMBERS = {f"module.{name}" for name in (*SETTINGS, *STARTS)}  # that no shape follows from
_OF_POPULATION = [each.name for each in fields(PopulationSettings)]


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A sweep whose every setting has been checked, and that touched no disk yet.

    Attributes:
        exercise: The exercise.
        settings: Its settings.
        axes: What differs, by name, with its values.
        each: The values of each setting by name, in the order of the table.
        plans: The plan of each.
        resumed: The folder of the sweep to go on with; None for one of its own.
    """

    exercise: Exercise
    settings: SweepSettings
    axes: Axes
    each: list[dict[str, Any]]
    plans: list[Plan]
    resumed: Path | None

    changes: ClassVar[Mapping[str, tuple[Any, Any]]] = {}  # a sweep goes on as it was

    @property
    def parent(self) -> Path:
        """The folder of its run folders."""
        return runs_of(self.exercise, self.settings.out, COMMAND)

    @property
    def config(self) -> dict[str, Any]:
        """The settings that repeat it, as they stand in config.yaml."""
        return {"exercise": self.exercise.name, **self.settings.saved()}


def plan_sweep(exercise: str | Exercise, given: Mapping[str, Any]) -> SweepPlan:
    """Plan a sweep, which may go on with another.

    Args:
        exercise: One of `list_exercises()`, or an exercise.
        given: Settings by name.

    Raises:
        InputError: A value that cannot be used, no such sweep, or settings that differ.
    """
    exercise = get_exercise(exercise)
    check_own_name(exercise)
    check_names(given, SweepSettings)
    settings, resumed = SweepSettings(**given), None
    if settings.change:
        raise InputError("a sweep goes on as it was; leave out change")
    if settings.resume:
        settings, resumed = _resumed(exercise, settings, given)
    axes = typed_axes(exercise, settings.over)
    _check(axes, settings)
    settings = replace(settings, over=axes)
    each = named(axes)
    plans = _plans(exercise, settings, each)
    return SweepPlan(
        exercise=exercise, settings=settings, axes=axes, each=each, plans=plans, resumed=resumed
    )


def _check(axes: Axes, settings: SweepSettings) -> None:
    if not axes:
        raise InputError(
            "nothing differs; give several values, such as module.lr 0.001,0.01,0.1 or "
            "module.hidden_features (4),(8)"
        )
    for name in axes:
        group, _, own = name.partition(".")
        if own and own in getattr(settings, group):
            raise InputError(f"{name} is in over and in {group}; leave one out")
        if name == RECIPE and settings.recipe != "default":
            raise InputError("recipe is in over too; leave one out")
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST_SETTINGS or count * settings.members > MOST_MEMBERS:
        raise InputError(
            f"{count} settings of {settings.members} members are more than {MOST_SETTINGS} "
            f"settings or {MOST_MEMBERS} members in all; take fewer"
        )


def _plans(
    exercise: Exercise, settings: SweepSettings, each: Sequence[Mapping[str, Any]]
) -> list[Plan]:
    """Return the plan of each setting; what differs in numbers alone is tried once."""
    tried: dict[tuple[Any, ...], Plan] = {}
    plans = list[Plan]()
    for own in each:
        population = _of_one(settings, own)
        kind = tuple(value for name, value in own.items() if name not in NUMBERS)
        if kind in tried:
            plans.append(with_numbers(tried[kind], population))
        else:
            tried[kind] = replace(with_part(resolve(exercise, population)), asked=COMMAND)
            plans.append(tried[kind])
    return plans


def _of_one(settings: SweepSettings, own: Mapping[str, Any]) -> PopulationSettings:
    """Return the settings of the population of one setting."""
    arguments = {name: getattr(settings, name) for name in _OF_POPULATION}
    for group in GROUPS:
        prefix = f"{group}."
        mine = {n.removeprefix(prefix): v for n, v in own.items() if n.startswith(prefix)}
        arguments[group] = {**arguments[group], **mine}
    arguments.update({"recipe": own.get(RECIPE, settings.recipe), "resume": None})
    return PopulationSettings(**arguments)


def _resumed(
    exercise: Exercise, asked: SweepSettings, given: Mapping[str, Any]
) -> tuple[SweepSettings, Path]:
    """Return the settings of the sweep to go on with, and its folder."""
    if "out" in given and not isinstance(asked.resume, bool):
        raise InputError("a sweep goes on in its own folder; leave out --out")
    parent = runs_of(exercise, asked.out, COMMAND)
    folder = find_run(None if isinstance(asked.resume, bool) else asked.resume, parent)
    config = read_config(folder / CONFIG)
    check_command(exercise.name, folder, config, COMMAND)
    over = config.pop("over")
    kept = {**from_config(exercise, config, SweepSettings), "over": typed_axes(exercise, over)}
    settings = SweepSettings(**{**kept, **given})
    now = replace(settings, over=typed_axes(exercise, settings.over))
    before = {"exercise": exercise.name, **SweepSettings(**kept).saved()}
    after = {**before, **now.saved()}
    cut = {n: pair for n, pair in differences(before, after).items() if n in CUT}
    changes = {**differences(of_state(before), of_state(after)), **cut}
    for name, (was, would_be) in changes.items():
        raise InputError(
            f"{name} is {as_typed(was)} in {folder} and would be {as_typed(would_be)}; "
            "that needs a sweep of its own"
        )
    return now, folder
