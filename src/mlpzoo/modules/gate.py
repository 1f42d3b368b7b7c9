"""A network for logic gates as a Lightning module: the lecture's for XOR, or one of any shape."""

import torch
from torch import nn
from typing_extensions import override

from mlpzoo.checks import InputError, resolve_name
from mlpzoo.modules._arguments import taken_by
from mlpzoo.modules.base import LitNetwork
from mlpzoo.nets import FourLayerXOR, SequentialMLP
from mlpzoo.nets.stack import ACTIVATIONS
from mlpzoo.optim.needs import name_of_loss

OF_LOGITS = (nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss)
_LECTURES = "sigmoid"  # the activation of the lecture's network


class LitGate(LitNetwork):
    """Trains a network on the truth table of a gate; `forward` returns the logit.

    Without `hidden_features` it is the lecture's `FourLayerXOR`, for two inputs; with it, a
    `SequentialMLP` of that shape.

    Shapes: x (batch, in_features), y (batch, 1).

    Args:
        in_features: Number of inputs.
        hidden_features: Units of each hidden layer; None for the lecture's four of two sigmoids.
        activation: Name of the hidden activation in `torch.nn`: "sigmoid", "tanh", "relu", ...
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep", "nguyen" or "zeros" (see
            `mlpzoo.nets.initialization`).
        gain: Factor of the weights and biases that they start with.
        loss: Name of a loss of `torch.nn` that takes the logit.
        seed: Seed of the start.

    Raises:
        InputError: An unknown name or a value out of range; other inputs or another activation
            than the lecture's network has.

    Example:
        >>> LitGate().answer(torch.zeros(4, 2)).shape
        torch.Size([4, 1])
        >>> sum(p.numel() for p in LitGate(in_features=3, hidden_features=(5,)).parameters())
        26
    """

    def __init__(
        self,
        *,
        in_features: int = 2,
        hidden_features: tuple[int, ...] | None = None,
        activation: str = _LECTURES,
        initialization: str = "rotation",
        gain: float = 1.0,
        loss: str = "bcewithlogits",
        reduction: str = "mean",
        optimizer: str = "adam",
        lr: float = 0.02,
        schedule: str = "constant",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        beta2: float | None = None,
        seed: int = 0,
    ) -> None:
        given = dict(locals())
        net: nn.Module
        if hidden_features is None:
            _check_lectures(in_features, activation)
            net = FourLayerXOR(initialization=initialization, gain=gain, seed=seed)
        else:
            net = SequentialMLP(**taken_by(SequentialMLP, given))
        super().__init__(net, task="gate", **taken_by(LitNetwork, given))
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(1, in_features)

    @override
    def check_loss(self) -> None:
        super().check_loss()
        check_gate_loss(self.loss, of_logits=True)


LitFourLayerXOR = LitGate  # whose network is the lecture's where no other is asked for


def check_gate_loss(loss: nn.Module, *, of_logits: bool) -> None:
    """Refuse a loss that does not fit what a network for gates puts out.

    Args:
        loss: The loss.
        of_logits: Whether the network gives logits; else it gives probabilities.

    Raises:
        InputError: A loss of probabilities for logits, or the other way round.
    """
    if of_logits and not isinstance(loss, OF_LOGITS):
        raise InputError(
            f"loss {name_of_loss(type(loss))} does not fit the logit of a gate; take bcewithlogits "
            "(bce fits a network that ends in a sigmoid)"
        )
    if not of_logits and isinstance(loss, OF_LOGITS):
        raise InputError(f"loss {name_of_loss(type(loss))} does not fit a final sigmoid; take bce")


def _check_lectures(in_features: int, activation: str) -> None:
    if in_features != 2:
        raise InputError(
            f"the lecture's network has 2 inputs, not {in_features}; give hidden_features"
        )
    if resolve_name("activation", activation, ACTIVATIONS) != _LECTURES:
        raise InputError(f"activation {activation!r} goes with hidden_features; give both")
