"""The metrics of every member at once, in the units of the exercise."""

import torch
from torch import Tensor

from mlpzoo.modules.metrics import LOG_FLOOR


class MemberMetrics:
    """What `LitNetwork.metrics` reports, for (members, rows, columns) of predictions.

    Args:
        task: "regression": rmse, max_error and r2; "gate": accuracy and bce; "none": nothing.
        columns: Names of the columns of y, each of which is measured by itself too, as
            "<column>_rmse" and so on; empty for none.
        names: Those that are reported; empty for all of the task.

    Example:
        >>> metrics = MemberMetrics("regression")
        >>> metrics.update(torch.tensor([[[1.0], [2.0]], [[1.0], [0.0]]]), torch.ones(2, 1))
        >>> metrics.compute()["max_error"].tolist()
        [1.0, 1.0]
    """

    def __init__(
        self, task: str, columns: tuple[str, ...] = (), names: tuple[str, ...] = ()
    ) -> None:
        self.task, self.columns, self.names = task, columns, names
        self._chunks: list[dict[str, Tensor]] = []

    def update(self, answer: Tensor, y: Tensor) -> None:
        """Take in rows.

        Args:
            answer: Predictions or probabilities, (members, rows, columns).
            y: Targets, (rows, columns) or (members or 1, rows, columns).
        """
        answer, y = answer.double(), y.double()
        rows = {"rows": answer.new_tensor(answer.shape[1])}
        if self.task == "regression":
            error = answer - y
            rows |= {"worst": error.abs().amax(1), "squares": error.square().sum(1)}
            rows |= {"sum": y.sum(-2), "spread": y.square().sum(-2)}
        elif self.task == "gate":
            p, q = answer.log().clamp(min=LOG_FLOOR), (1 - answer).log().clamp(min=LOG_FLOOR)
            rows["bce"] = -(y * p + (1 - y) * q).mean(-1).sum(1)
            rows["right"] = ((answer > 0.5) == (y > 0.5)).double().mean(-1).sum(1)
        self._chunks.append(rows)

    def compute(self) -> dict[str, Tensor]:
        """Return each metric by its name, shape (members,)."""
        chunks = {name: [each[name] for each in self._chunks] for name in self._chunks[0]}
        total = {name: torch.stack(values).sum(0) for name, values in chunks.items()}
        rows = total["rows"]
        if self.task == "gate":
            figures = {"accuracy": total["right"] / rows, "bce": total["bce"] / rows}
            return {key: figures[key] for key in self.names or figures if key in figures}
        if self.task != "regression":
            return {}
        total["worst"] = torch.stack(chunks["worst"]).amax(0)
        figures = _regression(total, slice(None))
        for index, name in enumerate(self.columns):
            of_column = _regression(total, slice(index, index + 1))
            figures |= {f"{name}_{key}": value for key, value in of_column.items()}
        return figures


def _regression(total: dict[str, Tensor], columns: slice) -> dict[str, Tensor]:
    """Return the metrics of some columns, taken together, from sums over the rows."""
    rows = total["rows"]
    worst, squares, sums, spread = (
        total[name][..., columns] for name in ("worst", "squares", "sum", "spread")
    )
    return {
        "rmse": (squares.mean(-1) / rows).sqrt(),
        "max_error": worst.amax(-1),
        "r2": (1 - squares / (spread - sums.square() / rows)).mean(-1),
    }
