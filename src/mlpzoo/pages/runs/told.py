"""What the files of a run folder tell, as rows of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError, as_typed
from mlpzoo.exercises import Exercise, get_exercise, known_exercises
from mlpzoo.runs.folder import CONFIG, FIGURES, command_of, read_config, read_result, result_file
from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics
from mlpzoo.runs.summary import summary_of
from mlpzoo.training.resume import flat

NONE = "-"
_ELSEWHERE = ("bars", "metrics", "remark", "diagnosis", "passed", "exercise", "versions")
_LONGEST = 300  # characters of a value


@dataclass(frozen=True, eq=False)
class Told:
    """A run folder that has been read.

    Attributes:
        folder: The folder.
        label: What the run is called on the page.
        config: Its settings.
        result: Its result; empty while it is not finished.
        logged: Steps and values of what it has logged, by name.
    """

    folder: Path
    label: str
    config: Mapping[str, Any]
    result: Mapping[str, Any]
    logged: Mapping[str, tuple[list[float], list[float]]]

    @cached_property
    def exercise(self) -> Exercise | None:
        """Its exercise; None of one that is not known here."""
        name = self.config.get("exercise")
        return get_exercise(str(name)) if name in known_exercises() else None

    @property
    def bars(self) -> list[str]:
        """What was asked for, as text."""
        return [*map(str, self.result.get("bars", ()))]

    @property
    def notes(self) -> list[str]:
        """What its result says in sentences: a remark, and why it missed a bar."""
        return [str(said) for name in ("remark", "diagnosis") if (said := self.result.get(name))]

    def facts(self) -> dict[str, str]:
        """Return what came of it as text, by name, but for its metrics."""
        shown = summary_of(self.folder)
        facts = {
            "solved": shown["passed"],
            "asked for": ", ".join(self.bars),
            "state": shown["state"],
            **{name: value for name, value in self.result.items() if name not in _ELSEWHERE},
            "steps": f"{in_line(shown['steps'])}, at most {in_line(shown['max_steps'])}",
            "made by": self._program(),
            "changed": shown["changed"],
        }
        return {name: in_line(value) for name, value in flat(facts) if value not in ([], None, "")}

    def _program(self) -> str:
        versions = self.result.get("versions")
        known = versions if isinstance(versions, Mapping) else {}
        return ", ".join(f"{name} {known[name]}" for name in ("mlpzoo", "torch") if name in known)


def read_run(folder: Path, label: str) -> Told:
    """Read the files of a run folder.

    Args:
        folder: The folder.
        label: What to call the run.

    Raises:
        InputError: It is of a sweep, or a file is damaged.
    """
    if command_of(config := read_config(folder / CONFIG)) == "sweep":
        raise InputError(f"{folder} is of a sweep, which has no page; see its {FIGURES} folder")
    result = read_result(folder) if (file := result_file(folder)) else {}
    if not isinstance(result.get("bars", []), list):
        raise InputError(f"{file} does not hold a result; remove it, then resume")
    logged = read_metrics(folder / FILE_NAME)
    return Told(folder=folder, label=label, config=config, result=result, logged=logged)


def rows_of(columns: Sequence[Mapping[str, str]], first: Iterable[str] = ()) -> list[list[str]]:
    """Return what several runs have under each name, as rows: the name, then one text a run.

    Args:
        columns: Of each run, texts by name.
        first: Names that come first, where there are some.
    """
    names = dict.fromkeys(name for column in columns for name in column)
    ahead = [name for name in first if name in names]
    ordered = dict.fromkeys([*ahead, *names])
    return [[name, *(column.get(name, NONE) for column in columns)] for name in ordered]


def in_line(value: object) -> str:
    """Return a value of a settings or a result file as a text of bearable length.

    Args:
        value: Plain data.

    Example:
        >>> in_line(0.123456789), in_line([1.0, 0.5]), in_line(True), in_line(None)
        ('0.123457', '1,0.5', 'yes', '-')
    """
    text = NONE if value is None else as_typed(_rounded(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _rounded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
