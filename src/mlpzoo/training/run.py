"""Trains an exercise: plan, run folder, Trainer, fit, test, result."""

import inspect
import math
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, Trainer

from mlpzoo.callbacks import FigureWriter
from mlpzoo.checks import InputError, known
from mlpzoo.files import write_json
from mlpzoo.plotting import Canvas
from mlpzoo.runs.folder import RESULT, of_state, result_file
from mlpzoo.runs.load import load_module
from mlpzoo.runs.metrics_csv import RunLogger
from mlpzoo.runs.snapshots import SnapshotTaker
from mlpzoo.training.film import write_film
from mlpzoo.training.open_run import Run, opened
from mlpzoo.training.pictures import draw
from mlpzoo.training.result import Result, reason
from mlpzoo.training.resume import ApplyChanges, prepare, read_result
from mlpzoo.training.settings import Plan, plan
from mlpzoo.training.trainer import build_trainer, measure, quiet


def run(planned: Plan) -> Result:
    """Carry out a plan: train, test the best weights, write the run folder.

    A run that is finished is left as it is; its result is returned.

    Raises:
        InputError: The folder cannot be made or written to; what was saved is whole.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.
    """
    exercise = planned.exercise
    with quiet(), opened(
        planned.out / exercise.name, planned.config, ("train", exercise.name), planned.module,
        resumed=planned.resumed, changes=planned.changes, start=planned.start,
    ) as sitting:  # fmt: skip
        trainer = _trainer(planned, sitting)
        if sitting.finished:
            return _stored(planned, sitting, trainer)
        sitting.fit(trainer, planned.module, planned.datamodule)
        folder = Path(str(trainer.checkpoint_callback.dirpath))  # type: ignore[union-attr]
        sitting.folder = folder  # now known to every process
        sitting.check_stop()
        metrics = measure(trainer, planned.module, planned.datamodule, sitting.best())
        result = _result(planned, sitting, trainer, metrics)
        if trainer.is_global_zero:
            result = _finish(planned, sitting, result)
    return result


def train(
    name: str,
    *,
    resume: bool | str | Path | None = None,
    change: Collection[str] = (),
    rewind: bool | str | Path | None = None,
    **settings: Any,
) -> Result:
    """Train an exercise, test its best weights, and write `<out>/<name>/version_n/`.

    Where a value cannot be used, no folder is made. A run that was stopped or killed goes on with
    `resume`, and ends with the bits that it would have ended with.

    Args:
        name: One of `list_exercises()`.
        resume: The folder of a run to go on with, or a file in it; True for the newest.
        change: Names of settings, such as "module.lr", in which it may differ from what it was;
            a larger max_steps always may.
        rewind: Begin a new run with the settings and the initial weights of that one.
        **settings: Those of `mlpzoo.training.settings.plan`:

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
    for given in settings:
        known("argument of train", given, inspect.signature(plan).parameters)
    return run(prepare(name, resume=resume, change=change, rewind=rewind, **settings))


_STORED = {
    "recipe": str, "seed": int, "steps": int, "seconds": float, "passed": bool, "remark": str,
    "diagnosis": str,
}  # fmt: skip


def _signature() -> inspect.Signature:
    """Return the signature of `train`, the settings of `plan` among its parameters."""
    own = inspect.signature(train)
    settings = list(inspect.signature(plan).parameters.values())[1:]
    return own.replace(parameters=[*list(own.parameters.values())[:-1], *settings])


def _docstring() -> str:
    """Return the docstring of `train`, with those lines of `plan` that explain the settings."""
    head, name, tail = (train.__doc__ or "").partition("plan`:\n")
    explained = (plan.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0].splitlines()[1:]
    return head + name + "\n".join(f"    {line}" for line in explained) + "\n" + tail


train.__signature__ = _signature()  # type: ignore[attr-defined]
train.__doc__ = _docstring()


def _trainer(planned: Plan, sitting: Run) -> Trainer:
    config = planned.config
    callbacks: list[Callback] = []
    if planned.plots and config["plot_every"]:
        callbacks.append(_figure_writer(planned, sitting.folder))
    record = {k: config[k] for k in ("exercise", "recipe", "seed", "data")}
    if config["film"]:
        callbacks.append(SnapshotTaker(sitting.folder, record))
    if sitting.changed:
        callbacks.append(ApplyChanges(planned.module.schedule))
    return build_trainer(
        planned.exercise,
        folder=sitting.folder,
        max_steps=config["max_steps"],
        val_every=config["val_every"],
        early_stop=config["early_stop"],
        accelerator=config["accelerator"],
        devices=config["devices"],
        progress=planned.progress,
        logger=RunLogger(sitting.folder, step=sitting.state.step),
        callbacks=callbacks,
        record=record | {"config": of_state(config), "changes": sitting.history},
        stop=sitting.stop,
    )


def _figure_writer(planned: Plan, folder: Path) -> FigureWriter:
    name, view = planned.exercise.name, planned.exercise.view
    return FigureWriter(
        lambda module, data, step: view(module, data, Canvas(f"{name} after {step} steps")),
        folder=folder / "figures",
        name=name,
        every_n_validations=planned.config["plot_every"],
    )


def _result(planned: Plan, sitting: Run, trainer: Trainer, metrics: dict[str, float]) -> Result:
    exercise, module, data = planned.exercise, planned.module, planned.datamodule
    return Result(
        exercise=exercise.name,
        recipe=planned.config["recipe"],
        seed=planned.config["seed"],
        steps=sitting.steps,
        seconds=sitting.seconds,
        metrics=metrics,
        bars=tuple(map(str, exercise.bars)),
        passed=exercise.passed(metrics),
        remark=exercise.remark(module, data, metrics),
        diagnosis=reason(exercise, module, data, metrics, step=sitting.lost_step),
        lost_step=sitting.lost_step,
        changes=sitting.history,
        module=module,
        datamodule=data,
        trainer=trainer,
        folder=sitting.folder,
    )


def _finish(planned: Plan, sitting: Run, result: Result) -> Result:
    """Draw, then write the result, which marks the run as finished."""
    sitting.check_stop()
    if planned.plots:
        try:
            figures = result.folder / "figures"
            draw(planned.exercise, planned.module, planned.datamodule, result.folder, out=figures)
            if planned.config["film"]:
                write_film(planned.exercise, result.folder, figures)
        except OSError as error:
            result = replace(result, unwritten=f"figures: {error.strerror or error}")
    for callback in result.trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, FigureWriter) and callback.unwritten:
            result = replace(result, unwritten=callback.unwritten)
    sitting.check_stop()
    write_json(result.folder / RESULT, result.as_json())
    return result


def _stored(planned: Plan, sitting: Run, trainer: Trainer) -> Result:
    """Return the result of a finished run."""
    stored, exercise = read_result(sitting.folder), planned.exercise
    module, data = load_module(sitting.best(), exercise=exercise.name)
    try:
        metrics = {k: math.nan if v is None else float(v) for k, v in stored["metrics"].items()}
        plain = {name: kind(stored[name]) for name, kind in _STORED.items()}
        if not all(bar.metric in metrics for bar in exercise.bars):
            raise ValueError("a metric is missing")
        return Result(
            exercise=exercise.name,
            **plain,
            metrics=metrics,
            bars=tuple(map(str, stored["bars"])),
            lost_step=stored["lost_step"],
            changes=list(stored["changes"]),
            finished_before=True,
            module=module,
            datamodule=data,
            trainer=trainer,
            folder=sitting.folder,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        path = result_file(sitting.folder)
        raise InputError(f"{path} does not hold a result; remove it, then resume") from error
