"""Trains a population of an exercise: the same plan as a single run, for many seeds."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from torch import Tensor

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.data.gate import GATES
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.plotting.views import with_gate
from mlpzoo.population.base import Population
from mlpzoo.population.data import data_of_seeds
from mlpzoo.population.module import NEVER
from mlpzoo.population.picture import STUCK_LEVELS, plot_population
from mlpzoo.population.result import Member, PopulationResult
from mlpzoo.runs.checkpoint import LAST, read_checkpoint
from mlpzoo.runs.folder import MEMBERS, POPULATION, read_result, result_file
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.open_run import OpenRun
from mlpzoo.training.plan import Plan
from mlpzoo.training.resume import plan_run
from mlpzoo.training.run import finish, fitted, takes


@takes(PopulationSettings)
def train_population(name: str | Exercise, given: Mapping[str, Any]) -> PopulationResult:
    """Train many seeds of an exercise at once, and write `<out>/<name>-population/version_n/`.

    Each member is what `mlpzoo.train` makes of its seed, up to float rounding.

    Args:
        name: One of `list_exercises()`, or an `Exercise`.
        given: Keyword arguments, the fields of `PopulationSettings`, where each is explained:
            members, first_seed, restart_after, recipe, max_steps, module, data and more.

    Raises:
        InputError: A value that cannot be used.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = train_population(
        ...     "perceptron", members=20, out=mkdtemp(), plots=False, progress=False
        ... )
        >>> result.solved, [round(end, 2) for end in result.interval]
        (20, [0.84, 1.0])
    """
    plan = plan_run(name, given, PopulationSettings)
    population, judge = _population(plan), _as_one_of_many(plan.exercise)
    with fitted(plan, population.module, population.data, judge=judge) as (run, trainer):
        if run.finished:
            _load_finished(population, run)
            return _result(run, population, trainer)
        result = _result(run, population, trainer)
        files = {MEMBERS: result.as_csv()}
        return finish(run, result, POPULATION, lambda out: _draw(plan, result, out), files)


def _draw(plan: Plan, result: PopulationResult, out: Path) -> str:
    exercise, data = plan.exercise, plan.datamodule
    xor_or_xnor = getattr(data, "outputs", None) in (GATES["xor"], GATES["xnor"])
    figure = partial(
        plot_population,
        [m.solved_step if m.solved else None for m in result.members],
        [m.metrics[result.monitor] for m in result.members],
        steps=result.steps, metric=result.monitor, solved=exercise.solved_at,
        levels=STUCK_LEVELS if xor_or_xnor and exercise.monitor == "bce" else {},
        title=f"{with_gate(exercise.name, data)}, recipe {result.recipe}",
    )  # fmt: skip
    pictures = {out / "population.png": figure} if plan.settings.plots else {}
    return plotting.save_each(pictures)[1]


def _population(plan: Plan) -> Population:
    exercise, settings, single = plan.exercise, plan.settings, plan.datamodule
    measures = exercise.measure(plan.module, single)
    linked = exercise.recipe(settings.recipe).linked

    def make_data(seed: int) -> FunctionDataModule:
        return type(single)(**{**single.hparams, "seed": seed, **settings.data})

    data = data_of_seeds(make_data, settings.seeds)

    def module(seed: int) -> LitNetwork:
        arguments = {"seed": seed, **settings.module}
        made = exercise.module(data(seed), recipe=settings.recipe, **arguments)
        made.kernel = settings.kernel
        return made

    return Population(
        module, data, settings.seeds, bars=exercise.bars, monitor=exercise.monitor,
        mode=exercise.mode, stop_at=exercise.stop_at if settings.early_stop else None,
        measure=exercise.measure if measures else None, restart_after=settings.restart_after,
        alike=all(linked(data(seed)) == linked(single) for seed in settings.seeds),
        accelerator=settings.accelerator,
    )  # fmt: skip


def _load_finished(population: Population, run: OpenRun) -> None:
    checkpoint, stored = read_checkpoint(run.folder / LAST), read_result(run.folder)
    try:
        population.module.load_state_dict(checkpoint["state_dict"])
        run.seconds = float(stored["seconds"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        path = result_file(run.folder)
        raise InputError(f"{path} is not of its {LAST}; remove it, then resume") from error
    run.steps = checkpoint["global_step"]


def _result(run: OpenRun, population: Population, trainer: Trainer) -> PopulationResult:
    exercise = run.plan.exercise
    population.module.to(trainer.strategy.root_device)  # Lightning takes it off after a fit
    members = _judged(population)
    population.module.cpu()
    return PopulationResult(
        exercise=exercise.name, recipe=run.plan.settings.recipe, members=members,
        bars=tuple(map(str, exercise.bars)), monitor=exercise.monitor, mode=exercise.mode,
        steps=run.steps, seconds=run.seconds, folder=run.folder, population=population,
        trainer=trainer,
    )  # fmt: skip


def _judged(population: Population) -> list[Member]:
    """Return what each member came to, by its best weights on the test grid."""
    module = population.module
    measured = module.measured(population.data)
    figures = {name: values.tolist() for name, values in measured.items()}
    solved_steps, best_steps = map(_steps, (module.solved_step, module.best_step))
    restarts = module.restarts.started.tolist() if module.restarts else [0] * len(population)
    met = module.met(measured).tolist()
    failed = [index for index, solved in enumerate(met) if not solved]
    failures = dict(zip(failed, population.failures(failed), strict=True))
    return [
        Member(
            seed=population.seeds[index],
            solved=solved,
            solved_step=solved_steps[index] or (best_steps[index] if solved else None),
            best_step=best_steps[index],
            restarts=restarts[index],
            metrics={name: values[index] for name, values in figures.items()},
            failure=failures.get(index, ""),
        )
        for index, solved in enumerate(met)
    ]


def _as_one_of_many(exercise: Exercise) -> Exercise:
    """Return the exercise as the Trainer of a population sees it: done when no member goes on."""
    judged: dict[str, Any] = {"monitor": "unfinished", "mode": "min", "stop_at": 0.5}
    return replace(exercise, **judged, patience=None, measure=lambda *_: {})


def _steps(noted: Tensor) -> list[int | None]:
    return [None if step == NEVER else step for step in noted.tolist()]
