"""What a trained network is, exactly: formulas, pieces, proved errors, gradients by hand."""

from mlpzoo.analysis.formula import Formula, Rounding, formula

__all__ = ["Formula", "Rounding", "formula"]
