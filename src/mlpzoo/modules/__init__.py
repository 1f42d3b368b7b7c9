"""The training systems: one LightningModule a network, on one base, and an optimizer of ours."""

from mlpzoo.modules.base import LitNetwork
from mlpzoo.modules.gate import LitFourLayerXOR, LitGate
from mlpzoo.modules.minmax import LitMinMax
from mlpzoo.modules.perceptron import LitPerceptron
from mlpzoo.modules.sequential import LitSequentialMLP
from mlpzoo.optim.levenberg import LevenbergMarquardt

__all__ = [
    "LevenbergMarquardt", "LitFourLayerXOR", "LitGate", "LitMinMax", "LitNetwork",
    "LitPerceptron", "LitSequentialMLP",
]  # fmt: skip
