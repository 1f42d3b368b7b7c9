"""The result of a fit: a run, what is proved or measured of it, and what answers for new rows."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.analysis.proof.certificate import Certificate
from mlpzoo.checks import InputError
from mlpzoo.diagnosis.report import Report, answers_of
from mlpzoo.fitting.ensemble import Ensemble
from mlpzoo.fitting.trials import Trial
from mlpzoo.training.result import Result, ShownResult


@dataclass(frozen=True, kw_only=True, repr=False)
class FitResult(ShownResult):
    """The result of `mlpzoo.fit`.

    Attributes:
        run: The result of the run: module, data, metrics, folder.
        report: Its errors on rows never trained on, beside a linear regression and the mean.
        tried: The networks that were tried before, with what came of each.
        limit: The error that was asked for; None where none was.
        certificate: The largest error of a function, proved; None of a table.
        ensemble: Networks of folds, which give intervals; None where none was asked for.
    """

    run: Result
    report: Report
    tried: Sequence[Trial] = ()
    limit: float | None = None
    certificate: Certificate | None = None
    ensemble: Ensemble | None = None

    @property
    def net(self) -> nn.Module:
        """The network, which takes and gives the units of the data."""
        return self.run.module.net

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.run.folder

    @property
    def passed(self) -> bool:
        """Whether the error is below what was asked for, proved where it can be."""
        proved = self.certificate is None or self.limit is None
        return self.run.passed and (proved or self.certificate.bound < self.limit)  # type: ignore

    def predict(self, x: Any) -> NDArray[Any]:
        """Return the network's answers: (rows, outputs).

        Args:
            x: The inputs, (rows, inputs), or (rows,) of one input: an array, a tensor, a frame.

        Raises:
            InputError: They are no such numbers.
        """
        return answers_of(self.net, self._inputs(x)).numpy()

    def interval(self, x: Any, level: float | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the ends of the prediction intervals, (rows,) each; see `Ensemble.interval`.

        Args:
            x: As of `predict`.
            level: How many of all rows are to lie within; None for 0.9.

        Raises:
            InputError: There is no ensemble.
        """
        if self.ensemble is None:
            raise InputError("intervals need an ensemble: fit(..., ensemble=10)")
        low, high = self.ensemble.interval(self._inputs(x), level)
        return low.numpy(), high.numpy()

    def export(self, path: str | Path) -> str:
        """Write the network to a file, and return how far the file is off on the test rows.

        Args:
            path: It ends in .json, .pt, .safetensors, .onnx, .c or .py.

        Raises:
            InputError: See `mlpzoo.export`.
        """
        from mlpzoo.pretrained.export import write_exported
        from mlpzoo.pretrained.find import find_network
        from mlpzoo.runs.checkpoint import best_of

        return write_exported(find_network(best_of(self.folder)).exported, Path(str(path)))

    @property
    def data(self) -> Any:
        """The data module."""
        return self.run.datamodule

    def as_json(self) -> dict[str, Any]:
        """Return the content of fit.json: plain data."""
        ensemble = self.ensemble
        return {
            "passed": self.passed,
            "limit": self.limit,
            "of": self.data.title,
            "network": layers_of_net(self.run.module),
            "seed": self.run.seed,
            "remark": self.run.remark,
            "diagnosis": self.run.diagnosis,
            **self.report.as_json(),
            "proved": None if self.certificate is None else vars(self.certificate),
            "tried": [told_of(trial) for trial in self.tried],
            "coverage": None if ensemble is None else ensemble.coverage,
        }

    @override
    def summary(self) -> dict[str, str]:
        said = {"fit": f"{self.data.title}, {layers_of_net(self.run.module)}"}
        said |= {
            f"{name} of {of}": f"{value:.4g}"
            for of, errors in self.report.errors.items()
            for name, value in errors.items()
            if of.startswith("network")
        }
        if self.certificate is not None:
            said["largest error, proved"] = f"{self.certificate.bound:.4g}"
        return {**said, "folder": str(self.folder)}

    def _inputs(self, x: Any) -> Tensor:
        wanted = self.data.in_features
        if hasattr(x, "columns"):
            missing = [name for name in self.data.names if name not in x.columns]
            if missing:
                raise InputError(f"the frame has no column {', '.join(missing)}")
            x = x[list(self.data.names)].to_numpy()
        try:
            given = x.detach().cpu() if isinstance(x, Tensor) else np.array(x, dtype=np.float32)
            rows = torch.as_tensor(given, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"inputs must be numbers: {error}") from error
        rows = rows.reshape(-1, 1) if wanted == 1 and rows.ndim < 2 else rows
        if rows.ndim != 2 or rows.shape[1] != wanted:
            shape = tuple(rows.shape)
            raise InputError(f"inputs must have shape (rows, {wanted}), got {shape}")
        if not bool(rows.isfinite().all()):
            raise InputError("inputs must be finite numbers in float32; leave other rows out")
        _warn_of(rows, self.data)
        return rows


def _warn_of(rows: Tensor, data: Any) -> None:
    """Name inputs outside the trained range, where a network may say anything."""
    for name, column, (low, high) in zip(data.names, rows.unbind(dim=1), data.ranges, strict=True):
        outside = (column < low) | (column > high)
        if count := int(outside.sum()):
            first = column[outside][0].item()
            warnings.warn(
                f"{count} of {len(column)} rows lie outside the trained range of {name}, "
                f"[{low:g}, {high:g}], such as {first:g}",
                stacklevel=4,
            )


def layers_of_net(module: Any) -> str:
    """Return inputs, units of each hidden layer and outputs of a module, such as 1-16-16-1.

    Args:
        module: The module.
    """
    told = module.hparams
    return "-".join(map(str, (told["in_features"], *told["hidden_features"], told["out_features"])))


def told_of(trial: Trial) -> dict[str, Any]:
    """Return what is told of a trial, as plain data.

    Args:
        trial: The trial.
    """
    return {
        "layers": layers_of_net(trial.module),
        "weights": trial.weights,
        "weight_decay": trial.module.weight_decay,
        "start": trial.module.hparams["seed"],
        "steps": trial.steps,
        "seconds": round(trial.seconds, 3),
        "error": trial.error,
        "proved": trial.bound,
        "good_enough": trial.held,
    }
