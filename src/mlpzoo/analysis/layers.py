"""The layers of a network as exact numbers: what formulas, pieces and proofs begin with."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mlpzoo.checks import InputError
from mlpzoo.nets.base import Network
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.nets.stack import ACTIVATIONS

Array = NDArray[np.float64]
Dense = list[tuple[nn.Linear, str]]  # with the activation behind each


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer and the activation behind it: h = act(W s + b), s being its source.

    Attributes:
        label: What it is called: "layer 1", "output", "trunk layer 2", "max head", ...
        weight: W, (units, inputs) in float64, each the stored number itself.
        bias: b, (units,) of the same.
        activation: A name of `mlpzoo.nets.stack.ACTIVATIONS`.
        source: Which layer it takes from, an earlier one; None for the input.
    """

    label: str
    weight: Array
    bias: Array
    activation: str
    source: int | None


@dataclass(frozen=True, eq=False)
class Layers:
    """A network as its layers, each behind its source, and the scales before and behind them.

    Attributes:
        layers: The layers.
        outputs: By name, which layer gives each output: {"y": 3}, {"max": 4, "min": 6}.
        in_scale: Centre and half width: the first layers take (x - centre) / half_width.
        out_scale: Centre and half width: the outputs are centre + half_width * (last layer).
        gives: "value", "logit" or "probability".
    """

    layers: tuple[Layer, ...]
    outputs: dict[str, int]
    in_scale: tuple[float, float]
    out_scale: tuple[float, float]
    gives: str

    @cached_property
    def in_features(self) -> int:
        """How many inputs it takes."""
        return int(self.layers[0].weight.shape[1])

    @cached_property
    def size(self) -> int:
        """How many weights and biases it has."""
        return sum(layer.weight.size + layer.bias.size for layer in self.layers)

    @cached_property
    def activations(self) -> set[str]:
        """The activations of its layers."""
        return {layer.activation for layer in self.layers}


def layers_of(net: nn.Module) -> Layers:
    """Return the layers of a network as exact numbers.

    Args:
        net: One of `mlpzoo.nets`, or an `nn.Sequential` of linear layers with at most one
            activation behind each; of a Lightning module, its `net` is taken.

    Raises:
        InputError: Another kind of network or layer, or weights that are not finite.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> [(e.label, e.weight.shape, e.activation, e.source) for e in layers_of(net).layers]
        [('layer 1', (3, 2), 'tanh', None), ('output', (1, 3), 'identity', 0)]
    """
    kinds = Network | nn.Sequential  # whose parts may themselves be called "net"
    if not isinstance(net, kinds) and isinstance(inner := getattr(net, "net", None), nn.Module):
        net = inner
    if not isinstance(net, kinds):
        raise InputError(
            f"the layers of a {type(net).__name__} are not known; take a network of mlpzoo.nets, "
            "or an nn.Sequential of linear layers and activations"
        )
    paths = net.paths() if isinstance(net, Network) else {"y": list(net)}
    flat = {name: list(_flat(path)) for name, path in paths.items()}
    dense = {name: _dense(parts) for name, parts in flat.items()}
    layers: dict[tuple[nn.Linear, str, int | None], Layer] = {}  # heads share a trunk
    outputs: dict[str, int] = {}
    for name, path in dense.items():
        source = None
        for place, (linear, activation) in enumerate(path, 1):
            if (key := (linear, activation, source)) not in layers:
                label = _label(linear, name, dense, layers.values(), last=place == len(path))
                exact = _exact(linear.weight), _exact(linear.bias, len(linear.weight))
                layers[key] = Layer(label, *exact, activation, source)
            source = outputs[name] = list(layers).index(key)
    ends = next(iter(flat.values()))
    return Layers(
        layers=tuple(layers.values()),
        outputs=outputs,
        in_scale=_scale(ends[0]),
        out_scale=_scale(ends[-1]),
        gives=getattr(net, "gives", "value"),
    )


def _label(
    linear: nn.Linear,
    name: str,
    paths: Mapping[str, Dense],
    before: Collection[Layer],
    *,
    last: bool,
) -> str:
    """Return what a layer is called: by its number, and by its part where there are more paths."""
    part = ""
    if len(paths) > 1:
        shared = all(linear in dict(path) for path in paths.values())
        part = "trunk" if shared else f"{name} head"
    if last:
        return part or "output"
    return f"{part} layer {sum(e.label.startswith(part) for e in before) + 1}".strip()


def _flat(parts: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for part in parts:
        yield from _flat(part) if isinstance(part, nn.Sequential) else (part,)


def _dense(parts: Sequence[nn.Module]) -> Dense:
    """Return the linear layers of a path, each with the name of the activation behind it."""
    found: Dense = []
    for place, part in enumerate(parts):
        if isinstance(part, nn.Linear):
            found.append((part, "identity"))
        elif not (isinstance(part, RangeScale) and place in (0, len(parts) - 1)):
            name = _activation(part)
            if not found or "identity" not in (name, found[-1][1]):
                raise InputError(f"there must be an nn.Linear before {part}, and nothing between")
            linear, before = found[-1]
            found[-1] = linear, before if name == "identity" else name
    if not found:
        raise InputError("the network has no nn.Linear layer")
    return found


def _activation(part: nn.Module) -> str:
    name = type(part).__name__.lower()
    if type(part) is not ACTIVATIONS.get(name):
        raise InputError(f"layer {part} is not known; replace it, or leave it out")
    if repr(part).replace("inplace=True", "") != repr(usual := ACTIVATIONS[name]()):
        raise InputError(f"{part} must have its default arguments, as {usual}")
    return name


def _exact(values: Tensor | None, size: int = 0) -> Array:
    """Return numbers in float64, in which each is the stored one; zeros where there are none."""
    exact: Array = np.zeros(size) if values is None else values.detach().double().cpu().numpy()
    if not np.isfinite(exact).all():
        raise InputError("the network has weights that are not finite; take another checkpoint")
    return exact


def _scale(end: nn.Module) -> tuple[float, float]:
    if not isinstance(end, RangeScale):
        return 0.0, 1.0
    centre, half_width = end.centre.item(), end.half_width.item()
    if not (math.isfinite(centre) and 0 < half_width < math.inf):
        raise InputError(
            f"a half_width must be above 0 and finite, got {half_width} about {centre}"
        )
    return centre, half_width
