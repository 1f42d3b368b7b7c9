"""The page of a run, or of two runs beside each other: what was asked, what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.pages.document import Page
from mlpzoo.pages.found import page_of
from mlpzoo.pages.runs.curves import curves_of
from mlpzoo.pages.runs.figures import with_figures
from mlpzoo.pages.runs.settings import settings_of_one, settings_of_two
from mlpzoo.pages.runs.told import Told, in_line, read_run, rows_of
from mlpzoo.pretrained.find import find_network
from mlpzoo.runs.folder import command_of, find_run
from mlpzoo.runs.summary import facts_of, labels_of

_NOT_METRICS = ("passed", "steps", "seconds")


def page_of_run(folder: Path, exercise: str = "", *, ranges: Any = None, title: str = "") -> Page:
    """Return the page of a run or a population; of a run, with the network of its best weights.

    Args:
        folder: The run folder.
        exercise: The exercise that it must be of; "" for any.
        ranges: As of `page_of`.
        title: What to call it; "" for its exercise and the name of its folder.

    Raises:
        InputError: It is none, one of its files is damaged, or it is of another exercise.
    """
    folder = find_run(folder, folder)
    parts = folder.resolve().parts[-2:]  # no more: a page may be sent to anyone
    told = read_run(folder, "/".join(parts))
    many = command_of(told.config) == "population"
    network, without = _network(folder, exercise, ranges) if exercise or not many else (None, "")
    shown = {
        **_shown([told]),
        "subtitle": f"{'A population' if many else 'A run'}: {told.label}",
        "settings": settings_of_one(told),
        "network": network,
        "without": without,
    }
    named = title or f"{in_line(told.config.get('exercise'))}, {parts[-1]}"
    return with_figures(Page(named, shown, folder / f"{'-'.join(parts)}.html"), [told])


def page_of_two(first: str | Path, second: str | Path) -> Page:
    """Return the page of two runs: the settings that differ, and what came of both.

    Args:
        first: The folder of a run, or a file in it.
        second: That of another.

    Raises:
        InputError: One is none, both are the same, or a file is damaged.
    """
    folders = [find_run(each, Path(each)).resolve() for each in (first, second)]
    labels = labels_of(*folders)
    told = [read_run(*each) for each in zip(folders, labels, strict=True)]
    shown = {
        **_shown(told),
        "subtitle": "Two runs beside each other",
        "settings": settings_of_two(*told),
        "network": None,
        "without": "",
    }
    names = {str(each.config.get("exercise")) for each in told}
    title = f"{' and '.join(sorted(names))}: {' and '.join(labels)}"
    return with_figures(Page(title, shown, Path("compare.html")), told)


def _network(folder: Path, exercise: str, ranges: Any) -> tuple[dict[str, Any] | None, str]:
    """Return the page of the best weights of a run, or why there is none."""
    try:
        found = find_network(exercise, path=folder)
        return {"title": "", **page_of(found, ranges).data}, ""
    except InputError as error:
        if exercise or ranges is not None:
            raise
        return None, str(error)


def _shown(told: Sequence[Told]) -> dict[str, Any]:
    """Return what the page of one run has in common with that of two."""
    asked = [bar.partition(" ")[0] for each in told for bar in each.bars]
    metrics = [
        {name: in_line(value) for name, value in facts.items() if name not in _NOT_METRICS}
        for facts in facts_of(*(each.folder for each in told))
    ]
    return {
        "kind": "run",
        "labels": [each.label for each in told],
        "result": rows_of([each.facts() for each in told]),
        "metrics": rows_of(metrics, asked),
        "notes": [[each.label, note] for each in told for note in each.notes],
        "curves": curves_of(told),
    }
