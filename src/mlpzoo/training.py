"""Trains an exercise: plan, Trainer, fit, test, run folder. Only this file chooses paths."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from lightning.pytorch import Callback, Trainer

from mlpzoo.callbacks import FigureWriter, Provenance
from mlpzoo.checks import InputError, count, flag, known, plain_value, plain_values, seed_in_range
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.modules.choices import OPTIMIZERS
from mlpzoo.rehearsal import rehearse
from mlpzoo.results import Result, draw, reason
from mlpzoo.runs import RunLogger, arguments_of, run_folder, write_json
from mlpzoo.trainers import (
    build_trainer,
    check_devices,
    diverged_at,
    leave_group_at_exit,
    measure,
    quiet,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run whose every setting has been checked, and that has touched no disk yet.

    Attributes:
        exercise: The exercise.
        datamodule: Its data.
        module: The module at its start.
        config: Settings that repeat the run, as they stand in config.yaml.
        out: Folder that holds the folders of the exercises.
        plots: Draw result and losses at the end.
        progress: Show a bar on a terminal, lines elsewhere.
    """

    exercise: Exercise
    datamodule: FunctionDataModule
    module: LitNetwork
    config: Mapping[str, Any]
    out: Path
    plots: bool
    progress: bool

    def run(self) -> Result:
        """Train, test the best weights, write the run folder.

        Raises:
            InputError: The folder cannot be made.
            KeyboardInterrupt: Ctrl-C; the message says where the checkpoints are.
        """
        with quiet():
            trainer = self._trainer(run_folder(self.out / self.exercise.name))
            seconds = self._fit(trainer)
            folder = Path(str(trainer.checkpoint_callback.dirpath))  # type: ignore[union-attr]
            steps, lost = trainer.global_step, diverged_at(trainer)  # before a test resets them
            metrics = measure(trainer, self.module, self.datamodule, folder / "best.ckpt")
        result = Result(
            exercise=self.exercise.name,
            recipe=self.config["recipe"],
            seed=self.config["seed"],
            steps=steps,
            seconds=seconds,
            metrics=metrics,
            bars=tuple(map(str, self.exercise.bars)),
            passed=self.exercise.passed(metrics),
            remark=self.exercise.remark(self.module, self.datamodule, metrics),
            diagnosis=reason(self.exercise, self.module, self.datamodule, metrics, step=lost),
            module=self.module,
            datamodule=self.datamodule,
            trainer=trainer,
            folder=folder,
        )
        if trainer.is_global_zero:
            write_json(folder / "result.json", result.as_json())
            if self.plots:
                draw(self.exercise, self.module, self.datamodule, folder, out=folder / "figures")
        return result

    def _fit(self, trainer: Trainer) -> float:
        began = time.perf_counter()
        if trainer.world_size > 1:
            leave_group_at_exit()
        try:
            trainer.fit(self.module, datamodule=self.datamodule)
        except SystemExit as stop:  # what Lightning makes of Ctrl-C
            folder = trainer.checkpoint_callback.dirpath  # type: ignore[union-attr]
            where = f"interrupted after step {trainer.global_step}; checkpoints are in {folder}"
            raise KeyboardInterrupt(where) from stop
        return time.perf_counter() - began

    def _trainer(self, folder: Path) -> Trainer:
        config = self.config
        record = {"format": 1} | {k: config[k] for k in ("exercise", "recipe", "seed", "data")}
        callbacks: list[Callback] = [Provenance(record)]
        if self.plots and config["plot_every"]:
            callbacks.append(self._figure_writer(folder, config["plot_every"]))
        return build_trainer(
            self.exercise,
            folder=folder,
            max_steps=config["max_steps"],
            val_every=config["val_every"],
            early_stop=config["early_stop"],
            accelerator=config["accelerator"],
            devices=config["devices"],
            progress=self.progress,
            logger=RunLogger(folder, config),
            callbacks=callbacks,
        )

    def _figure_writer(self, folder: Path, every_n_validations: int) -> FigureWriter:
        name, view = self.exercise.name, self.exercise.view
        return FigureWriter(
            lambda module, data, step: view(module, data, title=f"{name} after {step} steps"),
            folder=folder / "figures",
            name=name,
            every_n_validations=every_n_validations,
        )


