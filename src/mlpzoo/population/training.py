"""Trains a population of an exercise: the same plan as a single run, for many seeds."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer

from mlpzoo import plotting
from mlpzoo.callbacks import Provenance
from mlpzoo.checks import InputError, count, seed_in_range
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise
from mlpzoo.memory import keep_freed_memory
from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.module import NEVER
from mlpzoo.population.picture import STUCK_LEVELS, plot_population
from mlpzoo.population.result import Member, PopulationResult
from mlpzoo.runs import RunLogger, run_folder, write_json
from mlpzoo.trainers import build_trainer, quiet
from mlpzoo.training import Plan, plan

MOST_MEMBERS = 2**20


@dataclass(frozen=True, kw_only=True)
class PopulationPlan:
    """A population whose every setting has been checked, and that has touched no disk yet.

    Attributes:
        single: The run of the first seed by itself.
        members: How many seeds, from that one on.
        restart_after: Steps on a plateau after which a member is started anew; None for never.
    """

    single: Plan
    members: int
    restart_after: int | None = None

    def run(self) -> PopulationResult:
        """Train, measure each member's best weights, write the run folder.

        Raises:
            InputError: The folder cannot be made, or the recipe would couple members.
            KeyboardInterrupt: Ctrl-C; the message says where the checkpoints are.
        """
        single = self.single
        keep_freed_memory()
        population = self._population()
        folder = run_folder(single.out / f"{single.exercise.name}-population")
        with quiet():
            trainer = self._trainer(folder)
            began = time.perf_counter()
            try:
                trainer.fit(population.module, datamodule=population.data)
            except SystemExit as stop:  # what Lightning makes of Ctrl-C
                where = f"interrupted after step {trainer.global_step}; checkpoints are in {folder}"
                raise KeyboardInterrupt(where) from stop
            seconds = time.perf_counter() - began
        result = self._result(population, trainer, seconds, folder)
        write_json(folder / "population.json", result.as_json())
        (folder / "members.csv").write_text(result.as_csv(), encoding="utf-8")
        if single.plots:
            draw_population(result, folder / "figures" / "population.png")
        return result

    def _population(self) -> Population:
        single, exercise, config = self.single, self.single.exercise, self.single.config
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
            range(config["seed"], config["seed"] + self.members),
            bars=exercise.bars,
            monitor=exercise.monitor,
            mode=exercise.mode,
            stop_at=exercise.stop_at if config["early_stop"] else None,
            measure=exercise.measure if measures else None,
            restart_after=self.restart_after,
            accelerator=config["accelerator"],
        )

    def _trainer(self, folder: Path) -> Trainer:
        single, config = self.single, dict(self.single.config)
        record = {"format": 1, **self._own_settings()}
        record |= {key: config[key] for key in ("exercise", "recipe", "seed", "data")}
        return build_trainer(
            _as_one_of_many(single.exercise),
            folder=folder,
            max_steps=config["max_steps"],
            val_every=config["val_every"],
            early_stop=config["early_stop"],
            accelerator=config["accelerator"],
            progress=single.progress,
            logger=RunLogger(folder, config | self._own_settings()),
            callbacks=[Provenance(record)],
        )

    def _own_settings(self) -> dict[str, Any]:
        return {"members": self.members, "restart_after": self.restart_after}

    def _result(
        self, population: Population, trainer: Trainer, seconds: float, folder: Path
    ) -> PopulationResult:
        module, exercise = population.module, self.single.exercise
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
            recipe=self.single.config["recipe"],
            members=members,
            bars=tuple(map(str, exercise.bars)),
            steps=trainer.global_step,
            seconds=seconds,
            monitor=exercise.monitor,
            mode=exercise.mode,
            population=population,
            trainer=trainer,
            folder=folder,
        )


def train_population(
    name: str,
    *,
    members: int = 1000,
    first_seed: int = 0,
    restart_after: int | None = None,
    **settings: Any,
) -> PopulationResult:
    """Train many seeds of an exercise at once, and write `<out>/<name>-population/version_n/`.

    Each member is what `mlpzoo.train` makes of its seed, up to float rounding.

    Args:
        name: One of `list_exercises()`.
        members: How many seeds.
        first_seed: The first of them; each member's start and data are drawn from its own.
        restart_after: Start a member anew, from another seed, when its monitored metric has not
            improved by a hundredth within so many steps and it is not solved; None for never.
        **settings: See `mlpzoo.train`, except seed, devices and plot_every.

    Raises:
        InputError: A value that cannot be used.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = train_population(
        ...     "perceptron", members=20, out=mkdtemp(), plots=False, progress=False
        ... )
        >>> result.solved, [round(end, 2) for end in result.interval]
        (20, [0.84, 1.0])
    """
    count("members", members, most=MOST_MEMBERS)
    if restart_after is not None:
        count("restart_after", restart_after)
    seed_in_range(first_seed)
    seed_in_range(first_seed + members - 1)
    for unsuited in ("seed", "devices", "plot_every"):
        if unsuited in settings:
            raise InputError(f"a population takes no {unsuited}; leave it out")
    single = plan(name, seed=first_seed, **settings)
    return PopulationPlan(single=single, members=members, restart_after=restart_after).run()


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
