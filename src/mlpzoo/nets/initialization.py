"""How the linear layers of a network start: schemes by name, each from a seed of its own."""

import math

import torch
from torch import nn

from mlpzoo.checks import check_seed, resolve_name

INITIALIZATIONS = (
    "default", "uniform", "xavier", "centred", "rotation", "spread", "steep", "zeros",
)  # fmt: skip
CENTRED_GAIN = 4.0  # the inverse of a sigmoid's slope at 0: the signal keeps its size
SPREAD_GAINS = {"spread": 0.25, "steep": 1.0}  # length of a first-layer weight
ROTATION_GAINS = (0.7, 2.5, 8.0)  # first layer, layers between, last layer
ROTATION_TILT = 0.01  # most that the last bias is off centre


def initialize(net: nn.Module, initialization: str, seed: int) -> None:
    """Draw every linear layer of `net` anew, in the order of `net.modules()`.

    - "default": PyTorch's own, U(-1/sqrt(in), 1/sqrt(in)) for weights and biases; the same bits as
      `torch.manual_seed(seed)` followed by `nn.Linear(...)` for each layer.
    - "uniform": weights and biases from U(0, 1); the lecture notes call this xavier.
    - "xavier": Glorot and Bengio 2010, uniform with gain 1, biases 0.
    - "centred": the same with gain 4, and b = -W.sum/2, so that each unit is at 0 in the middle of
      the unit square.
    - "rotation": rows of a random orthogonal matrix times a gain (0.7 for the first layer, 2.5 for
      those between, 8 for the last), with the biases of "centred": no layer starts by merging two
      patterns, and the signal keeps its size through sigmoids. The last biases are off by up to
      0.01: exactly centred, their gradient on XOR is 0 but for rounding, which Adam would make a
      whole step of, another one on every machine.
    - "spread": "default", but the units of the first layer bend at points spread evenly over
      [-1, 1]^in instead of mostly near 0: each coordinate of the points takes the middles of as
      many equal intervals as there are units, in random order; w is a random direction of length
      0.25, b = -w . point. For inputs that are mapped on [-1, 1].
    - "steep": the same with length 1, for functions that turn often.
    - "zeros": weights and biases 0.

    Args:
        net: Any module; its `nn.Linear` layers are changed in place.
        initialization: One of the names above.
        seed: Seed of a generator of its own; no global random state is touched.

    Raises:
        InputError: Unknown initialization, or a seed out of range.
    """
    name = resolve_name("initialization", initialization, INITIALIZATIONS)
    check_seed("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    layers = [module for module in net.modules() if isinstance(module, nn.Linear)]
    first, between, last = ROTATION_GAINS
    gains = [first] + [between] * (len(layers) - 2) + [last]
    with torch.no_grad():
        for layer, gain in zip(layers, gains, strict=False):
            _draw(layer, name, gain, generator)
        if name in SPREAD_GAINS and len(layers) > 1:
            _spread(layers[0], SPREAD_GAINS[name], generator)
        if name == "rotation":
            bias = layers[-1].bias
            bias.add_(torch.empty_like(bias).uniform_(-1, 1, generator=generator) * ROTATION_TILT)


def _draw(layer: nn.Linear, name: str, rotation_gain: float, generator: torch.Generator) -> None:
    weight, bias = layer.weight, layer.bias
    if name == "default" or name in SPREAD_GAINS:
        bound = 1 / math.sqrt(layer.in_features)
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
        nn.init.uniform_(bias, -bound, bound, generator=generator)
    elif name == "uniform":
        nn.init.uniform_(weight, generator=generator)
        nn.init.uniform_(bias, generator=generator)
    elif name == "xavier":
        nn.init.xavier_uniform_(weight, generator=generator)
        nn.init.zeros_(bias)
    elif name == "centred":
        nn.init.xavier_uniform_(weight, gain=CENTRED_GAIN, generator=generator)
        bias.copy_(-weight.sum(dim=1) / 2)
    elif name == "rotation":
        nn.init.orthogonal_(weight, gain=rotation_gain, generator=generator)
        bias.copy_(-weight.sum(dim=1) / 2)
    else:
        nn.init.zeros_(weight)
        nn.init.zeros_(bias)


def _spread(layer: nn.Linear, gain: float, generator: torch.Generator) -> None:
    weight = layer.weight
    nn.init.normal_(weight, generator=generator)
    weight.mul_(gain / weight.norm(dim=1, keepdim=True))
    order = torch.rand(weight.shape, generator=generator).argsort(dim=0)
    points = (2 * order + 1) / len(weight) - 1
    layer.bias.copy_(-(weight * points).sum(dim=1))
