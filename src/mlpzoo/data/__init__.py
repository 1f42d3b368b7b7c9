"""The data modules: one an exercise, each a LightningDataModule with a pure `train_batch(step)`."""

from mlpzoo.data.base import FunctionDataModule
from mlpzoo.data.gate import GateDataModule, XORDataModule
from mlpzoo.data.linear import LinearDataModule
from mlpzoo.data.minmax import MinMaxDataModule
from mlpzoo.data.sin import SinDataModule
from mlpzoo.data.square import SquareDataModule
from mlpzoo.data.stream import BatchStream, Block, BlockStream

__all__ = [
    "BatchStream", "Block", "BlockStream", "FunctionDataModule", "GateDataModule",
    "LinearDataModule", "MinMaxDataModule", "SinDataModule", "SquareDataModule", "XORDataModule",
]  # fmt: skip
