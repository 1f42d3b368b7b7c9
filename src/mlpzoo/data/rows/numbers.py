"""Cells as numbers, and what is wrong with those that are none."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.data.rows.source import MISSING, Chunk

Array: TypeAlias = "np.ndarray[Any, Any]"
LARGEST = float(np.finfo(np.float32).max)
_NAMED = 5  # columns in a message


@dataclass
class Fault:
    """Cells of one column that cannot be used in one way: how many, and the first."""

    count: int = 0
    line: int = 0
    cell: str = ""


@dataclass(kw_only=True)
class Numbers:
    """Turns columns of cells into float64, and keeps count of those that are none.

    Args:
        names: Of the columns.
        columns: Where each stands in a row.
        largest: Numbers beyond it are refused.

    Attributes:
        text, large, missing: The faults of these kinds, by column.
        gaps: How many rows have a fault.
    """

    names: Sequence[str]
    columns: Sequence[int]
    largest: float = LARGEST
    text: dict[str, Fault] = field(default_factory=dict)
    large: dict[str, Fault] = field(default_factory=dict)
    missing: dict[str, Fault] = field(default_factory=dict)
    gaps: int = 0

    def of(self, chunk: Chunk) -> Array:
        """Return the numbers of a chunk, NaN where there is none.

        Shapes: -> (rows, columns), float64.
        """
        rows, lines = chunk
        cells = list(zip(*rows, strict=True))
        numbers = np.empty((len(rows), len(self.columns)))
        for place, (name, column) in enumerate(zip(self.names, self.columns, strict=True)):
            as_number = float if _are_plain(cells[column]) else _float
            try:
                numbers[:, place] = np.fromiter(map(as_number, cells[column]), np.float64)
            except (ValueError, TypeError, OverflowError):
                numbers[:, place] = list(map(_float, cells[column]))
            bad = np.flatnonzero(~(np.abs(numbers[:, place]) <= self.largest))
            if len(bad):
                self._count(name, cells[column], numbers[:, place], bad.tolist(), lines)
            numbers[bad, place] = np.nan
        self.gaps += int(np.isnan(numbers).any(axis=1).sum())
        return numbers

    def _count(
        self, name: str, cells: Sequence[Any], numbers: Array, bad: list[int], lines: Sequence[int]
    ) -> None:
        """Count cells that are none, kind by kind."""
        others = [row for row in bad if numbers[row] != numbers[row]]
        gaps = [row for row in others if str(cells[row]).strip().lower() in MISSING]
        large, text = {*bad} - {*others}, {*others} - {*gaps}
        for kind, rows in ((self.large, large), (self.missing, gaps), (self.text, text)):
            if rows:
                first = min(rows)
                fault = Fault(line=lines[first], cell=str(cells[first]))
                kind.setdefault(name, fault).count += len(rows)

    def refuse(self, name: str, place: str, *, targets: Sequence[str] = ()) -> None:
        """Refuse what is text, or too large.

        Args:
            name: Of the file.
            place: What the numbers of its rows count.
            targets: Those of the columns that are to be predicted.

        Raises:
            InputError: A cell is one of these; the message counts them.
        """
        if self.text:
            column, fault = next(iter(self.text.items()))
            others = listed([repr(each) for each in self.text if each != column])
            raise InputError(
                f"{name}: column {column!r} has {counted(fault.count, 'cell')} that "
                f"{'is no number' if fault.count == 1 else 'are no numbers'}, the first "
                f"{fault.cell[:40]!r} in {place} {fault.line}{f'; so have {others}' * bool(others)}"
                f"; {self._remedy(fault.cell, targets)}"
            )
        for column, fault in self.large.items():
            raise InputError(
                f"{name}: column {column!r} has {counted(fault.count, 'number')} beyond "
                f"{self.largest:.3g}, the first {fault.cell[:40]} in {place} {fault.line}; "
                "write it in a larger unit"
            )

    def refuse_first(self, name: str, place: str) -> None:
        """Refuse cells of any kind; the message has the first of them: see `refuse`."""
        kinds = (self.text, self.large, self.missing)
        if faults := [fault for kind in kinds for fault in kind.values()]:
            first, more = (
                min(faults, key=lambda fault: fault.line),
                sum(f.count for f in faults) - 1,
            )
            where = f"{name}, {place} {first.line}: " if name else ""
            also = f" (and {more:,} more)" if more else ""
            raise InputError(
                f"{where}an input must be a finite number, got {first.cell[:40]!r}{also}"
            )

    def refuse_missing(self, name: str, place: str) -> None:
        """Refuse missing cells: see `refuse`."""
        cells = sum(fault.count for fault in self.missing.values())
        first = min(fault.line for fault in self.missing.values())
        raise InputError(
            f"{name} has {counted(cells, 'missing cell')}, the first in {place} {first}, in "
            f"{counted(len(self.missing), 'column')}: {listed(list(map(repr, self.missing)))}; "
            f"leave out {counted(self.gaps, 'row')} with --drop-missing"
        )

    def _remedy(self, cell: str, targets: Sequence[str]) -> str:
        if cell.count(",") == 1 and is_decimal(cell.replace(",", ".")):
            return "write decimals with a point, not a comma"
        if any(target in self.text for target in targets):
            return "correct that, or name another --target"
        left = [each for each in self.names if each not in self.text and each not in targets]
        return f"correct that, or take --inputs {listed(left, ',')}" if left else "correct that"


def counted(count: int, what: str) -> str:
    """Return a number of things in words: "1 row", "2,000 rows"."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def listed(names: Sequence[str], between: str = ", ") -> str:
    """Return names, the first few of many."""
    more = ",..." if between == "," else f" and {len(names) - _NAMED} more"
    return between.join(names[:_NAMED]) + more * (len(names) > _NAMED)


def is_decimal(text: str) -> bool:
    """Tell whether a text is a finite number."""
    return abs(_float(text)) <= sys.float_info.max


def _are_plain(cells: Sequence[Any]) -> bool:
    """Tell whether `float` takes cells as anybody would: "1_0" and other digits are its own."""
    kinds = {*map(type, cells)}
    return str not in kinds or (kinds == {str} and _is_plain("".join(cells)))


def _is_plain(text: str) -> bool:
    return text.isascii() and "_" not in text


def _float(cell: Any) -> float:
    if isinstance(cell, str) and not _is_plain(cell.strip()):
        return float("nan")
    try:
        return float(cell)
    except (ValueError, TypeError, OverflowError):
        return float("nan")
