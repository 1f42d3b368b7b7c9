"""What the commands do, once parsed: call the library, print, return the exit code."""

import inspect
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mlpzoo.checks import InputError, as_float32
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, PASSED
from mlpzoo.cli.export import export, shipped, verify
from mlpzoo.cli.population import population
from mlpzoo.cli.tables import as_table
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise, list_exercises
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.factory import for_optimizer
from mlpzoo.runs.checkpoint import BEST
from mlpzoo.runs.folder import read_config, settings_of
from mlpzoo.runs.load import load_module
from mlpzoo.runs.snapshots import to_draw
from mlpzoo.training.film import write_film
from mlpzoo.training.overrides import Settings
from mlpzoo.training.result import Result, draw, reason
from mlpzoo.training.resume import prepare
from mlpzoo.training.run import run
from mlpzoo.training.signals import Interrupted, Terminated
from mlpzoo.training.trainer import evaluate

__all__ = ["export", "plot", "population", "predict", "show", "test", "train", "verify"]


def train(
    *,
    names: Sequence[str],
    config: str | None,
    resume: str | None,
    change: Sequence[str],
    rewind: str | None,
    dotted: Sequence[str],
    **options: Any,
) -> int:
    """Check all runs, then run them one after another, and print a table of the results."""
    torch.set_num_threads(1)  # the fastest for networks this small
    if config is not None and (resume is not None or rewind is not None):
        raise InputError("--config goes with a new run; leave it out")
    names, which = _which(names, rewind if resume is None else resume)
    settings = read_config(config) if config is not None else {}
    if options.get("recipe", settings.get("recipe")) != settings.get("recipe") and config:
        raise InputError(f"{config} is of recipe {settings.get('recipe')!r}; leave out --recipe")
    plans = []
    for name in _names(names, settings):
        chosen = Settings(get_exercise(name))
        chosen.add_mapping(settings)
        if "start" in chosen.values and config is not None:  # it stands beside the file
            chosen.values["start"] = str(Path(config).parent / chosen.values["start"])
        for argument in dotted:
            if argument.startswith("--module.optimizer="):
                optimizer = argument.partition("=")[2]
                chosen.values["module"] = for_optimizer(chosen.values["module"], optimizer)
        chosen.add_mapping(options)
        chosen.add_dotted(dotted)
        again = {"resume": resume is not None and which, "rewind": rewind is not None and which}
        plans.append(prepare(name, change=change, **again, **chosen.values))
    results: list[Result] = []
    try:
        for planned in plans:
            results.append(run(planned))
    except (Interrupted, Terminated):
        if results:
            _report(results)
        raise
    if results[0].trainer.is_global_zero:
        _report(results)
    return _code(results)


def _which(names: Sequence[str], run: str | None) -> tuple[Sequence[str], bool | str]:
    """Return the exercises, and the run to go on with or to begin again: True for the newest.

    `--resume sin` names the exercise, where there is no such folder.
    """
    if not run:
        return names, True
    if not names and run.lower() in (*list_exercises(), "all") and not Path(run).exists():
        return [run], True
    return names or [str(settings_of(run).get("exercise"))], run


def _code(results: Sequence[Result]) -> int:
    for result in results:
        if result.unwritten:
            again = f"mlpzoo plot {result.exercise} --ckpt {result.folder / BEST}"
            print(f"mlpzoo: cannot write {result.unwritten}; later: {again}", file=sys.stderr)
    if any(result.unwritten for result in results):
        return BAD_INPUT
    good = all(result.passed and result.lost_step is None for result in results)
    return PASSED if good else FELL_SHORT


def show(*, name: str) -> int:
    """Print an exercise's description, bars, recipes, and every argument with its default."""
    exercise = get_exercise(name)
    print(inspect.getdoc(sys.modules[f"mlpzoo.exercises.{exercise.name}"]))
    print(f"\nbar: {_bars(exercise)}")
    for title, recipe in exercise.recipes.items():
        print(f"recipe {title}: {recipe.max_steps} steps, validated every {recipe.val_every}")
    recipe = exercise.recipe()
    linked = recipe.linked(exercise.data())
    groups = {
        "data": (exercise.data_class, recipe.data),
        "module": (exercise.module_class, {**recipe.module, **linked}),
    }
    rows = [
        {
            "argument": f"--{group}.{name}",
            "default": _as_yaml(values.get(name, parameter.default)),
            "meaning": _meanings(cls)[name],
        }
        for group, (cls, values) in groups.items()
        for name, parameter in inspect.signature(cls).parameters.items()
    ]
    print(f"\n{as_table(rows)}")
    return PASSED


