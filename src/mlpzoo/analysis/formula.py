"""The formula of a trained network: to read, to print, to run elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
from torch import nn

from mlpzoo.analysis import _symbols
from mlpzoo.analysis._code import Source, Unit
from mlpzoo.analysis._symbols import input_names, unit_names
from mlpzoo.analysis.forms import PYTHON, own_functions
from mlpzoo.analysis.layers import Array, Layer, Layers, layers_of
from mlpzoo.analysis.pieces import why_no_pieces
from mlpzoo.checks import InputError, check_count, check_ordered

MOST_WEIGHTS = 2_000  # of a text that anyone reads
DISPLAYED = 4  # digits
_GRID = 40_000  # points, about
_exactly: Callable[[Array], Any] = np.frompyfunc(Fraction, 1, 1)


@dataclass(frozen=True)
class Rounding:
    """What rounding the numbers of a formula does to its outputs: the largest change.

    Attributes:
        digits: Significant digits of every number.
        corners: The change at the corners of the range: of a gate, at its truth table.
        sampled: The change on an even grid over the range; between its points it may be larger.
        square: The range, such as "[0, 1]^2".
        points: Of the grid, such as "201^2".
    """

    digits: int
    corners: float
    sampled: float
    square: str
    points: str

    def __str__(self) -> str:
        if self.corners == self.sampled == 0:
            return f"{self.digits} digits lose nothing"
        ends = "corners" if "^" in self.square else "ends"
        return (
            f"rounding to {self.digits} digits changes the output by up to {self.corners:.2g} at "
            f"the {ends} of {self.square}, and {self.sampled:.2g} on a grid of {self.points} points"
        )


@dataclass(frozen=True, repr=False)
class Formula(Source):
    """The formula of a network, layer by layer; what `formula` returns.

    `str()`, `layers` and `latex` show four digits where none are asked for; the source texts have
    all. They compute the network in double precision, and no finite sum makes them overflow.

    Attributes:
        inputs: Names of the inputs.
        outputs: Names of the units that are the outputs.
        units: By the name of a layer, its units; all numbers are exact to the last digit.
        digits: Significant digits that were asked for.
    """

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        """By the name of a layer, a formula for each of its units."""
        shown = zip(self.units, self._shown(), strict=True)
        return {label: tuple(map(str, units)) for label, units in shown}

    def __str__(self) -> str:
        lines = [
            line for label, of in self.layers.items() for line in (label, *(f"  {f}" for f in of))
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """Return it in LaTeX, a line for each unit, for display mathematics with amsmath."""
        return _symbols.latex(self._shown())

    def _repr_latex_(self) -> str:  # a notebook shows it
        return f"$${self.latex()}$$"

    def sympy(self, *, composed: bool = False) -> dict[Any, Any]:
        """Return each unit as a SymPy expression, by its symbol.

        Args:
            composed: Of the inputs alone; by default of the units in front of it.

        Raises:
            InputError: Composed, it would be too large.
        """
        return _symbols.expressions(self.inputs, self.computed(), composed=composed)

    def rounding(self, low: float | Sequence[float], high: float | Sequence[float]) -> Rounding:
        """Return what rounding its numbers does, to the digits that it is shown with.

        Args:
            low: Low end of every input, or of each.
            high: High end.

        Raises:
            InputError: A range is not in order, or there are too many inputs to sample.
        """
        count = len(self.inputs)
        lows, highs = (np.broadcast_to(end, count).tolist() for end in (low, high))
        ranges = list(zip(lows, highs, strict=True))
        for pair in ranges:
            check_ordered("range", *pair)
        side = 2 * (round(_GRID ** (1 / count)) // 2) + 1  # the middle too
        if side**count > 10 * _GRID:
            raise InputError(f"rounding is not sampled over {count} inputs; 11 at most")
        digits = self.digits or DISPLAYED
        corners, sampled = (self._change(digits, np.linspace(lows, highs, n).T) for n in (2, side))
        power = f"^{count}" if count > 1 else ""
        shown = [f"[{a:g}, {b:g}]" for a, b in ranges]
        square = " x ".join(shown) if len(set(shown)) > 1 else f"{shown[0]}{power}"
        return Rounding(digits, corners, sampled, square, f"{side}{power}")

    def _change(self, digits: int, axes: Array) -> float:
        """Return what rounding changes at most on a grid."""
        grid = np.meshgrid(*axes)
        values = []
        for each in (digits, None):
            there: dict[str, Any] = {}
            exec(replace(self, digits=each).numpy(), there)  # of checked names, and numbers
            values.append(np.asarray(there["network"](*grid)))
        return float(np.abs(values[0] - values[1]).max())

    def _shown(self) -> list[list[Unit]]:
        digits = self.digits or DISPLAYED
        return [[unit.rounded(digits) for unit in of] for of in self.units.values()]


def formula(
    net: nn.Module, *, names: str | Sequence[str] | None = None, digits: int | None = None
) -> Formula:
    """Return the formula of a small network.

    The scales of a network are folded into its first and last layers, exactly, so that the formula
    takes and gives the exercise's own units.

    Args:
        net: One of `mlpzoo.nets`, an `nn.Sequential` of linear layers and activations, or a
            Lightning module with one.
        names: Of the inputs; by default x, or x1, x2, ...
        digits: Significant digits of every number; None shows 4, and computes with all.

    Raises:
        InputError: Another kind of network, an activation that is not known here, more than 2,000
            weights, names that cannot be used, or digits not from 1 to 17.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> found = formula(load_pretrained("xor-lecture"))
        >>> found.layers["layer 1"][0]
        'h11 = sigmoid(-10.33 x1 + 14.35 x2 + 4.811)'
        >>> print(formula(load_pretrained("or-exact"), names="a,b").python())
        def step(z):
            return 1.0 * (z > 0.0)
        <BLANKLINE>
        <BLANKLINE>
        def network(a, b):
            y = step(0.5 * a + 0.5 * b - 0.25)
            return y
        <BLANKLINE>
    """
    if digits is not None:
        check_count("digits", digits, 1, 17)
    exact = layers_of(net)
    own_functions(exact.activations, PYTHON)  # refuses what has no form
    if exact.size > MOST_WEIGHTS:
        pieces = "take its straight pieces, pieces(net, low, high)"
        better = "export it" if why_no_pieces(exact) else pieces
        raise InputError(
            f"a formula of {exact.size:,} weights is no text to read, {MOST_WEIGHTS:,} at most; "
            f"{better} instead"
        )
    exact = _folded(exact)
    inputs, of_layers = input_names(names, exact.in_features), unit_names(exact)
    if clash := set(inputs).intersection(chain(*of_layers)):
        raise InputError(f"{', '.join(clash)} is the name of a unit; choose another for the input")
    units = {}
    for layer, called in zip(exact.layers, of_layers, strict=True):
        sources = inputs if layer.source is None else of_layers[layer.source]
        rows = [dict(zip(sources, row, strict=True)) for row in layer.weight.tolist()]
        each = zip(called, rows, layer.bias.tolist(), strict=True)
        units[layer.label] = tuple(Unit(name, layer.activation, *sums) for name, *sums in each)
    outputs = tuple(name for place in exact.outputs.values() for name in of_layers[place])
    return Formula(inputs, outputs, units, digits)


def _folded(exact: Layers) -> Layers:
    """Return layers that take and give the exercise's own units, so that no scale is left."""
    ends = map(np.atleast_1d, (*exact.in_scale, *exact.out_scale))
    centre, half_width, middle, width = map(_exactly, ends)
    layers, outputs = [], dict(exact.outputs)
    for place, layer in enumerate(exact.layers):
        weight, bias = _exactly(layer.weight), _exactly(layer.bias)
        if layer.source is None:
            weight = weight / half_width
            bias = bias - (centre * weight).sum(axis=1)
        if place in outputs.values() and layer.activation == "identity":
            weight, bias = weight * width.reshape(-1, 1), bias * width + middle
        layers.append(replace(layer, weight=weight.astype(float), bias=bias.astype(float)))
    for name, place in exact.outputs.items():
        last = layers[place]
        if exact.out_scale != (0, 1) and last.activation != "identity":  # nothing to fold it into
            size = len(last.bias)
            weight, bias = np.eye(size) * width.astype(float), np.zeros(size) + middle.astype(float)
            layers.append(Layer(f"{last.label}, scaled", weight, bias, "identity", place))
            outputs[name] = len(layers) - 1
    return replace(exact, layers=tuple(layers), outputs=outputs, in_scale=(0, 1), out_scale=(0, 1))
