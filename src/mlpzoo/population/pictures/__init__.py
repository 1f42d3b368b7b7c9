"""Pictures of populations and sweeps: arrays in, a matplotlib Figure out."""

from mlpzoo.population.pictures.lines import plot_band, plot_steps
from mlpzoo.population.pictures.map import plot_map
from mlpzoo.population.pictures.population import plot_population, plot_success

__all__ = ["plot_band", "plot_map", "plot_population", "plot_steps", "plot_success"]
