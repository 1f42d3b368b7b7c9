"""Progress as plain lines, for logs and pipes, and as a bar, for terminals."""

import sys
import time
from contextlib import suppress
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from typing_extensions import override

from mlpzoo.checks import LARGEST_COUNT
from mlpzoo.optim.loops import batch_of

SECONDS_BETWEEN_LINES, SECONDS_BETWEEN_MOVES = 2.0, 0.5


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
    """Lightning's bar with the losses and metrics, one for the whole run.

    It moves twice a second: blocks of steps end so often for it (see `WantsControl`).

    Args:
        name: What the bar says before the percentage.
        metrics: Names of metrics to show, as logged, beside what is logged for any bar.
    """

    def __init__(self, name: str, metrics: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.name, self.metrics = name, metrics
        self._moved_at, self._block_began, self._seconds_per_step = 0.0, (0, 0.0), 0.0

    def next_step(self, step: int) -> int:
        """Return the last step of a block that begins after this one, half a second on."""
        self._block_began = step, time.monotonic()
        if not self._seconds_per_step:
            return step + LARGEST_COUNT
        room = max(1, int(SECONDS_BETWEEN_MOVES / self._seconds_per_step))
        return step + (1 << room.bit_length() - 1)  # few sizes, as each may be a CUDA graph

    def say(self, what: str) -> None:
        """Say on a line of its own what goes on when no bar is there."""
        with suppress(BrokenPipeError):
            print(f"{self.name}: {what} ...", file=sys.stderr, flush=True)

    @override
    def init_validation_tqdm(self) -> Tqdm:
        return Tqdm(disable=True)

    init_test_tqdm = init_validation_tqdm

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        on_cpu = pl_module.device.type == "cpu"  # on a GPU the first block's size may change bits
        self._seconds_per_step = SECONDS_BETWEEN_MOVES if on_cpu else 0.0

    @override
    def on_train_epoch_start(self, trainer: Trainer, *_: Any) -> None:
        super().on_train_epoch_start(trainer)
        self.train_progress_bar.set_description(self.name)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        now, (step, began) = time.monotonic(), self._block_began
        self._seconds_per_step = (now - began) / max(trainer.global_step - step, 1)
        bar = self.train_progress_bar
        bar.n = batch_of(trainer) + 1
        if now - self._moved_at >= SECONDS_BETWEEN_MOVES / 2 or bar.n == bar.total:
            self._moved_at = now
            bar.set_postfix(self.get_metrics(trainer, pl_module))

    @override
    def get_metrics(
        self, trainer: Trainer, pl_module: LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        logged = trainer.callback_metrics
        own = {name: float(logged[name]) for name in self.metrics if name in logged}
        shown = {**super().get_metrics(trainer, pl_module), **own}
        return {name: value for name, value in shown.items() if name != "v_num"}
