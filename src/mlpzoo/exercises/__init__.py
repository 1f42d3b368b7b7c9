"""The exercises: a file of this folder is one, but for `_NOT_EXERCISES`; others join by name.

Those of the folder `own` need a function or a table, and are not listed.

An outside package offers its exercises by the entry point group "mlpzoo.exercises": the name is the
exercise's, the object an `Exercise`. In a program, `register` does the same.
"""

import ast
import sys
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from mlpzoo.checks import InputError, resolve_name, spelling
from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.threshold import Bar, Threshold

__all__ = [
    "Bar", "Exercise", "Recipe", "Threshold", "get_exercise", "known_exercises", "list_exercises",
    "register", "summary",
]  # fmt: skip

GROUP = "mlpzoo.exercises"
_FOLDER = Path(__file__).parent
_NOT_EXERCISES = {"__init__", "arguments", "base", "declared", "named", "threshold"}
_registered: dict[str, Exercise] = {}


def list_exercises() -> list[str]:
    """Return the names of all exercises, sorted; nothing heavy is imported.

    Example:
        >>> {"linear", "minmax", "perceptron", "sin", "square", "xor"} <= set(list_exercises())
        True
    """
    return sorted({*_ours(), *_offered(), *_registered})


def known_exercises() -> list[str]:
    """Return the names of `list_exercises()`, and of those that `mlpzoo fit` trains.

    Example:
        >>> set(known_exercises()) - set(list_exercises()) == {"function", "table"}
        True
    """
    return [*list_exercises(), *sorted(_ours("own"))]


def get_exercise(name: str | Exercise) -> Exercise:
    """Return an exercise by its name; an exercise is returned as it is.

    Args:
        name: One of `known_exercises()`.

    Raises:
        InputError: There is none of this name, the message suggests the nearest one; or what a
            package offers under it is none.

    Example:
        >>> get_exercise("sin").bars[0]
        Threshold(metric='max_error', sense='<', limit=0.001)
    """
    if isinstance(name, Exercise):
        return name
    slug = resolve_name("exercise", name, known_exercises())
    for place in (".", ".own."):
        if slug in _ours(place.strip(".")):
            exercise: Exercise = import_module(f"mlpzoo.exercises{place}{slug}").EXERCISE
            return exercise
    return _registered[slug] if slug in _registered else _load(_offered()[slug])


def register(exercise: Exercise) -> Exercise:
    """Make an exercise known by its name, for as long as this process lives.

    Args:
        exercise: The exercise, which is returned; another one of its name is replaced.

    Raises:
        InputError: It is none, its name is one of ours, or not a name that a folder can have.
    """
    if not isinstance(exercise, Exercise):
        raise InputError(f"an Exercise is needed, got {exercise!r}")
    check_own_name(exercise)
    _registered[exercise.name] = exercise
    return exercise


def check_own_name(exercise: Exercise) -> None:
    """Refuse another exercise than ours under a name of ours, however it is spelt.

    Args:
        exercise: The exercise.

    Raises:
        InputError: As said.
    """
    same = [name for name in _all_ours() if spelling(name) == spelling(exercise.name)]
    if same and exercise is not get_exercise(same[0]):
        raise InputError(f"{exercise.name!r} is an exercise of mlpzoo; choose another name")


def summary(name: str) -> str:
    """Return the first line of an exercise's description, read without importing the exercise.

    Args:
        name: One of `list_exercises()`.

    Raises:
        InputError: There is no exercise of this name.
    """
    slug = resolve_name("exercise", name, list_exercises())
    if slug in _registered:
        return _registered[slug].description.strip().partition("\n")[0]
    try:
        source = _FOLDER / f"{slug}.py" if slug in _ours() else _source(_offered()[slug])
        text = ast.get_docstring(ast.parse(source.read_bytes()))
    except Exception as error:  # another package: its files may be anything
        return f"cannot be read: {' '.join(str(error).split())}"
    return (text or "").partition("\n")[0]


def _source(entry: EntryPoint) -> Path:
    spec = find_spec(entry.module)
    return Path(spec.origin if spec and spec.origin else entry.module)


def _ours(folder: str = "") -> set[str]:
    return {path.stem for path in (_FOLDER / folder).glob("*.py")} - _NOT_EXERCISES


def _all_ours() -> set[str]:
    return _ours() | _ours("own")


def _offered() -> dict[str, EntryPoint]:
    places = (Path(place) for place in sys.path)
    state = tuple((place, place.stat().st_mtime_ns) for place in places if place.exists())
    found = {entry.name: entry for entry in _entries(state)}
    ours = {spelling(name) for name in _all_ours()}
    return {name: entry for name, entry in found.items() if spelling(name) not in ours}


@lru_cache(maxsize=1)  # else a file of each installed package is read, several times a run
def _entries(state: tuple[tuple[Path, int], ...]) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _load(entry: EntryPoint) -> Exercise:
    try:
        exercise = entry.load()
    except (Exception, SystemExit) as error:  # another package: it may do anything
        raise InputError(f"exercise {entry.name!r} of {entry.value} fails: {error}") from error
    if not isinstance(exercise, Exercise) or exercise.name != entry.name:
        raise InputError(f"{entry.value} is not an Exercise of the name {entry.name!r}")
    return exercise
