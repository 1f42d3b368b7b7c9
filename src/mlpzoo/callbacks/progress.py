"""Progress as plain lines, for logs and pipes, and as a bar, for terminals."""

import sys
import time
from contextlib import suppress
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from typing_extensions import override

SECONDS_BETWEEN_LINES = 2.0


class LineProgress(Callback):
    """Prints the step, the loss and the validation metrics to stderr, a line at a time.

    A line follows a validation, at most one every two seconds, and the last step always.

    Args:
        name: How each line begins.
        metrics: Names of the metrics to print, as logged.
    """

    def __init__(self, name: str, metrics: tuple[str, ...] = ("train_loss",)) -> None:
        self.name, self.metrics = name, metrics
        self._printed_at, self._printed_step = 0.0, 0

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if time.monotonic() - self._printed_at >= SECONDS_BETWEEN_LINES:
            self._print(trainer)

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step != self._printed_step:
            self._print(trainer)

    def _print(self, trainer: Trainer) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        logged: dict[str, Any] = trainer.callback_metrics
        shown = [f"{name} {float(logged[name]):.3g}" for name in self.metrics if name in logged]
        line = f"{self.name}: step {trainer.global_step}/{trainer.max_steps}"
        with suppress(BrokenPipeError):  # the reader has gone; the run has not
            print("  ".join([line, *shown]), file=sys.stderr, flush=True)
        self._printed_at, self._printed_step = time.monotonic(), trainer.global_step


class StepProgressBar(TQDMProgressBar):
    """Lightning's bar with the loss, one for the whole run; validations do not flicker through.

    Args:
        name: What the bar says before the percentage.
    """

    def __init__(self, name: str) -> None:
        super().__init__(refresh_rate=50)
        self.name = name

    @override
    def init_validation_tqdm(self) -> Tqdm:
        return Tqdm(disable=True)

    @override
    def on_train_epoch_start(self, trainer: Trainer, *_: Any) -> None:
        super().on_train_epoch_start(trainer)
        self.train_progress_bar.set_description(self.name)

    @override
    def get_metrics(
        self, trainer: Trainer, pl_module: LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        shown = super().get_metrics(trainer, pl_module).items()
        return {name: value for name, value in shown if name != "v_num"}
