"""What the texts of every language have: the numbers of a network, and what is told about it."""

import numpy as np

import mlpzoo
from mlpzoo.analysis.layers import Array, Layers, Scale
from mlpzoo.nets.base import Network
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.manifest import OUTPUTS

_LONGEST = 100  # characters of a name or a title


def arrays_of(exact: Layers) -> dict[str, Array]:
    """Return all numbers of a network by the names of their arrays; of scales, if there are any.

    Args:
        exact: The network.

    Example:
        >>> from torch import nn
        >>> from mlpzoo.analysis.layers import layers_of
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> {name: array.shape for name, array in arrays_of(layers_of(net)).items()}
        {'weight_1': (3, 2), 'bias_1': (3,), 'weight_2': (1, 3), 'bias_2': (1,)}
    """
    arrays = _scale("x", exact.in_scale, exact.in_features)
    for place, layer in enumerate(exact.layers, 1):
        arrays |= {f"weight_{place}": layer.weight, f"bias_{place}": layer.bias}
    return arrays | _scale("y", exact.out_scale, len(output_names(exact)))


def _scale(end: str, scale: Scale, size: int) -> dict[str, Array]:
    centre, half_width = (np.broadcast_to(part, size).astype(float) for part in scale)
    if not centre.any() and (half_width == 1).all():
        return {}
    return {f"{end}_centre": centre, f"{end}_half_width": half_width}


def output_names(exact: Layers) -> list[str]:
    """Return the names of a network's outputs, such as y, or y1 and y2, or max and min.

    Args:
        exact: The network.
    """
    sizes = {name: len(exact.layers[place].bias) for name, place in exact.outputs.items()}
    return [
        f"{name}{n if size > 1 else ''}" for name, size in sizes.items() for n in range(1, size + 1)
    ]


def told(exported: ExportedNet, exact: Layers, inputs: list[str], outputs: list[str]) -> list[str]:
    """Return what people want to know of a network, a line each: what it is, what goes in and out.

    Args:
        exported: The network.
        exact: The same.
        inputs: What the text calls its inputs.
        outputs: What it calls its outputs.
    """
    samples, net = exported.samples, exported.net
    solves = getattr(samples, "title", "") or exported.exercise
    sketch = net.sketch() if isinstance(net, Network) else "a network"
    names = samples.names if samples else inputs
    ranges = samples.ranges if samples else ()
    within = [f", in [{low:.6g}, {high:.6g}]" for low, high in ranges]
    within = within or [""] * len(inputs)
    targets = getattr(samples, "targets", ()) or output_names(exact)
    means = "" if exported.output == "value" else f", {OUTPUTS[exported.output]}"
    lines = [f"{plain(solves)}: {sketch}" if solves else sketch]
    lines[0] += f", {exact.size:,} weights; written by mlpzoo {mlpzoo.__version__}"
    for called, name, at in zip(inputs, names, within, strict=True):
        lines.append(f"    {called}{_also(called, name)}{at}")
    for called, name in zip(outputs, targets, strict=True):
        lines.append(f"    {called}{_also(called, name)}{means}")
    return lines


def _also(called: str, name: str) -> str:
    return "" if name == called else f" = {plain(name)}"


def plain(text: str) -> str:
    r"""Return a name or a title so that it ends no comment of C or Python, and is not too long.

    Args:
        text: Anything, such as a column of somebody's table.

    Example:
        >>> plain("a*/ b??/\nc\\")
        'a* / b? ?/_c_'
    """
    shown = "".join(char if char.isprintable() and char != "\\" else "_" for char in str(text))
    for pair in ("*/", "/*", "??"):  # the last begins a trigraph
        while pair in shown:
            shown = shown.replace(pair, " ".join(pair))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
