"""Files of rows, opened: CSV or Parquet."""

import hashlib
import io
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mlpzoo.checks import InputError, cause
from mlpzoo.data.rows.source import Chunk, TextSource

_PARQUET = (".parquet", ".pq")
SUFFIXES = (".csv", ".tsv", ".txt", *_PARQUET)  # of what is taken for a file of rows
_AT_ONCE = 2**14  # rows


class ParquetSource:
    """A Parquet file, as pandas reads it; attributes as those of `TextSource`.

    Args:
        content: Its bytes.
        name: What it is called in messages.

    Raises:
        InputError: pandas or pyarrow is missing, or cannot read it.
    """

    place, separator = "row", ","

    def __init__(self, content: bytes, name: str) -> None:
        try:
            import pandas

            frame = pandas.read_parquet(io.BytesIO(content))
        except ImportError as error:
            raise InputError(
                f"{name} needs pandas and pyarrow to be read: pip install 'mlpzoo[data]'"
            ) from error
        except Exception as error:  # whatever pyarrow finds in the bytes
            raise InputError(f"{name} cannot be read as Parquet: {cause(error)}") from error
        self.name, self.width, self._frame = name, frame.shape[1], frame
        self.first = self.header = list(map(str, frame.columns))
        self.sha256 = hashlib.sha256(content).hexdigest()

    def chunks(self) -> Iterator[Chunk]:
        """Yield rows, each with its number."""
        for start in range(0, len(self._frame), _AT_ONCE):
            part = self._frame.iloc[start : start + _AT_ONCE]
            columns = (part.iloc[:, column].tolist() for column in range(self.width))
            yield list(zip(*columns, strict=True)), range(start + 1, start + len(part) + 1)


def check_file(path: str) -> None:
    """Refuse what is no file.

    Args:
        path: The file.

    Raises:
        InputError: There is none, or it is a folder, a pipe or a device.
    """
    with opening(path):
        found = Path(path).stat()
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{path!r} is a folder; name a file of rows in it")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path!r} is no file that can be read twice; name one")


@contextmanager
def open_source(path: str, names: Sequence[str] = ()) -> Iterator[TextSource | ParquetSource]:
    """Open a file of rows: Parquet by its suffix, CSV by any other.

    Args:
        path: The file.
        names: See `TextSource`.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    with ExitStack() as closing:
        with opening(path):
            file = closing.enter_context(Path(path).open("rb", buffering=0))
            content = file.read() if Path(path).suffix.lower() in _PARQUET else None
        name = Path(path).name
        yield TextSource(file, name, names) if content is None else ParquetSource(content, name)


@contextmanager
def opening(path: str) -> Iterator[None]:
    """Say in one line why a file cannot be opened.

    Args:
        path: The file.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path!r}") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise InputError(f"{path!r} cannot be read: {cause(error)}") from error
