"""Blocks: several optimizer steps in one training_step, at the price of a plain loop.

Lightning's own work for a training_step costs more than the whole step of a small network. So a
data module may hand out the batches of K steps at once, and the module takes all K in one call. To
everything else in the Trainer a block is K ordinary batches: steps, batches and logged steps are
counted one by one, and no block reaches past a validation, a log, a checkpoint or the last step.
"""

from lightning.pytorch import Trainer

from mlpzoo.checks import InputError


def check_blocks(trainer: Trainer) -> None:
    """Refuse a Trainer whose work between the steps a block would skip.

    Raises:
        InputError: More than one process, accumulation, gradient clipping or mixed precision.
    """
    reasons = {
        f"{trainer.world_size} processes": trainer.world_size > 1,
        "accumulate_grad_batches": trainer.accumulate_grad_batches != 1,
        "gradient_clip_val": bool(trainer.gradient_clip_val),
        f"precision {trainer.precision}": trainer.precision not in ("32-true", "64-true"),
    }
    asked = [reason for reason, present in reasons.items() if present]
    if asked:
        raise InputError(f"blocks do not go with {', '.join(asked)}; set data.block_steps to 1")


def count_block(trainer: Trainer, steps: int) -> None:
    """Count the steps of a block in the Trainer's progress, where Lightning counts one batch.

    Args:
        trainer: The Trainer, within a training_step that took the steps on raw optimizers.
        steps: How many.
    """
    loop = trainer.fit_loop.epoch_loop
    optimizer_steps = loop.manual_optimization.optim_step_progress
    for taken in (optimizer_steps.total, optimizer_steps.current):
        taken.increment_by(steps)
    for seen in (loop.batch_progress.total, loop.batch_progress.current):
        seen.increment_by(steps - 1)  # Lightning adds the last one
    loop._batches_that_stepped += steps - 1  # the step under which loggers file a metric
