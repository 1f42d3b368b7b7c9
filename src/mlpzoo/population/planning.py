"""Plans a population: a single run's plan, for many seeds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, count, seed_in_range
from mlpzoo.training.resume import allowed, find_settings, merged
from mlpzoo.training.settings import Plan, plan

MEMBERS, MOST_MEMBERS = 1000, 2**20
_SINGLE = ("devices", "plot_every")  # settings of config.yaml that a population has no choice in


@dataclass(frozen=True, kw_only=True)
class PopulationPlan:
    """A population whose every setting has been checked, and that has touched no disk yet.

    Attributes:
        single: The run of the first seed by itself.
        members: How many seeds, from that one on.
        restart_after: Steps on a plateau after which a member is started anew; None for never.
        resumed: The folder of the population to go on with; None for one of its own.
        changes: Settings that differ from those of that one: as they were, and as they are.
    """

    single: Plan
    members: int
    restart_after: int | None = None
    resumed: Path | None = None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def own(self) -> dict[str, int | None]:
        """Settings that a single run does not have."""
        return {"members": self.members, "restart_after": self.restart_after}

    @property
    def config(self) -> dict[str, Any]:
        """Settings that repeat it, as they stand in config.yaml."""
        return dict(self.single.config) | self.own


def plan_population(
    name: str, own: Mapping[str, int | None], settings: Mapping[str, Any]
) -> PopulationPlan:
    """Check every setting of a population, without touching the disk.

    Args:
        name: One of `list_exercises()`.
        own: members, first_seed and restart_after; None for the default.
        settings: See `mlpzoo.training.settings.plan`.

    Raises:
        InputError: A value that cannot be used.
    """
    members, restart_after = own.get("members"), own.get("restart_after")
    members = MEMBERS if members is None else members
    first_seed = own.get("first_seed") or 0
    count("members", members, most=MOST_MEMBERS)
    if restart_after is not None:
        count("restart_after", restart_after)
    seed_in_range(first_seed)
    seed_in_range(first_seed + members - 1)
    single = plan(name, seed=first_seed, **settings)
    return PopulationPlan(single=single, members=members, restart_after=restart_after)


def resume_population(
    name: str,
    resume: bool | str | Path,
    change: Collection[str],
    own: Mapping[str, int | None],
    settings: Mapping[str, Any],
) -> PopulationPlan:
    """Plan to go on with a population; what is not given is as it was.

    Args:
        name: The exercise.
        resume: The folder, or a file in it; True for the newest.
        change: See `mlpzoo.training.resume.allowed`.
        own: See `plan_population`.
        settings: See `plan_population`.

    Raises:
        InputError: There is none, or settings differ that may not.
    """
    if "out" in settings and resume is not True:
        raise InputError("a population goes on in its own folder; leave out --out")
    out = settings.get("out", "checkpoints")
    folder, config = find_settings(name, resume, out, population=True)
    kept = merged(config, settings)
    before = {
        "first_seed": kept.pop("seed", None),
        **{k: config.get(k) for k in own if k in config},
    }
    given = {k: v for k, v in own.items() if v is not None}
    planned = plan_population(
        name, {**before, **given}, {k: kept[k] for k in kept if k not in _SINGLE}
    )
    changes = allowed(config, planned.config, change, folder)
    return replace(planned, resumed=folder, changes=changes)
