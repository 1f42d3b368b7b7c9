"""The two-headed network for maximum and minimum as a Lightning module."""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.modules._arguments import taken_by
from mlpzoo.modules.base import LitNetwork
from mlpzoo.nets import DualHeadMLP
from mlpzoo.optim.kernels.chain import in_chain

HEADS = ("max_head", "min_head")  # columns 0 and 1 of predictions and targets


class LitMinMax(LitNetwork):
    """Trains a `DualHeadMLP` on the sum of the losses of its two heads.

    Logged beside the base's metrics, which cover both heads: `max_head_loss` and
    `min_head_loss` after `train_`, `val_` and `test_`, and rmse, max_error and r2 of each head by
    itself.

    Shapes: x (batch, in_features), y (batch, 2): the maximum, the minimum.

    Args:
        in_features: Number of inputs.
        trunk_features: Units of each trunk layer.
        head_features: Units of each hidden layer of a head.
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep", "nguyen" or "zeros" (see
            `mlpzoo.nets.initialization`).
        gain: Factor of the weights and biases that they start with.
        value_range: Low and high end of inputs and outputs, mapped on [-1, 1] inside.
        reduction: "sum" or "mean", within a head.
        seed: Seed of the start.

    Raises:
        InputError: An unknown name or a value out of range.

    Example:
        >>> import torch
        >>> LitMinMax(value_range=(0.0, 100.0))(torch.zeros(5, 2)).shape
        torch.Size([5, 2])
    """

    columns: ClassVar[tuple[str, ...]] = HEADS

    def __init__(
        self,
        *,
        in_features: int = 2,
        trunk_features: tuple[int, ...] = (256, 256, 256),
        head_features: tuple[int, ...] = (256,),
        initialization: str = "default",
        gain: float = 1.0,
        value_range: tuple[float, float] | None = None,
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
        net = DualHeadMLP(**taken_by(DualHeadMLP, given))
        super().__init__(net, task="regression", **taken_by(LitNetwork, given))
        self.save_hyperparameters()
        self.example_input_array = torch.zeros(1, in_features)

    @partial(in_chain, by_column=True)
    @override
    def losses(self, output: Tensor, y: Tensor) -> dict[str, Tensor]:
        by_head = {
            f"{head}_loss": self.loss(output[..., column], y[..., column])
            for column, head in enumerate(HEADS)
        }
        return {"loss": by_head["max_head_loss"] + by_head["min_head_loss"], **by_head}
