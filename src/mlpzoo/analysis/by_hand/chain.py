"""The chain rule written out for one parameter: its factors, from the output back."""

from itertools import pairwise

import numpy as np

from mlpzoo.analysis.by_hand.gradients import Backpropagation
from mlpzoo.analysis.by_hand.symbols import output_symbol, symbol
from mlpzoo.analysis.layers import Array
from mlpzoo.checks import lookup


def chain_of(found: Backpropagation, name: str) -> dict[str, Array]:
    """Return the factors of one gradient, in symbols, each with its value in each row.

    The gradient is the sum over the rows of their product. Further from the output than the last
    hidden layer, the first factor is d cost/d h, which `Backpropagation.d_h` has.

    Args:
        found: All gradients.
        name: A parameter.

    Raises:
        InputError: There is none of this name.

    Example:
        >>> from mlpzoo import SequentialMLP, backpropagate
        >>> net = SequentialMLP(in_features=2, hidden_features=(2,), activation="sigmoid")
        >>> found = backpropagate(net, [[0, 0], [0, 1]], [0, 1])
        >>> " * ".join(chain_of(found, "b1"))
        'd cost/d y * d y/d h1 * d h1/d z1 * d z1/d b1'
    """
    one, layers = lookup("parameter", name, found.parameters), found.layers
    last, rows = len(layers.layers) - 1, np.ones(len(found.x))
    path = [("cost", rows), (output_symbol(layers), found.d_output)]

    def through(layer: int, unit: int) -> None:
        if layers.layers[layer].activation != "identity":
            path.append((symbol(layers, "z", layer, unit), found.slopes[layer][:, unit]))

    hidden = symbol(layers, "h", one.layer, one.unit)
    if one.layer < last - 1:
        path[1:] = [(hidden, found.d_h[one.layer][:, one.unit])]
    elif layers.out_scale != (0.0, 1.0):
        path.append(("s", layers.out_scale[1] * rows))
    if one.layer == last - 1:
        through(last, 0)
        path.append((hidden, layers.layers[last].weight[0, one.unit] * rows))
    through(one.layer, one.unit)
    taken = rows if one.source is None else found.taken[one.layer][:, one.source]
    path.append((one.name, taken))
    return {f"d {above}/d {below}": v for (above, _), (below, v) in pairwise(path)}
