"""The settings of populations and sweeps; nothing heavy is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, ClassVar

from mlpzoo.checks import InputError, check_count, check_flag, check_seed, resolve_name
from mlpzoo.training.settings import RunSettings, option

MOST_MEMBERS = 2**20
KEEP = ("all", "solved", "failed", "none")
RAY = "ray"


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
    part: int | None = option(None, check=partial(check_count, most=MOST_MEMBERS), free=True)
    """Most members that are trained together (by their size: 16 to 1024)."""
    keep: str = option("all", check=partial(resolve_name, names=KEEP), free=True)
    """Whose weights stay: all, solved, failed or none; other than all, it cannot train longer."""

    devices: int | None = option(None, check=partial(check_count, most=1024), saved=False)
    """How many processes, each with a GPU of its own where there are several (those that torchrun
    or srun has started, else 1)."""
    on: str | None = option(None, check=partial(resolve_name, names=[RAY]), saved=False)
    """ray: train on the machines of a Ray cluster, an existing one where there is one."""

    function: ClassVar[str] = "train_population"
    start: ClassVar[None] = None
    rewind: ClassVar[None] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "keep", resolve_name("keep", self.keep, KEEP))
        check_seed("seed", self.seeds[-1])
        if self.on and self.devices:
            raise InputError(f"on {self.on} takes no devices {self.devices}; leave one of them out")
        if self.on == RAY and find_spec(RAY) is None:
            raise InputError("Ray is not installed; install the extra: pip install 'mlpzoo[ray]'")

    @property
    def seed(self) -> int:
        """The seed of the first member."""
        return self.first_seed

    @property
    def seeds(self) -> range:
        """The seed of each member."""
        return range(self.first_seed, self.first_seed + self.members)


@dataclass(frozen=True, kw_only=True)
class SweepSettings(PopulationSettings):
    """The settings of a sweep, each an argument of `mlpzoo.sweep`.

    Example:
        >>> SweepSettings(over={"module.lr": (0.01, 0.1)}, members=50).saved()["over"]
        {'module.lr': [0.01, 0.1]}
    """

    over: Mapping[str, Sequence[Any] | str] = option({}, typed=False)
    """What differs: the values of module.NAME, data.NAME or recipe, by that name."""
    members: int = option(100, check=partial(check_count, most=MOST_MEMBERS))
    """How many seeds of each setting."""
    halve: bool = option(False, check=check_flag)
    """Drop settings that are clearly worse after an eighth, a quarter and a half of the seeds."""

    function: ClassVar[str] = "sweep"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.over, Mapping):
            raise InputError(f"over must map names to values, got {self.over!r}")
