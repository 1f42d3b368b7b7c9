"""Train many seeds at once and say how often the recipe works."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_settings, exercise
from mlpzoo.cli.tables import as_table, stdout_for
from mlpzoo.cli.words import check_arguments
from mlpzoo.files import as_json
from mlpzoo.place import TORCHRUN, place
from mlpzoo.training.many import PopulationSettings

if TYPE_CHECKING:
    from mlpzoo.exercises import Exercise
    from mlpzoo.population.result import PopulationResult

EPILOG = """\
Every member is what `mlpzoo train NAME --seed S` makes of its seed. Constructor arguments can be
given as there: --module.lr 0.002 --data.batch_size 200. The run folder gets members.csv,
population.json and a picture. One that was stopped or killed goes on with --resume, or with the
same command again. Several processes share the work with --devices N, or as torchrun or srun
starts them: torchrun --nproc-per-node 4 -m mlpzoo population NAME.
Exit codes: 0 every member solved, 1 not every one (0 under torchrun), 2 bad input or a file that
cannot be read or written, 130 stopped by Ctrl-C, 143 by SIGTERM."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo population`."""
    parser.add_argument("name", nargs="?", type=exercise, metavar="NAME",
                        help="the exercise; --resume RUN knows it")  # fmt: skip
    add_settings(parser, PopulationSettings)
    parser.add_argument("--json", action="store_true",
                        help="print population.json instead of a table")  # fmt: skip
    parser.set_defaults(dotted={})


def run(*, name: str | None, json: bool, dotted: Mapping[str, Any], **given: Any) -> int:
    """Check all settings, train the members, print how many are solved and why the others not."""
    PopulationSettings(**given)  # refuses at once what it would after torch has been loaded
    check_arguments([name] if name else [], dotted)
    import torch

    from mlpzoo.population.training import take_part, train_population
    from mlpzoo.training.plan import from_config

    go_on()
    torch.set_num_threads(1)  # the fastest for networks this small
    exercise = meant(name, given.get("resume"))
    groups = from_config(exercise, dotted, PopulationSettings)
    if not place().speaks:
        take_part(exercise, **groups, **given)
        return PASSED
    with stdout_for(json):
        result = train_population(exercise, **groups, **given)
    print(as_json(result.as_json()) if json else _report(result))
    if result.unwritten:
        print(f"mlpzoo: cannot write {result.unwritten}", file=sys.stderr)
        return BAD_INPUT
    # torchrun takes another code than 0 for a crash, and may start all anew
    solved = result.solved == len(result.members) or place().launcher == TORCHRUN
    return PASSED if solved else FELL_SHORT


def meant(name: str | None, run: object) -> "Exercise":
    """Return the exercise of a command that names it, or a run to go on with.

    Args:
        name: The exercise; None where it is not named.
        run: The run; anything but text where none is named.

    Raises:
        InputError: Neither is named.
    """
    from mlpzoo.exercises import get_exercise, list_exercises
    from mlpzoo.runs.folder import settings_of

    if name is None and not isinstance(run, str):
        raise InputError(f"name an exercise; there are {', '.join(list_exercises())}")
    return get_exercise(name or str(settings_of(str(run)).get("exercise")))


def _report(result: "PopulationResult") -> str:
    """Return the result of a population as lines of text."""
    from mlpzoo.population.statistics import SHARES

    low, high = result.interval
    steps = {name: result.steps_to_solve(share) for name, share in SHARES.items()}
    of_steps = ", ".join(f"{name} {'never' if at is None else at}" for name, at in steps.items())
    lines = [
        f"{result.exercise}, recipe {result.recipe}: {result.solved} of {len(result.members)} "
        f"solved, {result.success_rate:.1%} (95% interval {low:.2%} to {high:.2%})",
        f"steps to solve: {of_steps}; {result.steps} steps in {result.seconds:.1f} s",
    ]
    again = sum(member.restarts > 0 for member in result.members)
    if again:
        lines.append(f"started anew at least once: {again}")
    if result.failures:
        rows = [{"failure": why, "members": many} for why, many in result.failures.items()]
        lines.append(as_table(rows))
    return "\n".join([*lines, f"bar: {', '.join(result.bars)}", str(result.folder)])
