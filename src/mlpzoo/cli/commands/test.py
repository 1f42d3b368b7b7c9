"""Measure a checkpoint against its exercise's bar."""

import argparse

from mlpzoo.cli.exit_codes import FELL_SHORT, PASSED
from mlpzoo.cli.tables import as_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo test`."""
    parser.add_argument("name", metavar="NAME", help="the exercise")
    parser.add_argument("--ckpt", required=True, metavar="PATH", help="best.ckpt or last.ckpt")


def run(*, name: str, ckpt: str) -> int:
    """Measure a checkpoint on its exercise's test grid and print the metrics."""
    from mlpzoo.exercises import get_exercise
    from mlpzoo.runs.load import load_module
    from mlpzoo.training.plan import judged_on
    from mlpzoo.training.result import reason
    from mlpzoo.training.trainer import evaluate

    exercise = get_exercise(name)
    module, data = load_module(ckpt, exercise=exercise)
    exercise = judged_on(data, exercise, module)
    metrics = evaluate(exercise, module, data)
    print(as_table([{"metric": key, "value": f"{value:.6g}"} for key, value in metrics.items()]))
    remark = exercise.remark(module, data, metrics)
    if remark:
        print(remark)
    passed = exercise.passed(metrics)
    bars = ", ".join(map(str, exercise.bars))
    print(f"bar: {bars}: {'passed' if passed else 'not passed'}")
    if not passed:
        print(f"{exercise.name}: {reason(exercise, module, data, metrics)}")
    return PASSED if passed else FELL_SHORT
