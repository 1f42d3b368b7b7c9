"""A finished network as a Lightning module, for what looks at gradients: `mlpzoo.diagnose`."""

from torch import Tensor
from typing_extensions import override

from mlpzoo.modules import LitNetwork
from mlpzoo.modules.finished import FinishedNet


class LitFinishedNet(LitNetwork):
    """A finished network as a module that is not to be trained.

    Args:
        finished: The network, which answers for the module.
    """

    def __init__(self, finished: FinishedNet) -> None:
        super().__init__(
            finished.net, task=finished.task, loss="mse", reduction="mean", optimizer="sgd", lr=1.0
        )
        self.finished = finished
        self.eval()

    @override
    def probability(self, output: Tensor) -> Tensor:
        return self.finished.probability(output)

    @override
    def logit(self, output: Tensor) -> Tensor:
        return self.finished.logit(output)
