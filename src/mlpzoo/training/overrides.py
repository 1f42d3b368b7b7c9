"""Typed settings of a run, from options, dotted arguments and a YAML file."""

import inspect
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser

from mlpzoo.checks import InputError, known
from mlpzoo.exercises import Exercise
from mlpzoo.runs.folder import GROUPS
from mlpzoo.training.settings import plan


class Settings:
    """Collects the keyword arguments of `plan` for one exercise, later values over earlier ones.

    A value is given as text or as plain data and gets the type of its parameter.

    Args:
        exercise: Whose constructors the groups data and module belong to.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.values: dict[str, Any] = {group: {} for group in GROUPS}
        self._owners: dict[str, Any] = {
            "": plan,
            "data": exercise.data_class,
            "module": exercise.module_class,
        }

    def add_dotted(self, dotted: Iterable[str]) -> None:
        """Take in arguments "--group.name=value".

        Raises:
            InputError: An unknown name, or a value of the wrong type.
        """
        for argument in dotted:
            option, _, text = argument.partition("=")
            group, _, name = option[2:].partition(".")
            self._add(group, name, text)

    def add_mapping(self, mapping: Mapping[str, Any]) -> None:
        """Take in settings by name, with data and module as mappings of their own.

        Raises:
            InputError: An unknown name, or a value of the wrong type.
        """
        for name, value in mapping.items():
            if name in GROUPS:
                for inner, inner_value in (value or {}).items():
                    self._add(name, inner, inner_value)
            elif name != "exercise":
                self._add("", name, value)

    def _add(self, group: str, name: str, value: Any) -> None:
        parameters = inspect.signature(self._owners[group]).parameters
        names = [entry for entry in parameters if entry not in ("name", *GROUPS)]
        where = f"{group} argument of {self.exercise.name}" if group else "setting"
        name = known(where, name, names)
        target = self.values[group] if group else self.values
        target[name] = _typed(f"{group}.{name}".lstrip("."), parameters[name].annotation, value)


def _typed(name: str, annotation: Any, value: Any) -> Any:
    if value is None and "None" not in str(annotation):
        raise InputError(f"{name} must be {_kind(annotation)}, got null")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=annotation)
    try:
        if isinstance(value, str):
            value = _as_list(value) if "tuple" in str(annotation) else value
            return parser.parse_args([f"--value={value}"]).value
        return parser.parse_object({"value": value}).value
    except (ArgumentError, TypeError, ValueError) as error:
        raise InputError(f"{name} must be {_kind(annotation)}, got {value!r}") from error


def _as_list(text: str) -> str:
    """Return "(32, 32)", "32,32" or "32" as the list that YAML reads; what is none stays.

    Example:
        >>> _as_list("(32, 32)"), _as_list("8"), _as_list("(1,2),(3,4)"), _as_list("null")
        ('[32, 32]', '[8]', '[[1,2],[3,4]]', 'null')
    """
    inner = text.strip().replace("(", "[").replace(")", "]")
    if inner.lower() in ("null", "none"):
        return "null"
    whole = inner.startswith("[") and not _closes_early(inner)
    return inner if whole else f"[{inner}]"


def _closes_early(text: str) -> bool:
    depths = list(itertools.accumulate((c == "[") - (c == "]") for c in text))
    return 0 in depths[:-1]


def _kind(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
