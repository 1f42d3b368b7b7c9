"""Proved errors: one door to the proofs, by what a network is to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mlpzoo.analysis.layers import layers_of
from mlpzoo.analysis.pieces import pieces, why_no_pieces
from mlpzoo.analysis.proof.certificate import GAP, LIMIT_S, Certificate
from mlpzoo.analysis.proof.radius import bound_rows
from mlpzoo.analysis.proof.relaxation import bound_heads
from mlpzoo.checks import InputError, check_ordered, check_positive

if TYPE_CHECKING:
    from mlpzoo.data import Samples

Ranges = Sequence[tuple[float, float]]
_SAMPLES = 10_000  # at which the rounding of float32 is measured


def certify(
    net: nn.Module,
    function: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    ranges: Ranges | None = None,
    gives: str | None = None,
    gap: float = GAP,
    limit_s: float = LIMIT_S,
    below: float | None = None,
) -> dict[str, Certificate]:
    """Prove how far a network is from its function at most, over the whole closed range.

    A function is compared with the exact pieces of a ReLU network of one input, and with other
    networks in boxes of their inputs; maximum and minimum with two ReLU heads in boxes, too, and
    the probability of a gate with its truth table by intervals; how far around a row the answer
    stays right is told by `radius`.

    Args:
        net: Of one input or a few.
        function: What it should compute: an Exercise, its data, or a function of x, or of x1,
            x2, ..., as text, such as "x**3 - x".
        low: Low end of the inputs, in their own units; None for that of the data.
        high: High end.
        ranges: Low and high end of each input, instead of both.
        gives: What a gate's network gives: "logit", "probability" or "value", which is taken as a
            probability; None for what it says itself.
        gap: How far a bound may be above an error that is attained, as a share of it.
        limit_s: Seconds after which the bounds that have been reached are returned.
        below: Of a function: only find out whether its largest error is at most this, and stop as
            soon as a bound is, or an error that is attained is larger.

    Returns:
        A certificate for each output by its name, or for each row of a gate, such as "01".

    Raises:
        InputError: There is no function to compare with, or no proof for such a network.

    Example:
        >>> net = nn.Sequential(nn.Linear(1, 1))
        >>> _ = nn.init.constant_(net[0].weight, 2.0), nn.init.constant_(net[0].bias, 0.0)
        >>> found = certify(net, "x**2", low=0, high=2)["y"]
        >>> found.bound, found.where
        (1.0, (1.0,))
    """
    check_positive("gap", gap)
    check_positive("limit_s", limit_s)
    if below is not None:
        check_positive("below", below)
    if callable(build := getattr(function, "samples", None)):
        function = build()
    ranges = _ranges(net, function, low, high, ranges)
    until = {"gap": gap, "limit_s": limit_s}
    text = function if (written := isinstance(function, str)) else function.expression
    if written or text:
        found = {"y": _curve(net, text, ranges, {**until, "below": below})}
    elif below:
        raise InputError("below goes with a function that is known as text")
    else:
        found = _table(net, function, ranges, gives, until)
    rounding = _rounding(net, ranges)
    return {name: replace(each, rounding=rounding) for name, each in found.items()}


def has_function(function: Samples | str) -> bool:
    """Tell whether it is known what a network is to compute.

    Args:
        function: As `certify` takes it.
    """
    from mlpzoo.data import GateSamples, MinMaxSamples

    if isinstance(function, str | GateSamples | MinMaxSamples):
        return True
    return bool(function.expression)


def with_ends(ranges: Ranges, low: float | None, high: float | None) -> Ranges:
    """Return ranges, with other ends where they are given.

    Args:
        ranges: Low and high end of each input.
        low: Low end of all.
        high: High end of all.
    """
    return [(a if low is None else low, b if high is None else high) for a, b in ranges]


def _ranges(
    net: nn.Module, function: Any, low: float | None, high: float | None, ranges: Ranges | None
) -> Ranges:
    """Return the ranges that are given, or else those of the data."""
    if ranges is None and isinstance(function, str):
        if low is None or high is None:
            raise InputError(f"give the range of x in {function}: low and high")
        ranges = [(low, high)] * layers_of(net).in_features
    elif ranges is None:
        ranges = with_ends(function.ranges, low, high)
    elif not low is high is None:
        raise InputError("give ranges, or low and high for every input, not both")
    for pair in ranges:
        check_ordered("range", *pair)
    return [(float(low), float(high)) for low, high in ranges]


def _curve(net: nn.Module, text: str, ranges: Ranges, until: Mapping[str, Any]) -> Certificate:
    from mlpzoo.analysis.proof.boxes import bound_boxes
    from mlpzoo.analysis.proof.curve import bound_curve
    from mlpzoo.data.text.expression import Expression

    begun, layers, expression = perf_counter(), layers_of(net), Expression(text)
    if len(ranges) != (count := layers.in_features):
        inputs = "one input" if count == 1 else f"{count} inputs"
        raise InputError(f"the network has {inputs}, and there are ranges of {len(ranges)}")
    if len(ranges) > 1 and "x" in expression.inputs:
        raise InputError(f"a function of x goes with a network of one input, not of {len(ranges)}")
    if why_no_pieces(layers):
        proved = bound_boxes(layers, expression, ranges, **until)
    else:
        proved = bound_curve(pieces(net, *ranges[0]), expression, **until)
    return replace(proved, seconds=perf_counter() - begun)


def _table(
    net: nn.Module,
    function: Samples,
    ranges: Ranges,
    gives: str | None,
    until: Mapping[str, float],
) -> dict[str, Certificate]:
    from mlpzoo.data import GateSamples, MinMaxSamples

    if isinstance(function, GateSamples):
        rows = function.grid(2)[0].tolist()
        names = ("".join(f"{x:.0f}" for x in row) for row in rows)
        rows_proved = bound_rows(net, rows, function.outputs, gives=gives, **until)
        return dict(zip(names, rows_proved, strict=True))
    if isinstance(function, MinMaxSamples):
        if len(set(ranges)) > 1:
            raise InputError("maximum and minimum are proved over one range for both inputs")
        return bound_heads(layers_of(net), *ranges[0], **until)
    raise InputError(
        f"{type(function).__name__} has no function that is known here; give one as text, such as "
        '"x**3 - x", and low and high'
    )


def _rounding(net: nn.Module, ranges: Ranges) -> float:
    """Return by how much float32 differs from float64 at most, on a grid of the closed range."""
    points = max(2, round(_SAMPLES ** (1 / len(ranges))))
    x = torch.cartesian_prod(*[torch.linspace(low, high, points) for low, high in ranges])
    x = x.reshape(-1, len(ranges))
    single, double = deepcopy(net).cpu().float().eval(), deepcopy(net).cpu().double().eval()
    with torch.no_grad():
        return float((single(x) - double(x.double())).abs().max())
