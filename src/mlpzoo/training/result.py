"""What a run came to, and how it is written down."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning
import torch
import torchmetrics
from lightning.pytorch import Trainer

import mlpzoo
from mlpzoo.data import FunctionDataModule
from mlpzoo.diagnosis.diagnose import diagnose
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run came to.

    Attributes:
        exercise: Name of the exercise.
        recipe: Name of the recipe.
        seed: The seed that start and data were drawn from.
        steps: Optimizer steps taken.
        seconds: Time in fit, validations and checkpoints included, since it last went on.
        metrics: Test metrics of the best weights, names without "test_".
        bars: What was asked for, as text.
        passed: Whether every bar was met.
        remark: What else the exercise has to say, or "".
        diagnosis: Where a bar was missed or the run diverged, what `diagnose` finds, else "".
        module: The module, holding the best weights.
        datamodule: Its data.
        trainer: The Trainer it was fitted by.
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
    module: LitNetwork = field(repr=False)
    datamodule: FunctionDataModule = field(repr=False)
    trainer: Trainer = field(repr=False)
    folder: Path
    lost_step: int | None = None
    changes: Sequence[Mapping[str, Any]] = ()
    unwritten: str = ""
    finished_before: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the content of result.json: plain data, with device and versions."""
        device = self.trainer.strategy.root_device
        on_gpu = device.type == "cuda"
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
            "device": torch.cuda.get_device_name(device) if on_gpu else device.type,
            "versions": versions(),
        }


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
    if exercise.passed(metrics) and step is None:
        return ""
    try:
        return str(diagnose(module, data, step=step))
    except Exception as error:  # a module may be anything; its result must not be lost for that
        return f"not diagnosed: {' '.join(str(error).split())}"
