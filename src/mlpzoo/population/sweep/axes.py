"""What differs in a sweep: settings by name, each with its values, also as text."""

import inspect
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlpzoo.checks import InputError, as_typed, is_number, plain_value, resolve_name, spelling
from mlpzoo.exercises import Exercise
from mlpzoo.exercises.arguments import typed_arguments
from mlpzoo.training.settings import GROUPS

RECIPE = "recipe"
MOST_VALUES = 1000  # of one setting
Axes = dict[str, tuple[Any, ...]]
_RANGE = re.compile(r"([^:]+):([^:]+)(?::(lin|log))?(?::(\d{1,6}))?")
_LAYERS = re.compile(r"(\d+(?::\d+)*)x(\d+(?::\d+)*)")  # units x hidden layers


def typed_axes(exercise: Exercise, over: Mapping[str, Any]) -> Axes:
    """Return what differs by its full name, each value with the type of its setting.

    Args:
        exercise: Whose settings they are.
        over: By name, `module.lr`, `data.noise_std` or `recipe`: values, or text as of `values_in`.

    Raises:
        InputError: An unknown name, a value of the wrong type, or one that is given twice.
    """
    axes: Axes = {}
    for given, values in over.items():
        name, kind, cls = _meant(exercise, given)
        if name in axes:
            raise InputError(f"{name} is given twice; leave one out")
        if isinstance(values, str):
            values = values_in(values, kind)
        values = values.tolist() if hasattr(values, "tolist") else values
        if isinstance(values, bytes) or not isinstance(values, Sequence):
            raise InputError(f"{name} must have several values, got {values!r}")
        axes[name] = tuple(_typed(exercise, name, cls, value) for value in values)
        _check(name, axes[name])
    return axes


def _typed(exercise: Exercise, name: str, cls: type[Any] | None, value: Any) -> Any:
    if cls is None:
        return resolve_name("recipe", str(value), exercise.recipes)
    group, _, own = name.partition(".")
    plain = plain_value(name, value)
    return typed_arguments(cls, {own: plain}, group=group, of=exercise.name)[own]


