"""Lay two runs or two populations side by side: settings, results, and both in one picture."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlpzoo.checks import InputError, as_typed, cause
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_lines, as_table
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = ("train_loss", "val_loss")  # of an exercise that is not installed here
EPILOG = """\
Two populations are compared on the seeds that both were trained from: how many each alone solves,
McNemar's exact test of whether the recipes are equally good, the difference of their rates with
Tango's 95% interval and, where they cannot be told apart, how many seeds it would take."""


class _Found(NamedTuple):
    """What two runs came to: as data, as text, and as a picture, if there is one."""

    data: dict[str, Any]
    told: list[str]
    figure: "Figure | None"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo compare`."""
    add = parser.add_argument
    for name in ("A", "B"):
        add(name.lower(), metavar=name, help="the folder of a run, or a file in it")
    add("--out", metavar="FILE", default="compare.png", help="the picture (compare.png)")
    add("--json", action="store_true", help="as JSON")


def run(*, a: str, b: str, out: str, json: bool) -> int:
    """Print the settings that differ and the results, and write the picture."""
    from mlpzoo.exercises import get_exercise, known_exercises
    from mlpzoo.runs.folder import CONFIG, find_run, read_config
    from mlpzoo.runs.summary import labels_of
    from mlpzoo.training.resume import differences

    folders = [find_run(each, Path(each)).resolve() for each in (a, b)]
    labels = labels_of(*folders)
    configs = [read_config(folder / CONFIG) for folder in folders]
    many = _are_populations(folders, configs)
    names = [config.get("exercise") for config in configs]
    exercises = [get_exercise(name) if name in known_exercises() else None for name in names]
    same = exercises[0] if exercises[0] is exercises[1] else None
    settings = differences(configs[0], configs[1], same)
    found = _populations(folders, labels) if many else _runs(folders, labels, exercises)
    if found.figure:
        _save(found.figure, Path(out))
    if json:
        plain = {"runs": list(map(str, folders)), "settings": settings, **found.data}
        print(as_json({**plain, "picture": out if found.figure else None}))
    else:
        picture = out if found.figure else "neither has logged a curve yet"
        print("\n\n".join([_table("setting", labels, settings), *found.told, picture]))
    return PASSED


def _are_populations(folders: list[Path], configs: list[dict[str, Any]]) -> bool:
    """Tell whether both are populations and not single runs, and refuse what cannot be compared."""
    from mlpzoo.runs.folder import KINDS, command_of

    kinds = [command_of(config) for config in configs]
    for folder, kind in zip(folders, kinds, strict=True):
        if kind == "sweep" or kind != kinds[0]:
            takes = "compare takes two single runs, or two populations"
            raise InputError(f"{folder} is of {KINDS[kind]}; {takes}")
    return kinds[0] == "population"


def _runs(folders: list[Path], labels: list[str], exercises: list[Any]) -> _Found:
    """Return the metrics of two single runs, and their curves."""
    from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics
    from mlpzoo.runs.summary import facts_of

    logged = [read_metrics(folder / FILE_NAME) for folder in folders]
    first, second = facts_of(*folders)
    wanted = dict.fromkeys(name for each in exercises for name in getattr(each, "curves", _CURVES))
    curves = [name for name in wanted if any(name in series for series in logged)]
    metrics = {name: [first.get(name), second.get(name)] for name in {**first, **second}}
    figure = _draw(dict(zip(labels, logged, strict=True)), curves) if curves else None
    return _Found({"metrics": metrics}, [_table("metric", labels, metrics)], figure)


def _draw(logged: Mapping[str, Any], curves: list[str]) -> "Figure":
    """Draw an axis for each curve, the runs' own by their labels."""
    from mlpzoo import plotting

    figure = plotting.new_figure(6.4, 3.2 * len(curves))
    parts = figure.subfigures(len(curves), 1, squeeze=False)[:, 0]
    for name, part in zip(curves, parts, strict=True):
        series = {label: series[name] for label, series in logged.items() if name in series}
        plotting.plot_losses(series, title=name, figure=part)
    return figure


def _populations(folders: list[Path], labels: list[str]) -> _Found:
    """Return what two populations came to, each by itself and on the seeds of both."""
    from mlpzoo.population.compared import compared_populations
    from mlpzoo.population.pictures import plot_success

    compared = compared_populations(*folders)
    facts = [each.as_json() for each in compared.each]
    first, second = map(_shown, facts)
    shown = {name: [first[name], second[name]] for name in first}
    steps = (each.members.solved_steps for each in compared.each)
    metrics = {name: [fact[name] for fact in facts] for name in facts[0]}
    said = "\n".join(line for each in compared.test.said(*labels) for line in as_lines(each))
    return _Found(
        {"metrics": metrics, "paired": compared.test.as_json()},
        [_table("result", labels, shown), said],
        plot_success(dict(zip(labels, zip(steps, compared.steps, strict=True), strict=True))),
    )


def _shown(fact: Mapping[str, Any]) -> dict[str, str]:
    """Return what a table says of one population."""
    first, members, (low, high) = fact["first_seed"], fact["members"], fact["wilson_95"]
    steps = {f"steps, {name}": "never" if at is None else str(at)
             for name, at in fact["steps_to_solve"].items()}  # fmt: skip
    return {
        "seeds": f"{first} to {first + members - 1}",
        "solved": f"{fact['solved']} of {members}",
        "95% interval": f"{low:.2%} to {high:.2%}",
        **steps,
    }


def _save(figure: "Figure", out: Path) -> None:
    from mlpzoo import plotting

    try:
        plotting.save(figure, out)
    except (OSError, ValueError) as error:  # ValueError: a suffix that matplotlib does not know
        raise InputError(f"cannot write {out}: {cause(error)}; choose another --out") from error


def _table(what: str, labels: list[str], pairs: Mapping[str, Any]) -> str:
    """Return values by name, of both runs side by side."""
    if not pairs:
        return f"no {what} differs"
    return as_table([
        {what: name, **dict(zip(labels, map(_in_line, pair), strict=True))}
        for name, pair in pairs.items()
    ])  # fmt: skip


def _in_line(value: object) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else as_typed(value)
