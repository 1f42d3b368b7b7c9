"""The two-headed network for maximum and minimum as a Lightning module."""

from typing import ClassVar

from torch import Tensor
from typing_extensions import override

from mlpzoo.modules.base import LitNetwork
from mlpzoo.nets import DualHeadMLP

HEADS = ("max_head", "min_head")  # columns 0 and 1 of predictions and targets


class LitMinMax(LitNetwork):
    """Trains a `DualHeadMLP` on the sum of the losses of its two heads.

    Logged beside the base's metrics, which cover both heads: train_, val_ and test_
    max_head_loss and min_head_loss, and rmse, max_error and r2 of each head by itself.

    Shapes: x (batch, in_features), y (batch, 2): the maximum, the minimum.

    Args:
        in_features: Number of inputs.
        trunk_features: Units of each trunk layer.
        head_features: Units of each hidden layer of a head.
        initialization: How the weights start: "default", "uniform", "xavier", "centred",
            "rotation", "spread", "steep" or "zeros" (see `mlpzoo.nets.initialization`).
        value_range: Low and high end of inputs and outputs, mapped on [-1, 1] inside.
        loss: Name of a loss of `torch.nn`: "mse", "l1", "huber", ...
        reduction: "sum" or "mean", within a head.
        optimizer: Name of an optimizer of `torch.optim`: "adam", "sgd", ...; or "levenberg".
        lr: Learning rate; of "levenberg", the share of a step that is taken.
        schedule: "constant", "linear", "cosine", "exponential" or "onecycle".
        momentum: Momentum, for optimizers that take it.
        weight_decay: Weight decay.
        beta2: Decay of Adam's mean of squared gradients; None for the optimizer's default.
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
        net = DualHeadMLP(
            in_features=in_features,
            trunk_features=trunk_features,
            head_features=head_features,
            initialization=initialization,
            value_range=value_range,
            seed=seed,
        )
        super().__init__(
            net,
            task="regression",
            loss=loss,
            reduction=reduction,
            optimizer=optimizer,
            lr=lr,
            schedule=schedule,
            momentum=momentum,
            weight_decay=weight_decay,
            beta2=beta2,
        )
        self.save_hyperparameters()

    @override
    def losses(self, output: Tensor, y: Tensor) -> dict[str, Tensor]:
        by_head = {
            f"{head}_loss": self.loss(output[..., column], y[..., column])
            for column, head in enumerate(HEADS)
        }
        return {"loss": by_head["max_head_loss"] + by_head["min_head_loss"], **by_head}
