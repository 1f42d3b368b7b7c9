"""What there is to know of the inside of Lightning's loops; no other file reads or writes it.

Lightning counts batches, and a block is one batch of many steps. So its counters are set here to
what ordinary steps would have made them, and it is read here what a block must not reach past and
when a state is complete.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.model_helpers import is_overridden

from mlpzoo.optim.needs import declared_needs

MOST_WORK = 2e10  # multiplications and additions of a block: a second or less on one CPU core
ON_GPU = 100  # times as much as that core, at least


@runtime_checkable
class WantsControl(Protocol):
    """A callback that must be given control after certain optimizer steps."""

    def next_step(self, step: int) -> int:
        """Return the first step after this one at which it wants control."""


def block_sizes(
    trainer: Trainer, *, rows: int, most: int, past_logs: bool = False
) -> Callable[[], int]:
    """Return what tells, before each block, how many steps it may have.

    Args:
        trainer: One that has its module.
        rows: Of a batch.
        most: Steps of the longest block.
        past_logs: Whether a block may reach past a log, because it tells its losses.
    """
    most = min(most, steps_within_reason(trainer, rows))
    return lambda: min(most, steps_to_next_event(trainer, past_logs=past_logs))


def steps_to_next_event(trainer: Trainer, *, past_logs: bool = False) -> int:
    """Return after how many more steps a Trainer that is fitting must be given control.

    That is before the next validation, log, checkpoint by step count, step that a callback asks for
    (see `WantsControl`), or the end.

    Args:
        trainer: The Trainer.
        past_logs: Whether logs do not matter.
    """
    taken = trainer.fit_loop.total_batch_idx + 1
    in_epoch = trainer.fit_loop.batch_idx + 1
    of_validation = taken if trainer.check_val_every_n_epoch is None else in_epoch
    log_every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    intervals = [
        (trainer.val_check_batch, of_validation),
        (0 if past_logs else log_every, taken),
        (log_every if _hears_of_starts(trainer) else 0, taken + 1),
        *((each._every_n_train_steps, trainer.global_step) for each in _model_checkpoints(trainer)),
    ]
    limits = [int(n - at % n) for n, at in intervals if n and n != float("inf")]
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    wanted = [each for each in callbacks if isinstance(each, WantsControl)]
    limits += [each.next_step(trainer.global_step) - trainer.global_step for each in wanted]
    if trainer.max_steps > 0:
        limits.append(trainer.max_steps - trainer.global_step)
    if trainer.num_training_batches != float("inf"):
        limits.append(int(trainer.num_training_batches) - in_epoch)
    return max(1, min(limits, default=1))


def steps_within_reason(trainer: Trainer, rows: int) -> int:
    """Return how many steps may go without a moment at which a run can be saved or stopped.

    Each parameter takes about six operations a row and step, forwards and backwards, and some
    optimizers more.

    Args:
        trainer: One that has its module and its optimizers.
        rows: Of a batch.
    """
    groups = (group for each in trainer.optimizers for group in each.param_groups)
    trained = sum(parameter.numel() for group in groups for parameter in group["params"])
    work = 6 * max(trained, 1) * rows
    work += sum(declared_needs(type(each)).work(each, rows) for each in trainer.optimizers)
    most = MOST_WORK * (ON_GPU if trainer.strategy.root_device.type == "cuda" else 1)
    return max(1, int(most / work))


def _count_block(trainer: Trainer, steps: int) -> None:
    """Count the steps of a block in the Trainer's progress, where Lightning counts one batch."""
    loop = trainer.fit_loop.epoch_loop
    automatic = loop.automatic_optimization.optim_progress.optimizer.step
    manual = loop.manual_optimization.optim_step_progress
    for counter in (automatic, manual):  # global_step is one of them, by the kind of optimization
        counter.total.increment_by(steps)
        counter.current.increment_by(steps)
    for seen in (loop.batch_progress.total, loop.batch_progress.current):
        seen.increment_by(steps - 1)  # Lightning adds the last one
    loop._batches_that_stepped += steps - 1  # the step under which loggers file a metric
    fetcher: Any = trainer.fit_loop._data_fetcher  # which counts blocks, and on a restart steps
    fetcher.fetched = loop.batch_progress.current.ready
    fetcher.done = fetcher.fetched >= trainer.num_training_batches
    loop.batch_progress.is_last_batch = fetcher.done


