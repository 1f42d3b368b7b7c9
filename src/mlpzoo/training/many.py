"""The settings of a population; nothing heavy is imported."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from mlpzoo.checks import check_count, check_seed
from mlpzoo.training.settings import RunSettings, option

MOST_MEMBERS = 2**20


@dataclass(frozen=True, kw_only=True)
class PopulationSettings(RunSettings):
    """The settings of a population, each an argument of `mlpzoo.train_population`.

    Example:
        >>> PopulationSettings(members=100).seeds
        range(0, 100)
    """

    members: int = option(1000, check=partial(check_count, most=MOST_MEMBERS))
    """How many seeds."""
    first_seed: int = option(0, check=check_seed, key="seed")
    """The first of them."""
    restart_after: int | None = option(None, check=check_count)
    """Start a member anew, from another seed, after so many steps on a plateau (never)."""

    devices: ClassVar[int] = 1
    start: ClassVar[None] = None
    rewind: ClassVar[None] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed("seed", self.seeds[-1])

    @property
    def seed(self) -> int:
        """The seed of the first member."""
        return self.first_seed

    @property
    def seeds(self) -> range:
        """The seed of each member."""
        return range(self.first_seed, self.first_seed + self.members)
