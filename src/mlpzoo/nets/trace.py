"""The layers of any torch network: what each gives for an input, and which takes from which."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError


@dataclass(frozen=True)
class Call:
    """One call of a layer of a network.

    Attributes:
        name: The layer's name in the network, such as "layers.1".
        layer: The layer.
        taken: What it was given first.
        given: What it returned.
    """

    name: str
    layer: nn.Module
    taken: object
    given: Tensor

    @property
    def output(self) -> Tensor:
        """What it returned, (rows, units)."""
        return self.given.reshape(len(self.given), -1)


@contextmanager
def record_activations(net: nn.Module) -> Iterator[list[Call]]:
    """Note every call of a layer that has no layers inside, in their order.

    Args:
        net: Whose layers to listen to; it is left as it was.
    """
    calls: list[Call] = []

    def note(name: str, layer: nn.Module, taken: tuple[object, ...], given: object) -> None:
        if isinstance(given, Tensor) and given.dim() > 0:
            calls.append(Call(name, layer, taken[0] if taken else None, given))

    with ExitStack() as stack:
        for name, layer in net.named_modules():
            if next(layer.children(), None) is None:
                stack.callback(layer.register_forward_hook(partial(note, name)).remove)
        yield calls


@contextmanager
def in_eval_mode(net: nn.Module) -> Iterator[None]:
    """Put a network in eval mode for a while; each part gets the mode back that it had."""
    modes = {part: part.training for part in net.modules()}
    try:
        net.eval()
        yield
    finally:
        for part, training in modes.items():
            part.training = training


@dataclass(frozen=True)
class Dense:
    """A linear layer with what follows it up to the next one, at work on an input.

    Attributes:
        name: Its name in the network, such as "trunk.0".
        label: The same for people: "layer 1", "trunk layer 1", or "output".
        weight: (units, in_features).
        bias: (units,), zeros where the layer has none.
        source: Which of the network's dense layers it takes from; None for the network's input.
        depth: How many dense layers lie before it.
        units: What it gives, after its activation, (rows, units).
        hidden: Whether another dense layer takes from it.
        raw: Whether it takes the network's input itself, and not something made of it.
    """

    name: str
    label: str
    weight: Tensor
    bias: Tensor
    source: int | None
    depth: int
    units: Tensor
    hidden: bool
    raw: bool


def dense_layers(net: nn.Module, x: Tensor) -> tuple[Dense, ...]:
    """Return a network's linear layers in the order of their calls, with what they give for x.

    A hidden layer is the output of an `nn.Linear` after the elementwise layers that follow it, such
    as an activation; where functions do that work (`torch.relu(self.fc1(x))`), it is what the next
    linear layer takes. The network runs in eval mode and is left as it was; float64 on the CPU.

    Shapes: x (rows, in_features).

    Args:
        net: A network in which every linear layer takes the input or what one of them gave.
        x: The inputs.

    Raises:
        InputError: It has no linear layer, takes other inputs, or is wired in another way.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> [(d.label, d.source, d.units.shape[1]) for d in dense_layers(net, torch.zeros(5, 2))]
        [('layer 1', None, 3), ('output', 0, 1)]
    """
    x = x.to(next(net.parameters(), x))
    with record_activations(net) as calls:
        _run(net, x)
    layers = [call for call in calls if isinstance(call.layer, nn.Linear)]
    if not layers:
        raise InputError(f"{type(net).__name__} has no nn.Linear layer that could be drawn")
    owner: dict[int, int] = {}  # of a tensor, by its id: the dense layer that it comes from
    units: list[Tensor] = []
    sources: list[int | None] = []
    for call in calls:
        if isinstance(call.layer, nn.Linear):
            known = owner.get(id(call.taken))
            sources.append(_source(call, units, x) if known is None else known)
            owner[id(call.given)] = len(units)
            units.append(call.given)
        elif (at := owner.get(id(call.taken))) is not None and call.given.shape == units[at].shape:
            owner[id(call.given)] = at
            units[at] = call.given
    for call, source in zip(layers, sources, strict=True):
        if source is not None and isinstance(call.taken, Tensor):
            units[source] = call.taken
    return tuple(_described(layers, sources, units, x))


def _run(net: nn.Module, x: Tensor) -> None:
    with in_eval_mode(net), torch.no_grad():
        try:
            net(x)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            raise InputError(
                f"{type(net).__name__} does not take inputs of shape (rows, {x.shape[-1]}): "
                f"{error}; give as many ranges, or columns, as it has inputs"
            ) from error


def _source(call: Call, units: Sequence[Tensor], x: Tensor) -> int | None:
    """Return the nearest dense layer that a linear layer can take from; None for the input."""
    width: Any = call.layer.in_features
    if not isinstance(call.taken, Tensor) or call.taken.dim() != 2:
        raise InputError(f"layer {call.name} does not take (rows, {width}); it cannot be drawn")
    if call.taken is x or (not units and width == x.shape[-1]):
        return None
    near = [index for index, given in enumerate(units) if given.shape[-1] == width]
    if not near:
        raise InputError(
            f"layer {call.name} takes {width} numbers, which no linear layer before it gives; "
            "draw a network whose linear layers follow one another"
        )
    return near[-1]


def _described(
    layers: Sequence[Call], sources: Sequence[int | None], units: Sequence[Tensor], x: Tensor
) -> Iterator[Dense]:
    depths: list[int] = []
    labels = _labels([call.name for call in layers], [i in sources for i in range(len(layers))])
    for index, (call, source) in enumerate(zip(layers, sources, strict=True)):
        depths.append(0 if source is None else depths[source] + 1)
        layer: Any = call.layer
        yield Dense(
            name=call.name,
            label=labels[index],
            weight=_exact(layer.weight),
            bias=_exact(torch.zeros(layer.out_features) if layer.bias is None else layer.bias),
            source=source,
            depth=depths[index],
            units=_exact(units[index]),
            hidden=index in sources,
            raw=call.taken is x,
        )


def _exact(values: Tensor) -> Tensor:
    return values.detach().double().cpu()


def _labels(names: Sequence[str], hidden: Sequence[bool]) -> list[str]:
    """Return what to call each layer: by the part of the network it stands in, if there are more.

    Example:
        >>> _labels(["trunk.0", "trunk.2", "max_head.0", "max_head.2"], [True] * 3 + [False])
        ['trunk layer 1', 'trunk layer 2', 'max head layer 1', 'max head']
    """
    parts = [name.rpartition(".")[0].rpartition(".")[2].replace("_", " ") for name in names]
    if len({part for part, inside in zip(parts, hidden, strict=True) if inside}) <= 1:
        parts = [""] * len(parts)
    labels, counts = [], Counter[str]()
    for part, inside in zip(parts, hidden, strict=True):
        counts[part] += 1
        labels.append(f"{part} layer {counts[part]}".strip() if inside else part or "output")
    return labels
