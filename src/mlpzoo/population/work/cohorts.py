"""The members of each setting, and how they are cut into pieces: by the settings alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from mlpzoo.population.work.making import train_together, with_part
from mlpzoo.runs.folder import CONFIG, read_config
from mlpzoo.training.plan import Plan
from mlpzoo.training.resume import differences

_VECTOR = 16  # members of which the arithmetic is vectors, with no rest that rounds otherwise


@dataclass(frozen=True)
class Cohort:
    """The members of one setting, or some of them.

    Attributes:
        index: Which setting.
        plan: The plan of a population of all its members.
        seeds: Of these members.
    """

    index: int
    plan: Plan
    seeds: range


def plan_of(cohorts: Sequence[Cohort]) -> Plan:
    """Return the plan of some members alone; its settings say of all which they are.

    Args:
        cohorts: One or more whose members train together.
    """
    first, *others = map(_alone, cohorts)
    also = [
        {name: now for name, (_, now) in differences(first.config, each.config).items()}
        for each in others
    ]
    return replace(first, also={"also": also}) if also else first


def still_to_do(plan: Plan, run: Path) -> Plan:
    """Return a plan without changes that another process has carried out since it was made.

    Args:
        plan: The plan of a run that goes on.
        run: Its folder, which this process holds.
    """
    done = plan.changes and not differences(read_config(run / CONFIG), plan.config)
    return replace(plan, changes={}) if done else plan


def cut(cohorts: Sequence[Cohort]) -> list[tuple[Cohort, ...]]:
    """Return the members of cohorts in as few parts of nearly equal size as there may be.

    Those whose members may train together come one after another, and share parts.

    Args:
        cohorts: One or more.
    """
    groups: list[list[Cohort]] = []
    for cohort in cohorts:
        fitting = (group for group in groups if train_together(group[0].plan, cohort.plan))
        if (group := next(fitting, None)) is None:
            groups.append(group := [])
        group.append(cohort)
    return [part for group in groups for part in _cut(group)]


def _cut(group: Sequence[Cohort]) -> list[tuple[Cohort, ...]]:
    plan, total = group[0].plan, sum(len(cohort.seeds) for cohort in group)
    most = plan.settings.part or with_part(plan).settings.part
    count, unit = -(-total // most), 1 if most % _VECTOR else _VECTOR
    ends = [min(total, -(-total * number // (count * unit)) * unit) for number in range(count + 1)]
    return [tuple(_between(group, *pair)) for pair in pairwise(ends)]


def _between(group: Sequence[Cohort], low: int, high: int) -> Iterator[Cohort]:
    """Yield the members from one place to another in all of a group."""
    for cohort in group:
        if seeds := cohort.seeds[max(0, low) : max(0, high)]:
            yield replace(cohort, seeds=seeds)
        low, high = low - len(cohort.seeds), high - len(cohort.seeds)


def _alone(cohort: Cohort) -> Plan:
    own = {"members": len(cohort.seeds), "first_seed": cohort.seeds[0]}
    return replace(cohort.plan, settings=replace(cohort.plan.settings, **own))
