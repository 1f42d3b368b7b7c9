"""Trains a population of an exercise: the same plan as a single run, for many seeds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpzoo.exercises import Exercise
from mlpzoo.files import write_json, write_whole
from mlpzoo.population.result import PopulationResult
from mlpzoo.population.work.group import Group
from mlpzoo.population.work.job import open_job, prepare, working_in
from mlpzoo.population.work.making import draw, with_part
from mlpzoo.population.work.piece import Cohort, Piece, pieces_of
from mlpzoo.population.work.processes import processes
from mlpzoo.population.work.share import share_out
from mlpzoo.runs.folder import FIGURES, MEMBERS, POPULATION, result_file
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.plan import Plan
from mlpzoo.training.resume import advice, plan_run
from mlpzoo.training.run import takes
from mlpzoo.training.settings import check_names


@takes(PopulationSettings)
def train_population(name: str | Exercise, given: Mapping[str, Any]) -> PopulationResult:
    """Train many seeds of an exercise at once, and write `<out>/<name>-population/version_n/`.

    Each member is what `mlpzoo.train` makes of its seed, up to float rounding.

    Args:
        name: One of `list_exercises()`, or an `Exercise`.
        given: Keyword arguments, the fields of `PopulationSettings`, where each is explained:
            members, first_seed, restart_after, recipe, max_steps, module, data and more.

    Raises:
        InputError: A value that cannot be used.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.

    Example:
        >>> from tempfile import mkdtemp
        >>> result = train_population(
        ...     "perceptron", members=20, out=mkdtemp(), plots=False, progress=False
        ... )
        >>> result.solved, [round(end, 2) for end in result.interval]
        (20, [0.84, 1.0])
    """
    with _trained(name, given) as (group, plan, pieces):
        if pieces[0].alone and pieces[0].result:
            return pieces[0].result
        result = PopulationResult.of_pieces(plan, pieces)
        return _gathered(plan, result) if group.first and not pieces[0].alone else result


@takes(PopulationSettings)
def take_part(name: str | Exercise, given: Mapping[str, Any]) -> None:
    """Train as `train_population` does, where another process gathers the result.

    Args:
        name: One of `list_exercises()`, or an `Exercise`.
        given: The fields of `PopulationSettings`.
    """
    with _trained(name, given):
        return


@contextmanager
def _trained(
    name: str | Exercise, given: Mapping[str, Any]
) -> Iterator[tuple[Group, Plan, list[Piece]]]:
    """Yield a population's pieces once all are trained, here or by other processes."""
    check_names(given, PopulationSettings)
    with processes(PopulationSettings(**given)) as group:
        plan = with_part(plan_run(name, group.own(given), PopulationSettings))
        run = group.agree(lambda: _opened(plan), plan.config)
        pieces = _pieces(plan, run)
        with working_in(plan, pieces) as stop:
            how = advice(plan, run)
            share_out(pieces, group, plan.settings, name=run.parent.name, advice=how)
            stop.raise_if_requested(f"stopped; {how}")
            yield group, plan, pieces


def _opened(plan: Plan) -> Path:
    run = open_job(plan.parent, plan.config, plan.resumed)
    prepare(plan, _pieces(plan, run))
    return run


def _pieces(plan: Plan, run: Path) -> list[Piece]:
    return pieces_of([Cohort(0, plan, plan.settings.seeds)], run)


def _gathered(plan: Plan, result: PopulationResult) -> PopulationResult:
    """Write the result of several pieces, unless it is there."""
    folder = result.folder
    if result_file(folder) is not None:
        return result
    result = replace(result, unwritten=draw(plan, result, folder / FIGURES))
    write_whole(folder / MEMBERS, result.as_csv().encode())
    write_json(folder / POPULATION, result.as_json())
    return result
