"""The result of a population: each member by itself, and how often the recipe works."""

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from typing_extensions import override

from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.statistics import SHARES, steps_to_solve, wilson_interval
from mlpzoo.training.result import ShownResult


@dataclass(frozen=True)
class Member:
    """The result of one seed.

    Attributes:
        seed: Of its start and its data.
        solved: Whether its best weights meet every bar on the test grid.
        solved_step: The first validation at which it met them, in optimizer steps; None if never.
        best_step: The validation that its best weights are of; None if there was none.
        metrics: Of its best weights on the test grid.
        failure: Why it is not solved, or "".
        restarts: How often it was started anew.
    """

    seed: int
    solved: bool
    solved_step: int | None
    best_step: int | None
    metrics: Mapping[str, float]
    failure: str = ""
    restarts: int = 0


@dataclass(frozen=True, kw_only=True, repr=False)
class PopulationResult(ShownResult):
    """The result of a population.

    Attributes:
        exercise: Name of the exercise.
        recipe: Name of the recipe.
        members: The result of each seed, in their order.
        bars: What was asked for, as text.
        steps: Optimizer steps taken by each member.
        seconds: Time in fit, validations and checkpoints included.
        monitor: The metric that picked the best weights.
        mode: "min" or "max": which way it is better.
        population: The modules.
        trainer: The Trainer it was fitted by; None of a result that was pickled.
        folder: The run folder.
        unwritten: What could not be written, and why, or "".
    """

    exercise: str
    recipe: str
    members: Sequence[Member]
    bars: tuple[str, ...]
    steps: int
    seconds: float
    monitor: str
    mode: str
    population: Population
    trainer: Trainer | None
    folder: Path
    unwritten: str = ""

    @property
    def solved(self) -> int:
        """How many members are solved."""
        return sum(member.solved for member in self.members)

    @property
    def success_rate(self) -> float:
        """The share of solved members."""
        return self.solved / len(self.members)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the success rate."""
        return wilson_interval(self.solved, len(self.members))

    @property
    def failures(self) -> dict[str, int]:
        """How many members failed for which reason, the commonest first."""
        return dict(Counter(m.failure for m in self.members if not m.solved).most_common())

    def steps_to_solve(self, share: float = 0.5) -> int | None:
        """Return after how many steps a share of all members was solved; None if never.

        Args:
            share: Above 0, up to 1.
        """
        return steps_to_solve([m.solved_step if m.solved else None for m in self.members], share)

    def member(self, index: int) -> LitNetwork:
        """Return a member with its best weights as an ordinary module.

        Args:
            index: Its place among the seeds.

        Raises:
            InputError: There is no such member.
        """
        return self.population.member(index)

    def best(self) -> LitNetwork:
        """Return the member whose best weights are the best of all."""
        sign = 1 if self.mode == "min" else -1
        values = [sign * member.metrics[self.monitor] for member in self.members]
        finite = [value if not math.isnan(value) else math.inf for value in values]
        return self.member(finite.index(min(finite)))

    def as_json(self) -> dict[str, Any]:
        """Return the content of population.json: plain data."""
        taken = self.steps * len(self.members)
        return {
            "exercise": self.exercise,
            "recipe": self.recipe,
            "members": len(self.members),
            "first_seed": self.members[0].seed,
            "bars": list(self.bars),
            "solved": self.solved,
            "success_rate": self.success_rate,
            "wilson_95": list(self.interval),
            "steps_to_solve": {name: self.steps_to_solve(at) for name, at in SHARES.items()},
            "failures": self.failures,
            "restarted": sum(member.restarts > 0 for member in self.members),
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "us_a_member_step": round(1e6 * self.seconds / max(1, taken), 3),
        }

    def as_csv(self) -> str:
        """Return the content of members.csv: a row for each member."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        known = ["seed", "solved", "solved_step", "best_step", "restarts", "failure"]
        table.writerow([*known, *self.members[0].metrics])
        for m in self.members:
            own = [m.seed, int(m.solved), m.solved_step, m.best_step, m.restarts, m.failure]
            table.writerow([*own, *(f"{value:.9g}" for value in m.metrics.values())])
        return text.getvalue()

    @override
    def summary(self) -> dict[str, str]:
        low, high = self.interval
        return {
            "exercise": self.exercise,
            "recipe": self.recipe,
            "solved": f"{self.solved} of {len(self.members)}",
            "95% interval": f"{low:.2%} to {high:.2%}",
            "folder": str(self.folder),
        }
