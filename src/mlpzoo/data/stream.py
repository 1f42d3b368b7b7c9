"""Iterables of batches in place of a DataLoader: sized, stateless, without worker processes."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import Tensor, nn

Batch = tuple[Tensor, Tensor]
MOST_WORK = 2e10  # multiplications and additions of a block: a second or less on one CPU core


class Block(NamedTuple):
    """The batches of several steps in a row, stacked.

    Shapes: x (count, batch, in_features), y (count, batch, out_features).
    """

    x: Tensor
    y: Tensor


class BatchStream:
    """Yields `draw(start), draw(start + stride), ...`, `length` batches each time it is read.

    Args:
        draw: Maps a step to its batch (x, y).
        length: Batches in one pass.
        start: Called at the beginning of a pass; the first step of that pass.
        stride: Distance between steps, the number of processes that share the sequence.

    Example:
        >>> list(BatchStream(lambda step: step, length=3, start=lambda: 10, stride=2))
        [10, 12, 14]
    """

    def __init__(
        self,
        draw: Callable[[int], Batch],
        *,
        length: int,
        start: Callable[[], int] = lambda: 0,
        stride: int = 1,
    ) -> None:
        self.draw, self.length, self.start, self.stride = draw, length, start, stride

    def __len__(self) -> int:
        return self.length

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the place in the sequence follows from the Trainer's count of steps."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take nothing, for the same reason."""

    def __iter__(self) -> Iterator[Batch]:
        first = self.start()
        for index in range(self.length):
            yield self.draw(first + index * self.stride)


class BlockStream:
    """Yields blocks of consecutive steps until `length` steps have been handed out.

    Its length counts steps, not blocks, as everything does that a Trainer is told of.

    Args:
        draw: Maps steps (count,) to their batches, stacked.
        length: Steps in one pass.
        start: Called at the beginning of a pass; the first step of that pass.
        size: Called before each block; how many steps it may have.

    Example:
        >>> stream = BlockStream(lambda s: (s, -s), length=5, start=lambda: 10, size=lambda: 3)
        >>> [block.x.tolist() for block in stream], len(stream)
        ([[10, 11, 12], [13, 14]], 5)
    """

    def __init__(
        self,
        draw: Callable[[Tensor], Batch],
        *,
        length: int,
        start: Callable[[], int],
        size: Callable[[], int],
    ) -> None:
        self.draw, self.length, self.start, self.size = draw, length, start, size

    def __len__(self) -> int:
        return self.length

    def state_dict(self) -> dict[str, Any]:
        """Return nothing; see `BatchStream`."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take nothing; see `BatchStream`."""

    def __iter__(self) -> Iterator[Block]:
        step = self.start()
        end = step + self.length
        while step < end:
            count = min(self.size(), end - step)
            yield Block(*self.draw(torch.arange(step, step + count)))
            step += count


@runtime_checkable
class WantsControl(Protocol):
    """A callback that must be given control after certain optimizer steps."""

    def next_step(self, step: int) -> int:
        """Return the first step after this one at which it wants control."""


def steps_to_next_event(trainer: Trainer) -> int:
    """Return after how many more steps a Trainer that is fitting must be given control.

    That is before the next validation, log, checkpoint by step count, step that a callback asks for
    (see `WantsControl`), or the end.
    """
    taken = trainer.fit_loop.total_batch_idx + 1
    in_epoch = trainer.fit_loop.batch_idx + 1
    of_validation = taken if trainer.check_val_every_n_epoch is None else in_epoch
    log_every: int = trainer.log_every_n_steps  # type: ignore[attr-defined]
    intervals = [
        (trainer.val_check_batch, of_validation),
        (log_every, taken),
        (log_every if _hears_of_starts(trainer) else 0, taken + 1),
        *((keeper._every_n_train_steps, trainer.global_step) for keeper in _keepers(trainer)),
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

    Each parameter takes about six operations a row and step, forwards and backwards; least squares
    make a matrix of rows by rows and factor it.

    Args:
        trainer: One that has its module.
        rows: Of a batch.
    """
    module = trainer.lightning_module
    work = 6 * max(sum(parameter.numel() for parameter in module.parameters()), 1) * rows
    if str(getattr(module, "optimizer_name", "")).lower() == "levenberg":
        linear = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
        widths = sum(layer.in_features + layer.out_features for layer in linear)
        work += rows**3 // 3 + 4 * rows**2 * widths
    return max(1, int(MOST_WORK / work))


def _hears_of_starts(trainer: Trainer) -> bool:
    """Tell of callbacks such as LearningRateMonitor, which log before the step that is logged."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return any(is_overridden("on_train_batch_start", each, Callback) for each in callbacks)


def _keepers(trainer: Trainer) -> list[ModelCheckpoint]:
    callbacks = trainer.checkpoint_callbacks
    return [callback for callback in callbacks if isinstance(callback, ModelCheckpoint)]
