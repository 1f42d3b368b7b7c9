"""Arrays and frames as the text of a CSV file."""

import csv
import io
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.data.rows.numbers import Array, is_decimal
from mlpzoo.data.rows.source import MISSING

_SHOWN = 99  # letters of a text: more of it serves nothing


def table_of(
    x: Any, y: Any = None, *, names: Sequence[str] = (), targets: Sequence[str] = ()
) -> bytes:
    """Return rows as a CSV file that reads back to the same float64.

    Args:
        x: An array or a tensor, (rows, columns) or (rows,); or a frame: anything with `.columns`
            and `.to_numpy()`.
        y: Further columns, alike; None where `x` has them all.
        names: Of the columns of `x`; () for its own, or x, or x1, x2, ...
        targets: Of the columns of `y`; () for its own, or y, or y1, y2, ...

    Raises:
        InputError: These are no columns of numbers, not as many as rows or names, or the rows of
            two frames have other labels.

    Example:
        >>> print(table_of([[1, 2.5], [3, 0.1]], [0, 1]).decode(), end="")
        "x1","x2","y"
        1.0,2.5,0
        3.0,0.1,1
    """
    parts = [(_columns(x, "x"), [*names] or _names(x, "x"))]
    if y is not None:
        parts.append((_columns(y, "y"), [*targets] or _names(y, "y")))
    columns = [column for part, _ in parts for column in part]
    _check_rows(x, y, [len(part[0]) for part, _ in parts if part])
    for part, found in parts:
        if len(part) != len(found):
            raise InputError(f"{len(part)} columns have {len(found)} names: {', '.join(found)}")
    text = io.StringIO()  # with quotes round names too, which may hold what else parts cells
    table = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    table.writerow([name for _, found in parts for name in found])
    table.writerows(zip(*columns, strict=True))
    return text.getvalue().encode(errors="replace")


def _check_rows(x: Any, y: Any, counts: Sequence[int]) -> None:
    if len({*counts}) > 1:
        raise InputError(f"x has {counts[0]} rows and y {counts[1]}; give as many")
    labels = [each.index for each in (x, y) if hasattr(each, "iloc")]
    if len(labels) > 1 and not labels[0].equals(labels[1]):
        raise InputError(
            "y has other row labels than x; give y.loc[x.index], or y.to_numpy() where rows stand "
            "in the same order"
        )


def _columns(given: Any, what: str) -> list[list[Any]]:
    """Return columns as cells; those of a frame may be text, since not all need be used."""
    if hasattr(given, "detach"):
        given = given.detach().cpu()
    try:
        values = given.to_numpy() if hasattr(given, "to_numpy") else np.asarray(given)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must hold numbers alone: {error}") from error
    if values.ndim not in (1, 2):
        raise InputError(f"{what} must be (rows, columns), got {values.ndim} axes")
    columns = [_cells(column) for column in (values.T if values.ndim == 2 else [values])]
    for cell in itertools.chain.from_iterable([] if hasattr(given, "columns") else columns):
        if isinstance(cell, str) and not (is_decimal(cell) or cell.strip().lower() in MISSING):
            raise InputError(f"{what} must hold numbers alone, got {cell!r}")
    return columns


def _cells(column: Array) -> list[Any]:
    """Return what csv writes so that it reads back to the same float64, or to text."""
    if column.dtype.kind in "bmM":
        column = column.astype("u1" if column.dtype.kind == "b" else str)
    cells: list[Any] = column.tolist()
    if column.dtype.kind in "iuf":
        return cells
    number = bool | float | np.bool_ | np.floating
    return [float(cell) if isinstance(cell, number) else _as_text(cell) for cell in cells]


def _as_text(cell: Any) -> str:
    return " ".join(str(cell)[:_SHOWN].split())  # without line breaks: a row is a line


def _names(given: Any, letter: str) -> list[str]:
    if hasattr(given, "columns"):
        return list(map(str, given.columns))
    if getattr(given, "name", None):  # a column of a frame
        return [str(given.name)]
    shape = np.shape(given)
    count = shape[1] if len(shape) > 1 else 1
    return [letter] if count == 1 else [f"{letter}{n}" for n in range(1, count + 1)]
