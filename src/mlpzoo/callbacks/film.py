"""Takes the snapshots that a film is made of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from mlpzoo.runs.snapshots import is_due, next_step, remove_after, write_snapshot


class SnapshotTaker(Callback):
    """Writes the weights after the steps that `mlpzoo.runs.snapshots` names, and after the last step.

    Nothing else of the run is changed. Where blocks of steps are taken in one training_step, they
    end where `next_step` says (see `steps_to_next_event`).

    Args:
        folder: The run folder.
        record: What says where a checkpoint comes from (see `StateKeeper`).
    """

    def __init__(self, folder: Path, record: Mapping[str, Any]) -> None:
        self.folder, self.record = folder, record
        self._taken: int | None = None

    def next_step(self, step: int) -> int:
        """Return after how many optimizer steps, more than these, it must be given control."""
        return next_step(step)

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            remove_after(self.folder, trainer.global_step)
        if trainer.global_step == 0:
            self._take(trainer, pl_module)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if is_due(trainer.global_step):
            self._take(trainer, pl_module)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.should_stop and trainer.state.fn == "fit":  # before the last state is saved
            self._take(trainer, pl_module)

    def _take(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero and trainer.global_step != self._taken:
            write_snapshot(self.folder, pl_module, trainer.global_step, self.record)
            self._taken = trainer.global_step
