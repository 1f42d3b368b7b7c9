"""Plain networks as data: a class of `mlpzoo.nets` with its arguments, and back again.

Nothing is built but those classes, and no memory is taken before every size has been compared with
the weights that are there.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError, count
from mlpzoo.nets import DualHeadMLP, FourLayerXOR, Perceptron, SequentialMLP
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.nets.stack import ACTIVATIONS

NETS: dict[str, type[nn.Module]] = {
    net.__name__: net for net in (SequentialMLP, FourLayerXOR, DualHeadMLP, Perceptron)
}
# What a constructor may be given from a file. The start is drawn over by the weights, among which
# the ranges are too, as the buffers of a `RangeScale`.
_COUNTS = ("in_features", "out_features")
_LAYERS = ("hidden_features", "trunk_features", "head_features")
_ACTIVATIONS = ("activation", "out_activation")
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "SequentialMLP": ("in_features", "hidden_features", "out_features", *_ACTIVATIONS),
    "FourLayerXOR": (),
    "DualHeadMLP": ("in_features", "trunk_features", "head_features"),
    "Perceptron": ("in_features",),
}

Architecture = Mapping[str, Any]  # {"class": name, "arguments": {name: value}}


def describe(net: nn.Module) -> dict[str, Any]:
    """Return the class of a network and the arguments that give its layers.

    Args:
        net: A `SequentialMLP`, `FourLayerXOR`, `DualHeadMLP` or `Perceptron`.

    Raises:
        InputError: It is of another class, or its layers are not as its class builds them.

    Example:
        >>> describe(Perceptron())
        {'class': 'Perceptron', 'arguments': {'in_features': 2}}
    """
    arguments: dict[str, Any] = {}
    if type(net) is SequentialMLP:
        arguments = _of_stack(net)
    elif type(net) is DualHeadMLP:
        trunk, head = _features(net.trunk), _features(net.max_head)
        arguments = {
            "in_features": trunk[0],
            "trunk_features": trunk[1:],
            "head_features": head[1:-1],
        }
    elif type(net) is Perceptron:
        arguments = {"in_features": net.linear.in_features}
    elif type(net) is not FourLayerXOR:
        raise InputError(
            f"a {type(net).__name__} cannot be written: there are {', '.join(NETS)}; "
            "of a Lightning module, take its net"
        )
    architecture = {"class": type(net).__name__, "arguments": arguments}
    _check_layers(net, architecture)
    return architecture


def sketch(net: nn.Module) -> str:
    """Return the sizes of a network's layers in a few characters.

    Example:
        >>> sketch(SequentialMLP()), sketch(DualHeadMLP())
        ('1-256-256-1 relu', '2-256-256-256, two heads 256-1 relu')
    """
    if isinstance(net, SequentialMLP):
        arguments = _of_stack(net)
        names = [arguments["activation"]] if arguments["hidden_features"] else []
        if arguments["out_activation"] != "identity":
            names.append(arguments["out_activation"])
        return " ".join(["-".join(map(str, _features(net.layers))), *names])
    if isinstance(net, DualHeadMLP):
        trunk, head = _features(net.trunk), _features(net.max_head)
        shape, heads = ("-".join(map(str, sizes)) for sizes in (trunk, head[1:]))
        return f"{shape}, two heads {heads} relu"
    return "2-2-2-2-2-1 sigmoid" if isinstance(net, FourLayerXOR) else f"{_features(net)[0]}-1 step"


def blank(architecture: object, *, weights: int) -> nn.Module:
    """Return a network without memory for its weights, on the meta device.

    Args:
        architecture: What `describe` gave, or anything else that a file may hold.
        weights: How many weights and buffers there are for it; more layers are not built.

    Raises:
        InputError: It is not what `describe` gives.
    """
    if not isinstance(architecture, Mapping) or set(architecture) != {"class", "arguments"}:
        raise InputError("the architecture must have a class and arguments")
    name, arguments = architecture["class"], architecture["arguments"]
    if not isinstance(name, str) or name not in NETS:
        raise InputError(f"there is no network {name!r}; there are {', '.join(NETS)}")
    if not isinstance(arguments, Mapping) or set(arguments) != set(_ARGUMENTS[name]):
        wanted = ", ".join(_ARGUMENTS[name]) or "none"
        raise InputError(f"the arguments of {name} must be: {wanted}")
    for argument, value in arguments.items():
        _check_argument(argument, value, weights)
    try:
        with torch.device("meta"):
            return NETS[name](**arguments, initialization="zeros")
    except InputError:
        raise
    except Exception as error:  # sizes may be anything that can be written
        raise InputError(f"{name} cannot be built from {dict(arguments)}: {error}") from error


def fill(net: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    """Give a network from `blank` its weights, and return it in eval mode.

    Args:
        net: The network.
        weights: Its state_dict, float32; the tensors become the network's own.

    Raises:
        InputError: One is missing, too many, of another shape or type, or not finite.
    """
    check_fit(net, weights)
    for name, tensor in weights.items():
        if tensor.dtype != torch.float32:
            kind = str(tensor.dtype).removeprefix("torch.")
            raise InputError(f"{name} is of {kind}, and float32 is needed")
        if not tensor.isfinite().all():
            raise InputError(f"{name} is not finite")
    net.load_state_dict(weights, assign=True)
    for scale in net.modules():
        if isinstance(scale, RangeScale) and not scale.half_width > 0:
            raise InputError(f"a half_width must be above 0, got {scale.half_width.item()}")
    return net.eval()


def check_fit(module: nn.Module, weights: Mapping[str, Any]) -> None:
    """Refuse weights that are not those of a module's layers.

    Raises:
        InputError: One is missing, too many, or of another shape.
    """
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    for name in {**shapes, **weights}:
        found = getattr(weights.get(name), "shape", None)
        if name not in shapes or found != shapes[name]:
            raise InputError(f"{name} has shape {found}, and {shapes.get(name)} is needed")


def _check_argument(name: str, value: object, weights: int) -> None:
    if name in _ACTIVATIONS:
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise InputError(f"unknown {name} {value!r}")
        return
    sizes = value if name in _LAYERS else [value]
    if not isinstance(sizes, list | tuple):
        raise InputError(f"{name} must be a list of whole numbers, got {value!r}")
    if len(sizes) > weights:  # a million layers take long to build, however small
        raise InputError(f"{name} has {len(sizes)} layers, and there are {weights} weights")
    for size in sizes:
        count(name, size)


def _check_layers(net: nn.Module, architecture: Architecture) -> None:
    """Refuse a network that was changed into what its class does not build."""
    built = blank(architecture, weights=len(net.state_dict()))
    check_fit(built, net.state_dict())
    if [repr(layer) for layer in net.children()] != [repr(layer) for layer in built.children()]:
        raise InputError(f"this {type(net).__name__} has other layers than its class builds")


def _of_stack(net: SequentialMLP) -> dict[str, Any]:
    features = _features(net.layers)
    between = next((layer for layer in net.layers if not isinstance(layer, nn.Linear)), nn.ReLU())
    return {
        "in_features": features[0],
        "hidden_features": features[1:-1],
        "out_features": features[-1],
        "activation": type(between).__name__.lower(),
        "out_activation": type(net.out_activation).__name__.lower(),
    }


def _features(layers: nn.Module) -> list[int]:
    """Return the number of inputs, and of the outputs of each linear layer."""
    linear = [layer for layer in layers.modules() if isinstance(layer, nn.Linear)]
    return [linear[0].in_features, *(layer.out_features for layer in linear)]
