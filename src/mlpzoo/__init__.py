"""The classic small neural-network exercises as Lightning modules that you can trust.

Public names are resolved when they are first used: `import mlpzoo` loads no torch, and importing
a network loads no lightning.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpzoo.callbacks import FigureWriter as FigureWriter
    from mlpzoo.callbacks import LineProgress as LineProgress
    from mlpzoo.callbacks import StepProgressBar as StepProgressBar
    from mlpzoo.checks import InputError as InputError
    from mlpzoo.data import BatchStream as BatchStream
    from mlpzoo.data import Block as Block
    from mlpzoo.data import BlockStream as BlockStream
    from mlpzoo.data import FunctionDataModule as FunctionDataModule
    from mlpzoo.data import GateDataModule as GateDataModule
    from mlpzoo.data import LinearDataModule as LinearDataModule
    from mlpzoo.data import MinMaxDataModule as MinMaxDataModule
    from mlpzoo.data import SinDataModule as SinDataModule
    from mlpzoo.data import SquareDataModule as SquareDataModule
    from mlpzoo.data import XORDataModule as XORDataModule
    from mlpzoo.diagnosis import Diagnosis as Diagnosis
    from mlpzoo.diagnosis import diagnose as diagnose
    from mlpzoo.exercises import Bar as Bar
    from mlpzoo.exercises import Exercise as Exercise
    from mlpzoo.exercises import Recipe as Recipe
    from mlpzoo.exercises import get_exercise as get_exercise
    from mlpzoo.exercises import list_exercises as list_exercises
    from mlpzoo.modules import LevenbergMarquardt as LevenbergMarquardt
    from mlpzoo.modules import LitFourLayerXOR as LitFourLayerXOR
    from mlpzoo.modules import LitMinMax as LitMinMax
    from mlpzoo.modules import LitNetwork as LitNetwork
    from mlpzoo.modules import LitPerceptron as LitPerceptron
    from mlpzoo.modules import LitSequentialMLP as LitSequentialMLP
    from mlpzoo.nets import DualHeadMLP as DualHeadMLP
    from mlpzoo.nets import FourLayerXOR as FourLayerXOR
    from mlpzoo.nets import Perceptron as Perceptron
    from mlpzoo.nets import SequentialMLP as SequentialMLP
    from mlpzoo.plotting import plot_descent as plot_descent
    from mlpzoo.plotting import plot_layers as plot_layers
    from mlpzoo.plotting import plot_network as plot_network
    from mlpzoo.plotting import plot_neurons as plot_neurons
    from mlpzoo.population import Population as Population
    from mlpzoo.population import PopulationResult as PopulationResult
    from mlpzoo.population import train_population as train_population
    from mlpzoo.pretrained import Pretrained as Pretrained
    from mlpzoo.pretrained import get_pretrained as get_pretrained
    from mlpzoo.pretrained import list_pretrained as list_pretrained
    from mlpzoo.pretrained import load_pretrained as load_pretrained
    from mlpzoo.pretrained.export import export as export
    from mlpzoo.pretrained.export import load_weights as load_weights
    from mlpzoo.pretrained.verify import verify as verify
    from mlpzoo.runs.load import load_module as load_module
    from mlpzoo.training.result import Result as Result
    from mlpzoo.training.run import train as train
    from mlpzoo.training.trainer import build_trainer as build_trainer

__version__ = "0.1.0"

_HOMES = {
    "callbacks": ("FigureWriter", "LineProgress", "StepProgressBar"),
    "checks": ("InputError",),
    "data": (
        "BatchStream",
        "Block",
        "BlockStream",
        "FunctionDataModule",
        "GateDataModule",
        "LinearDataModule",
        "MinMaxDataModule",
        "SinDataModule",
        "SquareDataModule",
        "XORDataModule",
    ),
    "diagnosis": ("Diagnosis", "diagnose"),
    "exercises": ("Bar", "Exercise", "Recipe", "get_exercise", "list_exercises"),
    "pretrained.export": ("export", "load_weights"),
    "modules": (
        "LevenbergMarquardt",
        "LitFourLayerXOR",
        "LitMinMax",
        "LitNetwork",
        "LitPerceptron",
        "LitSequentialMLP",
    ),
    "nets": ("DualHeadMLP", "FourLayerXOR", "Perceptron", "SequentialMLP"),
    "plotting": ("plot_descent", "plot_layers", "plot_network", "plot_neurons"),
    "population": ("Population", "PopulationResult", "train_population"),
    "pretrained": ("Pretrained", "get_pretrained", "list_pretrained", "load_pretrained"),
    "runs.load": ("load_module",),
    "training.result": ("Result",),
    "training.run": ("train",),
    "training.trainer": ("build_trainer",),
    "pretrained.verify": ("verify",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'mlpzoo' has no attribute {name!r}")
    return getattr(import_module(f"mlpzoo.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
