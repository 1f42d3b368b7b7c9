"""The batches of every member, each drawn from the member's own seed."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.data.base import Samples
from mlpzoo.data.stream import Batch, BlockStream, Grid, block_stream

_NUMBERS = 2**22  # of one column of a block, and of the answers to one chunk of a grid
_COMPARED = 64  # steps over which draws must agree to be taken for the same
_POINTS = 5  # along each axis, at which targets must agree
_TRIED = 8  # seeds that must agree, for all to be taken for the same


class PopulationDataModule(LightningDataModule):
    """Hands out blocks with the batches of all members, and their grids.

    Shapes: x (steps, members or 1, batch, in_features), y the same with out_features; members that
    draw the same batches share one.

    Args:
        members: The data module of each, alike but for what they draw.
        last: Whether the members are to lie behind all other axes in memory.
    """

    def __init__(self, members: Sequence[FunctionDataModule], *, last: bool) -> None:
        super().__init__()
        self.first, self.last = members[0], last
        self.members = members[:1] if _same(members, _first_batches) else members
        alike = _same(members, _measured_on) and _same(_one_a_setting(members), _rows)
        self.shown = members[:1] if alike else members
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
        every = {id(member): member for member in self.members}
        own = {key: member.train_block(steps) for key, member in every.items()}
        drawn = [own[id(member)] for member in self.members]
        axis = -1 if self.last else 1
        x, y = (torch.stack(column, axis).movedim(axis, 1) for column in zip(*drawn, strict=True))
        return x, y

    def rows_of(self, stage: str) -> Batch:
        """Return the rows that all members are measured on, or the stacked rows of all.

        Shapes: -> x (rows, in_features) or (members, rows, in_features), y with out_features.

        Args:
            stage: "val" or "test".
        """
        rows = [member.rows_of(stage) for member in self.shown]
        x, y = (torch.stack(column) for column in zip(*rows, strict=True))
        return (x, y) if len(rows) > 1 else rows[0]

    @override
    def train_dataloader(self) -> BlockStream:
        if self.trainer is None:
            raise InputError("a population's batches need a Trainer; train_block draws them too")
        return block_stream(self, self.first)

    @override
    def val_dataloader(self) -> Grid:
        return Grid(self.rows_of("val"), rows=self._rows, dim=-2)

    @override
    def test_dataloader(self) -> Grid:
        return Grid(self.rows_of("test"), rows=self._rows, dim=-2)

    @override
    def predict_dataloader(self) -> Grid:
        return self.test_dataloader()


def data_of_seeds(
    make_data: Callable[[int], FunctionDataModule], seeds: Sequence[int]
) -> Callable[[int], FunctionDataModule]:
    """Return what gives the data module of a seed: one for all where the seed changes nothing.

    Args:
        make_data: Makes one; nothing but its seed differs.
        seeds: All of them, a few of which are tried.
    """
    few = {*seeds[:: -(-len(seeds) // _TRIED)], seeds[-1]}
    tried = [make_data(seed) for seed in few]
    if _same(tried, _first_batches) and _same(tried, _measured_on):
        return lambda seed: tried[0]
    return cache(make_data)


def _same(members: Iterable[FunctionDataModule], part: Callable[[Any], tuple[Tensor, ...]]) -> bool:
    """Tell whether a part of the data is the same in all; it is drawn until one differs."""
    parts = map(part, {id(each): each for each in members}.values())
    first = next(parts)
    return all(torch.equal(*pair) for other in parts for pair in zip(first, other, strict=True))


def _first_batches(member: FunctionDataModule) -> Batch:
    return member.train_block(torch.arange(min(_COMPARED, member.stage(0)[1])))


def _measured_on(member: FunctionDataModule) -> tuple[Tensor, ...]:
    """Return the rows of validation and test; a few of those that fill the range evenly."""
    return member.grid(_POINTS) if type(member).rows_of is Samples.rows_of else _rows(member)


def _rows(member: FunctionDataModule) -> tuple[Tensor, ...]:
    return (*member.rows_of("val"), *member.rows_of("test"))


def _one_a_setting(members: Sequence[FunctionDataModule]) -> list[FunctionDataModule]:
    """Return one member of those that differ in nothing but their seed, of each kind."""
    every = {id(each): each for each in members}.values()
    return [*{str({**each.hparams, "seed": 0}): each for each in every}.values()]