def split(
    exercise: Exercise, texts: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return which settings of a command line differ, by name, and which are fixed, by group.

    Args:
        exercise: Whose settings they are.
        texts: What was typed, by group and name.

    Raises:
        InputError: An unknown name, or a range that is none.
    """
    over, fixed = dict[str, str](), dict[str, dict[str, str]]()
    for group, given in texts.items():
        fixed[group] = {}
        for name, text in given.items():
            full, kind, _ = _meant(exercise, f"{group}.{name}")
            values = values_in(text, kind)
            if len(values) > 1:
                over[full] = text
            else:
                fixed[group][name] = text if isinstance(values[0], str) else as_typed(values[0])
    return over, fixed


def values_in(text: str, kind: str = "float") -> tuple[Any, ...]:
    """Return the values that a text lists, as text or as numbers.

    A list is a,b,c. Of numbers, a range is low:high (whole numbers, both ends), low:high:n (n at
    equal distances) or low:high:log:n (at equal ratios). Where a value is itself several numbers, a
    list is (2,2),(3,3), and 2x1:8 is two units in one to eight hidden layers.

    Args:
        text: As typed.
        kind: The type of one value, as an annotation is written.

    Raises:
        InputError: A range that is none.

    Example:
        >>> values_in("0.001:0.1:log:3"), values_in("sgd,adam", "str"), values_in("2:4")
        ((0.001, 0.01, 0.1), ('sgd', 'adam'), (2, 3, 4))
        >>> values_in("2:3x2", "tuple[int, ...]"), values_in("2,2", "tuple[int, ...]")
        (((2, 2), (3, 3)), ('2,2',))
    """
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)]
    if "tuple" in kind:
        listed = any(re.match(r"\(|.*:|\d+x\d", part) for part in parts)
        if not listed or "tuple[tuple" in kind:  # pairs of numbers are in brackets already
            return (text,)
        return tuple(itertools.chain.from_iterable(map(_layers, parts)))
    if "int" in kind or "float" in kind:
        return tuple(itertools.chain.from_iterable(map(_range, parts)))
    return tuple(parts)


def named(axes: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every setting of a sweep: the value of each axis by name, the first axis slowest.

    Args:
        axes: As of `typed_axes`.
    """
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _meant(exercise: Exercise, given: str) -> tuple[str, str, type[Any] | None]:
    """Return the full name of a setting, its type as text, and the class whose argument it is."""
    if given == RECIPE:
        return RECIPE, "str", None
    group, dot, name = str(given).partition(".")
    if group not in GROUPS or not dot:
        raise InputError(
            f"a sweep goes over module.NAME, data.NAME or {RECIPE}, not over {given!r}"
        )
    cls: type[Any] = getattr(exercise, f"{group}_class")
    parameters = inspect.signature(cls).parameters
    name = resolve_name(f"{group} argument of {exercise.name}", name, parameters)
    if name == "seed":
        raise InputError("seeds are first_seed and members; a sweep does not go over them")
    return f"{group}.{name}", str(parameters[name].annotation), cls


def _check(name: str, values: Sequence[Any]) -> None:
    if not values:
        raise InputError(f"{name} has no value")
    if len(values) > MOST_VALUES:
        raise InputError(f"{name} has {len(values)} values; {MOST_VALUES} are the most")
    words = name.startswith("module.")  # whose names may be spelled in several ways
    keys = [spelling(v) if words and isinstance(v, str) else v for v in values]
    twice = next((value for at, value in enumerate(keys) if value in keys[:at]), None)
    if twice is not None:
        raise InputError(f"{name} has {as_typed(twice)} twice")


def _layers(text: str) -> Iterator[tuple[int, ...] | str]:
    """Yield the hidden layers of "2x1:8", or the one value that a text is."""
    if match := _LAYERS.fullmatch(text):
        widths, depths = ([int(value) for value in _range(part)] for part in match.groups())
        yield from ((width,) * depth for width in widths for depth in depths)
    elif ":" in text:
        raise InputError(f"networks are (8,8),(16,16), or 4:8x1, units x layers, got {text!r}")
    else:
        yield text


def _range(text: str) -> Iterator[Any]:
    """Yield the values of a range, or the one value that a text is."""
    if ":" not in text:
        yield text
        return
    match = _RANGE.fullmatch(text)
    if not (match and all(map(is_number, match.groups()[:2]))):
        raise InputError(f"a range is low:high:n or low:high:log:n, got {text!r}")
    (low, high), (scale, count) = map(float, match.groups()[:2]), match.groups()[2:]
    if not (low < high and math.isfinite(high - low)) or (scale == "log" and low <= 0):
        raise InputError(f"a range runs from low to high, of log from above 0, got {text!r}")
    whole = low.is_integer() and high.is_integer()
    if count is None:
        if scale or not whole:
            wanted = f"{low:g}:{high:g}:log:10, or {low:g}:{high:g}:10 for equal distances"
            raise InputError(f"how many values has {text!r}? write {wanted}, say")
        count = str(int(high - low) + 1)
    steps = int(count) - 1
    if not 1 <= steps < MOST_VALUES:
        raise InputError(f"a range has 2 to {MOST_VALUES} values, got {text!r}")
    there, back = (math.log, math.exp) if scale == "log" else (float, float)
    start, way = there(low), there(high) - there(low)
    values = [low, *_short([back(start + way * at / steps) for at in range(1, steps)]), high]
    yield from map(int, values) if whole and all(v.is_integer() for v in values) else values


def _short(values: Sequence[float]) -> list[float]:
    """Return numbers in four digits, or as many as tell them apart, so that they can be typed."""
    rounded = ([float(f"{value:.{digits}g}") for value in values] for digits in range(4, 17))
    return next((each for each in rounded if len(set(each)) == len(each)), list(values))
