"""Rows of inputs, from the command line or from a file, and the same rows with answers."""

import csv
import io
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.checks import InputError, is_number
from mlpzoo.data.rows.files import ParquetSource, open_source
from mlpzoo.data.rows.numbers import Array, Fault, Numbers, listed
from mlpzoo.data.rows.source import Chunk, TextSource

if TYPE_CHECKING:
    from mlpzoo.data import Samples

_IN_MEMORY = 2**24  # bytes of output; more goes to a file


class TypedRow:
    """The numbers of one row, as they were typed; attributes as those of `TextSource`."""

    name, place, separator, header = "", "", ",", None

    def __init__(self, texts: Sequence[str]) -> None:
        self.first, self.width = list(texts), len(texts)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the row."""
        yield [self.first], [1]


Source = TypedRow | TextSource | ParquetSource


@contextmanager
def open_rows(inputs: Sequence[str], names: Sequence[str]) -> Iterator[Source]:
    """Open the row that was typed, or the rows of a file.

    Args:
        inputs: The numbers of one row; or a file, or "-" for stdin, alone.
        names: Of a network's inputs; a first line that holds them all is one of names.

    Raises:
        InputError: The file cannot be read or is empty.
    """
    if len(inputs) > 1 or is_number(inputs[0]):
        yield TypedRow(inputs)
    elif inputs[0] == "-":
        yield TextSource(sys.stdin.buffer, "stdin", names)
    else:
        with open_source(inputs[0], names) as source:
            yield source


class Asked:
    """What a network is asked, chunk by chunk, and which numbers lie outside its trained range.

    Args:
        source: The rows.
        names: Of the network's inputs.
        data: What the network was trained on; None where nothing says so.
        of: What takes them, for messages.

    Raises:
        InputError: There is no column for an input, or they are too many.

    Attributes:
        by_name: Whether columns are taken by their names: where all are there, and always by those
            of a table.
    """

    def __init__(
        self, source: Source, names: Sequence[str], data: "Samples | None", *, of: str
    ) -> None:
        self.source, self.header = source, source.header or []
        self.ranges = None if data is None else np.array(data.ranges, dtype=np.float32).T
        of_table = bool(self.header) and hasattr(data, "targets")
        self.by_name = of_table or {*names} <= {*self.header}
        if not self.by_name and source.width != len(names):
            wanted = "1 input" if len(names) == 1 else f"{len(names)} inputs"
            place = f"{source.name}: " if source.name else ""
            raise InputError(
                f"{place}{of} takes {wanted}, got {source.width}: {listed(source.first)}"
            )
        columns = map(self._place_of, names) if self.by_name else range(len(names))
        self.numbers = Numbers(names=names, columns=list(columns))
        self._outside: dict[str, Fault] = {}

    def _place_of(self, name: str) -> int:
        if (count := self.header.count(name)) != 1:
            has = "no column" if count == 0 else f"{count} columns"
            raise InputError(
                f"{self.source.name} has {has} {name!r}, an input of the network; name one so "
                f"(there are {listed(self.header)})"
            )
        return self.header.index(name)

    def __iter__(self) -> Iterator[tuple[Chunk, Array]]:
        """Yield rows and their numbers, (rows, inputs), float64.

        Raises:
            InputError: There are none, or one is not finite.
        """
        chunk = None
        for chunk in self.source.chunks():
            values = self.numbers.of(chunk)
            self.numbers.refuse_first(self.source.name, self.source.place)
            if self.ranges is not None:
                self._compare(chunk, values, *self.ranges)
            yield chunk, values
        if chunk is None:
            raise InputError(f"{self.source.name} has no row of numbers")

    def _compare(self, chunk: Chunk, values: Array, low: Array, high: Array) -> None:
        """Keep which numbers lie outside their ranges, as float32."""
        near = values.astype(np.float32)
        outside = (near < low) | (near > high)
        for place in np.flatnonzero(outside.any(axis=0)).tolist():
            rows = np.flatnonzero(outside[:, place])
            said = f"lies outside the trained range [{low[place]:g}, {high[place]:g}]"
            fault = Fault(line=chunk[1][rows[0]], cell=f"{values[rows[0], place]:g} {said}")
            self._outside.setdefault(self.numbers.names[place], fault).count += len(rows)

    @property
    def outside(self) -> Iterator[str]:
        """What lies outside: a line for each column that was taken by its name, or one for all."""
        found = self._outside
        if self.by_name:
            for name, fault in found.items():
                yield f"{self._where(fault)}{name} = {fault.cell}{_more([fault])}"
        elif found:
            first = min(found.values(), key=lambda fault: fault.line)
            yield f"{self._where(first)}{first.cell}{_more(found.values())}"

    def _where(self, fault: Fault) -> str:
        name = self.source.name
        return f"{name}, {self.source.place} {fault.line}: " if name else ""


class Printed:
    """The rows as CSV with further columns, printed when all of them are there.

    Args:
        text: Where they are until then: what `spool` returns.
        source: The rows.
        names: Of the further columns, where the others have names too.
    """

    def __init__(self, text: Any, source: Source, names: Iterable[str]) -> None:
        self._text, self._separator = text, source.separator
        if source.header is not None:
            self._write([[*source.header, *names]])

    def add(self, chunk: Chunk, answers: Array) -> None:
        """Add rows.

        Args:
            chunk: The rows.
            answers: Their answers, (rows, columns).
        """
        rows = chunk[0]
        further = answers.astype(str).tolist()
        self._write([*row, *more] for row, more in zip(rows, further, strict=True))

    def _write(self, rows: Iterable[Sequence[Any]]) -> None:
        table = csv.writer(text := io.StringIO(), delimiter=self._separator, lineterminator="\n")
        table.writerows(rows)
        self._text.write(text.getvalue())

    def print(self) -> None:
        """Print all rows."""
        self._text.seek(0)
        shutil.copyfileobj(self._text, sys.stdout, 2**20)


def spool() -> AbstractContextManager[Any]:
    """Return a place for text, in memory, or in a file when it is long."""
    return SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="")


def _more(faults: Iterable[Fault]) -> str:
    more = sum(fault.count for fault in faults) - 1
    return f" (and {more:,} more)" if more else ""
