"""The metrics of every member at once, in the units of the exercise."""

from torch import Tensor
from torchmetrics import MetricCollection

from mlpzoo.modules.metrics import Parts, RowMetric, as_exact


class MemberMetrics:
    """What `LitNetwork.metrics` reports, for (members, rows, columns) of predictions.

    Args:
        metrics: A new collection; those that are no `RowMetric` are left out.
        columns: Names of the columns of y, each of which is measured by itself too, as
            "<column>_rmse" and so on; empty for none.

    Example:
        >>> import torch
        >>> from mlpzoo.modules.metrics import task_metrics
        >>> metrics = MemberMetrics(task_metrics("regression"))
        >>> metrics.update(torch.tensor([[[1.0], [2.0]], [[1.0], [0.0]]]), torch.ones(2, 1))
        >>> metrics.compute()["max_error"].tolist()
        [1.0, 1.0]
    """

    def __init__(self, metrics: MetricCollection, columns: tuple[str, ...] = ()) -> None:
        self.formulas = {n: m.formula for n, m in metrics.items() if isinstance(m, RowMetric)}
        self.columns = columns
        self._totals: dict[str, Parts] = {}

    def update(self, answer: Tensor, y: Tensor) -> None:
        """Take in rows.

        Args:
            answer: Predictions or probabilities, (members, rows, columns).
            y: Targets, (rows, columns) or (members or 1, rows, columns).
        """
        answer, y = as_exact(answer, y)
        for name, formula in self.formulas.items():
            new = formula.parts(answer, y)
            before = self._totals.get(name)
            self._totals[name] = new if before is None else formula.join(before, new)

    def compute(self) -> dict[str, Tensor]:
        """Return each metric by its name, shape (members,)."""
        figures = self._values("", slice(None))
        for index, column in enumerate(self.columns):
            figures |= self._values(f"{column}_", slice(index, index + 1))
        return figures

    def _values(self, prefix: str, columns: slice) -> dict[str, Tensor]:
        values = {}
        for name, total in self._totals.items():
            parts = as_exact(*(part[..., columns] for part in total.values()))
            value = self.formulas[name].value(dict(zip(total, parts, strict=True)))
            values[prefix + name] = value
        return values
