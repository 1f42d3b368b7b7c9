"""The cells of a CSV file, some thousands of rows at a time."""

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from typing_extensions import Buffer, override

from mlpzoo.checks import InputError, cause, is_number

_ROWS = 2**14  # at once, at most
_CELLS = 2**17  # of them
_READ = 2**20  # characters
_LONGEST = 10**6  # characters of a line

_BREAK = re.compile("\r\n|\r|\n")
MISSING = {"", "?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "nat", "null", "none"}

Chunk = tuple[Sequence[Sequence[Any]], Sequence[int]]  # rows, and where each stands


class TextSource:
    r"""A CSV file: UTF-8, cells between commas, semicolons or tabs, blank lines left out.

    Numbers that no names stand above may have spaces between them. The first line is one of names
    where none of its cells is a number, and not all say that a number is missing. A line of
    separators alone is a row, whose cells are missing; of one column, so is a line of spaces.

    Args:
        file: Its bytes.
        name: What it is called in messages.
        names: A first line that has all of these is one of names, whatever they are; () for none.

    Raises:
        InputError: It is empty, or no text.

    Attributes:
        first: The cells of the first line.
        header: The names above the columns; None for none.
        width: How many cells a row has.
        separator: What stands between two cells.
        place: What the numbers of the rows count.

    Example:
        >>> source = TextSource(io.BytesIO(b"a;b\n1;2\n\n3;4\n"), "t.csv")
        >>> source.header, list(source.chunks())
        (['a', 'b'], [([['1', '2'], ['3', '4']], [2, 4])])
    """

    place = "line"

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        names: Sequence[str] = (),
    ) -> None:
        self.name, self._blank, self._bytes = name, 0, _Hashed(file)
        buffered = io.BufferedReader(self._bytes, _READ)
        self._text = io.TextIOWrapper(buffered, encoding="utf-8-sig", newline="")
        with self._in_one_line():
            while (first := self._text.readline(_LONGEST)) and not first.strip():
                self._blank += 1
            self.separator = _separator_of(first)
            self._table = csv.reader(
                itertools.chain.from_iterable(self._blocks(first)),
                delimiter=self.separator,
                skipinitialspace=True,
                strict=True,
            )
            row = next(self._table, [])
        if not row:
            raise InputError(f"{name} is empty")
        self.first, self.width = row, len(row)
        cells = [cell.strip() for cell in row]
        named = not (any(map(is_number, cells)) or {cell.lower() for cell in cells} <= MISSING)
        named = named or (bool(names) and {*names} <= {*cells})
        self.header = cells if named else None
        self._ahead, self._seen = ([], self._line) if named else ([row], self._blank)

    def chunks(self) -> Iterator[Chunk]:
        """Yield rows, each with the number of its line.

        Raises:
            InputError: A row has more or fewer cells than the first one, or is no text.
        """
        at_once = max(1, min(_ROWS, _CELLS // self.width))
        while True:
            with self._in_one_line():
                rows = [*self._ahead, *itertools.islice(self._table, at_once - len(self._ahead))]
            if not rows:
                return
            lines: Sequence[int] = range(self._seen + 1, self._line + 1)
            if len(lines) > len(rows):  # some have line breaks in a cell
                heights = (1 + len(_BREAK.findall("".join(row))) for row in rows)
                lines = list(itertools.accumulate(heights, initial=self._seen))[1:]
            self._ahead, self._seen = [], self._line
            if {*map(len, rows)} == {self.width}:
                yield rows, lines
            elif kept := list(self._kept(rows, lines)):
                yield [row for row, _ in kept], [line for _, line in kept]

    def _kept(self, rows: list[list[str]], lines: Sequence[int]) -> Iterator[tuple[list[str], int]]:
        """Yield the rows that are not blank, and refuse one of another width."""
        for place, (row, line) in enumerate(zip(rows, lines, strict=True)):
            if len(row) == self.width:
                yield row, line
            elif not _is_blank(row):
                self._refuse_width(row, line, rows[place + 1 :])

    @property
    def sha256(self) -> str:
        """The digest of what has been read: of all of the file behind its last row."""
        return self._bytes.sha256.hexdigest()

    @property
    def _line(self) -> int:
        return self._blank + self._table.line_num

    def _blocks(self, first: str) -> Iterator[list[str]]:
        lines = [first]
        while lines:
            if max(map(len, lines)) >= _LONGEST:
                raise InputError(f"{self.name} has a line of over {_LONGEST:,} characters")
            yield lines
            lines = self._text.readlines(_READ)

    def _refuse_width(self, row: list[str], line: int, behind: list[list[str]]) -> None:
        with self._in_one_line():
            others = itertools.chain(behind, self._table)
            more = sum(len(other) != self.width and not _is_blank(other) for other in others)
        also = f" (and {more:,} more such lines)" if more else ""
        cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
        shown = self.separator.join(row)
        raise InputError(
            f"{self.name}, line {line} has {cells}{also}, the first line {self.width}: "
            f"{shown[:60]!r}{'...' * (len(shown) > 60)}; give all lines as many, and put quotes "
            f"round a cell that holds {self.separator!r}"
        )

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        """Say in one line what is no text, or no CSV."""
        try:
            yield
        except UnicodeDecodeError as error:
            raise InputError(f"{self.name} is not text in UTF-8; save it as CSV UTF-8") from error
        except csv.Error as error:
            raise InputError(
                f"{self.name}, line {self._line}: {error}; a quote there or above may have no other"
            ) from error
        except OSError as error:
            raise InputError(f"{self.name} cannot be read: {cause(error)}") from error


class _Hashed(io.RawIOBase):
    """Bytes that are digested as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer) -> int:
        content = self.file.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(content)] = content
        self.sha256.update(content)
        return len(content)


def _is_blank(row: list[str]) -> bool:
    return len(row) < 2 and not "".join(row).strip()


def _separator_of(line: str) -> str:
    """Return what stands between the cells of a first line."""
    outside = "".join(line.split('"')[::2])
    found = max(",;\t", key=outside.count)
    words = line.split()
    spaced = not outside.count(found) and len(words) > 1 and all(map(is_number, words))
    return " " if spaced else found
