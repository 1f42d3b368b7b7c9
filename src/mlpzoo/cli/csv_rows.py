"""Rows of inputs, from the command line or from CSV, and the same rows with answers beside them."""

import csv
import io
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpzoo.checks import InputError, as_float32, cause, is_number


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of finite numbers.

    Attributes:
        texts: The numbers as they were typed.
        places: Where each row stands, for a message: "rows.csv, line 3: "; "" on a command line.
        header: The names above the columns; None for none.
        of_file: Whether they are of a file or of stdin.
    """

    texts: list[list[str]]
    places: list[str]
    header: list[str] | None = None
    of_file: bool = False

    def values(self, count: int, of: str) -> list[list[float]]:
        """Return the numbers.

        Args:
            count: How many there must be in a row.
            of: What takes them, for the message.

        Raises:
            InputError: There are more or fewer, in a row or as names above them.
        """
        wanted = "1 input" if count == 1 else f"{count} inputs"
        header = [] if self.header is None else [self.header]
        for row, place in zip([*self.texts, *header], [*self.places, "names: "], strict=False):
            if len(row) != count:
                raise InputError(f"{place}{of} takes {wanted}, got {len(row)}: {', '.join(row)}")
        return [[float(text) for text in row] for row in self.texts]

    def outside(self, low: float, high: float) -> str:
        """Say which numbers lie outside a range, or "".

        Args:
            low: Its low end.
            high: Its high end.
        """
        found = [
            f"{place}{float(text):g}"
            for row, place in zip(self.texts, self.places, strict=True)
            for text in row
            if not low <= float(text) <= high
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
        table = csv.writer(text := io.StringIO(), lineterminator="\n")
        if self.header is not None:
            table.writerow([*self.header, *names])
        table.writerows([*row, *more] for row, more in zip(self.texts, answers, strict=True))
        return text.getvalue()


def read_rows(inputs: Sequence[str]) -> Rows:
    """Return the rows that were typed, or those of a file.

    Args:
        inputs: The numbers of one row; or a CSV file, or "-" for stdin, alone.

    Raises:
        InputError: What should be a number is none, or the file cannot be read or is empty.
    """
    if len(inputs) > 1 or is_number(inputs[0]):
        rows, header = [(list(inputs), "")], None
    else:
        rows, header = _of_file("stdin" if inputs[0] == "-" else inputs[0], inputs[0])
    for row, place in rows:
        for text in row:
            if not (is_number(text) and math.isfinite(as_float32(float(text)))):
                raise InputError(f"{place}an input must be a finite number, got {text!r}")
    texts, places = map(list, zip(*rows, strict=True))
    return Rows(texts=texts, places=places, header=header, of_file=places != [""])


def _of_file(name: str, named: str) -> tuple[list[tuple[list[str], str]], list[str] | None]:
    """Return the rows of a file, each with its place, and the names above them."""
    try:
        content = sys.stdin.buffer.read() if named == "-" else Path(named).read_bytes()
        table = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    except FileNotFoundError as error:
        raise InputError(
            f"{named!r} is neither a number nor a CSV file; separate inputs by spaces"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text in UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise InputError(f"{name or repr(name)} cannot be read: {cause(error)}") from error
    try:
        rows = [(row, f"{name}, line {table.line_num}: ") for row in table if "".join(row).strip()]
    except csv.Error as error:
        raise InputError(f"{name}, line {table.line_num}: {error}") from error
    header = rows.pop(0)[0] if rows and not any(map(is_number, rows[0][0])) else None
    if not rows:
        raise InputError(f"{name} has no row of numbers")
    return rows, header
