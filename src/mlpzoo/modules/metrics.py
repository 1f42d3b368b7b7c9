"""The torchmetrics collections that the modules report, in the units of the exercise."""

import torch
from torch import Tensor
from torchmetrics import MeanSquaredError, Metric, MetricCollection, R2Score
from torchmetrics.classification import BinaryAccuracy

LOG_FLOOR = -100.0  # as torch.nn.BCELoss has it; unlike it, NaN is reported and not an error


class MaxError(Metric):
    """max_i |prediction_i - target_i|, over all rows and columns.

    Example:
        >>> metric = MaxError()
        >>> metric.update(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 4.0]))
        >>> metric.compute().item()
        2.0
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    largest: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("largest", default=torch.tensor(0.0), dist_reduce_fx="max")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in a batch: any shape, the same for both."""
        self.largest = torch.maximum(self.largest, (preds - target).abs().max())

    def compute(self) -> Tensor:
        """Return the largest error so far; NaN once a prediction was NaN."""
        return self.largest


class BinaryCrossEntropy(Metric):
    """-mean(y log p + (1 - y) log(1 - p)) in nats, whatever loss was trained on.

    Example:
        >>> metric = BinaryCrossEntropy()
        >>> metric.update(torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0]))
        >>> round(metric.compute().item(), 4)
        0.6931
    """

    is_differentiable = True
    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", default=torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in a batch of probabilities and 0/1 targets, of one shape."""
        log_p = preds.log().clamp(min=LOG_FLOOR)
        log_q = (1 - preds).log().clamp(min=LOG_FLOOR)
        self.total -= (target * log_p + (1 - target) * log_q).sum()
        self.count += target.numel()

    def compute(self) -> Tensor:
        """Return the mean so far."""
        return self.total / self.count


def as_exact(*values: Tensor) -> tuple[Tensor, ...]:
    """Return tensors in float64, where the device has it, and contiguous.

    In float32 the sums of squares behind R2 cancel as soon as targets are far from 0.
    """
    return tuple(
        (value if value.device.type == "mps" else value.double()).contiguous() for value in values
    )


def regression_metrics(prefix: str) -> MetricCollection:
    """Return rmse, max_error and r2 under a prefix such as "val_"."""
    return MetricCollection(
        {"rmse": MeanSquaredError(squared=False), "max_error": MaxError(), "r2": R2Score()},
        prefix=prefix,
        compute_groups=False,
    )


def gate_metrics(prefix: str) -> MetricCollection:
    """Return accuracy (threshold 0.5) and bce under a prefix; they take probabilities."""
    return MetricCollection(
        {"accuracy": BinaryAccuracy(), "bce": BinaryCrossEntropy()},
        prefix=prefix,
        compute_groups=False,
    )
