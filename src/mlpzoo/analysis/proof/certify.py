"""Proved errors: one door to the proofs, by what a network is to compute."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mlpzoo.analysis.layers import layers_of
from mlpzoo.analysis.pieces import pieces
from mlpzoo.analysis.proof.certificate import GAP, LIMIT_S, Certificate
from mlpzoo.analysis.proof.radius import bound_rows
from mlpzoo.analysis.proof.relaxation import bound_heads
from mlpzoo.checks import InputError, check_ordered, check_positive

if TYPE_CHECKING:
    from mlpzoo.data import Samples

_SAMPLES = 10_000  # at which the rounding of float32 is measured


def certify(
    net: nn.Module,
    function: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    gives: str | None = None,
    gap: float = GAP,
    limit_s: float = LIMIT_S,
) -> dict[str, Certificate]:
    """Prove how far a network is from its function at most, over the whole closed range.

    A function of one input is compared with the exact pieces of a ReLU network, maximum and minimum
    with two ReLU heads by branch and bound, and the probability of a gate with its truth table by
    intervals; how far around a row the answer stays right is told by `radius`.

    Args:
        net: Of one or two inputs.
        function: What it should compute: an Exercise, its data, or a function of x as text,
            such as "x**3 - x".
        low: Low end of the inputs, in their own units; None for that of the data.
        high: High end.
        gives: What a gate's network gives: "logit", "probability" or "value", which is taken as a
            probability; None for what it says itself.
        gap: How far a bound may be above an error that is attained, as a share of it.
        limit_s: Seconds after which the bounds that have been reached are returned.

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
    if callable(build := getattr(function, "samples", None)):
        function = build()
    low = getattr(function, "low", None) if low is None else low
    high = getattr(function, "high", None) if high is None else high
    if low is None or high is None:
        raise InputError(f"give the range of x in {function}: low and high")
    check_ordered("range", low, high)
    found = _proved(net, function, (low, high), gives, {"gap": gap, "limit_s": limit_s})
    rounding = _rounding(net, low, high)
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


def _proved(
    net: nn.Module,
    function: Samples | str,
    ends: tuple[float, float],
    gives: str | None,
    until: Mapping[str, float],
) -> dict[str, Certificate]:
    text = function if isinstance(function, str) else function.expression
    if isinstance(function, str) and (count := layers_of(net).in_features) != 1:
        raise InputError(f"a function of x goes with a network of one input, not of {count}")
    if isinstance(function, str) or text:
        from mlpzoo.analysis.proof.curve import bound_curve
        from mlpzoo.data.expression import Expression

        begun = perf_counter()
        proved = bound_curve(pieces(net, *ends), Expression(text), **until)
        return {"y": replace(proved, seconds=perf_counter() - begun)}
    from mlpzoo.data import GateSamples, MinMaxSamples

    if isinstance(function, GateSamples):
        rows = function.grid(2)[0].tolist()
        names = ("".join(f"{x:.0f}" for x in row) for row in rows)
        rows_proved = bound_rows(net, rows, function.outputs, gives=gives, **until)
        return dict(zip(names, rows_proved, strict=True))
    if isinstance(function, MinMaxSamples):
        return bound_heads(layers_of(net), *ends, **until)
    raise InputError(
        f"{type(function).__name__} has no function that is known here; give one as text, such as "
        '"x**3 - x", and low and high'
    )


def _rounding(net: nn.Module, low: float, high: float) -> float:
    """Return by how much float32 differs from float64 at most, on a grid of the closed range."""
    inputs = layers_of(net).in_features
    axis = torch.linspace(low, high, max(2, round(_SAMPLES ** (1 / inputs))))
    x = torch.cartesian_prod(*[axis] * inputs).reshape(-1, inputs)
    single, double = deepcopy(net).cpu().float().eval(), deepcopy(net).cpu().double().eval()
    with torch.no_grad():
        return float((single(x) - double(x.double())).abs().max())
