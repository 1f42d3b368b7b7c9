"""The exercises of the lessons, and what is wrong with an answer to them.

The exercise "rates-2" is checked by the function `rates_2` of the module that `CHAPTERS` names: it
returns "" for a right answer, else a sentence that leads on. So does an InputError that it raises.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mlpzoo.checks import InputError, cause, resolve_name

CHAPTERS = {  # in the order of the lessons: the module that checks the exercises of each
    "gates": "neurons", "one_line": "neurons", "descent": "descent", "rates": "descent",
    "chain_rule": "gradients", "activations": "gradients", "pytorch": "pytorch",
    "square": "functions", "sin": "classes", "minmax": "functions", "four_layers": "xor",
    "seeds": "xor",
}  # fmt: skip
EXERCISES = tuple(f"{chapter}-{number}" for chapter in CHAPTERS for number in (1, 2))

_OPEN = "Put your answer in place of the three dots."


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check found; a notebook shows its text.

    Attributes:
        right: Whether the answer is right; the verdict is true where it is.
        text: "Right.", or what is wrong and a hint.
    """

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text


def check(exercise: str, *answer: Any) -> Verdict:
    """Tell whether an answer to an exercise of the lessons is right, and if not, what is wrong.

    Args:
        exercise: Its name, such as "gates-1".
        *answer: What the exercise asks for; the three dots for none yet.

    Raises:
        InputError: There is no such exercise.

    Example:
        >>> check("rates-1", ...)
        Put your answer in place of the three dots.
        >>> check("gates-1", (1, 1, -1.5))
        That is AND. NAND turns each of its answers round: what must become of each z?
        >>> bool(check("gates-1", (-1, -1, 1.5)))
        True
    """
    name = resolve_name("exercise", exercise, EXERCISES)
    chapter, _, number = name.partition("-")
    checker = getattr(import_module(f"{__name__}.{CHAPTERS[chapter]}"), f"{chapter}_{number}")
    asked = list(inspect.signature(checker).parameters)
    if not answer or _is_open(answer):
        return Verdict(False, _OPEN)
    if len(answer) != len(asked):
        wanted = f"{len(asked)} answers" if asked[1:] else "one answer, its numbers in brackets,"
        told = f"Give {wanted} after the name ({', '.join(asked)}), not {len(answer)}."
        return Verdict(False, told)
    try:
        wrong: str = checker(*answer)
    except InputError as error:
        wrong = str(error)
    except Exception as error:  # an answer may be anything, and a function of anyone's
        wrong = f"Your answer cannot be used: {cause(error)}."
    return Verdict(not wrong, wrong or "Right.")


def _is_open(answer: Any) -> bool:
    """Tell whether the three dots are still somewhere in an answer."""
    if isinstance(answer, tuple | list):
        return any(map(_is_open, answer))
    return answer is ...
