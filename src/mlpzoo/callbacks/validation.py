"""Makes the last step a validated one, and validations log an exercise's own figures."""

from collections.abc import Callable
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override


class LastStepValidation(Callback):
    """Validates after step `max_steps`, wherever the validation interval would fall.

    Without it the weights a run ends with are neither measured nor candidates for the best
    checkpoint. Asking Lightning to stop is its own way of getting a validation off the interval.
    """

    @override
    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if trainer.global_step >= trainer.max_steps > 0:
            trainer.should_stop = True


class Measure(Callback):
    """Logs what `measure(module, datamodule)` returns, as val_<name> and test_<name>.

    Args:
        measure: Returns figures by name.
    """

    def __init__(self, measure: Callable[[Any, Any], dict[str, float]]) -> None:
        self.measure = measure

    @override
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        prefix = "test_" if trainer.testing else "val_"
        figures = self.measure(pl_module, trainer.datamodule)  # type: ignore[attr-defined]
        for name, value in figures.items():
            pl_module.log(prefix + name, value, sync_dist=True)

    on_test_epoch_end = on_validation_epoch_end
