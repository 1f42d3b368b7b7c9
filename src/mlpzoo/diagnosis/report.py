"""What there is to say of a fit: its errors on rows never trained on, beside simple answers."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.data import Samples
from mlpzoo.data.stream import Batch
from mlpzoo.modules.formulas import METRICS, as_exact

WORST = 3  # rows that are named
_NEAR = 0.05  # of the range: what is nearer to a place of a function is the same place


@dataclass(frozen=True, kw_only=True)
class WorstRow:
    """A row with a large error.

    Attributes:
        place: Where it stands: "line 12" or "row 12" of a file, or the inputs of a function.
        observed: What it should be, of the output that is furthest off.
        predicted: What the network says.
    """

    place: str
    observed: float
    predicted: float

    def __str__(self) -> str:
        off = abs(self.observed - self.predicted)
        said = f"{self.observed:.4g}, and the network says {self.predicted:.4g}"
        return f"{self.place}: {said}, off by {off:.3g}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The errors of a network and of simple answers, on the rows of the test.

    Attributes:
        rows: How many rows for "training", "validation" and "test"; of a function, which draws
            fresh rows for training, those of a step.
        errors: By "network", "linear regression" and "mean", of several targets each with its
            name behind: rmse, mae, max_error, r2.
        worst: The rows with the largest errors, the largest first.
    """

    rows: Mapping[str, int]
    errors: Mapping[str, Mapping[str, float]]
    worst: tuple[WorstRow, ...]

    def __str__(self) -> str:
        said = ", ".join(f"{name} {of['rmse']:.4g}" for name, of in self.errors.items())
        return (
            f"rmse on {self.rows['test']} rows never trained on: {said}; "
            f"largest error at {self.worst[0]}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def report_on(module: Any, data: Samples) -> Report:
    """Measure a network in float64 on the test rows, beside a linear regression and the mean.

    Both are of the training rows; of a function, of the batch of the first step.

    Args:
        module: What answers.
        data: Its samples.
    """
    trained, (x, y) = training_rows(data), data.rows_of("test")
    of_table = hasattr(data, "targets")
    y = y.double() if of_table else data.target(x.double())
    answers = {
        "network": answers_of(deepcopy(module.net).cpu().double(), x.double()),
        "linear regression": _least_squares(*trained, x),
        "mean": trained[1].double().mean(dim=0).expand(y.shape),
    }
    rows = {"training": len(trained[0]), "validation": len(data.rows_of("val")[0]), "test": len(x)}
    if getattr(data, "val_share", 1) == 0:
        del rows["validation"]  # they are those of the training
    errors = {}
    for name, answer in answers.items():
        for column, target in enumerate(getattr(data, "targets", ("",))):
            whole = f"{name}, {target}" if y.shape[1] > 1 else name
            errors[whole] = errors_of(answer[:, [column]], y[:, [column]])
    return Report(
        rows=rows, errors=errors,
        worst=tuple(
            _worst(data, x, y, answers["network"], at)
            for at in _largest((answers["network"] - y) / y.std(dim=0), data, x)
        ),
    )  # fmt: skip


def _largest(error: Tensor, data: Samples, x: Tensor) -> list[int]:
    """Return the places of the largest errors; of a function, far apart from each other."""
    off, found = error.abs().amax(dim=1), list[int]()
    wide = torch.tensor([high - low for low, high in data.ranges])
    while len(found) < min(WORST, len(x)) and off.max() >= 0:
        found.append(int(off.argmax()))
        near = ((x - x[found[-1]]).abs() / wide).amax(dim=1) < _NEAR
        off[found[-1] if hasattr(data, "place_of") else near] = -1
    return found


def training_rows(data: Any) -> Batch:
    """Return the rows that a network is trained on; of a function, those of the first step.

    Args:
        data: The samples.
    """
    rows: Tensor | None = getattr(data, "train", None)
    return data.train_batch(0) if rows is None else (data.x[rows], data.y[rows])


def answers_of(net: nn.Module, x: Tensor, at_once: int = 2**14) -> Tensor:
    """Return what a network of values answers, in float64.

    Args:
        net: The network.
        x: Its inputs.
        at_once: Rows that are computed together, to bound memory.
    """
    with torch.no_grad():
        parts = [net(part) for part in torch.split(x, at_once)]
    return torch.cat(parts).double()


def errors_of(answer: Tensor, y: Tensor) -> dict[str, float]:
    """Return rmse, mae, max_error and r2 of answers.

    Args:
        answer: The answers, (rows, columns).
        y: What is right, the same.
    """
    answer, y = as_exact(answer, y)
    found = {"mae": (answer - y).abs().mean().item()}
    for name, formula in METRICS["regression"].items():
        rows = (formula.as_rows(values) for values in (answer, y))
        found[name] = formula.value(formula.parts(*rows)).item()
    return {name: found[name] for name in ("rmse", "mae", "max_error", "r2")}


def _least_squares(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """Return the answers of the linear regression of y by x at other rows."""
    middle, wide = x.double().mean(dim=0), x.double().std(dim=0).clamp(min=1e-300)

    def columns(rows: Tensor) -> Tensor:
        return torch.cat([(rows.double() - middle) / wide, torch.ones(len(rows), 1)], dim=1)

    solved = torch.linalg.lstsq(columns(x), y.double(), driver="gelsd")  # dependent columns too
    found: Tensor = columns(at) @ solved.solution
    return found


def _worst(data: Any, x: Tensor, y: Tensor, answer: Tensor, at: int) -> WorstRow:
    column = int(((answer[at] - y[at]) / y.std(dim=0)).abs().argmax())
    pairs = zip(data.names, x[at].tolist(), strict=True)
    place = ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
    if hasattr(data, "place_of"):
        place = data.place_of(int(data.test[at]))
    return WorstRow(place=place, observed=y[at, column].item(), predicted=answer[at, column].item())


def remark(module: Any, data: Any, metrics: Mapping[str, float]) -> str:
    """Return what a result says beside its metrics, as an `Exercise` asks for it.

    Args:
        module: What answers.
        data: Its samples.
        metrics: Of the test.
    """
    return str(report_on(module, data))
