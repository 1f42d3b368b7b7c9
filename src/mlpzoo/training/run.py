"""Trains an exercise: plan, run folder, Trainer, fit, test, result."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer

from mlpzoo.callbacks import FigureWriter, StepProgressBar
from mlpzoo.checks import InputError
from mlpzoo.exercises import Exercise
from mlpzoo.files import write_json, write_whole
from mlpzoo.plotting import Canvas
from mlpzoo.plotting.views import with_gate
from mlpzoo.runs.checkpoint import best_of
from mlpzoo.runs.folder import FIGURES, RESULT
from mlpzoo.runs.load import PROVENANCE
from mlpzoo.runs.logger import RunLogger
from mlpzoo.runs.snapshots import SnapshotTaker
from mlpzoo.training._lightning import quiet_lightning
from mlpzoo.training.open_run import OpenRun, open_run
from mlpzoo.training.pictures import draw
from mlpzoo.training.plan import Plan
from mlpzoo.training.result import Result, in_words, reason, stored_result
from mlpzoo.training.resume import of_state, plan_run
from mlpzoo.training.settings import RunSettings, TrainSettings, check_names
from mlpzoo.training.state_checkpoint import ApplyChanges
from mlpzoo.training.trainer import build_trainer, measure

P = ParamSpec("P")
R = TypeVar("R")
AnyResult = TypeVar("AnyResult", bound=Any)
_OF_TRAINER = ("max_steps", "val_every", "early_stop", "progress", "accelerator")
Training = Callable[[str | Exercise, dict[str, Any]], R]


def takes(
    kind: Callable[P, RunSettings],
) -> Callable[[Training[R]], Callable[Concatenate[str | Exercise, P], R]]:
    """Give a function the keyword arguments of settings; it gets those that a caller gives.

    Args:
        kind: The class of the settings, whose fields editors and type checkers see.
    """

    def decorate(function: Training[R]) -> Callable[Concatenate[str | Exercise, P], R]:
        def call(name: str | Exercise = "", *args: P.args, **given: P.kwargs) -> R:
            if not name:
                check_names(given, kind)  # type: ignore[arg-type]  # a class, all the same
                raise InputError(f"{function.__name__} needs the name of an exercise, first")
            if args:
                raise InputError(f"settings are given by name, got {args[0]!r} without one")
            return function(name, given)

        call.__name__ = call.__qualname__ = function.__name__
        call.__module__, call.__doc__ = function.__module__, function.__doc__
        return call  # type: ignore[return-value]  # its name may be given by keyword too

    return decorate


@takes(TrainSettings)
def train(name: str | Exercise, given: Mapping[str, Any]) -> Result:
    """Train an exercise, test its best weights, and write `<out>/<name>/version_n/`.

    Where a value cannot be used, no folder is made. A run that was stopped or killed goes on with
    `resume`, and ends with the bits that it would have ended with.

    Args:
        name: One of `list_exercises()`, or an `Exercise`.
        given: All else, by keyword: the fields of `TrainSettings`, where each is explained: seed,
            recipe, max_steps, module, data, out, resume, callbacks and more.

    Returns:
        The `Result`; its module holds the best weights.

    Raises:
        InputError: A value that cannot be used, or a file that cannot be written.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = train("perceptron", out=mkdtemp(), plots=False, progress=False)
        >>> result.passed, result.metrics["accuracy"]
        (True, 1.0)
    """
    return carry_out(plan_run(name, given, TrainSettings))


def carry_out(plan: Plan) -> Result:
    """Carry out the plan of a run: train, test the best weights, write the run folder.

    A run that is finished is left as it is; its result is returned.

    Args:
        plan: What `plan_run` gave.

    Raises:
        InputError: The folder cannot be made or written to; what was saved is whole.
    """
    module, data = plan.module, plan.datamodule
    with fitted(plan, module, data, callbacks=_own_callbacks) as (run, trainer):
        if run.finished:
            return stored_result(plan, run, trainer)
        metrics = measure(trainer, module, data, best_of(run.folder))
        result = _result(run, trainer, metrics)
        if trainer.is_global_zero:
            shown = {"plots": plan.settings.plots, "film": plan.settings.film}
            pictures = partial(draw, plan.exercise, module, data, run.folder, **shown)
            result = finish(run, result, RESULT, lambda out: pictures(out=out)[1])
    return result


@contextmanager
def fitted(
    plan: Plan,
    module: LightningModule,
    data: LightningDataModule,
    *,
    judge: Exercise | None = None,
    devices: Any = None,
    callbacks: Callable[[Plan, Path], list[Callback]] = lambda plan, folder: [],
) -> Iterator[tuple[OpenRun, Trainer]]:
    """Yield a plan's open run and its Trainer once all is trained, if it was not before.

    Args:
        plan: The plan.
        module: What is trained.
        data: Its data.
        judge: The exercise as the Trainer is to see it; None for the plan's.
        devices: What the Trainer gets under that name; None for the plan's.
        callbacks: Given the plan and the run folder, further callbacks.
    """
    settings, state = plan.settings, of_state(plan.config)
    with quiet_lightning(), open_run(plan, module) as run:
        own = [*callbacks(plan, run.folder), *settings.callbacks]
        if run.changed:
            own.append(ApplyChanges(plan.module.schedule))
        trainer = build_trainer(
            judge or plan.exercise,
            folder=run.folder,
            logger=[RunLogger(run.folder, step=run.state.step), *settings.loggers],
            callbacks=own,
            provenance={**state, "config": state, "changes": run.history},
            stop=run.stop,
            part=plan.part_of is not None,
            devices=settings.devices if devices is None else devices,
            **{name: getattr(settings, name) for name in _OF_TRAINER},
            **settings.trainer,
        )
        if not run.finished:
            run.fit(trainer, module, data)
            run.check_stop()
        yield run, trainer


def finish(
    run: OpenRun,
    result: AnyResult,
    name: str,
    draw: Callable[[Path], str],
    files: Mapping[str, str] | None = None,
) -> AnyResult:
    """Draw, then write the result, which marks the run as finished.

    Args:
        run: The run.
        result: The result.
        name: The file of the result.
        draw: Draws into a folder, and returns what could not be written, or "".
        files: Further files, by name.

    Returns:
        The result; it says what could not be written.
    """
    run.check_stop()
    writers = (c for c in result.trainer.callbacks if isinstance(c, FigureWriter))
    bar = result.trainer.progress_bar_callback
    if run.plan.settings.plots and isinstance(bar, StepProgressBar):
        bar.say("drawing")
    lost = [draw(run.folder / FIGURES), *(writer.unwritten for writer in writers)]
    result = replace(result, unwritten="; ".join(filter(None, lost)))
    run.check_stop()
    for other, content in (files or {}).items():
        write_whole(run.folder / other, content.encode())
    write_json(run.folder / name, result.as_json())
    return result


def _own_callbacks(plan: Plan, folder: Path) -> list[Callback]:
    name, view, settings = plan.exercise.name, plan.exercise.view, plan.settings
    title, callbacks = with_gate(name, plan.datamodule), list[Callback]()
    if every := settings.plot_every:
        writer = FigureWriter(
            lambda module, data, step: view(module, data, Canvas(f"{title} after {step} steps")),
            folder=folder / FIGURES, name=name, every_n_validations=every,
        )  # fmt: skip
        callbacks.append(writer)
    if settings.film:
        callbacks.append(SnapshotTaker(folder, {key: plan.config[key] for key in PROVENANCE}))
    return callbacks


def _result(run: OpenRun, trainer: Trainer, metrics: dict[str, float]) -> Result:
    plan = run.plan
    exercise, module, data = plan.exercise, plan.module, plan.datamodule
    return Result(
        exercise=exercise.name, recipe=plan.settings.recipe, seed=plan.settings.seed,
        steps=run.steps, seconds=run.seconds, lost_step=run.lost_step, changes=run.history,
        metrics=metrics, bars=tuple(map(str, exercise.bars)), passed=exercise.passed(metrics),
        remark=in_words(exercise.remark, module, data, metrics),
        diagnosis=reason(exercise, module, data, metrics, step=run.lost_step),
        module=module, datamodule=data, trainer=trainer, folder=run.folder,
    )  # fmt: skip
