"""A finished network that answers, and is measured, as its module was; no Lightning is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.data.stream import Batch
from mlpzoo.modules.formulas import measured
from mlpzoo.nets import DualHeadMLP

if TYPE_CHECKING:
    from mlpzoo.modules import LitNetwork

    Answering: TypeAlias = "LitNetwork | FinishedNet"  # what is asked, and drawn


class FinishedNet(nn.Module):
    """A network that is trained no more, and what it gives; in eval mode.

    Args:
        net: The network.
        output: What it gives: "value", "logit" or "probability".

    Attributes:
        task: "regression" or "gate".
        columns: Names of the outputs, where each is measured by itself too.

    Example:
        >>> from mlpzoo.nets import Perceptron
        >>> gate = FinishedNet(Perceptron(initialization="zeros"), "probability")
        >>> gate.answer(torch.zeros(1, 2)).tolist()
        [[0.0]]
    """

    def __init__(self, net: nn.Module, output: str) -> None:
        super().__init__()
        self.net, self.output = net, output
        self.task = "regression" if output == "value" else "gate"
        heads = net.paths() if isinstance(net, DualHeadMLP) else ()
        self.columns = tuple(f"{name}_head" for name in heads)
        self.eval()

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(self.net.parameters()).device

    @override
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.net(x)
        return y

    def probability(self, output: Tensor) -> Tensor:
        """Return P(y = 1) for an output of `forward`."""
        return output if self.output == "probability" else output.sigmoid()

    def logit(self, output: Tensor) -> Tensor:
        """Return log(p / (1 - p)) of P(y = 1) for an output of `forward`."""
        return output.double().logit(eps=1e-12) if self.output == "probability" else output

    def answer(self, x: Tensor) -> Tensor:
        """Return y itself, or P(y = 1) of a gate."""
        return self.probability(self(x)) if self.task == "gate" else self(x)

    def measure(self, grid: Iterable[Batch]) -> dict[str, float]:
        """Return the metrics of its task.

        Args:
            grid: The batches of a grid.
        """
        with torch.no_grad():
            parts = [(self.answer(x.to(self.device)).cpu(), y) for x, y in grid]
        answers, right = map(torch.cat, zip(*parts, strict=True))
        return measured(self.task, answers, right, self.columns)
