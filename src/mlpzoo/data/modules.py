"""Samples as LightningDataModules, for a Trainer; `mlpzoo.data.base` says how they are drawn."""

from abc import ABC
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import LightningDataModule
from typing_extensions import override

from mlpzoo.data.base import Samples
from mlpzoo.data.function import ExpressionSamples
from mlpzoo.data.gate import GateSamples
from mlpzoo.data.linear import LinearSamples
from mlpzoo.data.minmax import MinMaxSamples
from mlpzoo.data.sin import SinSamples
from mlpzoo.data.square import SquareSamples
from mlpzoo.data.table import TableSamples


@dataclass(kw_only=True, eq=False)
class FunctionDataModule(Samples, LightningDataModule, ABC):
    """`Samples` for a Trainer: the base of data modules of one's own.

    A subclass is a dataclass with a `target`, and states the arguments that it adds or has other
    defaults for.
    """

    @override
    def __post_init__(self) -> None:
        LightningDataModule.__init__(self)
        super().__post_init__()

    @override
    def _arguments(self) -> MutableMapping[str, Any]:
        self.save_hyperparameters(logger=False)
        return self.hparams  # the same object


class ExpressionDataModule(ExpressionSamples, FunctionDataModule):
    """`ExpressionSamples` for a Trainer."""


class GateDataModule(GateSamples, FunctionDataModule):
    """`GateSamples` for a Trainer."""


XORDataModule = GateDataModule  # whose gate is XOR where no other is named


class LinearDataModule(LinearSamples, FunctionDataModule):
    """`LinearSamples` for a Trainer."""


class MinMaxDataModule(MinMaxSamples, FunctionDataModule):
    """`MinMaxSamples` for a Trainer."""


class SinDataModule(SinSamples, FunctionDataModule):
    """`SinSamples` for a Trainer."""


class SquareDataModule(SquareSamples, FunctionDataModule):
    """`SquareSamples` for a Trainer."""


class TableDataModule(TableSamples, FunctionDataModule):
    """`TableSamples` for a Trainer."""
