"""What a trained network is, exactly: formulas, pieces, proved errors, gradients by hand."""

from mlpzoo.analysis.formula import Formula, Rounding, formula
from mlpzoo.analysis.radius import Radius, bound_rows, radius
from mlpzoo.analysis.relaxation import bound_heads

__all__ = ["Formula", "Radius", "Rounding", "bound_heads", "bound_rows", "formula", "radius"]
