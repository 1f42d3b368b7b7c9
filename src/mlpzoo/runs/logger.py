"""What a Trainer logs, kept in a run's metrics.csv."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from mlpzoo.files import write_whole
from mlpzoo.optim.loops import row_to_come
from mlpzoo.runs.metrics_csv import FILE_NAME, Table, rows_until


class RunLogger(Logger):
    """Keeps the rows of a run and writes them together, before a state that they lead to is saved.

    Columns are step, how many optimizer steps had been taken, epoch, and the metrics by name; those
    of a test stand in result.json. Rows of a run that goes on stay as they were written.

    Args:
        folder: The run folder.
        step: Optimizer steps taken; rows of later ones, which are taken again, are left out.
    """

    def __init__(self, folder: Path, *, step: int = 0) -> None:
        super().__init__()
        self.folder = folder
        self._table = Table(rows_until(folder / FILE_NAME, step))
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
        taken = 0 if step is None else step + 1  # Lightning numbers steps from 0
        row, rows = {"step": str(taken), **kept}, self._table.rows
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
