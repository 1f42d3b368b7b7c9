"""The batches of every member, each drawn from the member's own seed."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import (
    Batch,
    BatchStream,
    BlockStream,
    steps_to_next_event,
    steps_within_reason,
)

_NUMBERS = 2**22  # of one column of a block, and of the answers to one chunk of a grid
_COMPARED = 64  # steps over which draws must agree to be taken for the same


class PopulationDataModule(LightningDataModule):
    """Hands out blocks with the batches of all members, and their grids.

    Shapes: x (steps, members or 1, batch, in_features), y the same with out_features; members that
    draw the same batches share one.

    Args:
        members: The data module of each, alike but for what they draw.
        last: Whether the members are to lie behind all other axes in memory.
    """

    def __init__(self, members: Sequence[FunctionDataModule], *, last: bool = True) -> None:
        super().__init__()
        self.first, self.last = members[0], last
        steps = torch.arange(_COMPARED)
        alike = _same(member.train_block(steps) for member in members)
        self.members = members[:1] if alike else members
        self.shown = members[:1] if _same(member.grid(2) for member in members) else members
        rows = self.first.batch_size * max(self.first.in_features, 1) * len(self.members)
        self.block_steps = max(1, min(self.first.block_steps, _NUMBERS // rows))
        self._rows = max(1, _NUMBERS // len(members) // 8)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "trainer": None}  # as a pickled LightningModule leaves it

    def train_block(self, steps: Tensor) -> Batch:
        """Return the batches of several steps, for each member.

        Args:
            steps: Which, (count,), int64.
        """
        drawn = [member.train_block(steps) for member in self.members]
        x, y = (torch.stack(column, -1 if self.last else 1) for column in zip(*drawn, strict=True))
        return (x.permute(0, 3, 1, 2), y.permute(0, 3, 1, 2)) if self.last else (x, y)

    def grid(self, points: int) -> Batch:
        """Return the grid that all members share, or the stacked grids of all.

        Shapes: -> x (rows, in_features) or (members, rows, in_features), y with out_features.

        Args:
            points: Points along each axis.
        """
        grids = [member.grid(points) for member in self.shown]
        if len(grids) == 1:
            return grids[0]
        x, y = (torch.stack(column) for column in zip(*grids, strict=True))
        return x, y

    @override
    def train_dataloader(self) -> BlockStream:
        trainer = self.trainer
        if trainer is None:
            raise InputError("a population's batches need a Trainer; train_block draws them too")
        most = min(self.block_steps, steps_within_reason(trainer, self.first.batch_size))
        return BlockStream(
            self.train_block,
            length=self.first.steps_per_epoch,
            start=lambda: trainer.fit_loop.total_batch_idx + 1,
            size=lambda: min(most, steps_to_next_event(trainer)),
        )

    @override
    def val_dataloader(self) -> BatchStream:
        return self._chunks(self.first.val_points)

    @override
    def test_dataloader(self) -> BatchStream:
        return self._chunks(self.first.test_points)

    def _chunks(self, points: int) -> BatchStream:
        columns = (torch.split(column, self._rows, dim=-2) for column in self.grid(points))
        chunks = list(zip(*columns, strict=True))
        return BatchStream(chunks.__getitem__, length=len(chunks))


def _same(pairs: Iterator[Batch]) -> bool:
    x, y = next(pairs)
    return all(torch.equal(x, own_x) and torch.equal(y, own_y) for own_x, own_y in pairs)
