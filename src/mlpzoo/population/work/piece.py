"""Pieces of a population or a sweep: cut by the settings alone, each trained in its own folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, cause
from mlpzoo.files import alone_in
from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.result import PopulationResult
from mlpzoo.population.work.cohorts import Cohort, cut, plan_of, still_to_do
from mlpzoo.population.work.making import as_one_of_many, draw, judged, module_of, population_of
from mlpzoo.population.work.table import MemberTable
from mlpzoo.population.work.weights import holds, kept, load_state, read_weights, write_weights
from mlpzoo.runs.checkpoint import BEST, LAST, PREVIOUS, START, is_whole
from mlpzoo.runs.folder import KEPT, MEMBERS, PART, PARTS, POPULATION, read_result, result_file
from mlpzoo.training.plan import Plan
from mlpzoo.training.run import finish, fitted

__all__ = ["Cohort", "Piece", "pieces_of", "tables_of"]


@dataclass(eq=False)
class Piece:
    """Members that are trained together, in a folder of their own.

    Attributes:
        folder: Its folder: the run's own where it is the only one, else one in the run's `parts`.
        cohorts: Its members, cohort by cohort.
        run: The run folder.
        result: What it came to, where it is the only one and this process has trained it.
    """

    folder: Path
    cohorts: tuple[Cohort, ...]
    run: Path
    result: PopulationResult | None = None
    _loaded: Population | None = None

    def __len__(self) -> int:
        return sum(len(cohort.seeds) for cohort in self.cohorts)

    @property
    def alone(self) -> bool:
        """Whether it is the only one of its run."""
        return self.folder == self.run

    @property
    def finished(self) -> bool:
        """Whether it has its result, as the disk has it.

        The only one of a run that was asked to go on has to look into its files first.
        """
        looks = self.alone and self.cohorts[0].plan.resumed is not None and self.result is None
        return not looks and result_file(self.folder) is not None

    @property
    def plan(self) -> Plan:
        """The plan of its members alone."""
        plan = plan_of(self.cohorts)
        if self.alone:
            return replace(still_to_do(plan, self.run), folder=self.folder)
        return replace(
            plan, settings=replace(plan.settings, progress=False), folder=self.folder,
            resumed=self.run, part_of=self.run, changes={},
        )  # fmt: skip

    def train(self, devices: Any = 1) -> None:
        """Train it, from its state on, unless it is finished.

        Args:
            devices: What its Trainer gets under that name: 1, or [index] of a GPU.

        Raises:
            Held: Another process is at work on it.
            InputError: A file cannot be read or written.
            Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
            Terminated: The same after SIGTERM.
        """
        if self.finished:
            return
        self.make_folder()
        with alone_in(self.folder):
            if not self.finished:
                self._train(devices)

    def make_folder(self) -> None:
        """Make its folder, but not the run's.

        Raises:
            InputError: The run folder is gone, or cannot be written to.
        """
        try:
            self.folder.parent.mkdir(exist_ok=True)
            self.folder.mkdir(exist_ok=True)
        except FileNotFoundError as error:
            raise InputError(f"the run folder {self.run} is gone, and the run with it") from error
        except OSError as error:
            raise InputError(f"cannot write to {self.folder}: {cause(error)}") from error

    def _train(self, devices: Any) -> None:
        plan, population = self.plan, self.population()
        judge = as_one_of_many(plan.exercise)
        keeps = plan.settings.keep == "all"
        work = fitted(plan, population.module, population.data, judge=judge, devices=devices)
        with work as (run, trainer):
            if run.finished and not keeps:
                self.result = PopulationResult.of_pieces(plan, [self])
                return
            if run.finished:
                run.steps, run.seconds = load_state(population, self.folder), self.seconds
            table = judged(population, trainer.strategy.root_device)
            result = PopulationResult.of_run(run, population, trainer, table)
            if not run.finished:
                if not keeps:
                    chosen = kept(plan.settings.keep, table)
                    write_weights(self.folder / KEPT, population.module.best, chosen)
                name = POPULATION if self.alone else PART
                files = {MEMBERS: table.as_csv()}
                result = finish(run, result, name, lambda out: self._draw(result, out), files)
            self.tidy()
        if self.alone:
            self.result = result

    def _draw(self, result: PopulationResult, out: Path) -> str:
        return draw(self.cohorts[0].plan, result, out) if self.alone else ""

    @property
    def is_damaged(self) -> bool:
        """Whether it has its result, but what is kept of it cannot be read."""
        if result_file(self.folder) is None:
            return False
        keep = self.cohorts[0].plan.settings.keep
        try:
            table, _ = self.table(), (self.steps, self.seconds)  # which say what is wrong
            if keep == "all":
                return not is_whole(self.folder / LAST)
            return not holds(self.folder / KEPT, kept(keep, table))
        except InputError:
            return True

    def undo(self) -> None:
        """Take back that it is finished."""
        if (result := result_file(self.folder)) is not None:
            result.unlink()

    def tidy(self) -> None:
        """Remove the states that nobody needs once it is finished."""
        if result_file(self.folder) is None:
            return
        old: tuple[str, ...] = () if self.alone else (START, PREVIOUS, BEST)
        if self.cohorts[0].plan.settings.keep != "all":
            old = (START, PREVIOUS, BEST, LAST)
        for name in old:
            (self.folder / name).unlink(missing_ok=True)

    @property
    def steps(self) -> int:
        """Its optimizer steps, once it is finished."""
        return int(self._stored("steps"))

    @property
    def seconds(self) -> float:
        """Its time in fit, once it is finished."""
        return float(self._stored("seconds"))

    def _stored(self, name: str) -> Any:
        value = read_result(self.folder).get(name)
        if not isinstance(value, int | float):
            path = result_file(self.folder)
            raise InputError(f"{path} does not hold a result; remove it, then resume")
        return value

    def population(self) -> Population:
        """Return its members at their starts."""
        return population_of([(cohort.plan, cohort.seeds) for cohort in self.cohorts])

    def table(self) -> MemberTable:
        """Return the results of its members.

        Raises:
            InputError: It is not finished, or its file is damaged.
        """
        try:
            table = MemberTable.read(self.folder / MEMBERS)
            if len(table) != len(self):
                raise InputError(f"{self.folder / MEMBERS} has {len(table)} rows, not {len(self)}")
        except InputError as error:
            done = result_file(self.folder) or self.folder / PART
            raise InputError(f"{error}; remove {done}, then resume") from error
        return table

    def member(self, index: int) -> LitNetwork:
        """Return a member with its best weights.

        Args:
            index: Its place in this piece, from 0 on.

        Raises:
            InputError: Its weights were not kept, or the file is damaged.
        """
        if self.cohorts[0].plan.settings.keep == "all":
            if self._loaded is None:
                self._loaded = self.population()
                load_state(self._loaded, self.folder)
            return self._loaded.member(index)
        places = [(cohort.plan, seed) for cohort in self.cohorts for seed in cohort.seeds]
        module = module_of(*places[index])
        read_weights(self.folder / KEPT, index, module)
        return module.cpu().eval()


def pieces_of(cohorts: Sequence[Cohort], folder: Path, *, prefix: str = "") -> list[Piece]:
    """Cut cohorts into pieces of nearly equal size, by their settings alone.

    Cohorts whose members may train together are joined.

    Args:
        cohorts: One or more.
        folder: The run folder.
        prefix: What comes before the number in the names of the pieces' folders; without it, a
            single piece has the run folder.
    """
    parts = cut(cohorts)
    if len(parts) == 1 and not prefix:
        return [Piece(folder, parts[0], folder)]
    return [
        Piece(folder / PARTS / f"{prefix}{number:04d}", part, folder)
        for number, part in enumerate(parts)
    ]


def tables_of(pieces: Sequence[Piece]) -> dict[int, MemberTable]:
    """Return the results of finished pieces by the index of the cohort.

    Args:
        pieces: All those of the cohorts.
    """
    found: dict[int, list[MemberTable]] = {}
    for piece in pieces:
        table, start = piece.table(), 0
        for cohort in piece.cohorts:
            end = start + len(cohort.seeds)
            found.setdefault(cohort.index, []).append(table[start:end])
            start = end
    return {index: MemberTable.joined(parts) for index, parts in found.items()}
