"""Metrics as pure functions of what is summed over rows, and the collections that modules report.

Each is written once, for (..., rows, columns): a population has its members in front, a run of its
own has nothing there. Everything is in the units of the exercise.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection

LOG_FLOOR = -100.0  # as torch.nn.BCELoss has it; unlike it, NaN is reported and not an error
_R2_ZERO = 1e-4  # torchmetrics takes smaller sums of squares for 0, and so do the figures published

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

    def join(self, before: Parts, new: Parts) -> Parts:
        """Return the parts of two sets of rows taken together.

        Args:
            before: The parts of one set.
            new: The parts of the other.
        """
        together = torch.maximum if self.largest else torch.add
        return {name: together(before[name], part) for name, part in new.items()}


class RowMetric(Metric):
    """A formula under torchmetrics; its state is the parts of the rows seen so far.

    Args:
        formula: What is computed.
        column: The only column that counts; None for all.
        members: Whether predictions have a leading axis, and the value is one for each.

    Example:
        >>> metric = RowMetric(MAX_ERROR)
        >>> metric.update(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 4.0]))
        >>> metric.compute().item()
        2.0
    """

    full_state_update = False

    def __init__(
        self, formula: Formula, *, column: int | None = None, members: bool = False
    ) -> None:
        super().__init__()
        self.formula, self.column, self.members = formula, column, members
        reduction = "max" if formula.largest else "sum"
        for name in formula.parts(torch.zeros(1, 1), torch.zeros(1, 1)):
            self.add_state(name, default=torch.tensor(0), dist_reduce_fx=reduction)

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in a batch.

        Args:
            preds: Predictions or probabilities, of any shape; (members, rows, columns).
            target: Targets, of the same shape; of members too, or the same for all.
        """
        pair, state = (preds, target), cast("Parts", self.metric_state)
        if self.column is not None:
            pair = (preds[..., self.column, None], target[..., self.column, None])
        if not self.members:
            shape = (len(preds), -1) if self.formula.by_column else (-1, 1)
            pair = (pair[0].reshape(shape).contiguous(), pair[1].reshape(shape).contiguous())
        for name, part in self.formula.join(state, self.formula.parts(*pair)).items():
            setattr(self, name, part)

    def compute(self) -> Tensor:
        """Return the metric of all rows so far, which a NaN makes NaN, accuracy apart."""
        return self.formula.value(cast("Parts", self.metric_state))


def task_metrics(task: str, prefix: str = "", columns: Sequence[str] = ()) -> MetricCollection:
    """Return new metrics of all that a task is measured by.

    Args:
        task: "regression": rmse, max_error and r2; "gate": accuracy and bce, which take
            probabilities; "none": nothing.
        prefix: What stands before their names, such as "val_".
        columns: Names of the columns, each of which is measured by itself too, as "<column>_rmse"
            and so on; empty for none.
    """
    made: dict[str, Metric | MetricCollection] = {}
    for column, name in [(None, ""), *((at, f"{name}_") for at, name in enumerate(columns))]:
        made |= {name + k: RowMetric(each, column=column) for k, each in METRICS[task].items()}
    return MetricCollection(made, prefix=prefix, compute_groups=False)


def member_metrics(metrics: MetricCollection) -> MetricCollection:
    """Return new metrics that are those of each member.

    Args:
        metrics: What a member reports; those that are no `RowMetric` are left out.

    Example:
        >>> metrics = member_metrics(task_metrics("regression"))
        >>> metrics.update(torch.tensor([[[1.0], [2.0]], [[1.0], [0.0]]]), torch.ones(2, 1))
        >>> metrics.compute()["max_error"].tolist()
        [1.0, 1.0]
    """
    made: dict[str, Metric | MetricCollection] = {
        str(name): RowMetric(each.formula, column=each.column, members=True)
        for name, each in metrics.items(keep_base=True)
        if isinstance(each, RowMetric)
    }
    return MetricCollection(made, compute_groups=False)


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
    score = 1 - total["squares"] / around_mean
    score = torch.where(around_mean.abs() <= _R2_ZERO, 0.0, score)
    return torch.where(total["squares"] <= _R2_ZERO, 1.0, score).mean(-1)


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
