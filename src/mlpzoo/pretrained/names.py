"""What names an exercise or a network of the package, and what may be a path; nothing heavy."""

from pathlib import Path

from mlpzoo.checks import resolve_name, spelling
from mlpzoo.exercises import known_exercises
from mlpzoo.pretrained.manifest import list_pretrained


def known_name(text: str) -> str:
    """Return the name of an exercise or of a network of the package that a text spells, or "".

    Args:
        text: A name or a path.
    """
    return next((name for name in _names() if spelling(name) == spelling(text)), "")


def name_or_path(text: str) -> str:
    """Return a text that is a name, or that there is as a path, or that has the look of one.

    Args:
        text: A name or a path.

    Raises:
        InputError: It is none of these; the message suggests the nearest name.
    """
    path = Path(text)
    if not (known_name(text) or (text and path.exists()) or path.suffix or path.parts[1:]):
        resolve_name("name or path", text, _names())
    return text


def _names() -> list[str]:
    return sorted({*known_exercises(), *list_pretrained()})
