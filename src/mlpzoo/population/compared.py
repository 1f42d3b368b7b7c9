"""Two populations of the same seeds, laid side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.population.counts import Counts
from mlpzoo.population.paired import PairedTest, paired_test
from mlpzoo.population.work.table import MemberTable
from mlpzoo.runs.folder import MEMBERS, POPULATION, read_result


@dataclass(frozen=True)
class ComparedPopulations:
    """What two populations came to.

    Attributes:
        each: What each came to by itself.
        steps: The optimizer steps that each member of each took, at most.
        seeds: Those that both were trained from.
        test: Of these alone.
    """

    each: tuple[Counts, Counts]
    steps: tuple[int, int]
    seeds: Sequence[int]
    test: PairedTest


def compared_populations(first: Path, second: Path) -> ComparedPopulations:
    """Compare two populations by the seeds that both were trained from.

    Args:
        first: The run folder of one that has finished.
        second: That of another.

    Raises:
        InputError: One has not finished, or they have no seed in common.
    """
    tables, steps = zip(*(_finished(folder) for folder in (first, second)), strict=True)
    seeds, *places = np.intersect1d(*(each.seed for each in tables), return_indices=True)
    if not len(seeds):
        had = (f"{each.seed.min()} to {each.seed.max()}" for each in tables)
        raise InputError(
            f"they have no seed in common: {' and '.join(had)}; train both with one --first-seed"
        )
    solved = (each.solved[place] for each, place in zip(tables, places, strict=True))
    first_counts, second_counts = (Counts(members=table) for table in tables)
    each = first_counts, second_counts
    return ComparedPopulations(each, steps, seeds.tolist(), paired_test(*solved))


def _finished(folder: Path) -> tuple[MemberTable, int]:
    if not (folder / POPULATION).is_file():
        raise InputError(
            f"{folder} has not finished;", advice=f"mlpzoo population --resume {folder}"
        )
    try:
        table = MemberTable.read(folder / MEMBERS)
    except InputError as error:
        raise InputError(f"{error}; remove {folder / POPULATION}, then resume") from error
    try:
        return table, int(read_result(folder)["steps"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / POPULATION} is damaged; remove it, then resume") from error
