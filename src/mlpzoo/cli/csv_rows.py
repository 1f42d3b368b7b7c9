"""Rows of inputs, from the command line or from CSV, and the same rows with answers beside them."""

import csv
import io
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpzoo.checks import InputError, as_float32, is_number


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of finite numbers.

    Attributes:
        values: The numbers.
        texts: The same as they were typed.
        places: Where each row stands, for a message: "rows.csv, line 3: "; "" on a command line.
        header: The names above the columns; None for none.
    """

    values: list[list[float]]
    texts: list[list[str]]
    places: list[str]
    header: list[str] | None = None

    def check_columns(self, count: int, of: str) -> None:
        """Refuse rows that have not so many columns.

        Args:
            count: How many inputs there must be.
            of: What takes them, for the message.
        """
        for row, place in zip(self.texts, self.places, strict=True):
            if len(row) != count:
                wanted = "1 input" if count == 1 else f"{count} inputs"
                raise InputError(f"{place}{of} takes {wanted}, got {len(row)}: {', '.join(row)}")

    def outside(self, low: float, high: float) -> str:
        """Say which numbers lie outside a range, or "".

        Args:
            low: Its low end.
            high: Its high end.
        """
        found = [
            f"{place}{value:g}"
            for row, place in zip(self.values, self.places, strict=True)
            for value in row
            if not low <= value <= high
        ]
        also = f" (and {len(found) - 1} more)" if found[1:] else ""
        said = f"{''.join(found[:1])} lies outside the trained range [{low:g}, {high:g}]{also}"
        return said if found else ""

    def with_answers(self, names: Iterable[str], answers: Sequence[Sequence[object]]) -> str:
        """Return the rows as CSV with further columns.

        Args:
            names: Of these columns, where the others have names too.
            answers: Their values, (rows, columns).
        """
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        if self.header is not None:
            table.writerow([*self.header, *names])
        table.writerows([*row, *more] for row, more in zip(self.texts, answers, strict=True))
        return text.getvalue()


def read_rows(inputs: Sequence[str]) -> tuple[Rows, bool]:
    """Return the rows that were typed, and whether they are of a file.

    Args:
        inputs: The numbers of one row; or a CSV file, or "-" for stdin, alone.

    Raises:
        InputError: What should be a number is none, or the file cannot be read or is empty.
    """
    if len(inputs) > 1 or is_number(inputs[0]):
        row = [_finite(text, "") for text in inputs]
        return Rows(values=[row], texts=[list(inputs)], places=[""]), False
    name = "stdin" if inputs[0] == "-" else inputs[0]
    table = csv.reader(io.StringIO(_text(inputs[0]), newline=""), strict=True)
    try:
        rows = [(row, f"{name}, line {table.line_num}: ") for row in table if "".join(row).strip()]
    except csv.Error as error:
        raise InputError(f"{name}, line {table.line_num}: {error}") from error
    header = rows.pop(0)[0] if rows and not any(map(is_number, rows[0][0])) else None
    if not rows:
        raise InputError(f"{name} has no row of numbers")
    values = [[_finite(text, place) for text in row] for row, place in rows]
    texts, places = map(list, zip(*rows, strict=True))
    return Rows(values=values, texts=texts, places=places, header=header), True


def _finite(text: str, place: str) -> float:
    value = float(text) if is_number(text) else math.nan
    if not math.isfinite(as_float32(value)):
        raise InputError(f"{place}an input must be a finite number, got {text!r}")
    return value


def _text(named: str) -> str:
    try:
        content = sys.stdin.buffer.read() if named == "-" else Path(named).read_bytes()
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{named!r} is neither a number nor a CSV file") from error
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a NUL
        raise InputError(f"{named} cannot be read: {error}") from error
