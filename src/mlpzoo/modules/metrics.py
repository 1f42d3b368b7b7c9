"""The collections of metrics that modules report: the formulas of this room under torchmetrics."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from mlpzoo.modules.formulas import METRICS, Formula, Parts


class RowMetric(Metric):
    """A formula under torchmetrics; its state is the parts of the rows seen so far.

    Args:
        formula: What is computed.
        column: The only column that counts; None for all.
        members: Whether predictions have a leading axis, and the value is one for each.

    Example:
        >>> metric = RowMetric(METRICS["regression"]["max_error"])
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
            pair = (self.formula.as_rows(pair[0]), self.formula.as_rows(pair[1]))
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
        prefix: What stands before their names, such as `val_`.
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
