"""Rosenblatt's perceptron as a Lightning module."""

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from typing_extensions import override

from mlpzoo.modules._arguments import taken_by
from mlpzoo.modules.base import LitNetwork
from mlpzoo.modules.formulas import ACCURACY
from mlpzoo.modules.metrics import RowMetric
from mlpzoo.nets import Perceptron
from mlpzoo.optim.factory import check_targets


class LitPerceptron(LitNetwork):
    """Trains a `Perceptron` with Rosenblatt's rule (1958).

    w += lr (target - output) x and b += lr (target - output), summed over the rows of a batch.
    The step's gradient is zero almost everywhere, so the rule is stated as the gradient descent
    that it is: plain SGD on the perceptron criterion, sum((output - target) (w . x + b)), the
    outputs held constant.

    Shapes: x (batch, in_features), y (batch, 1), zeros and ones.

    Args:
        in_features: Number of inputs.
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep", "nguyen" or "zeros" (see
            `mlpzoo.nets.initialization`).
        gain: Factor of the weights and biases that they start with.
        lr: Learning rate of the rule.
        seed: Seed of the start.

    Raises:
        InputError: An unknown initialization or a value out of range.

    Example:
        >>> import torch
        >>> LitPerceptron(initialization="zeros")(torch.ones(1, 2)).item()
        0.0
    """

    net: Perceptron

    def __init__(
        self,
        *,
        in_features: int = 2,
        initialization: str = "default",
        gain: float = 1.0,
        lr: float = 0.1,
        seed: int = 0,
    ) -> None:
        net = Perceptron(**taken_by(Perceptron, dict(locals())))
        super().__init__(net, task="gate", loss="mse", reduction="sum", optimizer="sgd", lr=lr)
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(1, in_features)

    @override
    def probability(self, output: Tensor) -> Tensor:
        return output  # already 0 or 1

    @override
    def objective(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        output = self(x)
        check_targets(self.loss, output, y)
        error = (output - y).detach()
        criterion: Tensor = (error * self.net.linear(x)).sum((-2, -1))  # of members, for each
        return criterion, {"loss": error.square().sum((-2, -1))}  # logged: the rows that are wrong

    @override
    def metrics(self, prefix: str) -> MetricCollection:
        return MetricCollection({"accuracy": RowMetric(ACCURACY)}, prefix=prefix)
