"""Lay two runs side by side: settings, metrics, and the curves of both in one picture."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_table
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.exercises import Exercise
    from mlpzoo.plotting.curves import Series


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo compare`."""
    add = parser.add_argument
    for name in ("A", "B"):
        add(name.lower(), metavar=name, help="the folder of a run, or a file in it")
    add("--out", metavar="FILE", default="compare.png", help="the picture (compare.png)")
    add("--json", action="store_true", help="as JSON")


def run(*, a: str, b: str, out: str, json: bool) -> int:
    """Print the settings that differ and the metrics, and write the picture."""
    from mlpzoo.plotting import save
    from mlpzoo.runs.folder import find_run, result_file
    from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics
    from mlpzoo.training.resume import differences

    folders = [find_run(each, Path(each)).resolve() for each in (a, b)]
    labels = _labels(*folders)
    configs = [_config(folder) for folder in folders]
    exercises = [_exercise(config) for config in configs]
    same = exercises[0] if exercises[0] is exercises[1] else None
    figures = map(_figures if all(map(result_file, folders)) else _figures_so_far, folders)
    logged = [read_metrics(folder / FILE_NAME) for folder in folders]
    wanted = dict.fromkeys(name for each in exercises for name in getattr(each, "curves", _CURVES))
    curves = [name for name in wanted if any(name in series for series in logged)]
    compared = {
        "runs": list(map(str, folders)),
        "settings": differences(configs[0], configs[1], same),
        "metrics": _side_by_side(*figures),
        "picture": out if curves else None,
    }
    try:
        if curves:
            save(_drawn(dict(zip(labels, logged, strict=True)), curves), Path(out))
    except (OSError, ValueError) as error:  # ValueError: a suffix that matplotlib does not know
        raise InputError(f"cannot write {out}: {error}; choose another --out") from error
    print(as_json(compared) if json else _report(compared, labels))
    return PASSED


_CURVES = ("train_loss", "val_loss")  # of an exercise that is not installed here


def _labels(first: Path, second: Path) -> list[str]:
    """Return the shortest ends of two paths that tell them apart."""
    if first == second:
        raise InputError(f"both are {first}; name two runs")
    pairs = (
        ["/".join(folder.parts[-depth:]) for folder in (first, second)]
        for depth in range(1, len(first.parts) + len(second.parts))
    )
    return next(pair for pair in pairs if pair[0] != pair[1])


def _config(folder: Path) -> dict[str, Any]:
    from mlpzoo.runs.folder import CONFIG, read_config

    config = read_config(folder / CONFIG)
    if "members" in config:
        raise InputError(f"{folder} is of a population; compare takes two single runs")
    return config


def _exercise(config: Mapping[str, Any]) -> "Exercise | None":
    from mlpzoo.exercises import get_exercise, list_exercises

    name = config.get("exercise")
    return get_exercise(name) if name in list_exercises() else None


def _figures(folder: Path) -> dict[str, Any]:
    """Return steps, verdict and test metrics of a finished run."""
    from mlpzoo.runs.folder import read_result

    result = read_result(folder)
    plain = {name: result.get(name) for name in ("passed", "steps", "seconds")}
    return {**plain, **result.get("metrics", {})}


def _figures_so_far(folder: Path) -> dict[str, Any]:
    """Return the last validation of a run."""
    from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics

    series = read_metrics(folder / FILE_NAME).items()
    steps = max((int(steps[-1]) for _, (steps, _) in series), default=0)
    return {"steps": steps, **{k: v[-1] for k, (_, v) in series if k.startswith("val_")}}


def _side_by_side(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [first.get(name), second.get(name)] for name in {**first, **second}}


def _drawn(logged: "Mapping[str, Series]", curves: list[str]) -> "Figure":
    """Return a figure with an axis for each curve, the runs' own by their labels."""
    from mlpzoo import plotting

    figure = plotting.new_figure(6.4, 3.2 * len(curves))
    parts = figure.subfigures(len(curves), 1, squeeze=False)[:, 0]
    for name, part in zip(curves, parts, strict=True):
        series = {label: series[name] for label, series in logged.items() if name in series}
        plotting.plot_losses(series, title=name, figure=part)
    return figure


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
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
