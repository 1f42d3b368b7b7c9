"""The exercises: every file of this folder is one, found by its name."""

import ast
from importlib import import_module
from pathlib import Path

from mlpzoo.checks import known
from mlpzoo.exercises.base import Bar, Exercise, Recipe

__all__ = ["Bar", "Exercise", "Recipe", "get_exercise", "list_exercises", "summary"]

_FOLDER = Path(__file__).parent
_NOT_EXERCISES = {"__init__", "base"}


def list_exercises() -> list[str]:
    """Return the names of all exercises, sorted; nothing heavy is imported.

    Example:
        >>> list_exercises()
        ['linear', 'minmax', 'perceptron', 'sin', 'square', 'xor']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem not in _NOT_EXERCISES)


def get_exercise(name: str) -> Exercise:
    """Return an exercise by its name.

    Args:
        name: One of `list_exercises()`.

    Raises:
        InputError: There is none of this name; the message suggests the nearest one.

    Example:
        >>> get_exercise("sin").bars[0]
        Bar(metric='max_error', sense='<', limit=0.001)
    """
    slug = known("exercise", name, list_exercises())
    exercise: Exercise = import_module(f"mlpzoo.exercises.{slug}").EXERCISE
    return exercise


def summary(name: str) -> str:
    """Return the first line of an exercise's description, read without importing the exercise.

    Raises:
        InputError: There is no exercise of this name.
    """
    slug = known("exercise", name, list_exercises())
    source = (_FOLDER / f"{slug}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
