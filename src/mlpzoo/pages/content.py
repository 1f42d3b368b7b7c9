"""What the page of a network shows: its parts, where they look, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from mlpzoo.analysis.layers import Layers
from mlpzoo.checks import InputError, as_typed, check_ordered, plain_value
from mlpzoo.data import GateSamples, LinearSamples, Samples
from mlpzoo.pages.network import network_data, shown_layers
from mlpzoo.pages.packed import packed

TRUTH_POINTS = {1: 2001, 2: 101}  # along each axis, by inputs
MOST_DRAWN = 64  # hidden units of a network that is drawn whole
_DRAWN = ("diagram", "training", "film", "pad", "truth_table", "unit", "surface")


def content_of(
    net: nn.Module,
    data: Samples | None = None,
    *,
    ranges: Any = None,
    gives: str = "",
    train: Mapping[str, Any] | None = None,
    film: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a page shows of a network, but for its title.

    Args:
        net: As of `layers_of`.
        data: What it is measured by; None where that is not known.
        ranges: Low and high end of all inputs, or of each; None for those of the data or the
            network's own.
        gives: As of `network_data`.
        train: How the page trains it; None if it does not.
        film: How it was trained; None where that is not known.

    Raises:
        InputError: It cannot be shown, or the ranges are missing or are none.
    """
    exact = shown_layers(net)
    count, task = exact.in_features, _task(exact, data)
    hidden = sum(len(layer.bias) for layer in exact.layers) - len(exact.outputs)
    if ranges is None and data is not None:
        ranges = data.ranges
    absent = {"training": train is None, "film": film is None}
    return {
        "kind": "network",
        "task": task,
        "parts": [part for part in parts_of(task, count, hidden) if not absent.get(part)],
        "net": network_data(net, gives),
        "ranges": _ranges(exact, ranges),
        "inputs": ["x"] if count == 1 else [f"x{number}" for number in range(1, count + 1)],
        "rows": _rows(data),
        "truth": _truth(data) if task in ("function", "heads", "line") else None,
        "train": train,
        "film": film,
    }


def parts_of(task: str, inputs: int, hidden: int) -> list[str]:
    """Return the parts of the page of a network, in their order.

    Args:
        task: "gate", "function", "heads", "line" or "other".
        inputs: How many it has.
        hidden: How many hidden units.
    """
    if task == "line":
        return ["bowl", "curve", "training", "film", "unit"]
    gate, drawn = task == "gate", hidden <= MOST_DRAWN
    inside = ["diagram", "unit"] if drawn else []
    if inputs == 1 and not gate:
        return ["curve", "training", "film", *inside, *["units"] * bool(hidden)]
    if not gate and not (task == "other" and inputs == 2 and drawn):
        return ["heads", *inside]
    absent = {"pad", "surface"} if inputs != 2 else set[str]()
    absent |= set() if gate else {"truth_table"}
    absent |= set() if drawn else {"diagram"}
    return [part for part in _DRAWN if part not in absent]


def _task(exact: Layers, data: Samples | None) -> str:
    if data is None:
        return "other"
    if isinstance(data, GateSamples):
        return "gate"
    if isinstance(data, LinearSamples) and len(exact.layers) == 1:
        return "line"
    return "function" if len(exact.outputs) == 1 else "heads"


def _ranges(exact: Layers, given: Any) -> list[list[float]]:
    """Return low and high end of each input: those given, or the network's own."""
    count, (centre, half_width) = exact.in_features, map(np.asarray, exact.in_scale)
    if given is None and exact.gives != "value":
        given = (0.0, 1.0)
    elif given is None and exact.in_scale != (0.0, 1.0):
        given = np.stack([centre - half_width, centre + half_width], axis=-1)
    elif given is None:
        each = "" if count == 1 else f" for all {count} inputs, or so many pairs"
        raise InputError(f"the network does not say its range; give ranges, such as -1,1{each}")
    pairs = plain_value("ranges", given)
    if isinstance(pairs, tuple) and not any(isinstance(pair, tuple) for pair in pairs):
        pairs = (pairs,) * count
    listed = pairs if isinstance(pairs, tuple) else ()
    if [len(pair) if isinstance(pair, tuple) else 0 for pair in listed] != [2] * count:
        raise InputError(
            f"ranges must be a pair low,high for each of {count}, got {as_typed(pairs)}"
        )
    for low, high in pairs:
        check_ordered("ranges", low, high)
    return [[float(low), float(high)] for low, high in pairs]


def _rows(data: Samples | None) -> dict[str, Any] | None:
    """Return the rows that are trained on, where they are the same in every step."""
    if isinstance(data, LinearSamples):
        x, y = data.x, data.y
    elif isinstance(data, GateSamples):
        x, y = data.grid(2)
    else:
        return None
    return {"x": x.tolist(), "y": y.tolist()}


def _truth(data: Samples | None) -> dict[str, Any] | None:
    """Return what is right on an even grid, output by output."""
    points = TRUTH_POINTS.get(data.in_features) if data is not None else None
    if data is None or points is None:
        return None
    return {"points": points, "values": packed(data.grid(points)[1].T.double().numpy())}
