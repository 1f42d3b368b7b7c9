"""What the numbers of a network are called, in the lecture's symbols."""

import numpy as np

from mlpzoo.analysis._code import Unit
from mlpzoo.analysis.layers import Layers


def output_symbol(layers: Layers) -> str:
    """Return the symbol of the one output of a network."""
    return "logit" if layers.gives == "logit" else "y"


def symbol(layers: Layers, kind: str, layer: int, unit: int = 0, source: int | None = None) -> str:
    """Return the symbol of a number of a network of one output.

    A line is y = a x + b; one unit has w1, w2, b; with one hidden layer, h1 = act(z1), z1 = w11 x1
    + w21 x2 + b1, and y = v1 h1 + v2 h2 + b: of w21, 2 is the input and 1 the unit. With more
    hidden layers, the layer comes first: h21, z21, b21, w2_11.

    Args:
        layers: The network.
        kind: "z", "h", "w" or "b"; "taken" for what the layer takes, of which `unit` is one.
        layer: Which layer it is of, from 0 on, as the next two.
        unit: Which unit of the layer.
        source: Which input of the unit, for a weight.
    """
    count, inputs = len(layers.layers), layers.layers[layer].weight.shape[1]
    if kind == "taken" and layer:
        return symbol(layers, "h", layer - 1, unit)
    if kind == "taken":  # u is x as it is scaled
        return "xu"[layers.in_scale != (0.0, 1.0)] + (str(unit + 1) if inputs > 1 else "")
    if layer == count - 1:
        end = output_symbol(layers) if layers.out_scale == (0.0, 1.0) else "s"
        weight = "a" if count == inputs == 1 else f"{'vw'[count == 1]}{(source or 0) + 1}"
        return {"h": end, "w": weight}.get(kind, kind)
    numbers = [n + 1 for n in (source, unit) if n is not None]
    joined = ("" if max(numbers) < 10 else "_").join(map(str, numbers))
    if count == 2:
        return f"{kind}{joined}"
    return f"{kind}{layer + 1}{'_' * (kind == 'w' or max(numbers) > 9)}{joined}"


def formulas(layers: Layers, *, numbers: bool = False) -> list[str]:
    """Return the formula of each unit.

    Args:
        layers: The network.
        numbers: Whether with the weights' values, in place of their symbols.

    Example:
        >>> from mlpzoo import from_weights
        >>> from mlpzoo.analysis.layers import layers_of
        >>> layers = layers_of(from_weights([[[1, -2, 0.5]], [[1, 0]]]))
        >>> formulas(layers), formulas(layers, numbers=True)[0]
        (['h1 = step(w11 x1 + w21 x2 + b1)', 'y = step(v1 h1 + b)'], 'h1 = step(x1 - 2 x2 + 0.5)')
    """
    said = []
    if layers.in_scale != (0.0, 1.0):
        pairs = np.column_stack([np.atleast_1d(end) for end in layers.in_scale]).tolist()
        for n, (centre, half_width) in enumerate(pairs, 1):
            number, each = (n, "") if len(pairs) > 1 else ("", ", of each input")
            said.append(f"u{number} = (x{number} - {centre:g}) / {half_width:g}{each}")
    for k, layer in enumerate(layers.layers):
        for unit, weights in enumerate(layer.weight):
            taken = [symbol(layers, "taken", k, n) for n in range(len(weights))]
            if numbers:
                terms, bias = dict(zip(taken, weights.tolist(), strict=True)), layer.bias[unit]
            else:
                named = [f"{symbol(layers, 'w', k, unit, n)} {x}" for n, x in enumerate(taken)]
                terms, bias = dict.fromkeys([*named, symbol(layers, "b", k, unit)], 1.0), 0.0
            name = symbol(layers, "h", k, unit)
            said.append(str(Unit(name, layer.activation, terms, float(bias)).rounded(6)))
    if layers.out_scale != (0.0, 1.0):
        said.append(f"y = {layers.out_scale[0]:g} + {layers.out_scale[1]:g} s")
    return said
