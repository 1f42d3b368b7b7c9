"""Makes the last step a validated one."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override


class LastStepValidation(Callback):
    """Validates after step `max_steps`, wherever the validation interval would fall.

    Without it the weights a run ends with are neither measured nor candidates for the best
    checkpoint. Asking Lightning to stop is its own way of getting a validation off the interval.
    """

    @override
    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if trainer.global_step >= trainer.max_steps > 0:
            trainer.should_stop = True
