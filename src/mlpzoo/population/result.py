"""The result of a population: each member by itself, and how often the recipe works."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from lightning.pytorch import Trainer
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.counts import Counts
from mlpzoo.population.work.table import MemberTable
from mlpzoo.training.open_run import OpenRun
from mlpzoo.training.plan import Plan
from mlpzoo.training.result import ShownResult

if TYPE_CHECKING:
    from mlpzoo.population.work.piece import Piece


@dataclass(frozen=True, kw_only=True, repr=False)
class PopulationResult(Counts, ShownResult):
    """The result of a population.

    Attributes:
        exercise: Name of the exercise.
        recipe: Name of the recipe.
        bars: What was asked for, as text.
        steps: Optimizer steps taken by each member, at most.
        seconds: Time in fit, validations and checkpoints included; of all pieces.
        monitor: The metric that picked the best weights.
        mode: "min" or "max": which way it is better.
        population: The modules; None where they were trained in pieces, or elsewhere.
        trainer: The Trainer it was fitted by; None likewise, and once it has been pickled.
        folder: The run folder.
        pieces: Where the weights are on the disk, if they are not in `population`.
        taken: Optimizer steps of all members; None for `steps` of each.
        unwritten: What could not be written, and why, or "".
    """

    exercise: str
    recipe: str
    bars: tuple[str, ...]
    steps: int
    seconds: float
    monitor: str
    mode: str
    population: Population | None
    trainer: Trainer | None
    folder: Path
    pieces: "Sequence[Piece]" = ()
    taken: int | None = None
    unwritten: str = ""

    @classmethod
    def of_run(
        cls, run: OpenRun, population: Population, trainer: Trainer, members: MemberTable
    ) -> "PopulationResult":
        """Return what one piece came to, which this process has trained.

        Args:
            run: Its open run.
            population: Its modules.
            trainer: What has fitted them.
            members: The result of each.
        """
        exercise = run.plan.exercise
        return cls(
            exercise=exercise.name, recipe=run.plan.settings.recipe, members=members,
            bars=tuple(map(str, exercise.bars)), monitor=exercise.monitor, mode=exercise.mode,
            steps=run.steps, seconds=run.seconds, folder=run.folder, population=population,
            trainer=trainer,
        )  # fmt: skip

    @classmethod
    def of_pieces(cls, plan: Plan, pieces: "Sequence[Piece]") -> "PopulationResult":
        """Return what pieces came to, which are all finished, as the disk has it.

        Args:
            plan: The plan of all members.
            pieces: The pieces, in the order of the members.

        Raises:
            InputError: A file of theirs is damaged.
        """
        exercise, steps = plan.exercise, [piece.steps for piece in pieces]
        return cls(
            exercise=exercise.name, recipe=plan.settings.recipe, folder=pieces[0].run,
            members=MemberTable.joined([piece.table() for piece in pieces]),
            bars=tuple(map(str, exercise.bars)), monitor=exercise.monitor, mode=exercise.mode,
            steps=max(steps), seconds=sum(piece.seconds for piece in pieces),
            taken=sum(own * len(piece) for own, piece in zip(steps, pieces, strict=True)),
            population=None, trainer=None, pieces=tuple(pieces),
        )  # fmt: skip

    def member(self, index: int) -> LitNetwork:
        """Return a member with its best weights as an ordinary module.

        Args:
            index: Its place among the seeds.

        Raises:
            InputError: There is no such member.
        """
        if self.population is not None:
            return self.population.member(index)
        if not 0 <= index < len(self.members):
            raise InputError(f"member must be from 0 to {len(self.members) - 1}, got {index}")
        ends = list(accumulate(map(len, self.pieces)))
        place = int(np.searchsorted(ends, index, side="right"))
        return self.pieces[place].member(index - ends[place] + len(self.pieces[place]))

    def best(self) -> LitNetwork:
        """Return the member whose best weights are the best of all."""
        values = self.members.metrics[self.monitor] * (1 if self.mode == "min" else -1)
        return self.member(int(np.where(np.isnan(values), np.inf, values).argmin()))

    @override
    def as_json(self) -> dict[str, Any]:
        """Return the content of population.json: plain data."""
        taken = self.steps * len(self.members) if self.taken is None else self.taken
        return {
            "exercise": self.exercise,
            "recipe": self.recipe,
            "bars": list(self.bars),
            **super().as_json(),
            "restarted": int((self.members.restarts > 0).sum()),
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "us_a_member_step": round(1e6 * self.seconds / max(1, taken), 3),
        }

    def as_csv(self) -> str:
        """Return the content of members.csv: a row for each member."""
        return self.members.as_csv()

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
