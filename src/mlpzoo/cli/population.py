"""The command `mlpzoo population`: train, print how often it worked, return the exit code."""

import sys
from collections.abc import Sequence
from typing import Any

import torch

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, PASSED
from mlpzoo.cli.tables import as_json, as_table
from mlpzoo.exercises import get_exercise, list_exercises
from mlpzoo.population.result import SHARES, PopulationResult
from mlpzoo.population.training import train_population
from mlpzoo.runs.folder import settings_of
from mlpzoo.training.overrides import Settings

OWN = ("members", "first_seed", "restart_after")  # settings that a single run does not have


def population(
    *,
    name: str | None,
    resume: str | None,
    change: Sequence[str],
    json: bool,
    dotted: Sequence[str],
    **options: Any,
) -> int:
    """Check all settings, train the members, print how many are solved and why the others not."""
    torch.set_num_threads(1)  # the fastest for networks this small
    own = {key: options.pop(key) for key in OWN if key in options}
    if name is None:
        if not resume:
            raise InputError(f"name an exercise; there are {', '.join(list_exercises())}")
        name = str(settings_of(resume).get("exercise"))
    settings = Settings(get_exercise(name))
    settings.add_mapping(options)
    settings.add_dotted(dotted)
    result = train_population(
        name, resume=resume is not None and (resume or True), change=change, **own,
        **settings.values,
    )  # fmt: skip
    print(as_json(result.as_json()) if json else report(result))
    if result.unwritten:
        print(f"mlpzoo: cannot write {result.unwritten}", file=sys.stderr)
        return BAD_INPUT
    return PASSED if result.solved == len(result.members) else FELL_SHORT


def report(result: PopulationResult) -> str:
    """Return what a population came to as lines of text."""
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