def move_bar(trainer: Trainer, outputs: Any, batch: Any) -> None:
    """Tell a progress bar where a block ends: Lightning has told it where the block began.

    Args:
        trainer: The Trainer, in a module's `on_train_batch_end`.
        outputs: As of that hook.
        batch: As of that hook.
    """
    if (bar := trainer.progress_bar_callback) is not None:
        module = trainer.lightning_module
        bar.on_train_batch_end(trainer, module, outputs, batch, batch_of(trainer))


def align_counts(trainer: Trainer) -> None:
    """Make both of Lightning's step counters, for automatic and manual optimization, the larger.

    A checkpoint holds both, and a run may go on from it with blocks or without.
    """
    loop = trainer.fit_loop.epoch_loop
    automatic = loop.automatic_optimization.optim_progress.optimizer.step.total
    manual = loop.manual_optimization.optim_step_progress.total
    taken = max(automatic.completed, manual.completed)
    for counter in (automatic, manual):
        counter.ready = counter.completed = taken


def complete_counts(trainer: Trainer) -> None:
    """Make the counters those of a state to be saved after a training step."""
    align_counts(trainer)
    loop = trainer.fit_loop.epoch_loop
    loop._batches_that_stepped = trainer.global_step - 1  # Lightning's own may lag on a restart


def is_between_events(trainer: Trainer) -> bool:
    """Tell whether neither a validation nor the end of an epoch follows a training step."""
    loop, fetcher = trainer.fit_loop.epoch_loop, trainer.fit_loop._data_fetcher
    assert fetcher is not None
    return not (loop._should_check_val_fx(fetcher) or loop._num_ready_batches_reached())


def batch_of(trainer: Trainer) -> int:
    """Return the index within its epoch of the batch at hand, of a block's last."""
    return trainer.fit_loop.batch_idx


def is_logged(trainer: Trainer, step: int) -> bool:
    """Tell whether anyone looks at what a training step logs: a logger, or a callback after it.

    Args:
        trainer: The Trainer, in a training step.
        step: How many optimizer steps there have been with the one at hand.
    """
    log_every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    intervals = [log_every, *(each._every_n_train_steps for each in _model_checkpoints(trainer))]
    at_interval = any(every and step % every == 0 for every in intervals)
    return at_interval or step == trainer.max_steps or not is_between_events(trainer)


def take_block(
    trainer: Trainer,
    steps: int,
    take: Callable[[list[int]], Iterable[Any]],
    as_logged: Callable[[Any], dict[str, Any]],
) -> Any:
    """Take the steps of a block, count them, and log those within it that are to be logged.

    Lightning sees a block's last step alone.

    Args:
        trainer: The Trainer, in a training step.
        steps: Of the block.
        take: Takes them; given the steps to be told of, counted from 0, it returns the losses of
            these and of the last.
        as_logged: Makes metrics by name of such losses.

    Returns:
        The losses of the last step.
    """
    every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    began = trainer.global_step
    told: list[int] = []
    if every and trainer.loggers:
        told = list(range(every - 1 - began % every, steps - 1, every))
    *earlier, last = take(told)
    for step, losses in zip(told, earlier, strict=True):
        row = {"epoch": trainer.current_epoch, **as_logged(losses)}
        trainer._logger_connector.log_metrics(row, step=began + step)
    _count_block(trainer, steps)
    return last


def row_to_come(trainer: Trainer) -> tuple[dict[str, float], int]:
    """Return what loggers will be sent once the hooks after a training step are through.

    Returns:
        The metrics, none where nothing is logged at this step, and the step to file them under.
    """
    connector = trainer._logger_connector
    metrics: Mapping[str, Any] = connector.metrics["log"] if connector.should_update_logs else {}
    values = {name: float(value) for name, value in metrics.items()}
    if values:
        values["epoch"] = trainer.current_epoch
    return values, trainer.fit_loop.epoch_loop._batches_that_stepped


def add_places(checkpoint: Mapping[str, Any]) -> None:
    """Write the place in its batches into a checkpoint of before streams kept it themselves.

    Args:
        checkpoint: What a Trainer is about to go on from; changed in place.
    """
    loop = checkpoint["loops"]["fit_loop"]
    taken = loop["epoch_loop.batch_progress"]["total"]["ready"]
    for stream in loop["state_dict"].get("combined_loader", []):
        stream.setdefault("taken", taken)


def _hears_of_starts(trainer: Trainer) -> bool:
    """Tell of callbacks such as LearningRateMonitor, which log before the step that is logged."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return any(is_overridden("on_train_batch_start", each, Callback) for each in callbacks)


def _model_checkpoints(trainer: Trainer) -> list[ModelCheckpoint]:
    callbacks = trainer.checkpoint_callbacks
    return [callback for callback in callbacks if isinstance(callback, ModelCheckpoint)]
