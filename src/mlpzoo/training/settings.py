"""Plans a run of an exercise: every setting is checked before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mlpzoo.checks import InputError, count, flag, known, plain_value, plain_values, seed_in_range
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.factory import OPTIMIZERS, needs_of
from mlpzoo.runs.checkpoint import START
from mlpzoo.runs.folder import arguments_of
from mlpzoo.runs.load import start_from
from mlpzoo.training.dry_run import rehearse
from mlpzoo.training.trainer import check_devices


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
        start: A checkpoint whose weights it begins with; None to draw them from the seed.
        resumed: The folder of the run to go on with; None for a run of its own.
        changes: Settings that differ from those of that run: as they were, and as they are.
    """

    exercise: Exercise
    datamodule: FunctionDataModule
    module: LitNetwork
    config: Mapping[str, Any]
    out: Path
    plots: bool
    progress: bool
    start: Path | None = None
    resumed: Path | None = None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


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
    film: bool = False,
    progress: bool = True,
    threads: int | None = None,
    start: str | Path | None = None,
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
        film: Keep snapshots of the weights while it learns, and draw figures/film.gif.
        progress: Show a bar on a terminal, lines elsewhere.
        threads: torch's CPU threads; None for as many as torch is set to.
        start: A checkpoint whose weights the run begins with; None to draw them from the seed.
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
    threads = torch.get_num_threads() if threads is None else threads
    count("threads", threads, most=1024)
    switches = {"early_stop": early_stop, "plots": plots, "film": film, "progress": progress}
    for switch, value in switches.items():
        flag(switch, value)
    data, module = plain_values("data", data or {}), plain_values("module", module or {})
    given = module.get("optimizer", chosen.module.get("optimizer", "adam"))
    optimizer = known("optimizer", str(given), OPTIMIZERS)
    needs = needs_of(optimizer)
    by_blocks = devices == 1 and needs.blocks
    if not by_blocks and data.get("block_steps", 1) != 1:
        wanted = f"one device, not {devices}" if needs.blocks else f"adam, not {optimizer}"
        raise InputError(f"data.block_steps above 1 goes with {wanted}")
    pace = {
        "steps_per_epoch": max_steps,  # so that one progress bar shows the whole run
        "block_steps": chosen.block_steps if by_blocks else 1,
    }
    datamodule = exercise.data(recipe=recipe, **{"seed": seed, **pace, **data})
    lit = exercise.module(datamodule, recipe=recipe, **{"seed": seed, **module})
    if start is not None:
        start_from(start, lit, exercise=exercise.name)
    rehearse(exercise, lit, datamodule)
    check_devices(accelerator, devices)
    if devices != 1 and not needs.gradients:
        raise InputError(f"{optimizer} goes with one device, not {devices}; set module.optimizer")
    config = {
        "exercise": exercise.name,
        "recipe": recipe,
        "seed": seed,
        "max_steps": max_steps,
        "val_every": val_every,
        "early_stop": early_stop,
        "accelerator": accelerator,
        "devices": devices,
        "threads": threads,
        "plots": plots,
        "plot_every": plot_every,
        "film": film,
        "data": arguments_of(datamodule, without={"seed", *pace} - data.keys()),
        "module": arguments_of(lit, without={"seed", *chosen.linked(datamodule)} - module.keys()),
    }
    if start is not None:
        config["start"] = START  # its copy beside config.yaml
    return Plan(
        exercise=exercise,
        datamodule=datamodule,
        module=lit,
        config=config,
        out=Path(str(out)),
        plots=plots,
        progress=progress,
        start=None if start is None else Path(str(start)),
    )
