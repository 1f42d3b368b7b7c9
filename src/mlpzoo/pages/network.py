"""A network as a page holds it."""

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from mlpzoo.analysis.layers import Layers, layers_of
from mlpzoo.checks import InputError
from mlpzoo.pages.document import MOST_BYTES
from mlpzoo.pages.packed import packed

ACTIVATIONS = (  # of `js/core/activations.js`
    "identity", "step", "sigmoid", "tanh", "relu", "leakyrelu", "elu", "selu", "silu", "softplus",
)  # fmt: skip
MOST_INPUTS = 8
MOST_WEIGHTS = 280_000  # each takes 4.4 bytes of a page, and the scripts take 0.2 MB


def shown_layers(net: nn.Module) -> Layers:
    """Return the layers of a network as a page shows them: every output is a layer of one unit.

    Args:
        net: As of `layers_of`.

    Raises:
        InputError: As of `layers_of`; or it has too many inputs or weights, or an activation that
            pages do not know.
    """
    exact = layers_of(net)
    if exact.in_features > MOST_INPUTS:
        raise InputError(f"a page takes {MOST_INPUTS} inputs at most, not {exact.in_features}")
    if exact.size > MOST_WEIGHTS:
        raise InputError(
            f"a page takes {MOST_WEIGHTS:,} weights at most, so that it stays below "
            f"{MOST_BYTES / 1e6} MB, and this network has {exact.size:,}; train a smaller one"
        )
    if max(np.abs(part).max() for part in parameters_of(exact)) > np.finfo("f4").max:
        raise InputError("a page holds float32, and this network has larger weights")
    if unknown := exact.activations - {*ACTIVATIONS}:
        known = ", ".join(ACTIVATIONS)
        raise InputError(f"a page does not know {', '.join(sorted(unknown))}; it knows {known}")
    return _one_by_one(exact)


def _one_by_one(exact: Layers) -> Layers:
    """Return a network whose last layer, if it has several units, has been split into them."""
    *before, last = exact.layers
    if len(exact.outputs) > 1 or len(last.bias) == 1:  # two heads are of one unit each
        return exact
    units = [
        replace(last, label=f"output {unit}", weight=weight.reshape(1, -1), bias=bias.reshape(1))
        for unit, (weight, bias) in enumerate(zip(last.weight, last.bias, strict=True), 1)
    ]
    outputs = {f"y{unit + 1}": len(before) + unit for unit in range(len(units))}
    return replace(exact, layers=(*before, *units), outputs=outputs)


def network_data(net: nn.Module, gives: str = "") -> dict[str, Any]:
    """Return a network as `js/core/network.js` reads it.

    Args:
        net: As of `layers_of`.
        gives: "value", "logit" or "probability"; "" for what its class says.

    Raises:
        InputError: As of `shown_layers`.
    """
    exact = shown_layers(net)
    return {
        "layers": [
            {
                "label": layer.label,
                "units": layer.weight.shape[0],
                "inputs": layer.weight.shape[1],
                "activation": layer.activation,
                "source": layer.source,
            }
            for layer in exact.layers
        ],
        "outputs": list(exact.outputs.items()),
        "inputs": exact.in_features,
        "inScale": exact.in_scale,
        "outScale": exact.out_scale,
        "gives": gives or exact.gives,
        "weights": packed(*parameters_of(exact)),
    }


def parameters_of(exact: Layers) -> list[Any]:
    """Return weights and biases in the order of a page: layer by layer, weights before biases.

    Args:
        exact: A network.
    """
    return [part for layer in exact.layers for part in (layer.weight, layer.bias)]


def sketch_of(net: nn.Module) -> str:
    """Return the sizes of the layers of a network and how many weights it has, in a line.

    Args:
        net: As of `layers_of`.
    """
    exact = layers_of(net)
    sizes = "-".join(map(str, (exact.in_features, *(len(each.bias) for each in exact.layers))))
    named = " ".join([sizes, *sorted(exact.activations - {"identity"})])
    sketch = getattr(net, "sketch", None) or getattr(getattr(net, "net", None), "sketch", None)
    return f"{sketch() if sketch else named}, {exact.size:,} parameters"
