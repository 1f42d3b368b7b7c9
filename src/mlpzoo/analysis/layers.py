"""The layers of a network as exact numbers: what formulas, pieces and proofs begin with."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mlpzoo.checks import InputError
from mlpzoo.nets.base import Network, Path, dense_paths
from mlpzoo.nets.range_scale import RangeScale

Array = NDArray[np.float64]
Scale = tuple[Any, Any]  # of floats, or of tuples of them


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
        in_scale: Centre and half width: the first layers take (x - centre) / half_width. Both are
            numbers, or both tuples of one for each input.
        out_scale: Centre and half width: the outputs are centre + half_width * (last layer). Both
            are numbers, or both tuples of one for each output.
        gives: "value", "logit" or "probability".
    """

    layers: tuple[Layer, ...]
    outputs: dict[str, int]
    in_scale: Scale
    out_scale: Scale
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
    paths = dense_paths(net)
    layers: dict[tuple[nn.Linear, str, int | None], Layer] = {}  # heads share a trunk
    outputs: dict[str, int] = {}
    for name, path in paths.items():
        source = None
        for place, (linear, activation) in enumerate(path.dense, 1):
            if (key := (linear, activation, source)) not in layers:
                last = place == len(path.dense)
                label = _label(linear, name, paths, layers.values(), last=last)
                exact = _exact(linear.weight), _exact(linear.bias, len(linear.weight))
                layers[key] = Layer(label, *exact, activation, source)
            source = outputs[name] = list(layers).index(key)
    any_path = next(iter(paths.values()))
    return Layers(
        layers=tuple(layers.values()),
        outputs=outputs,
        in_scale=_scale(any_path.in_scale),
        out_scale=_scale(any_path.out_scale),
        gives=getattr(net, "gives", "value"),
    )


def _label(
    linear: nn.Linear,
    name: str,
    paths: Mapping[str, Path],
    before: Collection[Layer],
    *,
    last: bool,
) -> str:
    """Return what a layer is called: by its number, and by its part where there are more paths."""
    part = ""
    if len(paths) > 1:
        shared = all(linear in dict(path.dense) for path in paths.values())
        part = "trunk" if shared else f"{name} head"
    if last:
        return part or "output"
    return f"{part} layer {sum(e.label.startswith(part) for e in before) + 1}".strip()


def _exact(values: Tensor | None, size: int = 0) -> Array:
    """Return numbers in float64, in which each is the stored one; zeros where there are none."""
    exact: Array = np.zeros(size) if values is None else values.detach().double().cpu().numpy()
    if not np.isfinite(exact).all():
        raise InputError("the network has weights that are not finite; take another checkpoint")
    return exact


def _scale(end: RangeScale | None) -> Scale:
    if end is None:
        return 0.0, 1.0
    pairs = list(zip(end.centre.view(-1).tolist(), end.half_width.view(-1).tolist(), strict=True))
    for centre, half_width in pairs:
        if not (math.isfinite(centre) and 0 < half_width < math.inf):
            raise InputError(
                f"a half_width must be above 0 and finite, got {half_width} about {centre}"
            )
    centres, half_widths = zip(*pairs, strict=True)
    return (centres, half_widths) if end.centre.ndim else pairs[0]