def plan(
    name: str,
    *,
    seed: int = 0,
    recipe: str = "default",
    max_steps: int | None = None,
    val_every: int | None = None,
    early_stop: bool | None = None,
    accelerator: str = "auto",
    devices: int | str = 1,
    out: str | Path = "checkpoints",
    plots: bool = True,
    plot_every: int = 0,
    progress: bool = True,
    data: Mapping[str, Any] | None = None,
    module: Mapping[str, Any] | None = None,
) -> Plan:
    """Check every setting of a run and build its parts, without touching the disk.

    Args:
        name: One of `list_exercises()`.
        seed: Start and data are drawn from it.
        recipe: "default" or "lecture".
        max_steps: Budget in optimizer steps; None for the recipe's.
        val_every: Optimizer steps between validations; None for the recipe's.
        early_stop: Stop once the validation metric meets the exercise's bar; None for what the
            recipe says: ours stop, the lecture's do not.
        accelerator: Lightning's name: "auto" takes a GPU if there is one, "cpu", "gpu", ...
        devices: How many of them.
        out: Folder that holds the folders of the exercises.
        plots: Draw the result and the losses into figures/.
        plot_every: Draw the result every so many validations too; 0 for never.
        progress: Show a bar on a terminal, lines elsewhere.
        data: Arguments of the data module that replace the recipe's.
        module: Arguments of the module that replace the recipe's.

    Raises:
        InputError: A value that cannot be used.
    """
    exercise = get_exercise(name)
    chosen = exercise.recipe(recipe)
    seed = plain_value("seed", seed)
    max_steps = plain_value("max_steps", chosen.max_steps if max_steps is None else max_steps)
    val_every = plain_value("val_every", chosen.val_every if val_every is None else val_every)
    early_stop = plain_value("early_stop", chosen.early_stop if early_stop is None else early_stop)
    seed_in_range(seed)
    count("max_steps", max_steps)
    count("val_every", val_every)
    count("plot_every", plot_every, least=0)
    for switch, value in (("early_stop", early_stop), ("plots", plots), ("progress", progress)):
        flag(switch, value)
    data, module = plain_values("data", data or {}), plain_values("module", module or {})
    optimizer = known("optimizer", str(module.get("optimizer", "adam")), OPTIMIZERS)
    by_blocks = devices == 1 and optimizer != "lbfgs"
    if not by_blocks and data.get("block_steps", 1) != 1:
        raise InputError("data.block_steps above 1 goes with one device, and not with lbfgs")
    pace = {
        "steps_per_epoch": max_steps,  # so that one progress bar shows the whole run
        "block_steps": chosen.block_steps if by_blocks else 1,
    }
    datamodule = exercise.data(recipe=recipe, **{"seed": seed, **pace, **data})
    lit = exercise.module(datamodule, recipe=recipe, **{"seed": seed, **module})
    rehearse(exercise, lit, datamodule)
    check_devices(accelerator, devices)
    config = {
        "exercise": exercise.name,
        "recipe": recipe,
        "seed": seed,
        "max_steps": max_steps,
        "val_every": min(val_every, max_steps),
        "early_stop": early_stop,
        "accelerator": accelerator,
        "devices": devices,
        "plot_every": plot_every,
        "data": arguments_of(datamodule, without={"seed", *pace} - data.keys()),
        "module": arguments_of(lit, without={"seed", *chosen.linked(datamodule)} - module.keys()),
    }
    return Plan(
        exercise=exercise,
        datamodule=datamodule,
        module=lit,
        config=config,
        out=Path(str(out)),
        plots=plots,
        progress=progress,
    )


P = ParamSpec("P")


def _to_results(planner: Callable[P, Plan]) -> Callable[P, Result]:
    """Return a function that takes what `planner` takes, and runs what it plans."""

    @wraps(planner)
    def run(*args: P.args, **settings: P.kwargs) -> Result:
        for name in settings:
            known("argument of train", name, inspect.signature(planner).parameters)
        return planner(*args, **settings).run()

    run.__doc__ = TRAIN_DOC + (planner.__doc__ or "").partition("disk.\n")[2]
    return run


TRAIN_DOC = """Train an exercise, test its best weights, and write `<out>/<name>/version_n/`.

    Returns the `Result`; its module holds the best weights. Where a value cannot be used, no folder
    is made.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = train("perceptron", out=mkdtemp(), plots=False, progress=False)
        >>> result.passed, result.metrics["accuracy"]
        (True, 1.0)
"""
train = _to_results(plan)
