"""How the linear layers of a network start: schemes by name, each from a seed of its own."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.checks import check_positive, check_seed, resolve_name

INITIALIZATIONS = (
    "default", "uniform", "xavier", "centred", "rotation", "spread", "steep", "nguyen",
    "zeros",
)  # fmt: skip
CENTRED_GAIN = 4.0  # the inverse of a sigmoid's slope at 0: the signal keeps its size
SPREAD_GAINS = {"spread": 0.25, "steep": 1.0, "nguyen": 0.7}  # length of a first-layer weight
ROTATION_GAINS = (0.7, 2.5, 8.0)  # first layer, layers between, last layer
ROTATION_TILT = 0.01  # most that the last bias is off centre


def initialize(net: nn.Module, initialization: str, seed: int, *, gain: float = 1.0) -> None:
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
    - "nguyen": the same with length 0.7 units^(1/in), with which the steps of tanh units just meet
      (Nguyen and Widrow 1990, "Improving the learning speed of 2-layer neural networks").
    - "zeros": weights and biases 0.

    Args:
        net: Any module; its `nn.Linear` layers are changed in place.
        initialization: One of the names above.
        seed: Seed of a generator of its own; no global random state is touched.
        gain: Factor of all that is drawn, biases too: "default" with gain g is U(-g/sqrt(in),
            g/sqrt(in)), and "centred" stays centred.

    Raises:
        InputError: Unknown initialization, or a seed or a gain out of range.
    """
    with torch.no_grad():
        for name, drawn in draw_starts(net, initialization, [seed], gain=gain).items():
            net.get_parameter(name).copy_(drawn[0])


def draw_starts(
    net: nn.Module, initialization: str, seeds: Sequence[int], *, gain: float = 1.0
) -> dict[str, Tensor]:
    """Return what `initialize` would give the linear layers of a network, for many seeds at once.

    Shapes: -> by name, (seeds, *shape of the parameter).

    Args:
        net: Any module; it is left as it is.
        initialization: As of `initialize`.
        seeds: One or more.
        gain: As of `initialize`.

    Raises:
        InputError: As of `initialize`.
    """
    name = resolve_name("initialization", initialization, INITIALIZATIONS)
    check_positive("gain", gain)
    for seed in seeds:
        check_seed("seed", seed)
    linear = {at: part for at, part in net.named_modules() if isinstance(part, nn.Linear)}
    weights, biases = (
        [getattr(layer, kind).new_zeros(len(seeds), *getattr(layer, kind).shape).detach()
         for layer in linear.values()] for kind in ("weight", "bias")
    )  # fmt: skip
    with torch.no_grad():
        _draw(name, weights, biases, seeds)
        for part in (*weights, *biases) if gain != 1 else ():
            part.mul_(gain)
    return {
        f"{at}.{kind}": drawn
        for at, *both in zip(linear, weights, biases, strict=True)
        for kind, drawn in zip(("weight", "bias"), both, strict=True)
    }


def _draw(
    name: str, weights: Sequence[Tensor], biases: Sequence[Tensor], seeds: Sequence[int]
) -> None:
    """Fill the weights and biases of all seeds, zeros so far, in place."""
    random = [
        pair for layer in zip(weights, biases, strict=True) for pair in _of_layer(name, *layer)
    ]
    spread = name in SPREAD_GAINS and len(weights) > 1
    keys, tilt = (part[0].new_empty(part[0].shape) for part in (weights, biases[::-1]))
    if spread:
        random += [(weights[0], nn.init.normal_), (keys, nn.init.uniform_)]
    if name == "rotation":
        random += [(tilt, partial(nn.init.uniform_, a=-1, b=1))]
    _fill(random, seeds)
    if name == "rotation":
        first, between, last = ROTATION_GAINS
        gains = [first] + [between] * (len(weights) - 2) + [last]
        for weight, gain in zip(weights, gains, strict=False):
            weight.copy_(_orthogonal(weight)).mul_(gain)
    if name in ("centred", "rotation"):
        for weight, bias in zip(weights, biases, strict=True):
            bias.copy_(-weight.sum(dim=-1) / 2)
    if name == "rotation":
        biases[-1].add_(tilt * ROTATION_TILT)
    if spread:
        _spread(weights[0], biases[0], keys, name)


def _of_layer(name: str, weight: Tensor, bias: Tensor) -> list[tuple[Tensor, Callable[..., Any]]]:
    """Return what is drawn at random of a layer, in this order, and how."""
    if name == "default" or name in SPREAD_GAINS:
        bound = 1 / math.sqrt(weight.shape[-1])
        own = partial(nn.init.kaiming_uniform_, a=math.sqrt(5))
        return [(weight, own), (bias, partial(nn.init.uniform_, a=-bound, b=bound))]
    others: dict[str, list[tuple[Tensor, Callable[..., Any]]]] = {
        "uniform": [(weight, nn.init.uniform_), (bias, nn.init.uniform_)],
        "xavier": [(weight, nn.init.xavier_uniform_)],
        "centred": [(weight, partial(nn.init.xavier_uniform_, gain=CENTRED_GAIN))],
        "rotation": [(weight, nn.init.normal_)],
        "zeros": [],
    }
    return others[name]


def _fill(random: Sequence[tuple[Tensor, Callable[..., Any]]], seeds: Sequence[int]) -> None:
    """Draw each seed's part of some tensors from a generator of its own, in their order."""
    generator, draws = torch.Generator(), [draw for _, draw in random]
    for seed, *parts in zip(seeds, *(tensor.unbind() for tensor, _ in random), strict=True):
        generator.manual_seed(seed)
        for draw, part in zip(draws, parts, strict=True):
            draw(part, generator=generator)


def _orthogonal(drawn: Tensor) -> Tensor:
    """Return what `nn.init.orthogonal_` makes of normal numbers, of each matrix by itself."""
    tall = drawn.shape[-2] >= drawn.shape[-1]
    q, r = torch.linalg.qr(drawn if tall else drawn.mT)
    signed: Tensor = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    return signed if tall else signed.mT


def _spread(weight: Tensor, bias: Tensor, keys: Tensor, name: str) -> None:
    gain, (units, inputs) = SPREAD_GAINS[name], weight.shape[-2:]
    if name == "nguyen":
        gain *= units ** (1 / inputs)
    weight.mul_(gain / weight.norm(dim=-1, keepdim=True))
    order = keys.argsort(dim=-2)
    points = (2 * order + 1) / units - 1
    bias.copy_(-(weight * points).sum(dim=-1))
