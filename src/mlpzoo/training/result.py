"""The result of a run, and how it is written down."""

import math
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import lightning
import torch
import torchmetrics
from lightning.pytorch import Trainer
from typing_extensions import override

import mlpzoo
from mlpzoo.checks import InputError, cause
from mlpzoo.data import FunctionDataModule
from mlpzoo.diagnosis.diagnose import diagnose
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.runs.checkpoint import best_of
from mlpzoo.runs.folder import read_result, result_file
from mlpzoo.runs.load import load_module
from mlpzoo.training.open_run import OpenRun
from mlpzoo.training.plan import Plan


class ShownResult(ABC):
    """A result that can be pickled, without its Trainer, and shows itself in a line or a table."""

    @abstractmethod
    def summary(self) -> dict[str, str]:
        """Return what is shown, by name."""

    def __repr__(self) -> str:
        said = ", ".join(f"{name} {value}" for name, value in self.summary().items())
        return f"{type(self).__name__}({said})"

    def _repr_html_(self) -> str:
        rows = self.summary().items()
        cells = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
        return f"<table>{''.join(cells)}</table>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "trainer": None}  # which holds open files and threads


@dataclass(frozen=True, kw_only=True, repr=False)
class Result(ShownResult):
    """The result of a run.

    Attributes:
        exercise: Name of the exercise.
        recipe: Name of the recipe.
        seed: The seed that start and data were drawn from.
        steps: Optimizer steps taken.
        seconds: Time in fit, validations and checkpoints included, since it last went on.
        metrics: Test metrics of the best weights, names without `test_`.
        bars: What was asked for, as text.
        passed: Whether every bar was met.
        remark: What else the exercise has to say, or "".
        diagnosis: Where a bar was missed or the run diverged, what `diagnose` finds, else "".
        module: The module, holding the best weights.
        datamodule: Its data.
        trainer: The Trainer it was fitted by; None once it has been pickled.
        folder: The run folder.
        lost_step: The step at which a number was not finite, which ended the run; None for none.
        changes: At which step which settings became others.
        unwritten: What could not be written, and why, or "".
        finished_before: Whether the run had its result already, and nothing was done.
    """

    exercise: str
    recipe: str
    seed: int
    steps: int
    seconds: float
    metrics: Mapping[str, float]
    bars: tuple[str, ...]
    passed: bool
    remark: str
    diagnosis: str
    module: LitNetwork
    datamodule: FunctionDataModule
    trainer: Trainer
    folder: Path
    lost_step: int | None = None
    changes: Sequence[Mapping[str, Any]] = ()
    unwritten: str = ""
    finished_before: bool = False

    @property
    def judged(self) -> dict[str, float]:
        """The metrics that the bars ask for."""
        asked = [bar.partition(" ")[0] for bar in self.bars]
        return {name: self.metrics[name] for name in asked if name in self.metrics}

    @override
    def summary(self) -> dict[str, str]:
        verdict = "passed" if self.passed else "not passed"
        return {
            "exercise": f"{self.exercise}, recipe {self.recipe}, seed {self.seed}",
            **{name: f"{value:.4g}" for name, value in self.judged.items()},
            "bar": f"{', '.join(self.bars)}: {verdict} after {self.steps} steps",
            "folder": str(self.folder),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the content of result.json: plain data, with device and versions."""
        return {
            "exercise": self.exercise,
            "recipe": self.recipe,
            "seed": self.seed,
            "passed": self.passed,
            "bars": list(self.bars),
            "metrics": dict(self.metrics),
            "remark": self.remark,
            "diagnosis": self.diagnosis,
            "lost_step": self.lost_step,
            "changes": list(self.changes),
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "device": device_name(self.trainer),
            "versions": versions(),
        }


def device_name(trainer: Trainer) -> str:
    """Return what a Trainer computes on: "cpu", or the name of a GPU.

    Args:
        trainer: The Trainer.
    """
    device = trainer.strategy.root_device
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def versions() -> dict[str, str]:
    """Return the versions of what computes, by name."""
    return {
        "mlpzoo": mlpzoo.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": lightning.__version__,
        "torchmetrics": torchmetrics.__version__,
    }


def reason(
    exercise: Exercise,
    module: LitNetwork,
    data: FunctionDataModule,
    metrics: Mapping[str, float],
    *,
    step: int | None = None,
) -> str:
    """Return why a bar is missed or a run diverged, as `diagnose` finds it; else "".

    Args:
        exercise: Whose bars are asked.
        module: What was measured.
        data: Its data.
        metrics: Test metrics of the module, named without a prefix.
        step: Where a run was stopped by a number that was not finite, if it was.
    """
    sound = exercise.passed(metrics) and step is None
    return "" if sound else in_words(diagnose, module, data, step=step)


def in_words(tell: Callable[..., object], *args: Any, **named: Any) -> str:
    """Return what a function says of a result; what it raises must not cost the result.

    Args:
        tell: A diagnosis or a remark, which may be anyone's.
        *args: What it takes.
        **named: The same, by name.
    """
    try:
        return str(tell(*args, **named))
    except Exception as error:
        return f"no {getattr(tell, '__name__', 'word')}: {cause(error)}"


def stored_result(plan: Plan, run: OpenRun, trainer: Trainer) -> Result:
    """Return the result of a finished run.

    Args:
        plan: Its plan.
        run: The run.
        trainer: A Trainer of it.

    Raises:
        InputError: The file does not hold it.
    """
    stored, exercise = read_result(run.folder), plan.exercise
    module, data = load_module(best_of(run.folder), exercise=exercise)
    try:
        metrics = {k: math.nan if v is None else float(v) for k, v in stored["metrics"].items()}
        kinds = Result.__annotations__
        plain = {name: kinds[name](stored[name]) for name in _STORED}
        if not all(bar.metric in metrics for bar in exercise.bars):
            raise ValueError("a metric is missing")
        return Result(
            **plain, exercise=exercise.name, metrics=metrics, bars=tuple(map(str, stored["bars"])),
            lost_step=stored["lost_step"], changes=list(stored["changes"]), finished_before=True,
            module=module, datamodule=data, trainer=trainer, folder=run.folder,
        )  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        path = result_file(run.folder)
        raise InputError(f"{path} does not hold a result; remove it, then resume") from error


_STORED = ("recipe", "seed", "steps", "seconds", "passed", "remark", "diagnosis")
