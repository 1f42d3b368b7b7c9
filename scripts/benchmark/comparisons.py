"""Comparisons, each contestant in turn with the others, medians and ratios reported.

The machine should be left alone meanwhile; taking turns makes a busy moment fall on all.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

import torch

from mlpzoo.cli.tables import Row
from mlpzoo.training.many import KEEP
from scripts.benchmark.contestants import Contestant, Reached, largest_test_error
from scripts.benchmark.least_squares import FITS, least_squares
from scripts.benchmark.lecture import TASKS, PlainLoop
from scripts.benchmark.populations import population_costs
from scripts.benchmark.processes import Usage, starts, used_by
from scripts.benchmark.scale import RATES, keeping, rates
from scripts.benchmark.tables import DATASETS, large_table, tables

FIRST_SEED = 20_000  # recipes were developed on seeds below 10,000
BASE = "plain loop"
Field = Mapping[str, Contestant]


def one_core() -> None:
    """Keep this process and those that it starts on one core and torch on one thread."""
    torch.set_num_threads(1)
    if find_spec("threadpoolctl"):  # numpy's threads were counted when it was imported
        import_module("threadpoolctl").threadpool_limits(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def step_costs(name: str, field: Field, *, steps: int, repetitions: int) -> list[Row]:
    """Return microseconds a step of the lecture's recipe, and over the plain loop's.

    Start-up and compiling are left out; what is drawn, checked, logged and saved is not.

    Args:
        name: A key of `TASKS`.
        field: Who is measured, by name; the plain loop among them.
        steps: Optimizer steps of one repetition.
        repetitions: How often each contestant runs.
    """
    able = {who: each for who, each in field.items() if name in each.names}
    times: dict[str, list[float]] = {who: [] for who in able}
    for seed in range(FIRST_SEED, FIRST_SEED + repetitions):
        for who, each in able.items():
            times[who].append(1e6 / steps * each.seconds(TASKS[name], steps, seed))
    medians = {who: statistics.median(values) for who, values in times.items()}
    return [
        {
            "exercise": name,
            "contestant": who,
            "us a step": round(median),
            "over plain loop": _ratio(median, medians[BASE]),
        }
        for who, median in medians.items()
    ]


def whole_processes(name: str, field: Field, *, steps: int, repetitions: int) -> list[Row]:
    """Return seconds and memory of whole processes, start-up and compiling included.

    Args:
        name: A key of `TASKS`.
        field: Who is measured, by name; who has no process of its own is left out.
        steps: Optimizer steps.
        repetitions: How often each process runs.
    """
    able = {who: each for who, each in field.items() if each.argv and name in each.names}
    seconds: dict[str, list[float]] = {who: [] for who in able}
    memory: dict[str, list[float]] = {who: [] for who in able}
    for _ in range(repetitions):
        for who, each in able.items():
            usage = _run(each.argv, name, steps)
            seconds[who].append(usage.seconds)
            memory[who].append(usage.megabytes)
    took = {who: statistics.median(values) for who, values in seconds.items()}
    held = {who: statistics.median(values) for who, values in memory.items()}
    return [
        {
            "exercise": name,
            "contestant": who,
            "seconds": round(took[who], 1),
            "over plain script": _ratio(took[who], took[BASE]),
            "MB": round(held[who]),
            "MB over plain script": _ratio(held[who], held[BASE]),
        }
        for who in able
    ]


def times_to_accuracy(name: str, field: Field, *, repetitions: int) -> list[Row]:
    """Return the seconds to the error that the lecture's recipe has at its end.

    The first row is that recipe, run to its end in a plain loop; its median error is what the
    others have to reach. Ours trains its own recipe, the others train the lecture's.

    Args:
        name: A key of `TASKS` with an error to reach: not xor.
        field: Who is measured, by name.
        repetitions: Seeds, from 20,000 on.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + repetitions)
    whole = [_whole_recipe(name, seed) for seed in seeds]
    error = statistics.median(run.error for run in whole)
    runs: dict[str, list[Reached]] = {"the lecture's recipe to its end": whole}
    able = {who: each for who, each in field.items() if name in each.names and each.reaches}
    for seed in seeds:
        for who, each in able.items():
            runs.setdefault(who, []).append(each.reach(TASKS[name], error, seed))
    base = statistics.median(run.seconds for run in whole)
    return [_accuracy_row(name, who, reached, error, base) for who, reached in runs.items()]


COMPARISONS: dict[str, tuple[Callable[..., list[Row]], tuple[str, ...]]] = {
    "steps": (step_costs, ("xor", "sin", "minmax")),
    "processes": (whole_processes, ("xor",)),
    "accuracy": (times_to_accuracy, ("sin", "square", "minmax")),
    "population": (population_costs, ("xor", "sin")),
    "start": (starts, ("",)),
    "scale": (rates, tuple(RATES)),
    "keep": (keeping, KEEP),
    "least-squares": (least_squares, tuple(FITS)),
    "tables": (tables, tuple(DATASETS)),
    "large-table": (large_table, ("friedman1, 100,000 rows, 20 columns",)),
}


def _accuracy_row(name: str, who: str, runs: Sequence[Reached], error: float, base: float) -> Row:
    seconds = statistics.median(run.seconds for run in runs)
    return {
        "exercise": name,
        "contestant": who,
        "largest error": f"{statistics.median(run.error for run in runs):.3g}",
        "reached": f"{sum(run.error <= error for run in runs)} of {len(runs)}",
        "steps": round(statistics.median(run.steps for run in runs)),
        "seconds": round(seconds, 2),
        "over the lecture's": _ratio(seconds, base),
    }


def _whole_recipe(name: str, seed: int) -> Reached:
    task = TASKS[name]
    began = time.perf_counter()
    session = PlainLoop(task, seed)
    session.advance(task.steps)
    return Reached(time.perf_counter() - began, task.steps, largest_test_error(task, session))


def _run(argv: Sequence[str], name: str, steps: int) -> Usage:
    """Run a contestant's process to its end."""
    module, *rest = argv
    words, flags = ([r for r in rest if (r[0] == "-") is dash] for dash in (False, True))
    with tempfile.TemporaryDirectory() as folder:
        how = ["--recipe", "lecture", "--no-plots", "--out", folder, "--max-steps", str(steps)]
        arguments = [*words, name, *(how if module == "mlpzoo" else [str(steps)]), *flags]
        return used_by("-m", module, *arguments)


def _ratio(value: float, base: float) -> float:
    return round(value / base, 2 if value > 0.1 * base else 3)
