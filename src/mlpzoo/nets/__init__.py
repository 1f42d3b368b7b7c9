"""The networks: plain modules of `torch.nn` that know nothing of Lightning, data or training.

Every network draws its start from its own `seed`; torch's global generator is neither read nor
advanced. `forward` takes x and returns y in the units of the exercise.
"""

from mlpzoo.nets.dual_head import DualHeadMLP
from mlpzoo.nets.four_layer_xor import FourLayerXOR
from mlpzoo.nets.mlp import SequentialMLP
from mlpzoo.nets.perceptron import Perceptron

__all__ = ["DualHeadMLP", "FourLayerXOR", "Perceptron", "SequentialMLP"]
