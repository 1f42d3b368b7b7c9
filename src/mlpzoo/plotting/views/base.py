"""What every view shares: what it is, what a module answers, and what its picture is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch import Tensor

from mlpzoo.data import TableSamples
from mlpzoo.nets.trace import in_eval_mode
from mlpzoo.plotting.figure import Canvas
from mlpzoo.plotting.rows.marks import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import Samples
    from mlpzoo.modules.finished import Answering

_TITLE = 60  # letters of a title


class View(Protocol):
    """A function that draws a trained module, as all those of this folder.

    Example:
        >>> from mlpzoo import plotting
        >>> def coarse_curve(module, data, canvas):
        ...     x, truth = data.grid(11)
        ...     arrays = (values.detach().numpy().ravel() for values in (x, module(x), truth))
        ...     return plotting.plot_curve(*arrays, title=canvas.title, figure=canvas.figure)
        >>> from mlpzoo import get_exercise
        >>> sin = get_exercise("sin")
        >>> coarse_curve(sin.module(), sin.data(), Canvas("before training"))
        <PngFigure size 768x576 with 2 Axes>
    """

    def __call__(self, module: Any, data: Any, canvas: Canvas, /) -> Figure:
        """Return the whole Figure.

        Args:
            module: What was trained; it is left as it was.
            data: Its data module.
            canvas: The title, where to draw, and whether in detail.
        """


def is_table(data: Samples) -> bool:
    """Tell whether data are rows of a file, which have lines, and targets of a name.

    Args:
        data: Any data.
    """
    return isinstance(data, TableSamples)


def outputs_of(module: Answering, x: Tensor) -> Tensor:
    """Return what a module gives, on the CPU; it is left as it was.

    Args:
        module: Any.
        x: Inputs, (rows, in_features).
    """
    with in_eval_mode(module), torch.no_grad():
        return cast("Tensor", module(x.to(module.device)).cpu())


def with_gate(name: str, data: Samples) -> str:
    """Return what pictures of an exercise are called: its data's title, else its name and its gate.

    Args:
        name: The name.
        data: Any data.
    """
    if data.title:
        return shortened(data.title, _TITLE)
    gate = data.arguments.get("table") or data.arguments.get("gate", name)
    gate = gate if len(gate) <= 16 else f"{data.in_features} inputs"
    return name if gate == name else f"{name}: {gate}"
