"""Judges of a run: it stops where a number is not finite, and its last step is a measured one."""

from collections.abc import Callable, Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from typing_extensions import override


class NotFinite(ArithmeticError):
    """A loss or a metric was NaN or infinite.

    Args:
        step: The optimizer step, counted from 1.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"not finite at step {step}")
        self.step = step


class StopWhereNotFinite(Callback):
    """Raises `NotFinite` where a loss, or the monitored metric of a validation, is not finite.

    It looks at "losses", the loss of each optimizer step, or at "loss", where a training step
    returns one of them.

    Args:
        monitor: Name of the metric, as logged.
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any
    ) -> None:
        if isinstance(outputs, Mapping):
            outputs = outputs.get("losses", outputs.get("loss"))
        if not isinstance(outputs, Tensor):
            return
        finite = outputs.detach().reshape(-1).isfinite()
        if not finite.all():
            after = len(finite) - int(finite.logical_not().nonzero()[0])
            raise NotFinite(trainer.global_step - after + 1)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        measured = trainer.callback_metrics.get(self.monitor)
        if trainer.state.fn == "fit" and measured is not None and not measured.isfinite():
            raise NotFinite(trainer.global_step)


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
