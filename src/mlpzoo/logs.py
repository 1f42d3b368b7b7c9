"""metrics.csv: what a run has logged, a whole file at every instant."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from mlpzoo.files import write_whole

FILE_NAME = "metrics.csv"
Row = dict[str, str]


class RunLogger(Logger):
    """Keeps the rows of a run and writes them together, before a state that they lead to is saved.

    Columns are step, counted from 0 as Lightning does, epoch, and the metrics by name; those of a
    test stand in result.json. Rows of a run that goes on stay as they were written.

    Args:
        folder: The run folder.
        step: How many optimizer steps the run has taken; later rows in the file are of steps that
            will be taken again, and are left out.
    """

    def __init__(self, folder: Path, *, step: int = 0) -> None:
        super().__init__()
        self.folder = folder
        self._rows = [row for row in _read(folder / FILE_NAME) if int(row["step"]) < step]
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
        row = _row({k: v for k, v in metrics.items() if not k.startswith("test_")}, step)
        if not row.keys() <= {"step", "epoch"} and self._rows[-1:] != [row]:  # else anticipated
            self._rows.append(row)

    def anticipate(self, trainer: Trainer) -> None:
        """Take in the row that a Trainer sends once the hooks after a training step are through.

        A state that is saved in such a hook will not send it again.
        """
        connector, loop = trainer._logger_connector, trainer.fit_loop.epoch_loop
        metrics = connector.metrics["log"] if connector.should_update_logs else {}
        values = {name: float(value) for name, value in metrics.items()}
        if values:
            values["epoch"] = trainer.current_epoch
            self.log_metrics(values, loop._batches_that_stepped)

    @override
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Leave them to config.yaml."""

    @property
    def logged_steps(self) -> int:
        """The number of optimizer steps up to the last row."""
        return _last(self._rows)

    @rank_zero_only
    def flush(self) -> None:
        """Write the file, if there is something new.

        Raises:
            OSError: The file cannot be written.
        """
        content = _as_csv(self._rows)
        if self._rows and content != self._written:
            write_whole(self.folder / FILE_NAME, content)
            self._written = content

    @override
    def finalize(self, status: str) -> None:
        if status == "success":
            self.flush()


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return optimizer steps and values of every column of a metrics.csv; none without a file.

    Lightning numbers steps from 0; here a value stands at the number of steps taken.
    """
    series: dict[str, tuple[list[float], list[float]]] = {}
    for row in _read(path):
        for name, value in row.items():
            if value and name not in ("step", "epoch"):
                steps, values = series.setdefault(name, ([], []))
                steps.append(float(row["step"]) + 1)
                values.append(float(value))
    return series


def logged_steps(path: Path) -> int:
    """Return the number of optimizer steps up to the last row of a metrics.csv, 0 for none."""
    return _last(_read(path))


def _read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = [row for row in csv.DictReader(file) if None not in row.values()]
    return [row for row in rows if str(row.get("step")).isdecimal()]


def _last(rows: list[Row]) -> int:
    return max((int(row["step"]) + 1 for row in rows), default=0)


def _row(metrics: Mapping[str, Any], step: int | None) -> Row:
    return {"step": str(step), **{name: str(value) for name, value in metrics.items()}}


def _as_csv(rows: list[Row]) -> bytes:
    names = sorted({name for row in rows for name in row} - {"step", "epoch"})
    text = io.StringIO()
    table = csv.DictWriter(text, ["epoch", "step", *names], restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
