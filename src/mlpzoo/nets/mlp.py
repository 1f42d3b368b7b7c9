"""A stack of linear layers: functions, gates, linear regression."""

from collections.abc import Sequence

from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import check_sizes, resolve_name
from mlpzoo.nets.base import Network
from mlpzoo.nets.initialization import initialize
from mlpzoo.nets.range_scale import Ranges, RangeScale
from mlpzoo.nets.stack import ACTIVATIONS, stack


class SequentialMLP(Network):
    """A stack of linear layers with one activation after every hidden layer.

    y = s_out * (W_n act(... act(W_1 (x - m_in) / s_in + b_1) ...) + b_n) + m_out, where the range
    `in_range` is mapped on [-1, 1] before the first layer and [-1, 1] on `out_range` after the
    last. Both maps are buffers, so they travel in the state_dict. Without hidden layers the
    network is linear regression.

    Shapes: (batch, in_features) -> (batch, out_features).

    Args:
        in_features: Number of inputs.
        hidden_features: Units of each hidden layer, first to last; empty for none.
        out_features: Number of outputs.
        activation: Name of a `torch.nn` activation, in any case.
        out_activation: The same for the output; "identity" for none.
        initialization: A name that `mlpzoo.nets.initialization` knows.
        gain: Factor of the weights and biases that it gives.
        in_range: Low and high end of all inputs, or of each; None leaves them as they are.
        out_range: The same of the outputs.
        seed: Seed of the start.

    Raises:
        InputError: A size below 1, an unknown name, or a range whose ends are not in order.

    Example:
        >>> import torch
        >>> net = SequentialMLP(in_features=1, hidden_features=(256, 256), out_features=1)
        >>> net(torch.zeros(100, 1)).shape, sum(p.numel() for p in net.parameters())
        (torch.Size([100, 1]), 66561)
    """

    def __init__(
        self,
        *,
        in_features: int = 1,
        hidden_features: Sequence[int] = (256, 256),
        out_features: int = 1,
        activation: str = "relu",
        out_activation: str = "identity",
        initialization: str = "default",
        gain: float = 1.0,
        in_range: Ranges | None = None,
        out_range: Ranges | None = None,
        seed: int = 0,
    ) -> None:
        hidden_features = check_sizes("hidden_features", hidden_features)
        activation = resolve_name("activation", activation, ACTIVATIONS)
        out_activation = resolve_name("activation", out_activation, ACTIVATIONS)
        super().__init__(
            in_features=in_features, hidden_features=hidden_features, out_features=out_features,
            activation=activation, out_activation=out_activation,
        )  # fmt: skip
        self.in_scale = RangeScale(in_range, in_features)
        self.layers = stack((in_features, *hidden_features, out_features), activation)
        self.out_activation = ACTIVATIONS[out_activation]()
        self.out_scale = RangeScale(out_range, out_features)
        initialize(self, initialization, seed, gain=gain)

    @override
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out_activation(self.layers(self.in_scale.to_unit(x)))
        return self.out_scale.from_unit(y)

    @override
    def sketch(self) -> str:
        given = self.arguments
        sizes = (given["in_features"], *given["hidden_features"], given["out_features"])
        names = [given["activation"]] if given["hidden_features"] else []
        names += [given["out_activation"]] if given["out_activation"] != "identity" else []
        return " ".join(["-".join(map(str, sizes)), *names])
