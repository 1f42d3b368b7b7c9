"""Trains a population of an exercise: the same plan as a single run, for many seeds."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer

from mlpzoo import plotting
from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise
from mlpzoo.files import write_json, write_whole
from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.module import NEVER
from mlpzoo.population.picture import STUCK_LEVELS, plot_population
from mlpzoo.population.planning import PopulationPlan, plan_population, resume_population
from mlpzoo.population.result import Member, PopulationResult
from mlpzoo.runs.checkpoint import LAST, read_checkpoint
from mlpzoo.runs.folder import POPULATION, of_state, result_file
from mlpzoo.runs.metrics_csv import RunLogger
from mlpzoo.training.open_run import Run, opened
from mlpzoo.training.resume import ApplyChanges, read_result
from mlpzoo.training.trainer import build_trainer, quiet


def run_population(planned: PopulationPlan) -> PopulationResult:
    """Carry out a plan: train, measure each member's best weights, write the run folder.

    Raises:
        InputError: The folder cannot be made or written to, or the recipe would couple members.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.
    """
    population, name = _population(planned), planned.single.exercise.name
    parent = planned.single.out / f"{name}-population"
    with quiet(), opened(
        parent, planned.config, ("population", name), population.module,
        resumed=planned.resumed, changes=planned.changes,
    ) as sitting:  # fmt: skip
        trainer = _trainer(planned, sitting)
        if sitting.finished:
            _load_finished(population, sitting)
            return _result(planned, population, trainer, sitting)
        sitting.fit(trainer, population.module, population.data)
        sitting.check_stop()
        return _finish(planned, _result(planned, population, trainer, sitting), sitting)


def _finish(planned: PopulationPlan, result: PopulationResult, sitting: Run) -> PopulationResult:
    """Draw and write the members, then the result, which marks the population as finished."""
    sitting.check_stop()
    folder = sitting.folder
    if planned.single.plots:
        try:
            draw_population(result, folder / "figures" / "population.png")
        except OSError as error:
            result = replace(result, unwritten=f"figures: {error.strerror or error}")
    write_whole(folder / "members.csv", result.as_csv().encode())
    write_json(folder / POPULATION, result.as_json())
    return result


def _load_finished(population: Population, sitting: Run) -> None:
    checkpoint, stored = read_checkpoint(sitting.folder / LAST), read_result(sitting.folder)
    try:
        population.module.load_state_dict(checkpoint["state_dict"])
        sitting.seconds = float(stored["seconds"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        path = result_file(sitting.folder)
        raise InputError(f"{path} is not of its {LAST}; remove it, then resume") from error
    sitting.steps = checkpoint["global_step"]


def _population(planned: PopulationPlan) -> Population:
    single, exercise, config = planned.single, planned.single.exercise, planned.single.config
    measures = exercise.measure(single.module, single.datamodule)

    def make_data(seed: int) -> FunctionDataModule:
        arguments = {**single.datamodule.hparams, "seed": seed, **config["data"]}
        return type(single.datamodule)(**arguments)

    def make_module(seed: int) -> LitNetwork:
        arguments = {"seed": seed, **config["module"]}
        return exercise.module(make_data(seed), recipe=config["recipe"], **arguments)

    return Population(
        make_module,
        make_data,
        range(config["seed"], config["seed"] + planned.members),
        bars=exercise.bars,
        monitor=exercise.monitor,
        mode=exercise.mode,
        stop_at=exercise.stop_at if config["early_stop"] else None,
        measure=exercise.measure if measures else None,
        restart_after=planned.restart_after,
        accelerator=config["accelerator"],
    )


def _trainer(planned: PopulationPlan, sitting: Run) -> Trainer:
    single, config = planned.single, planned.config
    keys = ("exercise", "recipe", "seed", "data")
    return build_trainer(
        _as_one_of_many(single.exercise),
        folder=sitting.folder,
        max_steps=config["max_steps"],
        val_every=config["val_every"],
        early_stop=config["early_stop"],
        accelerator=config["accelerator"],
        progress=single.progress,
        logger=RunLogger(sitting.folder, step=sitting.state.step),
        callbacks=[ApplyChanges(single.module.schedule)] if sitting.changed else [],
        record={key: config[key] for key in keys}
        | planned.own
        | {"config": of_state(config), "changes": sitting.history},
        stop=sitting.stop,
    )


def _result(
    planned: PopulationPlan, population: Population, trainer: Trainer, sitting: Run
) -> PopulationResult:
    module, exercise = population.module, planned.single.exercise
    measured = module.measured(population.data)
    figures = {name: values.tolist() for name, values in measured.items()}
    solved = module.met(measured).tolist()
    steps = [buffer.tolist() for buffer in (module.solved_step, module.best_step)]
    restarts = module.restarts.started.tolist() if module.restarts else [0] * len(solved)
    members = [
        Member(
            seed=seed,
            solved=solved[index],
            solved_step=_step(steps[0][index])
            or (_step(steps[1][index]) if solved[index] else None),
            best_step=_step(steps[1][index]),
            restarts=restarts[index],
            metrics={name: values[index] for name, values in figures.items()},
            failure="" if solved[index] else population.failure(index),
        )
        for index, seed in enumerate(population.seeds)
    ]
    return PopulationResult(
        exercise=exercise.name,
        recipe=planned.single.config["recipe"],
        members=members,
        bars=tuple(map(str, exercise.bars)),
        steps=sitting.steps,
        seconds=sitting.seconds,
        monitor=exercise.monitor,
        mode=exercise.mode,
        population=population,
        trainer=trainer,
        folder=sitting.folder,
    )


def train_population(
    name: str,
    *,
    members: int | None = None,
    first_seed: int | None = None,
    restart_after: int | None = None,
    resume: bool | str | Path | None = None,
    change: Collection[str] = (),
    **settings: Any,
) -> PopulationResult:
    """Train many seeds of an exercise at once, and write `<out>/<name>-population/version_n/`.

    Each member is what `mlpzoo.train` makes of its seed, up to float rounding.

    Args:
        name: One of `list_exercises()`.
        members: How many seeds; None for 1000.
        first_seed: The first of them, None for 0; each member's start and data are drawn from its
            own.
        restart_after: Start a member anew, from another seed, when its monitored metric has not
            improved by a hundredth within so many steps and it is not solved; None for never.
        resume: The folder of a population to go on with, or a file in it; True for the newest.
            What is not given is as it was.
        change: Names of settings in which it may differ; a larger max_steps always may.
        **settings: See `mlpzoo.train`, except seed, devices and plot_every.

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
    for unsuited in ("seed", "devices", "plot_every", "start", "rewind"):
        if unsuited in settings:
            raise InputError(f"a population takes no {unsuited}; leave it out")
    own = {"members": members, "first_seed": first_seed, "restart_after": restart_after}
    if resume:
        return run_population(resume_population(name, resume, change, own, settings))
    if change:
        raise InputError("change goes with resume; name the run to go on with")
    return run_population(plan_population(name, own, settings))


def draw_population(result: PopulationResult, path: Path) -> None:
    """Write the picture of a population: success against steps, and the final losses."""
    figure = plot_population(
        [m.solved_step if m.solved else None for m in result.members],
        [m.metrics[result.monitor] for m in result.members],
        steps=result.steps,
        metric=result.monitor,
        levels=STUCK_LEVELS if result.monitor == "bce" else None,
        title=f"{result.exercise}, recipe {result.recipe}",
    )
    plotting.save(figure, path)


def _as_one_of_many(exercise: Exercise) -> Exercise:
    """Return the exercise as the Trainer of a population sees it: done when no member goes on."""
    return replace(exercise, monitor="unfinished", mode="min", stop_at=0.5, measure=lambda *_: {})


def _step(step: int) -> int | None:
    return None if step == NEVER else step
