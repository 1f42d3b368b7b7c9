"""The four-hidden-layer XOR network as a Lightning module."""

import torch

from mlpzoo.modules._arguments import taken_by
from mlpzoo.modules.base import LitNetwork
from mlpzoo.nets import FourLayerXOR


class LitFourLayerXOR(LitNetwork):
    """Trains a `FourLayerXOR` on a gate's truth table; `forward` returns the logit.

    Shapes: x (batch, 2), y (batch, 1).

    Args:
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep" or "zeros" (see `mlpzoo.nets.initialization`).
        loss: Name of a loss of `torch.nn` that takes the logit.
        seed: Seed of the start.

    Raises:
        InputError: An unknown name or a value out of range.

    Example:
        >>> import torch
        >>> LitFourLayerXOR().answer(torch.zeros(4, 2)).shape
        torch.Size([4, 1])
    """

    def __init__(
        self,
        *,
        initialization: str = "rotation",
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
        net = FourLayerXOR(initialization=initialization, seed=seed)
        super().__init__(net, task="gate", **taken_by(LitNetwork, given))
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(1, 2)