def _as_yaml(value: object) -> str:
    return "null" if value is None else str(list(value) if isinstance(value, tuple) else value)


def _meanings(cls: type) -> dict[str, str]:
    """Return what the docstrings of a class and of its bases say of each argument."""
    import docstring_parser  # no other command needs it

    texts = [vars(each).get("__doc__") or "" for each in reversed(cls.__mro__)]
    parsed = [entry for text in texts for entry in docstring_parser.parse(text).params]
    return {entry.arg_name: " ".join((entry.description or "").split()) for entry in parsed}


def test(*, name: str, ckpt: str) -> int:
    """Measure a checkpoint on its exercise's test grid and print the metrics."""
    exercise, module, data = _load(name, ckpt)
    metrics = evaluate(exercise, module, data)
    print(as_table([{"metric": key, "value": f"{value:.6g}"} for key, value in metrics.items()]))
    remark = exercise.remark(module, data, metrics)
    if remark:
        print(remark)
    passed = exercise.passed(metrics)
    print(f"bar: {_bars(exercise)}: {'passed' if passed else 'not passed'}")
    if not passed:
        print(f"{exercise.name}: {reason(exercise, module, data, metrics)}")
    return PASSED if passed else FELL_SHORT


def predict(*, name: str, ckpt: str | None, x: Sequence[float]) -> int:
    """Print what a checkpoint, or the package's network, answers: a number for each output."""
    module, data = shipped(name) if ckpt is None else _load(name, ckpt)[1:]
    if len(x) != data.in_features:
        wanted = "1 input" if data.in_features == 1 else f"{data.in_features} inputs"
        raise InputError(f"{name} takes {wanted}, got {len(x)}: {list(x)}")
    for value in x:
        if not math.isfinite(as_float32(value)):
            raise InputError(f"an input must be a finite number, got {value}")
        if not data.low <= value <= data.high:
            print(
                f"mlpzoo: {value:g} lies outside the trained range [{data.low:g}, {data.high:g}]",
                file=sys.stderr,
            )
    with torch.no_grad():
        answer = module.answer(torch.tensor([x], dtype=torch.float32))
    print(" ".join(f"{value:.6g}" for value in answer[0].tolist()))
    return PASSED


def plot(
    *, name: str, ckpt: str | None, run: str | None, step: int | None, film: bool, out: str | None
) -> int:
    """Draw what a checkpoint or a snapshot has learned and print the paths of the pictures."""
    exercise = get_exercise(name)
    path = to_draw(exercise, ckpt=ckpt, run=run, step=step)
    folder = path.parent if step is None else path.parent.parent
    module, data = load_module(path, exercise=exercise.name)
    try:
        figures = Path(out) if out else folder / "figures"
        figures.mkdir(parents=True, exist_ok=True)
        paths = draw(exercise, module, data, folder, out=figures, step=step)
        if film:
            paths.append(write_film(exercise, folder, figures))
    except OSError as error:
        raise InputError(f"cannot write the figures: {error}; choose another --out") from error
    print("\n".join(map(str, paths)))
    return PASSED


def _names(names: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    known_names = [name if name == "all" else get_exercise(name).name for name in names]
    chosen = list_exercises() if "all" in known_names else list(dict.fromkeys(known_names))
    if "exercise" not in settings:
        if not chosen:
            raise InputError(f"name an exercise, or all; there are {', '.join(list_exercises())}")
        return chosen
    of_config = get_exercise(settings["exercise"]).name
    if chosen and chosen != [of_config]:
        raise InputError(f"the config is of exercise {of_config!r}, not of {' '.join(names)}")
    return [of_config]


def _load(name: str, ckpt: str) -> tuple[Exercise, LitNetwork, FunctionDataModule]:
    exercise = get_exercise(name)
    return exercise, *load_module(ckpt, exercise=exercise.name)


def _bars(exercise: Exercise) -> str:
    return ", ".join(map(str, exercise.bars))


def _report(results: Sequence[Result]) -> None:
    rows = [
        {
            "exercise": result.exercise,
            "steps": result.steps,
            "seconds": f"{result.seconds:.1f}",
            "metrics": ", ".join(
                f"{bar.metric} {result.metrics[bar.metric]:.4g}"
                for bar in get_exercise(result.exercise).bars
            ),
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
