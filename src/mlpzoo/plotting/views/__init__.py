"""What a trained module looks like: evaluate it, hand the arrays to `plotting`.

An Exercise names its views; `FigureWriter`, films and the command line call them. See `View` for
what a view takes, and how to write one.
"""

from mlpzoo.plotting.views.answers import (
    curve,
    fitted_line,
    heads_surface,
    line_of,
    probability_surface,
    separating_line,
    surface,
    truth_table,
)
from mlpzoo.plotting.views.base import View, with_gate
from mlpzoo.plotting.views.insides import layers, network, neurons, pictures_of
from mlpzoo.plotting.views.own import dependence, function, predicted, residuals, table

__all__ = [
    "View", "curve", "dependence", "fitted_line", "function", "heads_surface", "layers", "line_of",
    "network", "neurons", "pictures_of", "predicted", "probability_surface", "residuals",
    "separating_line", "surface", "table", "truth_table", "with_gate",
]  # fmt: skip
