"""The training systems: one LightningModule a network, on one base."""

from mlpzoo.modules.base import LitNetwork
from mlpzoo.modules.minmax import LitMinMax
from mlpzoo.modules.perceptron import LitPerceptron
from mlpzoo.modules.sequential import LitSequentialMLP
from mlpzoo.modules.xor import LitFourLayerXOR

__all__ = ["LitFourLayerXOR", "LitMinMax", "LitNetwork", "LitPerceptron", "LitSequentialMLP"]
