"""What is counted of members."""

from dataclasses import dataclass
from typing import Any

from mlpzoo.population.statistics import SHARES, steps_to_solve, wilson_interval
from mlpzoo.population.work.table import MemberTable


@dataclass(frozen=True, kw_only=True, repr=False)
class Counts:
    """What is counted of some members.

    Attributes:
        members: The result of each seed, in their order: a sequence of `Member`.
    """

    members: MemberTable

    @property
    def solved(self) -> int:
        """How many members are solved."""
        return self.members.solved_count

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
        return self.members.failures

    def steps_to_solve(self, share: float = 0.5) -> int | None:
        """Return after how many steps a share of all members was solved; None if never.

        Args:
            share: Above 0, up to 1.
        """
        return steps_to_solve(self.members.solved_steps, share)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "members": len(self.members),
            "first_seed": int(self.members.seed.min()),
            "solved": self.solved,
            "success_rate": self.success_rate,
            "wilson_95": list(self.interval),
            "steps_to_solve": {name: self.steps_to_solve(at) for name, at in SHARES.items()},
            "failures": self.failures,
        }
