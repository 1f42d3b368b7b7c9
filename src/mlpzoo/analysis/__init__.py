"""What a trained network is, exactly: formulas, pieces, proved errors, gradients by hand."""

from mlpzoo.analysis.formula import Formula, Rounding, formula
from mlpzoo.analysis.pieces import Pieces, pieces

__all__ = ["Formula", "Pieces", "Rounding", "formula", "pieces"]
