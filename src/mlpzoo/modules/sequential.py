"""A Lightning module for any sequential network: functions, gates, linear regression."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.modules._arguments import taken_by
from mlpzoo.modules.base import LitNetwork
from mlpzoo.modules.gate import check_gate_loss
from mlpzoo.nets import SequentialMLP
from mlpzoo.nets.range_scale import Ranges
from mlpzoo.optim.levenberg import LevenbergMarquardt as LevenbergMarquardt  # of this room too


class LitSequentialMLP(LitNetwork):
    """Trains a `SequentialMLP` on batches (x, y).

    Shapes: x (batch, in_features), y (batch, out_features).

    Args:
        in_features: Number of inputs.
        hidden_features: Units of each hidden layer; empty for linear regression.
        out_features: Number of outputs.
        activation: Name of the hidden activation in `torch.nn`: "relu", "sigmoid", "tanh", ...
        out_activation: Name of the output's; "sigmoid" with loss "bce" is the lecture's XOR.
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep", "nguyen" or "zeros" (see
            `mlpzoo.nets.initialization`).
        gain: Factor of the weights and biases that they start with.
        in_range: Low and high end of all inputs, or of each, mapped on [-1, 1] inside the network.
        out_range: The same of the outputs, mapped from [-1, 1].
        task: "regression", "gate" or "none": which metrics are reported.
        seed: Seed of the start.

    Raises:
        InputError: An unknown name or a value out of range.

    Example:
        >>> LitSequentialMLP(hidden_features=(16, 16), lr=0.01).hparams.lr
        0.01
    """

    net: SequentialMLP

    def __init__(
        self,
        *,
        in_features: int = 1,
        hidden_features: tuple[int, ...] = (256, 256),
        out_features: int = 1,
        activation: str = "relu",
        out_activation: str = "identity",
        initialization: str = "default",
        gain: float = 1.0,
        in_range: Ranges | None = None,
        out_range: Ranges | None = None,
        task: str = "regression",
        loss: str = "mse",
        reduction: str = "mean",
        optimizer: str = "adam",
        lr: float = 1e-3,
        schedule: str = "constant",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        beta2: float | None = None,
        seed: int = 0,
    ) -> None:
        given = dict(locals())
        super().__init__(
            SequentialMLP(**taken_by(SequentialMLP, given)), **taken_by(LitNetwork, given)
        )
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(1, in_features)

    @override
    def check_loss(self) -> None:
        super().check_loss()
        if self.task == "gate":
            check_gate_loss(self.loss, of_logits=not self._ends_in_sigmoid())

    @override
    def probability(self, output: Tensor) -> Tensor:
        return output if self._ends_in_sigmoid() else super().probability(output)

    @override
    def logit(self, output: Tensor) -> Tensor:
        return output.double().logit(eps=1e-12) if self._ends_in_sigmoid() else output

    def _ends_in_sigmoid(self) -> bool:
        return isinstance(self.net.out_activation, nn.Sigmoid)
