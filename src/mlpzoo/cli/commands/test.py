"""Measure a network against its exercise's bar."""

import argparse
from collections.abc import Mapping
from typing import Any

from mlpzoo.cli.exit_codes import FELL_SHORT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_network
from mlpzoo.cli.tables import as_table, stdout_for
from mlpzoo.files import as_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo test`."""
    add_network(parser)
    parser.add_argument("--json", action="store_true", help="as JSON, keys as in result.json")


def run(*, json: bool, **network: Any) -> int:
    """Measure a network on its exercise's test grid and print the metrics."""
    from mlpzoo.exercises.threshold import judged_on
    from mlpzoo.pretrained.find import find_network

    with stdout_for(json):
        found = find_network(**network)
        exercise, data = found.solves()
        exercise = judged_on(data, exercise, found.module)
        go_on()
        metrics = found.measured()
        passed = exercise.passed(metrics)
        measured: dict[str, Any] = {
            "exercise": exercise.name,
            "source": found.source,
            "passed": passed,
            "bars": list(map(str, exercise.bars)),
            "metrics": metrics,
            "remark": exercise.remark(found.module, data, metrics),
            "diagnosis": "" if passed else found.diagnosis(),
        }
    print(as_json(measured) if json else _report(measured))
    return PASSED if passed else FELL_SHORT


def _report(measured: Mapping[str, Any]) -> str:
    """Return what was measured as lines of text."""
    rows = [{"metric": k, "value": f"{value:.6g}"} for k, value in measured["metrics"].items()]
    verdict = "passed" if measured["passed"] else "not passed"
    lines = [
        f"network: {measured['source']}",
        as_table(rows),
        measured["remark"],
        f"bar: {', '.join(measured['bars'])}: {verdict}",
    ]
    if measured["diagnosis"]:
        lines.append(f"{measured['exercise']}: {measured['diagnosis']}")
    return "\n".join(filter(None, lines))
