from .many import PopulationSettings as PopulationSettings
from .result import Result as Result
from .run import train as train
from .settings import TrainSettings as TrainSettings
from .trainer import build_trainer as build_trainer
