"""Plain networks as data: a class of `mlpzoo.nets` with its arguments, and back again.

Nothing is built but those classes, and no memory is taken before every size has been compared with
the weights that are there.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo import nets
from mlpzoo.checks import InputError
from mlpzoo.nets.base import Network
from mlpzoo.nets.range_scale import RangeScale

NETS: dict[str, type[Network]] = {name: getattr(nets, name) for name in nets.__all__}


def describe(net: nn.Module) -> dict[str, Any]:
    """Return the class of a network and the arguments that give its layers.

    Args:
        net: One of a class of `mlpzoo.nets`.

    Raises:
        InputError: Another class, layers that it does not build, weights not finite float32.

    Example:
        >>> describe(nets.Perceptron())
        {'class': 'Perceptron', 'arguments': {'in_features': 2}}
    """
    name = type(net).__name__
    if not isinstance(net, Network) or NETS.get(name) is not type(net):
        raise InputError(
            f"a {name} cannot be written: there are {', '.join(NETS)}; "
            "of a Lightning module, take its net"
        )
    built = _without_memory(name, net.arguments, net.state_dict())
    changed = f"this {name} has other layers than its class builds from {net.arguments}"
    try:
        check_fit(built, net.state_dict())
    except InputError as error:
        raise InputError(f"{changed}: {error}") from error
    if [repr(layer) for layer in net.children()] != [repr(layer) for layer in built.children()]:
        raise InputError(changed)
    _check_numbers(net.state_dict())
    return {"class": name, "arguments": dict(net.arguments)}


def rebuild(architecture: object, weights: Mapping[str, Tensor]) -> Network:
    """Return the network of an architecture with its weights, in eval mode.

    Args:
        architecture: What `describe` gave, or anything else that a file may hold.
        weights: Its state_dict, float32; the tensors become the network's own.

    Raises:
        InputError: Not what `describe` gives, or weights that do not fit or are not finite.
    """
    if not isinstance(architecture, Mapping) or set(architecture) != {"class", "arguments"}:
        raise InputError("the architecture must have a class and arguments")
    name, arguments = architecture["class"], architecture["arguments"]
    if not isinstance(name, str) or name not in NETS:
        raise InputError(f"there is no network {name!r}; there are {', '.join(NETS)}")
    if not isinstance(arguments, Mapping):
        raise InputError(f"the arguments of {name} must be by name")
    for argument, value in arguments.items():  # a million layers take long to build, however small
        if isinstance(value, list | tuple) and len(value) > len(weights):
            raise InputError(
                f"{argument} has {len(value)} layers, and there are {len(weights)} weights"
            )
    net = _without_memory(name, arguments, weights)
    if net.arguments != arguments:  # a missing one, or one that gives no layers
        raise InputError(f"the arguments of {name} must be: {', '.join(net.arguments) or 'none'}")
    check_fit(net, weights)
    _check_numbers(weights)
    net.load_state_dict(weights, assign=True)
    for scale in net.modules():
        if isinstance(scale, RangeScale) and not (scale.half_width > 0).all():
            raise InputError(f"a half_width must be above 0, got {scale.half_width.min().item()}")
    return net.eval()


def check_fit(module: nn.Module, weights: Mapping[str, Any]) -> None:
    """Refuse weights that are not those of a module's layers.

    Args:
        module: Any module.
        weights: By name, what should be its state_dict.

    Raises:
        InputError: One is missing, too many, or of another shape.
    """
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    for name in {**shapes, **weights}:
        found = getattr(weights.get(name), "shape", None)
        if name not in shapes or found != shapes[name]:
            has, needed = (_as_size(shape) for shape in (found, shapes.get(name)))
            raise InputError(f"{name} has {has} numbers, and {needed} are needed")


def _as_size(shape: Any) -> str:
    return "no" if shape is None else " x ".join(map(str, shape)) or "1"


def _check_numbers(weights: Mapping[str, Tensor]) -> None:
    for name, tensor in weights.items():
        if tensor.dtype != torch.float32 or not tensor.isfinite().all():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise InputError(f"weights must be finite float32, got {name} of {kind}: {tensor}")


def _without_memory(
    name: str, arguments: Mapping[str, Any], weights: Mapping[str, Tensor]
) -> Network:
    """Return a network on the meta device, where weights take no memory.

    Its scales are of one number or of one a column, as those of the weights are.
    """
    try:
        with torch.device("meta"):
            net = NETS[name](**arguments, initialization="zeros")
            for part, scale in net.named_modules():
                if isinstance(scale, RangeScale):
                    scale.take_form_of(weights.get(f"{part}.centre"))
            return net
    except InputError:
        raise
    except Exception as error:  # arguments may be anything that can be written
        raise InputError(f"{name} cannot be built from {dict(arguments)}: {error}") from error
