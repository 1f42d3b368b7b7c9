"""The pictures of a run in its page, as many as there is room for."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlpzoo.pages.document import MOST_BYTES, Page
from mlpzoo.pages.runs.told import Told
from mlpzoo.runs.folder import FIGURES

_SPARE = 500  # bytes: more than what stands about a picture
_KINDS = {b"\x89PNG": "png", b"GIF8": "gif"}  # by how a file begins


def with_figures(page: Page, told: Sequence[Told]) -> Page:
    """Return a page with the figures of its runs, the smallest first, and which had no room.

    Figures of one name in two runs are beside each other, or both left out.

    Args:
        page: The page of one run or two.
        told: The runs.
    """
    bare = replace(page, data={**page.data, "figures": [], "leftOut": []})
    room = MOST_BYTES - len(bare.html.encode()) - _SPARE
    figures, left_out = list[list[Any]](), list[str]()
    for name, paths in sorted(_named(told).items(), key=lambda each: _size(each[1])):
        if (room := room - _size(paths)) < 0:
            left_out.append(name)
        else:
            figures.append([name, [_source(path) if path else None for path in paths]])
    return replace(page, data={**page.data, "figures": sorted(figures), "leftOut": left_out})


def _named(told: Sequence[Told]) -> dict[str, list[Path | None]]:
    """Return the pictures of each name, one a run; None where a run has none."""
    folders = [each.folder / FIGURES for each in told]
    names = sorted({path.name for folder in folders for path in folder.glob("*.*")})
    found = {name: [_picture(folder / name) for folder in folders] for name in names}
    return {name: paths for name, paths in found.items() if any(paths)}


def _picture(path: Path) -> Path | None:
    return path if path.is_file() and _kind(path) else None


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        return _KINDS.get(file.read(4), "")


def _size(paths: Sequence[Path | None]) -> int:
    """Return how many characters of a page pictures take."""
    return sum(4 * path.stat().st_size // 3 + _SPARE for path in paths if path)


def _source(path: Path) -> str:
    return f"data:image/{_kind(path)};base64,{base64.b64encode(path.read_bytes()).decode()}"
