"""The batches of every member, each drawn from the member's own seed."""

from collections.abc import Iterable, Sequence

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import Batch, BlockStream, Grid, block_stream

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
        self.members = members[:1] if _draw_alike(members) else members
        self.shown = members[:1] if _same(member.grid(2) for member in members) else members
        rows = self.first.batch_size * max(self.first.in_features, 1) * len(self.members)
        self.block_steps = max(1, min(self.first.block_steps, _NUMBERS // rows))
        self._rows = max(1, _NUMBERS // len(members) // 8)

    def train_block(self, steps: Tensor) -> Batch:
        """Return the batches of several steps, for each member."""
        drawn = [member.train_block(steps) for member in self.members]
        x, y = (self._stack([pair[column] for pair in drawn]) for column in (0, 1))
        return x, y

    def grid(self, points: int) -> Batch:
        """Return the grid that all members share, or the stacked grids of all.

        Shapes: -> x (rows, in_features) or (members, rows, in_features), y with out_features.

        Args:
            points: Points along each axis.
        """
        grids = [member.grid(points) for member in self.shown]
        x, y = grids[0]
        if len(grids) > 1:
            x, y = (torch.stack([pair[column] for pair in grids]) for column in (0, 1))
        return x, y

    @override
    def train_dataloader(self) -> BlockStream:
        if self.trainer is None:
            raise InputError("a population's batches need a Trainer; train_block draws them too")
        first = self.first
        return block_stream(self, rows=first.batch_size, length=first.steps_per_epoch)

    @override
    def val_dataloader(self) -> Grid:
        return Grid(self.grid(self.first.val_points), rows=self._rows, dim=-2)

    @override
    def test_dataloader(self) -> Grid:
        return Grid(self.grid(self.first.test_points), rows=self._rows, dim=-2)

    def _stack(self, columns: Sequence[Tensor]) -> Tensor:
        if self.last:
            return torch.stack(list(columns), dim=-1).permute(0, 3, 1, 2)
        return torch.stack(list(columns), dim=1)


def _draw_alike(members: Sequence[FunctionDataModule]) -> bool:
    steps = torch.arange(_COMPARED)
    return _same(member.train_block(steps) for member in members)


def _same(pairs: Iterable[Batch]) -> bool:
    first, *others = pairs
    return all(
        a.shape == b.shape and torch.equal(a, b)
        for other in others
        for a, b in zip(first, other, strict=True)
    )
