"""metrics.csv: what a run has logged, as a table of steps and metrics.

A file that begins with the column epoch is of a version that numbered steps from 0. It is read as
one of today, and becomes one when its run goes on. Nothing heavy is imported.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from mlpzoo.checks import InputError

FILE_NAME = "metrics.csv"
HEAD, OLD_HEAD = ("step", "epoch"), ("epoch", "step")
Row = dict[str, str]


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return optimizer steps and values of every column of a metrics.csv; none without a file."""
    series: dict[str, tuple[list[float], list[float]]] = {}
    for row in _read(path):
        for name, value in row.items():
            if value and name not in HEAD:
                steps, values = series.setdefault(name, ([], []))
                steps.append(float(row["step"]))
                values.append(float(value))
    return series


def leads_to(path: Path, step: int, log: str) -> bool:
    """Tell whether a metrics.csv holds what it held after so many steps, by its digest of then."""
    try:
        rows = rows_until(path, step)
    except InputError:
        return False
    before = [{**row, "step": str(int(row["step"]) - 1)} for row in rows]
    return log in (digest(Table(rows).content()), digest(Table(before, OLD_HEAD).content()))


def digest(content: bytes) -> str:
    """Return the SHA-256 of the content of a metrics.csv, as a checkpoint holds it."""
    return hashlib.sha256(content).hexdigest()


class Table:
    """Rows as CSV; what has been formatted is kept while the columns stay the same."""

    def __init__(self, rows: list[Row], head: Sequence[str] = HEAD) -> None:
        self.rows, self._head = rows, head
        self._names: list[str] = []
        self._text, self._formatted = "", 0

    def content(self) -> bytes:
        """Return the whole file."""
        new = self.rows[self._formatted :]
        names = sorted({*self._names, *(name for row in new for name in row)} - {*HEAD})
        if names != self._names:
            self._names, self._text, new = names, "", self.rows
        text = io.StringIO()
        table = csv.DictWriter(text, [*self._head, *names], restval="", lineterminator="\n")
        if not self._text:
            table.writeheader()
        table.writerows(new)
        self._text, self._formatted = self._text + text.getvalue(), len(self.rows)
        return self._text.encode()


def rows_until(path: Path, step: int) -> list[Row]:
    """Return the rows of a metrics.csv up to a number of optimizer steps, none without a file."""
    return [row for row in _read(path) if int(row["step"]) <= step] if step else []


def _read(path: Path) -> list[Row]:
    """Return the rows of a metrics.csv, none without a file."""
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file, strict=True)
            rows = list(table)
        from_zero = tuple(table.fieldnames or ())[:2] == OLD_HEAD
        for row in rows:
            row["step"] = str(int(row["step"]) + from_zero)
            [float(value) for value in row.values() if value != ""]
    except (csv.Error, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged; remove it, or resume its run") from error
    return [{name: value for name, value in row.items() if value != ""} for row in rows]
