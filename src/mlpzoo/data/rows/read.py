"""Columns of a file as numbers, whole and checked."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mlpzoo.checks import InputError, as_typed, is_number, plain_value, resolve_name
from mlpzoo.data.rows.files import check_file, open_source, opening
from mlpzoo.data.rows.numbers import Array, Numbers, counted, listed
from mlpzoo.data.rows.source import MISSING
from mlpzoo.data.rows.usable import FEWEST, check_usable

_LARGEST = 1e18  # whose square float32 holds


class Columns(NamedTuple):
    """Columns of a file.

    Shapes: values (rows, columns), float32, finite; lines, same (rows,), int64.

    Attributes:
        values: The numbers.
        lines: Where each row stands in the file.
        place: What the lines count: "line" or "row".
        same: A number for each row, the same for equal ones: 0, 1, ... as they first appear.
        dropped: How many rows were left out because a cell is missing.
    """

    values: Array
    lines: Array
    place: str
    same: Array
    dropped: int


def header_of(path: str) -> list[str]:
    """Return the names of a file's columns.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or has no names above its columns, or not good ones.
    """
    check_file(path)
    with open_source(path) as source:
        header, name = source.header, source.name
    if header is None:
        numbers = [repr(cell) for cell in source.first if is_number(cell)]
        if {cell.strip().lower() for cell in source.first if not is_number(cell)} - MISSING:
            raise InputError(
                f"{name}: the first line has no names: {listed(numbers)} "
                f"{'is a number' if len(numbers) == 1 else 'are numbers'}; put names above the "
                "columns, none of which is a number"
            )
        raise InputError(f"{name} has no names above its columns; add a first line such as x,y")
    for place, column in enumerate(header, start=1):
        if not column or not column.isprintable():
            raise InputError(f"{name}: column {place} has the name {column!r}; give it a plain one")
    twice = [repr(column) for column, count in Counter(header).items() if count > 1]
    if twice:
        raise InputError(
            f"{name} has {counted(len(twice), 'name')} above more than one column: "
            f"{listed(twice)}; give each column its own"
        )
    return header


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read.
    """
    check_file(path)
    with opening(path), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=4)
def read_columns(
    path: str, sha256: str, inputs: tuple[str, ...], targets: tuple[str, ...], drop_missing: bool
) -> Columns:
    """Return the columns of a file, the inputs first; a file is read once for all who ask.

    Args:
        path: The file.
        sha256: Its digest.
        inputs: Names of columns.
        targets: Names of columns.
        drop_missing: Whether to leave out rows in which a cell is missing.

    Raises:
        InputError: The file has changed, or a column cannot be used; the message counts why.
    """
    _check_same(path, digest_of(path), sha256)
    names, parts, lines = [*inputs, *targets], list[Array](), list[Array]()
    with open_source(path, names) as source:
        header = source.header or []
        places = [header.index(resolve_name("column", each, header)) for each in names]
        found = Numbers(names=names, columns=places, largest=_LARGEST)
        for chunk in source.chunks():
            parts.append(found.of(chunk))
            lines.append(np.array(chunk[1]))
    _check_same(path, source.sha256, sha256)  # it may have changed just now
    if not parts:
        raise InputError(f"{source.name} has no row below its names; {FEWEST} are needed")
    found.refuse(source.name, source.place, targets=targets)
    if found.missing and not drop_missing:
        found.refuse_missing(source.name, source.place)
    exact, where = np.concatenate(parts), np.concatenate(lines)
    whole = np.isfinite(exact).all(axis=1)
    if dropped := int((~whole).sum()):
        exact, where = exact[whole], where[whole]
    check_usable(source.name, exact, names, targets, dropped=dropped)
    values = exact.astype(np.float32)
    return Columns(values, where, source.place, _numbered(values), dropped)


def names_of(what: str, given: object) -> tuple[str, ...]:
    """Return names of columns that were given as one, or as several.

    Args:
        what: What they are, for the message.
        given: The names; "" or () for none.
    """
    names = plain_value(what, given)
    if isinstance(names, str):
        names = (names,) if names else ()
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{what} must be names of columns, got {as_typed(names)}")
    return names


def chosen(
    path: str, targets: tuple[str, ...], inputs: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the target and of the input columns of a file.

    Args:
        path: The file.
        targets: Those that were named; () for the last column.
        inputs: Those that were named; () for all that are no targets.

    Raises:
        InputError: There is no such column, or it is named twice.
    """
    header = header_of(path)
    targets = _meant("target", targets or tuple(header[-1:]), header)
    others = tuple(column for column in header if column not in targets)
    inputs = _meant("input", inputs or others, header)
    for column in {*inputs} & {*targets}:
        raise InputError(f"{column!r} is a target and among the inputs; take it out of one")
    if not inputs:
        name = Path(path).name
        raise InputError(f"{name} has no column beside {header[0]!r}; put commas between them")
    return targets, inputs


def _meant(what: str, names: tuple[str, ...], header: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that names mean; a text that is none may be several."""
    if len(names) == 1 and names[0] not in header:
        names = tuple(name.strip() for name in names[0].split(","))
    found = tuple(resolve_name(what, name, header) for name in names)
    for column in found:
        if found.count(column) > 1:
            raise InputError(f"{what} {column!r} is named twice; name it once")
    return found


def numbers_in(path: str, *, columns: int) -> list[list[float]]:
    """Return the rows of a file that holds numbers alone; names may stand above them.

    Args:
        path: The file.
        columns: How many numbers a row has.

    Raises:
        InputError: It cannot be read, or holds something else.
    """
    rows = list[list[float]]()
    with open_source(path) as source:
        if source.width != columns:
            raise InputError(f"{source.name} has {source.width} columns; {columns} are needed")
        names = source.header or [str(place) for place in range(1, columns + 1)]
        found = Numbers(names=names, columns=range(columns))
        for chunk in source.chunks():
            rows += found.of(chunk).tolist()
            found.refuse_first(source.name, source.place)
    return rows


def _numbered(values: Array) -> Array:
    """Return the number of each row: see `Columns.same`."""
    rows = (values + 0.0).view(f"V{values[0].nbytes}").ravel().tolist()  # 0 for -0
    seen = dict[bytes, int]()
    return np.fromiter((seen.setdefault(row, len(seen)) for row in rows), np.int64, len(rows))


def _check_same(path: str, digest: str, sha256: str) -> None:
    if digest != sha256:
        raise InputError(
            f"{path} has changed: its SHA-256 begins with {digest[:12]}, and that of the table "
            f"that was trained on with {sha256[:12]}; put that file back, or train on the new one"
        )
