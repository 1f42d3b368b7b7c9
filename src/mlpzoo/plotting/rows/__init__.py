"""Drawing of the rows of a table, or of a function of many inputs."""

from mlpzoo.plotting.rows.dependence import plot_dependence
from mlpzoo.plotting.rows.over import plot_intervals, plot_rows
from mlpzoo.plotting.rows.predicted import plot_predicted, plot_residuals

__all__ = [
    "plot_dependence", "plot_intervals", "plot_predicted", "plot_residuals", "plot_rows",
]  # fmt: skip
