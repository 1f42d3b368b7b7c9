"""Writes into each checkpoint where it comes from."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override


class Provenance(Callback):
    """Adds a record under the key "mlpzoo", so that a checkpoint names its exercise.

    Args:
        record: Numbers, strings, bools, and lists, tuples and dicts of them.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["mlpzoo"] = self.record
