"""The page of a network of the package, of a file, of a run, or of weights that were typed."""

from pathlib import Path
from typing import Any

from mlpzoo.pages.content import content_of
from mlpzoo.pages.document import Page
from mlpzoo.pages.network import sketch_of
from mlpzoo.pages.training import film_of, training_of
from mlpzoo.plotting.views import with_gate
from mlpzoo.pretrained.find import Found
from mlpzoo.pretrained.manifest import get_pretrained


def page_of(found: Found, ranges: Any = None, *, title: str = "") -> Page:
    """Return the page of a network that was found.

    Args:
        found: The network.
        ranges: As of `page`.
        title: As of `page`; "" for its name in the package, or else its exercise's.

    Raises:
        InputError: It cannot be shown.
    """
    net, data = found.module.net, found.data
    named = Path(found.named).name
    if found.exercise is not None and data is not None and not found.shipped:
        named = with_gate(found.exercise.name, data)
    shown = content_of(
        net, data, ranges=ranges, gives=found.exported.output,
        train=training_of(found), film=film_of(found),
    )  # fmt: skip
    said = _whence(found)
    shown["subtitle"] = said if "parameters" in said else f"{sketch_of(net)}. {said}"
    return Page(title or named, shown, _file(found))


def _whence(found: Found) -> str:
    """Return where it is from; of a path no more than its end, as a page may be sent to anyone."""
    if found.shipped:
        return get_pretrained(found.named).summary
    if found.path is None:
        return f"Of {found.source}."
    above = () if found.run is None else found.run.resolve().parts[-2:]
    return f"From {'/'.join([*above, found.path.name])}."


def _file(found: Found) -> Path:
    """Return where it is written: beside its file, or in the current folder."""
    if found.path is not None:
        return (found.run or found.path.parent) / f"{found.path.stem}.html"
    typed = found.exercise.name if found.exercise else "weights"
    return Path(f"{found.named if found.shipped else typed}.html")
