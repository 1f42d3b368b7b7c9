"""Lay two runs side by side: settings, metrics, and the curves of both in one picture."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, as_typed, cause
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_table
from mlpzoo.files import as_json

_CURVES = ("train_loss", "val_loss")  # of an exercise that is not installed here


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo compare`."""
    add = parser.add_argument
    for name in ("A", "B"):
        add(name.lower(), metavar=name, help="the folder of a run, or a file in it")
    add("--out", metavar="FILE", default="compare.png", help="the picture (compare.png)")
    add("--json", action="store_true", help="as JSON")


def run(*, a: str, b: str, out: str, json: bool) -> int:
    """Print the settings that differ and the metrics, and write the picture."""
    from mlpzoo.exercises import get_exercise, known_exercises
    from mlpzoo.runs.folder import CONFIG, find_run, read_config
    from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics
    from mlpzoo.runs.summary import facts_of, labels_of
    from mlpzoo.training.resume import differences

    folders = [find_run(each, Path(each)).resolve() for each in (a, b)]
    labels = labels_of(*folders)
    configs = [read_config(folder / CONFIG) for folder in folders]
    for folder, config in zip(folders, configs, strict=True):
        if "members" in config:
            raise InputError(f"{folder} is of a population; compare takes two single runs")
    names = [config.get("exercise") for config in configs]
    exercises = [get_exercise(name) if name in known_exercises() else None for name in names]
    same = exercises[0] if exercises[0] is exercises[1] else None
    logged = [read_metrics(folder / FILE_NAME) for folder in folders]
    first, second = facts_of(*folders)
    wanted = dict.fromkeys(name for each in exercises for name in getattr(each, "curves", _CURVES))
    curves = [name for name in wanted if any(name in series for series in logged)]
    compared = {
        "runs": list(map(str, folders)),
        "settings": differences(configs[0], configs[1], same),
        "metrics": {name: [first.get(name), second.get(name)] for name in {**first, **second}},
        "picture": out if curves else None,
    }
    if curves:
        _draw(dict(zip(labels, logged, strict=True)), curves, Path(out))
    print(as_json(compared) if json else _report(compared, labels))
    return PASSED


def _draw(logged: Mapping[str, Any], curves: list[str], out: Path) -> None:
    """Draw an axis for each curve, the runs' own by their labels."""
    from mlpzoo import plotting

    figure = plotting.new_figure(6.4, 3.2 * len(curves))
    parts = figure.subfigures(len(curves), 1, squeeze=False)[:, 0]
    for name, part in zip(curves, parts, strict=True):
        series = {label: series[name] for label, series in logged.items() if name in series}
        plotting.plot_losses(series, title=name, figure=part)
    try:
        plotting.save(figure, out)
    except (OSError, ValueError) as error:  # ValueError: a suffix that matplotlib does not know
        raise InputError(f"cannot write {out}: {cause(error)}; choose another --out") from error


def _report(compared: Mapping[str, Any], labels: list[str]) -> str:
    """Return what was compared as lines of text."""
    tables = [
        as_table([{what: name, **dict(zip(labels, map(_in_line, pair), strict=True))}
                  for name, pair in compared[key].items()])
        if compared[key] else f"no {what} differs"
        for key, what in (("settings", "setting"), ("metrics", "metric"))
    ]  # fmt: skip
    return "\n\n".join([*tables, compared["picture"] or "neither has logged a curve yet"])


def _in_line(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else as_typed(value)
