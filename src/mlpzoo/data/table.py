"""Rows of a file, split once into training, validation and test rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import (
    InputError,
    as_typed,
    check_count,
    check_flag,
    check_positive,
    check_seed,
    plain_value,
)
from mlpzoo.data.base import Samples
from mlpzoo.data.rows import read, split
from mlpzoo.data.stream import Batch


class _Unanswered(str):
    """Names of columns, where other samples have a function that answers for any row."""

    def __call__(self, x: Tensor) -> Tensor:
        raise InputError(f"a table has no right answer, {self}, for other rows than its own")


@dataclass(kw_only=True, eq=False)
class TableSamples(Samples):
    """Rows of a CSV or Parquet file: some columns are to be predicted from others.

    The first build reads the file, and fills in what its arguments leave open, the SHA-256 too. One
    that is built from these arguments reads nothing until rows are asked for, and refuses a changed
    file then. Validation and test measure on rows that no training step takes, and that equal none
    of those; grids of any size are the test rows.

    Shapes: x (batch, in_features), y (batch, out_features).

    Args:
        path: The file: .parquet, or CSV with names above its columns.
        target: Name of the column to predict, or of several; "" for the last.
        inputs: Names of the columns to predict it from; () for all others.
        sha256: Of the file; "" for that of the file as it is.
        drop_missing: Whether to leave out rows in which a cell is missing.
        test_share: Share of the rows that only tests measure on.
        val_share: Share of the rows that only validation measures on; 0 where it measures on those
            that train, since all was chosen before.
        test_seed: Which rows are those of the test.
        folds: Validate on one of so many equal parts of the other rows, that of seed modulo folds;
            0 for `val_share`.
        rmse: Bar of the root mean squared error; None for that of the training rows' mean.
        batch_size: Rows of a batch; None takes all training rows in every step.
        seed: Which rows validate, and in which order batches take the others.
        num_rows: How many rows are used; filled in.
        input_ranges: Least and largest value of each input in the training rows; filled in.

    Raises:
        InputError: The file cannot be read or used, a column that there is not, or too few rows.

    Attributes:
        targets: Names of the target columns.
    """

    path: str = ""
    target: str | tuple[str, ...] = ""  # type: ignore[assignment]  # see _Unanswered
    inputs: tuple[str, ...] = ()
    sha256: str = ""
    drop_missing: bool = False
    test_share: float = 0.15
    val_share: float = 0.15
    test_seed: int = 0
    folds: int = 0
    rmse: float | None = None
    batch_size: int | None = None  # type: ignore[assignment]  # a number once it is built
    num_rows: int = 0
    input_ranges: tuple[split.Pair, ...] = ()
    low: float = field(default=0.0, init=False)
    high: float = field(default=1.0, init=False)
    growth: tuple[tuple[int, int], ...] = field(default=(), init=False)
    sampling: str = field(default="uniform", init=False)
    val_points: int = field(default=2, init=False)
    test_points: int = field(default=2, init=False)

    @override
    def __post_init__(self) -> None:
        self._take_numbers()
        self._check_own()
        target = read.names_of("target", self.target)
        self.inputs = read.names_of("inputs", self.inputs)
        if self.sha256 and self.num_rows and self.inputs and target:
            self.targets = target
        else:
            self.targets, self.inputs = read.chosen(self.path, target, self.inputs)
            self.sha256 = self.sha256 or read.digest_of(self.path)
            self.num_rows = len(self._read().values)
        self.in_features = len(self.inputs)
        training, given = self._sizes()[2], self.batch_size
        self.batch_size = training if given is None else given
        self.input_ranges = plain_value("input_ranges", self.input_ranges) or self._ranges()
        super().__post_init__()
        check_count("batch_size", self.batch_size, most=training)
        self.arguments["target"] = self.targets[0] if len(self.targets) == 1 else self.targets
        filled = ("path", "inputs", "sha256", "num_rows", "input_ranges")
        self.arguments.update({name: getattr(self, name) for name in filled}, batch_size=given)
        self.target = _Unanswered(", ".join(self.targets))

    def _check_own(self) -> None:
        if not isinstance(self.path, str | Path) or not str(self.path):
            raise InputError(f"path must name a file of rows, got {as_typed(self.path)!r}")
        self.path = str(Path(self.path).absolute())
        check_flag("drop_missing", self.drop_missing)
        check_seed("seed", self.seed)
        check_seed("test_seed", self.test_seed)
        check_count("num_rows", self.num_rows, least=0)
        split.check_shares(self.test_share, self.val_share, self.folds)
        if self.rmse is not None:
            check_positive("rmse", self.rmse)

    def _read(self) -> read.Columns:
        """Return the columns, which are read once for all who ask."""
        columns = read.read_columns(
            self.path, self.sha256, self.inputs, self.targets, self.drop_missing
        )
        if (count := len(columns.values)) != (told := self.num_rows or count):
            raise InputError(f"num_rows is {told}, and the table has {count}; leave it out")
        return columns

    @property
    def x(self) -> Tensor:
        """The inputs of all rows that are used: (rows, in_features)."""
        return torch.from_numpy(self._read().values)[:, : len(self.inputs)]

    @property
    def y(self) -> Tensor:
        """The targets of all rows that are used: (rows, out_features)."""
        return torch.from_numpy(self._read().values)[:, len(self.inputs) :]

    @property
    def lines(self) -> Tensor:
        """Where each row stands in the file: its line, or its row in Parquet."""
        return torch.from_numpy(self._read().lines)

    def place_of(self, row: int) -> str:
        """Return where a row stands in the file: "line 12", or "row 12" in Parquet.

        Args:
            row: Its place in `x` and `y`.
        """
        return f"{self._read().place} {int(self.lines[row])}"

    @property
    def dropped(self) -> int:
        """How many rows were left out because a cell is missing."""
        return self._read().dropped

    @property
    @override
    def names(self) -> tuple[str, ...]:
        return self.inputs

    @property
    @override
    def ranges(self) -> tuple[split.Pair, ...]:
        return self.input_ranges

    @property
    @override
    def title(self) -> str:
        return f"{Path(self.path).name}: {', '.join(self.targets)}"

    @property
    @override
    def bars(self) -> Mapping[str, float]:
        if self.rmse is not None:
            return {"rmse": self.rmse}
        mean = self.y[self.train].double().mean(dim=0)
        return {"rmse": (self.y[self.val].double() - mean).square().mean().sqrt().item()}

    @property
    @override
    def example(self) -> Tensor:
        return torch.zeros(2, self.in_features)

    @cached_property
    def in_scale(self) -> tuple[split.Pair, ...]:
        """Mean - std and mean + std of each input over the training rows."""
        return split.spreads(self.x[self.train])

    @cached_property
    def out_scale(self) -> split.Pair | tuple[split.Pair, ...]:
        """Mean - std and mean + std of the target, or of each, over the training rows."""
        found = split.spreads(self.y[self.train])
        return found[0] if len(found) == 1 else found

    @property
    def test(self) -> Tensor:
        """Places of the test rows in `x` and `y`."""
        return self._split[0]

    @property
    def val(self) -> Tensor:
        """Places of the validation rows."""
        return self._split[1]

    @property
    def train(self) -> Tensor:
        """Places of the training rows."""
        return self._split[2]

    @cached_property
    def _split(self) -> tuple[Tensor, Tensor, Tensor]:
        with torch.device("cpu"):  # it is kept, and who asks first may build a module elsewhere
            same = torch.from_numpy(self._read().same)
            return split.split_rows(same, self._sizes(), self.test_seed, self.seed, self.folds)

    def _sizes(self) -> tuple[int, int, int]:
        return split.sizes_of(self.num_rows, self.test_share, self.val_share, self.folds)

    def _ranges(self) -> tuple[split.Pair, ...]:
        ends = torch.aminmax(self.x[self.train], dim=0)
        return tuple(zip(ends.min.tolist(), ends.max.tolist(), strict=True))

    @cached_property
    def _training(self) -> Batch:
        return self.x[self.train], self.y[self.train]

    @override
    def train_block(self, steps: Tensor) -> Batch:
        x, y = self._training
        size = self.batch_size or len(x)
        if size == len(x):
            return x.expand(len(steps), *x.shape), y.expand(len(steps), *y.shape)
        rows = split.rows_in_turn(steps, size, len(x), self.seed)
        return x[rows], y[rows]

    @override
    def rows_of(self, stage: str) -> Batch:
        rows = self.val if stage == "val" else self.test
        return self.x[rows], self.y[rows]

    @override
    def grid(self, points: int) -> Batch:
        return self.rows_of("test")
