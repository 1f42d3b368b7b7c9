"""Train exercises and say whether they meet their bars."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_settings, exercise
from mlpzoo.cli.tables import as_table, measured, stdout_for
from mlpzoo.cli.words import check_arguments
from mlpzoo.files import as_json
from mlpzoo.training.settings import TrainSettings

if TYPE_CHECKING:
    from mlpzoo.training.plan import Plan
    from mlpzoo.training.result import Result

EPILOG = """\
Any constructor argument can be given by name: --module.lr 0.002 --module.hidden_features 32,32
--data.batch_size 200; `mlpzoo show NAME` lists and explains them. A run's config.yaml repeats it:
mlpzoo train --config FILE. A run that was stopped or killed goes on with --resume, and ends with
the bits that it would have ended with; --rewind begins another from its settings and start.
Exit codes: 0 all bars met, 1 not all, or a loss was not finite, 2 bad input, or a file cannot be
read or written, 130 stopped by Ctrl-C, 143 by SIGTERM."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo train`."""
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        type=lambda text: exercise(text, "all"),
        metavar="NAME",
        help="exercises, or all",
    )
    add("--config", metavar="FILE", help="settings from a YAML file; options override them")
    add_settings(parser, TrainSettings)
    add("--json", action="store_true",
        help="print a list of what is in each result.json, with its folder")  # fmt: skip
    parser.set_defaults(dotted={})


def run(
    *, names: Sequence[str], config: str | None, json: bool, dotted: Mapping[str, Any], **given: Any
) -> int:
    """Check all runs, then run them one after another, and print a table of the results."""
    TrainSettings(**given)  # refuses at once what it would after torch has been loaded
    check_arguments(names, dotted)
    import torch

    from mlpzoo.signals import Interrupted, Terminated
    from mlpzoo.training.run import carry_out

    go_on()
    torch.set_num_threads(1)  # the fastest for networks this small
    results: list[Result] = []
    try:
        with stdout_for(json):
            for plan in _plans(names, config, dotted, given):
                results.append(carry_out(plan))
    except (Interrupted, Terminated):
        if results:
            _report(results, json=json)
        raise
    if results[0].trainer.is_global_zero:
        _report(results, json=json)
    return _code(results)


def _plans(
    names: Sequence[str], config: str | None, dotted: Mapping[str, Any], given: dict[str, Any]
) -> "list[Plan]":
    from mlpzoo.runs.folder import KINDS, command_of, read_config
    from mlpzoo.training.plan import holds_object
    from mlpzoo.training.resume import plan_run

    again = next((name for name in ("resume", "rewind") if name in given), None)
    if config is not None and again:
        raise InputError("--config goes with a new run; leave it out")
    if again:
        names, given[again] = _which(names, given[again])
    of_file = read_config(config) if config is not None else {}
    recipe = of_file.get("recipe")
    if recipe is not None and given.get("recipe", recipe) != recipe:
        raise InputError(f"{config} is of recipe {recipe}; leave out --recipe")
    if (kind := command_of(of_file)) != "train":
        raise InputError(f"{config} is of {KINDS[kind]}; see `mlpzoo {kind} --help`")
    for name, value in of_file.items():
        if name in ("callbacks", "logger") or holds_object(value):
            raise InputError(f"{config} has {name} that only Python can give; use mlpzoo.train")
    return [
        plan_run(name, {**_settings(name, config, of_file, dotted), **given}, TrainSettings)
        for name in _names(names, of_file)
    ]


def _settings(
    name: str, config: str | None, of_file: Mapping[str, Any], dotted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of a file, with dotted arguments in their place."""
    from mlpzoo.exercises import get_exercise
    from mlpzoo.optim.factory import for_optimizer
    from mlpzoo.training.plan import from_config

    exercise = get_exercise(name)
    settings = from_config(exercise, of_file, TrainSettings)
    if config is not None and "start" in settings:  # it stands beside the file
        settings["start"] = str(Path(config).parent / settings["start"])
    groups = from_config(exercise, dotted, TrainSettings)
    if "optimizer" in groups["module"]:
        optimizer = str(groups["module"]["optimizer"])
        settings["module"] = for_optimizer(settings.get("module", {}), optimizer)
    for group, arguments in groups.items():
        settings[group] = {**settings.get(group, {}), **arguments}
    return settings


def _which(names: Sequence[str], run: bool | str) -> tuple[Sequence[str], bool | str]:
    """Return the exercises, and the run to go on with or to begin again: True for the newest.

    `--resume sin` names the exercise, where there is no such folder.
    """
    from mlpzoo.exercises import known_exercises
    from mlpzoo.runs.folder import settings_of

    if isinstance(run, bool) or not run:
        return names, True
    if not names and run.lower() in (*known_exercises(), "all") and not Path(run).exists():
        return [run.lower()], True
    return names or [str(settings_of(run).get("exercise"))], run


def _names(names: Sequence[str], config: Mapping[str, Any]) -> list[str]:
    from mlpzoo.exercises import get_exercise, list_exercises

    chosen = list_exercises() if "all" in names else list(dict.fromkeys(names))
    if "exercise" not in config:
        if not chosen:
            raise InputError(f"name an exercise, or all; there are {', '.join(list_exercises())}")
        return chosen
    of_config = get_exercise(config["exercise"]).name
    if chosen and chosen != [of_config]:
        raise InputError(f"the config is of exercise {of_config!r}, not of {' '.join(names)}")
    return [of_config]


def _code(results: "Sequence[Result]") -> int:
    from mlpzoo.runs.checkpoint import BEST

    unwritten = [result for result in results if result.unwritten]
    for result in unwritten:
        again = f"mlpzoo plot {result.exercise} --ckpt {result.folder / BEST}"
        print(f"mlpzoo: cannot write {result.unwritten}; later: {again}", file=sys.stderr)
    if unwritten:
        return BAD_INPUT
    good = all(result.passed and result.lost_step is None for result in results)
    return PASSED if good else FELL_SHORT


def _report(results: "Sequence[Result]", *, json: bool) -> None:
    """Print results of finished runs."""
    if json:
        print(as_json([{**each.as_json(), "folder": str(each.folder)} for each in results]))
        return
    rows = [
        {
            "exercise": result.exercise,
            "steps": result.steps,
            "seconds": f"{result.seconds:.1f}",
            "metrics": measured(result.judged),
            "bar": ", ".join(result.bars),
            "passed": "yes" if result.passed else "no",
        }
        for result in results
    ]
    print(as_table(rows))
    print("Metrics are of the weights in best.ckpt, on the test grid.")
    for result in results:
        for said in filter(None, (result.remark, result.diagnosis)):
            print(f"{result.exercise}: {said}")
    for result in results:
        print(f"{result.exercise}: {result.folder}")
