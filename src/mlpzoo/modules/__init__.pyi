from .base import LitNetwork as LitNetwork
from .gate import LitFourLayerXOR as LitFourLayerXOR
from .gate import LitGate as LitGate
from .minmax import LitMinMax as LitMinMax
from .perceptron import LitPerceptron as LitPerceptron
from .sequential import LevenbergMarquardt as LevenbergMarquardt
from .sequential import LitSequentialMLP as LitSequentialMLP
