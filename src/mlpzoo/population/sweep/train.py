"""Trains a sweep: every setting with the same seeds, as few populations as may be."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpzoo.exercises import Exercise
from mlpzoo.files import write_json, write_whole
from mlpzoo.population.sweep.draw import draw
from mlpzoo.population.sweep.halving import rungs, survivors
from mlpzoo.population.sweep.plan import SweepPlan, plan_sweep
from mlpzoo.population.sweep.result import SettingResult, SweepResult, median_of
from mlpzoo.population.work.group import Group
from mlpzoo.population.work.job import open_job, prepare, working_in
from mlpzoo.population.work.piece import Cohort, Piece, pieces_of, tables_of
from mlpzoo.population.work.processes import processes
from mlpzoo.population.work.share import share_out
from mlpzoo.population.work.table import MemberTable
from mlpzoo.runs.folder import FIGURES, MEMBERS, SWEEP, SWEEP_TABLE
from mlpzoo.training.many import SweepSettings
from mlpzoo.training.run import takes
from mlpzoo.training.settings import check_names


@takes(SweepSettings)
def sweep(name: str | Exercise, given: Mapping[str, Any]) -> SweepResult:
    """Train every setting of a sweep, and write `<out>/<name>-sweep/version_n/`.

    Each member is what `mlpzoo.train` makes of its setting and seed, up to float rounding. All
    settings have the same seeds. The same call goes on with a sweep that was stopped or killed.

    Args:
        name: One of `list_exercises()`, or an `Exercise`.
        given: Keyword arguments, the fields of `SweepSettings`, where each is explained: over,
            members, first_seed, halve, recipe, max_steps, module, data and more.

    Raises:
        InputError: A value that cannot be used.
        Interrupted: After Ctrl-C, with the state saved.
        Terminated: The same after SIGTERM.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = sweep(
        ...     "perceptron", over={"module.lr": (0.01, 0.1)}, members=10, out=mkdtemp(),
        ...     plots=False, progress=False,
        ... )
        >>> [one.solved for one in result.settings]
        [10, 10]
    """
    check_names(given, SweepSettings)
    with processes(SweepSettings(**given)) as group:
        plan = plan_sweep(name, group.own(given))
        folder = group.agree(lambda: _opened(plan), plan.config)
        members, pieces = _train(plan, folder, group)
        result = _result(plan, members, pieces, folder)
        return _written(plan, result) if group.first else result


def _opened(plan: SweepPlan) -> Path:
    folder = open_job(plan.parent, plan.config, plan.resumed)
    seeds = plan.settings.seeds[: _rungs(plan)[0]]
    prepare(plan, _pieces(plan, folder, 0, range(len(plan.plans)), seeds))
    return folder


def _train(
    plan: SweepPlan, folder: Path, group: Group
) -> tuple[dict[int, MemberTable], list[Piece]]:
    """Return what the members of each setting came to, and all pieces."""
    settings, alive, done = plan.settings, list(range(len(plan.plans))), 0
    tables: dict[int, list[MemberTable]] = {index: [] for index in alive}
    pieces: list[Piece] = []
    for rung, count in enumerate(_rungs(plan)):
        new = _pieces(plan, folder, rung, alive, settings.seeds[done:count])
        with working_in(plan, new):
            share_out(new, group, settings, name=folder.parent.name)
        for index, table in tables_of(new).items():
            tables[index].append(table)
        pieces, done = [*pieces, *new], count
        alive = survivors({i: MemberTable.joined(tables[i]).solved.tolist() for i in alive})
    return {index: MemberTable.joined(parts) for index, parts in tables.items()}, pieces


def _rungs(plan: SweepPlan) -> list[int]:
    members = plan.settings.members
    return rungs(members) if plan.settings.halve else [members]


def _pieces(
    plan: SweepPlan, folder: Path, rung: int, alive: Iterable[int], seeds: range
) -> list[Piece]:
    cohorts = [Cohort(index, plan.plans[index], seeds) for index in alive]
    return pieces_of(cohorts, folder, prefix=f"{rung}-")


def _result(
    plan: SweepPlan, members: Mapping[int, MemberTable], pieces: list[Piece], folder: Path
) -> SweepResult:
    exercise = plan.plans[0].exercise
    return SweepResult(
        exercise=exercise.name,
        axes=plan.axes,
        settings=[
            SettingResult(
                setting=own,
                members=members[index],
                bars=tuple(map(str, plan.plans[index].exercise.bars)),
                median=median_of(members[index], exercise.monitor, exercise.mode),
            )
            for index, own in enumerate(plan.each)
        ],
        monitor=exercise.monitor,
        seconds=sum(piece.seconds for piece in pieces),
        steps=[each.settings.max_steps for each in plan.plans],
        folder=folder,
    )


def _written(plan: SweepPlan, result: SweepResult) -> SweepResult:
    """Return the result, drawn and written down; it says what could not be."""
    folder, unwritten = result.folder, ""
    if plan.settings.plots:
        unwritten = draw(result, folder / FIGURES)
    write_whole(folder / MEMBERS, result.members_csv().encode())
    write_whole(folder / SWEEP_TABLE, result.as_csv().encode())
    write_json(folder / SWEEP, result.as_json())
    return replace(result, unwritten=unwritten)
