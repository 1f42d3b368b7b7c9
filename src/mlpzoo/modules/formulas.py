"""Metrics as pure functions of what is summed over rows.

Each is written once, for (..., rows, columns): a population has its members in front, a run of its
own has nothing there. Everything is in the units of the exercise.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

LOG_FLOOR = -100.0  # as torch.nn.BCELoss has it; unlike it, NaN is reported and not an error
_R2_ZERO = 1e-12  # of the squares about 0: what is smaller about the mean is rounding

Parts = dict[str, Tensor]


class Formula(NamedTuple):
    """A metric as two pure functions.

    Attributes:
        parts: Maps predictions or probabilities and targets, (..., rows, columns), to what these
            rows contribute, by name, each (..., columns).
        value: Maps the joined parts of all rows to the metric, (...).
        largest: Whether parts are joined by their maximum, and not by their sum.
        by_column: Whether the value is a mean over columns, whose parts have to stay apart.
    """

    parts: Callable[[Tensor, Tensor], Parts]
    value: Callable[[Parts], Tensor]
    largest: bool = False
    by_column: bool = False

    def as_rows(self, values: Tensor) -> Tensor:
        """Return values of one module as (rows, columns); of one column, if all are alike.

        Args:
            values: Of any shape.
        """
        return values.reshape((len(values), -1) if self.by_column else (-1, 1)).contiguous()

    def join(self, before: Parts, new: Parts) -> Parts:
        """Return the parts of two sets of rows taken together.

        Args:
            before: The parts of one set.
            new: The parts of the other.
        """
        together = torch.maximum if self.largest else torch.add
        return {name: together(before[name], part) for name, part in new.items()}


def measured(task: str, answer: Tensor, y: Tensor, columns: Sequence[str] = ()) -> dict[str, float]:
    """Return all that a task is measured by, on the rows of a grid.

    Args:
        task: A key of `METRICS`.
        answer: Predictions or probabilities, (rows, columns).
        y: Targets, the same.
        columns: Names of the columns, each of which is measured by itself too, as "<column>_rmse"
            and so on; empty for none.

    Example:
        >>> measured("gate", torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [0.0]]))
        {'accuracy': 0.5, 'bce': 50.0}
    """
    found, pair = {}, as_exact(answer, y)
    parts = {
        "": pair,
        **{f"{n}_": tuple(v[:, k, None] for v in pair) for k, n in enumerate(columns)},
    }
    for name, part in parts.items():
        for key, formula in METRICS[task].items():
            rows = (formula.as_rows(values) for values in part)
            found[name + key] = formula.value(formula.parts(*rows)).item()
    return dict(sorted(found.items()))


def as_exact(*values: Tensor) -> tuple[Tensor, ...]:
    """Return tensors in float64, where the device has it.

    In float32 the sums of squares behind R2 cancel as soon as targets are far from 0.

    Args:
        *values: Of any shape.
    """
    return tuple(value if value.device.type == "mps" else value.double() for value in values)


def _rows(answer: Tensor) -> Tensor:
    return torch.full(answer.shape[-1:], answer.shape[-2], device=answer.device)


def _mean(total: Parts) -> Tensor:
    return total["sum"].sum(-1) / total["count"].sum(-1)


def _root_mean(total: Parts) -> Tensor:
    return _mean(total).sqrt()


def _squares(answer: Tensor, y: Tensor) -> Parts:
    squares = (answer - y).square().sum(-2)
    return {"sum": squares.float(), "count": _rows(answer)}  # nothing here ever cancels


def _largest_error(answer: Tensor, y: Tensor) -> Parts:
    return {"worst": (answer - y).abs().amax(-2)}


def _worst(total: Parts) -> Tensor:
    return total["worst"].amax(-1)


def _spread(answer: Tensor, y: Tensor) -> Parts:
    squares, around_0 = (answer - y).square().sum(-2), y.square().sum(-2)
    return {"squares": squares, "around_0": around_0, "sum": y.sum(-2), "count": _rows(answer)}


def _r2(total: Parts) -> Tensor:
    around_mean = total["around_0"] - total["sum"] * (total["sum"] / total["count"])
    least = _R2_ZERO * total["around_0"]
    of_constant = torch.where(total["squares"] <= least, 1.0, 0.0).to(around_mean)
    score = 1 - total["squares"] / around_mean
    return torch.where(around_mean <= least, of_constant, score).mean(-1)


def _right(answer: Tensor, y: Tensor) -> Parts:
    return {"sum": ((answer > 0.5) == (y > 0.5)).sum(-2), "count": _rows(answer)}


def _entropy(answer: Tensor, y: Tensor) -> Parts:
    log_p, log_q = (p.log().clamp(min=LOG_FLOOR) for p in (answer, 1 - answer))
    total = -(y * log_p + (1 - y) * log_q).sum(-2)
    return {"sum": total.float(), "count": _rows(answer)}


RMSE = Formula(_squares, _root_mean)
MAX_ERROR = Formula(_largest_error, _worst, largest=True)
R2 = Formula(_spread, _r2, by_column=True)  # mean over columns of 1 - squares / around_mean
ACCURACY = Formula(_right, _mean)  # of probabilities, at 0.5
BCE = Formula(_entropy, _mean)  # in nats, whatever loss was trained on

METRICS: Mapping[str, Mapping[str, Formula]] = {
    "regression": {"rmse": RMSE, "max_error": MAX_ERROR, "r2": R2},
    "gate": {"accuracy": ACCURACY, "bce": BCE},
    "none": {},
}
