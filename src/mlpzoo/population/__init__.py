"""Many seeds of one recipe trained at once, to ask how often it works."""

from mlpzoo.population.base import Population
from mlpzoo.population.result import PopulationResult
from mlpzoo.population.training import train_population

__all__ = ["Population", "PopulationResult", "train_population"]
