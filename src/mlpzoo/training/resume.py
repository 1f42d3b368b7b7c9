"""Runs that go on, also with other settings, and runs that begin from another's start."""

import json
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from torch.optim import SGD, Optimizer
from typing_extensions import override

from mlpzoo.checks import InputError, known
from mlpzoo.exercises import get_exercise
from mlpzoo.optim.factory import build_schedule, for_optimizer
from mlpzoo.runs.checkpoint import START, is_whole
from mlpzoo.runs.folder import (
    CONFIG,
    GROUPS,
    RESULT,
    differences,
    find_run,
    of_state,
    read_config,
    result_file,
)
from mlpzoo.training.settings import Plan, plan

CHANGEABLE = (  # what neither the state nor the measure of the best weights depends on
    "max_steps", "val_every", "early_stop", "accelerator", "devices", "threads", "plot_every",
    "film", "module.lr", "module.schedule", "module.momentum", "module.weight_decay",
    "module.beta2", "data.batch_size", "data.sampling", "data.steps_per_epoch", "data.block_steps",
)  # fmt: skip
_NOT_SETTINGS = ("exercise", "members", "restart_after")  # of config.yaml


def prepare(
    name: str,
    *,
    resume: bool | str | Path | None = None,
    change: Collection[str] = (),
    rewind: bool | str | Path | None = None,
    **given: Any,
) -> Plan:
    """Plan a run that may go on with another, or begin from another's start.

    Args:
        name: One of `list_exercises()`.
        resume: The folder of a run to go on with, or a file in it; True for the newest.
        change: Names of settings in which it may differ from what it was.
        rewind: The same as `resume`, of a run whose start and settings a new run begins with.
        **given: See `plan`; what is not given is as in that run.

    Raises:
        InputError: A value that cannot be used, no such run, or settings that differ.
    """
    if not resume and not rewind:
        if change:
            raise InputError("change goes with resume; name the run to go on with")
        return plan(name, **given)
    if resume and rewind:
        raise InputError("resume goes on with a run, rewind begins another; choose one")
    if "start" in given:
        raise InputError("start goes with a new run; leave it out")
    if "out" in given and (resume or rewind) is not True and resume:
        raise InputError("a run goes on in its own folder; leave out --out")
    out = given.get("out", "checkpoints")
    folder, config = find_settings(name, resume or rewind or True, out)
    settings = merged(config, given)
    if rewind:
        return plan(name, **settings, start=folder / START)
    planned = plan(name, **settings, start=folder / START if is_whole(folder / START) else None)
    kept = {"start": config["start"]} if "start" in config else {}
    now = {k: v for k, v in planned.config.items() if k != "start"} | kept
    changes = allowed(config, now, change, folder)
    return replace(planned, config=now, resumed=folder, changes=changes)


def find_settings(
    name: str, which: bool | str | Path, out: str | Path, *, population: bool = False
) -> tuple[Path, dict[str, Any]]:
    """Return the folder of a run and the settings it has.

    Args:
        name: The exercise it must be of.
        which: The folder, or a file in it; True for the newest.
        out: The folder that holds the folders of the exercises.
        population: Whether it must be a population's.

    Raises:
        InputError: There is none, or it is another.
    """
    exercise = get_exercise(name).name
    parent = Path(str(out)) / (f"{exercise}-population" if population else exercise)
    folder = find_run(None if isinstance(which, bool) else which, parent)
    config = read_config(folder / CONFIG)
    if config.get("exercise") != exercise or ("members" in config) != population:
        kind = "a population" if "members" in config else "a run"
        wanted = "a population" if population else "a run"
        of, command = config.get("exercise"), "population" if "members" in config else "train"
        raise InputError(
            f"{folder} is of {kind} of {of!r}, not {wanted} of {exercise!r}: it goes on with "
            f"mlpzoo {command} {of} --resume {folder}"
        )
    return folder, config


def merged(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run with others in their place.

    Another optimizer than the run's does not inherit what only that one takes.
    """
    from mlpzoo.training.overrides import Settings  # it parses, and only here is it needed

    of_run = Settings(get_exercise(str(config.get("exercise"))))
    of_run.add_mapping({k: v for k, v in config.items() if k not in (*_NOT_SETTINGS, "start")})
    kept = {k: v for k, v in of_run.values.items() if k not in GROUPS}
    groups = {group: dict(of_run.values[group]) for group in GROUPS}
    if "optimizer" in (given.get("module") or {}):
        groups["module"] = for_optimizer(groups["module"], str(given["module"]["optimizer"]))
    for group in GROUPS:
        groups[group].update(given.get(group) or {})
    return {**kept, **{k: v for k, v in given.items() if k not in GROUPS}, **groups}


def allowed(
    before: Mapping[str, Any], now: Mapping[str, Any], change: Collection[str], folder: Path
) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ, all of which may.

    Args:
        before: The settings of a run.
        now: Those it is to go on with.
        change: The names of those that may differ, of `CHANGEABLE`; a longer budget always may.
        folder: The run folder, for the message.

    Raises:
        InputError: Another one differs, or one that cannot change within a run.
    """
    changes = differences(of_state(before), of_state(now))
    wanted = {known("setting that can change", name, CHANGEABLE) for name in change}
    for name, (was, would_be) in changes.items():
        shown = "first_seed" if name == "seed" and "members" in before else name
        differs = f"{shown} is {was} in {folder} and would be {would_be}"
        if name not in CHANGEABLE:
            raise InputError(f"{differs}; that needs a run of its own")
        longer = name == "max_steps" and isinstance(was, int) and would_be > was
        if name not in wanted and not longer:
            raise InputError(f"{differs}; leave it out, or allow it with --change {name}")
    return changes


def read_result(folder: Path) -> dict[str, Any]:
    """Return the result that marks a run as finished.

    Raises:
        InputError: It cannot be read.
    """
    path = result_file(folder) or folder / RESULT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}; remove it, then resume") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} does not hold a result; remove it, then resume")
    return content


class ApplyChanges(Callback):
    """Gives optimizers and schedules their new settings after a state has been loaded.

    Lightning restores both as they were saved, settings included. A schedule goes on as if it had
    been the new one from the start.

    Args:
        schedule: Name of the schedule (see `mlpzoo.optim.factory`).
    """

    def __init__(self, schedule: str) -> None:
        self.schedule = schedule

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for optimizer in trainer.optimizers:
            for group in optimizer.param_groups:
                group.update({k: v for k, v in optimizer.defaults.items() if k in group})
        total = trainer.estimated_stepping_batches
        for config in trainer.lr_scheduler_configs:
            optimizer = config.scheduler.optimizer
            state, rates = _after(self.schedule, optimizer, total, trainer.global_step)
            config.scheduler.load_state_dict(state)
            optimizer.param_groups[0].update(rates)


def _after(
    schedule: str, optimizer: Optimizer, total: float, steps: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the state of a new schedule after so many steps, and the rates it has set."""
    stand_in = SGD([nn.Parameter(torch.zeros(1))], lr=optimizer.defaults["lr"])
    with warnings.catch_warnings(action="ignore"):  # of steps beyond the last, and of their order
        made = build_schedule(stand_in, schedule, total)
        for _ in range(steps):
            made.step()
    names = ("lr", "initial_lr", "max_lr", "min_lr")
    group = stand_in.param_groups[0]
    return made.state_dict(), {name: group[name] for name in names if name in group}
