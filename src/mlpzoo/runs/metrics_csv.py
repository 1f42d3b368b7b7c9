"""metrics.csv: what a run has logged, a whole file at every instant."""

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.files import write_whole
from mlpzoo.optim.loops import row_to_come

FILE_NAME = "metrics.csv"
Row = dict[str, str]


class RunLogger(Logger):
    """Keeps the rows of a run and writes them together, before a state that they lead to is saved.

    Columns are step, counted from 0 as Lightning does, epoch, and the metrics by name; those of a
    test stand in result.json. Rows of a run that goes on stay as they were written.

    Args:
        folder: The run folder.
        step: Optimizer steps taken; rows of later ones, which are taken again, are left out.
    """

    def __init__(self, folder: Path, *, step: int = 0) -> None:
        super().__init__()
        self.folder = folder
        self._table = _Table(_rows_until(folder / FILE_NAME, step))
        self._written: bytes | None = None

    @property
    @override
    def name(self) -> str:
        return self.folder.parent.name

    @property
    @override
    def version(self) -> str:
        return self.folder.name

    @property
    @override
    def log_dir(self) -> str:
        return str(self.folder)

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        kept = {name: str(v) for name, v in metrics.items() if not name.startswith("test_")}
        row, rows = {"step": str(step), **kept}, self._table.rows
        if not row.keys() <= {"step", "epoch"} and rows[-1:] != [row]:  # else anticipated
            rows.append(row)

    def anticipate(self, trainer: Trainer) -> None:
        """Take in the row that a Trainer sends once the hooks after a training step are through.

        A state that is saved in such a hook will not send it again.
        """
        values, step = row_to_come(trainer)
        if values:
            self.log_metrics(values, step)

    @override
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Leave them to config.yaml."""

    @property
    def content(self) -> bytes:
        """What the file holds once it is flushed."""
        return self._table.content()

    @rank_zero_only
    def flush(self) -> None:
        """Write the file, if there is something new.

        Raises:
            OSError: The file cannot be written.
        """
        content = self.content
        if self._table.rows and content != self._written:
            write_whole(self.folder / FILE_NAME, content)
            self._written = content

    @override
    def finalize(self, status: str) -> None:
        if status == "success":
            self.flush()


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return optimizer steps and values of every column of a metrics.csv; none without a file.

    Lightning numbers steps from 0; here a value stands at the number of steps taken.

    Raises:
        InputError: It is damaged.
    """
    series: dict[str, tuple[list[float], list[float]]] = {}
    for row in _read(path):
        for name, value in row.items():
            if value and name not in ("step", "epoch"):
                steps, values = series.setdefault(name, ([], []))
                steps.append(float(row["step"]) + 1)
                values.append(float(value))
    return series


def digest_until(path: Path, step: int) -> str:
    """Return the digest of what a metrics.csv held after so many optimizer steps; "" if damaged."""
    try:
        return digest(_Table(_rows_until(path, step)).content())
    except InputError:
        return ""


def digest(content: bytes) -> str:
    """Return the SHA-256 of the content of a metrics.csv, as a checkpoint holds it."""
    return hashlib.sha256(content).hexdigest()


class _Table:
    """Rows as CSV; what has been formatted is kept while the columns stay the same."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self._names: list[str] = []
        self._text, self._formatted = "", 0

    def content(self) -> bytes:
        """Return the whole file."""
        new = self.rows[self._formatted :]
        names = sorted({*self._names, *(name for row in new for name in row)} - {"step", "epoch"})
        if names != self._names:
            self._names, self._text, new = names, "", self.rows
        text = io.StringIO()
        table = csv.DictWriter(text, ["epoch", "step", *names], restval="", lineterminator="\n")
        if not self._text:
            table.writeheader()
        table.writerows(new)
        self._text, self._formatted = self._text + text.getvalue(), len(self.rows)
        return self._text.encode()


def _rows_until(path: Path, step: int) -> list[Row]:
    return [row for row in _read(path) if int(row["step"]) < step] if step else []


def _read(path: Path) -> list[Row]:
    """Return the rows of a metrics.csv, none without a file.

    Raises:
        InputError: It is damaged.
    """
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        for row in rows:
            int(row["step"]), [float(value) for value in row.values() if value != ""]
    except (csv.Error, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged; remove it, or resume its run") from error
    return [{name: value for name, value in row.items() if value != ""} for row in rows]
