"""Iterables of batches in place of a DataLoader: sized, without worker processes.

Streams for training keep their own place in an endless sequence of steps, and a Trainer saves and
loads it as the state of any stateful loader. A `Grid` begins anew in every pass.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from mlpzoo.checks import InputError

Batch = tuple[Tensor, Tensor]
_GRID_ROWS = 16_384  # rows of a grid evaluated at once, to bound memory


class Block(NamedTuple):
    """The batches of several steps in a row, stacked.

    Shapes: x (count, batch, in_features), y (count, batch, out_features).
    """

    x: Tensor
    y: Tensor


class Stream(ABC):
    """Hands out `length` steps in a pass, each pass from where the one before was left.

    Args:
        length: Steps in one pass.
        taken: Steps that have been handed out before.
        period: After how many steps the first comes again; None for never.
    """

    def __init__(self, *, length: int, taken: int = 0, period: int | None = None) -> None:
        self.length, self.taken, self.period = length, taken, period

    def __len__(self) -> int:
        return self.length

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """Count a step in `taken` before it is handed out: its user may save the state with it."""

    def turn(self, steps: Any) -> Any:
        """Return which steps, a number or a tensor of them, stand for others: see `period`."""
        return steps if self.period is None else steps % self.period

    def state_dict(self) -> dict[str, Any]:
        """Return how many steps have been handed out."""
        return {"taken": self.taken}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state; from one of before there were places, where this stream is."""
        self.taken = state_dict.get("taken", self.taken)


class BatchStream(Stream):
    """Yields the batches of its own steps, one at a time.

    Args:
        draw: Maps a step to its batch (x, y).
        rank: Which of the processes that share the sequence takes them.
        world: How many these are; process r takes the steps r, r + world, ...
        **place: See `Stream`.

    Example:
        >>> stream = BatchStream(lambda step: step, length=3, taken=10)
        >>> list(stream), list(stream)
        ([10, 11, 12], [13, 14, 15])
    """

    def __init__(
        self, draw: Callable[[int], Batch], *, rank: int = 0, world: int = 1, **place: Any
    ) -> None:
        super().__init__(**place)
        self.draw, self.rank, self.world = draw, rank, world

    def __iter__(self) -> Iterator[Batch]:
        for step in range(self.taken, self.taken + self.length):
            self.taken = step + 1
            yield self.draw(self.turn(step) * self.world + self.rank)


class BlockStream(Stream):
    """Yields blocks of consecutive steps until `length` steps have been handed out.

    Its length counts steps, not blocks, as everything does that a Trainer is told of.

    Args:
        draw: Maps steps (count,) to their batches, stacked.
        size: Given the first step of a block, how many it may have.
        **place: See `Stream`.

    Example:
        >>> stream = BlockStream(lambda s: (s, -s), length=5, taken=10, size=lambda step: 3)
        >>> [block.x.tolist() for block in stream], len(stream)
        ([[10, 11, 12], [13, 14]], 5)
    """

    def __init__(
        self, draw: Callable[[Tensor], Batch], *, size: Callable[[int], int], **place: Any
    ) -> None:
        super().__init__(**place)
        self.draw, self.size = draw, size

    def __iter__(self) -> Iterator[Block]:
        end = self.taken + self.length
        while (step := self.taken) < end:
            self.taken += min(self.size(self.turn(step)), end - step)
            yield Block(*self.draw(self.turn(torch.arange(step, self.taken))))


class Grid:
    """Yields the same batches in every pass.

    Args:
        columns: Tensors that belong together, row by row.
        rows: Of a batch at most, to bound memory.
        dim: Which axis the rows are.

    Example:
        >>> [x.tolist() for x, _ in Grid([torch.arange(3), torch.zeros(3)], rows=2)]
        [[0, 1], [2]]
    """

    def __init__(self, columns: Sequence[Tensor], *, rows: int, dim: int = 0) -> None:
        parts = (torch.split(column, rows, dim) for column in columns)
        self.batches: list[Batch] = list(zip(*parts, strict=True))

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches)


class Loaders(ABC):
    """Hands the batches and rows of samples to a Trainer, or to who takes them by hand."""

    trainer: ClassVar[Any] = None
    if TYPE_CHECKING:  # arguments of samples, which state them in their own order
        steps_per_epoch: int
        block_steps: int

    @abstractmethod
    def train_batch(self, step: int) -> Batch:
        """Return the batch of one step."""

    @abstractmethod
    def rows_of(self, stage: str) -> Batch:
        """Return the rows that "val" or "test" measures on."""

    def train_dataloader(self) -> BatchStream | BlockStream:
        """Return batches from step 0 on, or those that a Trainer's module is ready for."""
        trainer, length = self.trainer, self.steps_per_epoch
        if trainer is None:
            return BatchStream(self.train_batch, length=length)
        if self.block_steps > 1:
            return block_stream(self, self)
        return BatchStream(
            self.train_batch,
            rank=trainer.global_rank,
            world=trainer.world_size,
            **passes(trainer, length),
        )

    def val_dataloader(self) -> Grid:
        """Return the rows of validation."""
        return Grid(self.rows_of("val"), rows=_GRID_ROWS)

    def test_dataloader(self) -> Grid:
        """Return the rows of the test."""
        return Grid(self.rows_of("test"), rows=_GRID_ROWS)

    def predict_dataloader(self) -> Grid:
        """Return those of the test."""
        return self.test_dataloader()


def block_stream(data: Any, first: Any) -> BlockStream:
    """Return the blocks that a data module hands to its Trainer, as long as its module says.

    Args:
        data: Has `train_block`, `block_steps` and a Trainer.
        first: The data module of an exercise: itself, or that of its first member.

    Raises:
        InputError: The module that is trained takes no blocks.
    """
    module = data.trainer.lightning_module
    if not hasattr(module, "block_sizes"):
        raise InputError(f"{type(module).__name__} takes no blocks; set data.block_steps to 1")
    size = module.block_sizes(rows=first.batch_size, most=data.block_steps)
    return BlockStream(
        data.train_block,
        size=lambda step: min(size(), first.stage(step)[1]),
        **passes(data.trainer, first.steps_per_epoch),
    )


def passes(trainer: Any, length: int) -> dict[str, Any]:
    """Return what a stream is to know of its passes under a Trainer.

    Args:
        trainer: The Trainer; with `overfit_batches`, its epochs all have the batches of the first.
        length: Steps of an epoch, of which it may take a part only.
    """
    some: int | float = trainer.overfit_batches
    period = (min(some, length) if isinstance(some, int) else int(some * length)) or None
    taken = trainer.current_epoch * (period or length)
    return {"length": length, "taken": taken, "period": period}
