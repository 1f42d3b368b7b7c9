"""Pure drawing: arrays or a network in, a matplotlib Figure out; no pyplot and no global state.

Every function draws on `figure` where one is given (a Figure or a SubFigure), else on a new one,
and returns the whole Figure. Networks are any small `torch.nn.Module` of linear layers; they run in
eval mode and are left as they were. The views of a trained module are in `mlpzoo.plotting.views`.
"""

from mlpzoo.plotting.activations import plot_activations, plot_dying, plot_vanishing
from mlpzoo.plotting.curves import (
    plot_curve,
    plot_fit,
    plot_losses,
    plot_progress,
    plot_truth_table,
)
from mlpzoo.plotting.descent import plot_descent, plot_rolling
from mlpzoo.plotting.figure import (
    CLASSES,
    CMAP,
    DPI,
    ERROR,
    MODEL,
    TRUTH,
    Array,
    Canvas,
    new_figure,
    save,
    save_each,
)
from mlpzoo.plotting.gif import make_film
from mlpzoo.plotting.layers import plot_layers
from mlpzoo.plotting.network import plot_network
from mlpzoo.plotting.neurons import plot_neurons
from mlpzoo.plotting.rows import (
    plot_dependence,
    plot_intervals,
    plot_predicted,
    plot_residuals,
    plot_rows,
)
from mlpzoo.plotting.surfaces import plot_separating_line, plot_surfaces

__all__ = [
    "CLASSES", "CMAP", "DPI", "ERROR", "MODEL", "TRUTH", "Array", "Canvas", "make_film",
    "new_figure", "plot_activations", "plot_curve", "plot_dependence", "plot_descent", "plot_dying",
    "plot_fit", "plot_intervals", "plot_layers", "plot_losses", "plot_network", "plot_neurons",
    "plot_predicted", "plot_progress", "plot_residuals", "plot_rolling", "plot_rows",
    "plot_separating_line", "plot_surfaces", "plot_truth_table", "plot_vanishing", "save",
    "save_each",
]  # fmt: skip
