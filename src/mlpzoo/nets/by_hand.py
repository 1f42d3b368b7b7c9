"""Networks whose weights are typed: layers of units, each its weights and last its bias."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mlpzoo.checks import InputError, as_float32, cause, is_number, plain_value, resolve_name
from mlpzoo.nets.base import Network
from mlpzoo.nets.mlp import SequentialMLP
from mlpzoo.nets.perceptron import Perceptron
from mlpzoo.nets.stack import ACTIVATIONS

_MOST_BYTES = 2**24  # of a file, far more than anyone types
_FORM = "give layers of units of numbers, as [[[1,1,-0.5]]], or one unit, as 1,1,-0.5"


def from_weights(
    weights: str | Path | Sequence[Any], *, activation: str = "step", steps_out: bool | None = None
) -> Network:
    """Return the network of weights that someone chose, in eval mode.

    Args:
        weights: Layers, first to last, each a list of units, each unit its weights and last its
            bias; or one unit alone. As lists, as JSON, or a file of JSON; one unit also as numbers
            with commas between.
        activation: Of the hidden units, a name of `mlpzoo.nets.stack.ACTIVATIONS`.
        steps_out: Whether the last layer is of step units too; None where the hidden ones are.

    Raises:
        InputError: An unknown activation, or weights that are no such lists of finite numbers.

    Example:
        >>> xor = from_weights([[[1, 1, -0.5], [-1, -1, 1.5]], [[1, 1, -1.5]]])
        >>> xor(torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])).flatten().tolist()
        [0.0, 1.0, 1.0, 0.0]
        >>> from_weights("0.5,0.5,-0.25").sketch()
        '2-1 step'
    """
    layers = _layers(_read(weights) if isinstance(weights, str | Path) else weights)
    activation = resolve_name("activation", activation, ACTIVATIONS)
    steps = activation == "step" if steps_out is None else steps_out
    sizes = [len(layers[0][0]) - 1, *map(len, layers)]
    net: Network
    if steps and sizes[1:] == [1]:
        net = Perceptron(in_features=sizes[0], initialization="zeros")
    else:
        net = SequentialMLP(
            in_features=sizes[0], hidden_features=sizes[1:-1], out_features=sizes[-1],
            activation=activation, out_activation="step" if steps else "identity",
            initialization="zeros",
        )  # fmt: skip
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for layer, units in zip(linear, layers, strict=True):
            rows = torch.tensor(units, dtype=torch.float32)
            layer.weight.copy_(rows[:, :-1])
            layer.bias.copy_(rows[:, -1])
    return net.eval()


def _read(weights: str | Path) -> Any:
    """Return what a text holds, or the file that it names."""
    text = str(weights).strip()
    if not text.startswith("[") and not _is_unit(text):
        try:
            with Path(text).open("rb") as file:  # which may have no end, as a device
                text = file.read(_MOST_BYTES).decode("utf-8-sig", errors="replace").strip()
        except (FileNotFoundError, IsADirectoryError):
            raise InputError(f"weights {text[:80]!r} are no numbers and no file; {_FORM}") from None
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            raise InputError(f"weights {text[:80]} cannot be read: {cause(error)}") from error
    if _is_unit(text):
        return list(map(float, text.split(",")))
    try:
        return json.loads(text, parse_constant=float)
    except RecursionError:
        raise InputError(f"weights are nested too deeply; {_FORM}") from None
    except ValueError as error:
        raise InputError(f"weights are not JSON: {error}; {_FORM}") from None


def _is_unit(text: str) -> bool:
    return all(map(is_number, text.split(",")))


def _layers(weights: Any) -> list[list[tuple[float, ...]]]:
    """Return weights as lists of units, each as long as its layer needs it."""
    given = plain_value("weights", weights)
    if isinstance(given, tuple) and given and not any(isinstance(each, tuple) for each in given):
        given = ((given,),)
    layers, needed = list[list[tuple[float, ...]]](), 0
    for number, units in enumerate(_parts("weights", given, "layers"), start=1):
        layer = []
        for place, unit in enumerate(_parts(f"layer {number}", units, "units"), start=1):
            name = f"layer {number}, unit {place}"
            layer.append(_parts(name, unit, "numbers"))
            _check_unit(name, layer[-1], needed or len(layer[0]))
        needed = len(layer) + 1
        layers.append(layer)
    return layers


def _parts(name: str, value: Any, of: str) -> tuple[Any, ...]:
    if not isinstance(value, tuple) or not value:
        raise InputError(f"{name} must be a list of {of}, got {json.dumps(value)}; {_FORM}")
    return value


def _check_unit(name: str, numbers: tuple[Any, ...], needed: int) -> None:
    for number in numbers:
        if type(number) not in (int, float) or not math.isfinite(as_float32(number)):
            raise InputError(
                f"{name} must be finite numbers, in float32 too, got {json.dumps(number)}; {_FORM}"
            )
    if len(numbers) < 2:
        raise InputError(f"{name} has one number; a unit has a weight or more, and last its bias")
    if len(numbers) != needed:
        raise InputError(
            f"{name} has {len(numbers)} numbers, and {needed} are needed: a weight for each input, "
            f"{needed - 1}, and last the bias"
        )
