"""Truth tables of logic gates."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError, check_flag, lookup
from mlpzoo.data.base import Samples
from mlpzoo.data.sampling import cycle, uniform
from mlpzoo.data.stream import Batch

GATES: dict[str, tuple[int, int, int, int]] = {  # outputs for 00, 01, 10, 11
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "xor": (0, 1, 1, 0),
    "nand": (1, 1, 1, 0),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
}

TABLES: dict[tuple[int, ...], str] = {  # of two inputs, all 16
    **{table: name.upper() for name, table in GATES.items()},
    (0, 0, 0, 0): "always 0", (1, 1, 1, 1): "always 1",
    (0, 0, 1, 1): "x1", (0, 1, 0, 1): "x2", (1, 1, 0, 0): "not x1", (1, 0, 1, 0): "not x2",
    (0, 0, 1, 0): "x1 and not x2", (0, 1, 0, 0): "x2 and not x1",
    (1, 0, 1, 1): "x1 or not x2", (1, 1, 0, 1): "x2 or not x1",
}  # fmt: skip
MOST_INPUTS = 10


def is_linearly_separable(table: tuple[int, ...]) -> bool:
    """Tell whether one line separates the ones of a gate from its zeros: of all but XOR and XNOR.

    Args:
        table: Outputs for 00, 01, 10, 11.

    Example:
        >>> is_linearly_separable((0, 0, 0, 1)), is_linearly_separable((0, 1, 1, 0))
        (True, False)
    """
    return table not in (GATES["xor"], GATES["xnor"])


@dataclass(kw_only=True, eq=False)
class GateSamples(Samples):
    """The truth table of a gate, its rows in binary order in every grid: 00, 01, 10, 11.

    Shapes: x (batch, in_features), y (batch, 1), float32 zeros and ones.

    Args:
        gate: "and", "or", "xor", "nand", "nor" or "xnor", of two inputs.
        table: In place of a gate's name, the outputs for the rows in binary order, such as "0110";
            2^n of them are a gate of n inputs.
        batch_size: Rows of a training batch: 4 is the whole table of two inputs.
        shuffle: Draw every row of a batch at random, by seed and step, instead of taking the rows
            in turn.
        seed: Which random rows; not used where the rows come in turn.

    Raises:
        InputError: Unknown gate, a table that is none, or a size below 1.

    Example:
        >>> GateSamples(gate="xor").train_batch(0)[1].flatten().tolist()
        [0.0, 1.0, 1.0, 0.0]
        >>> GateSamples(table="01101001").in_features
        3
    """

    in_features = 2

    gate: str = "xor"
    table: str | None = None
    batch_size: int = 4
    shuffle: bool = False
    low: float = field(default=0.0, init=False)
    high: float = field(default=1.0, init=False)
    growth: tuple[tuple[int, int], ...] = field(default=(), init=False)
    sampling: str = field(default="uniform", init=False)
    val_points: int = field(default=2, init=False)
    test_points: int = field(default=2, init=False)

    @override
    def __post_init__(self) -> None:
        named = lookup("gate", self.gate, GATES)
        self.outputs = named if self.table is None else _outputs(self.table)
        self.in_features = len(self.outputs).bit_length() - 1
        self._take_numbers()
        check_flag("shuffle", self.shuffle)
        super().__post_init__()

    @override
    def target(self, x: Tensor) -> Tensor:
        places = 2 ** torch.arange(self.in_features - 1, -1, -1, device=x.device)
        row = ((x > 0.5) * places).sum(dim=-1)
        outputs = torch.tensor(self.outputs, dtype=x.dtype, device=x.device)
        return outputs[row].unsqueeze(-1)

    @override
    def train_block(self, steps: Tensor) -> Batch:
        x, y = self.grid(2)
        if not self.shuffle:
            return cycle(x, y, self.batch_size, steps)
        rows = (len(x) * uniform(self.seed, steps, self.batch_size)).long()
        return x[rows], y[rows]


def _outputs(table: str) -> tuple[int, ...]:
    sizes = [2**n for n in range(1, MOST_INPUTS + 1)]
    if isinstance(table, str) and set(table) <= {"0", "1"} and len(table) in sizes:
        return tuple(map(int, table))
    text = str(table)
    shown = f"{table!r} of {len(text)}" if len(text) < 40 else f"one of {len(text)}"
    raise InputError(f"table must be 2, 4, 8, ... or {2**MOST_INPUTS} zeros and ones, got {shown}")
