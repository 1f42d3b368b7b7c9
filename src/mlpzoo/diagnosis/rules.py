"""What the layers and answers of a network show of known failures to learn."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mlpzoo.data.gate import is_linearly_separable
from mlpzoo.diagnosis.probe import Probe
from mlpzoo.diagnosis.probes import Probes
from mlpzoo.modules import LitNetwork
from mlpzoo.nets import Perceptron, SequentialMLP
from mlpzoo.nets.range_scale import RangeScale

MERGED = 0.02  # rows are merged where each gives their mean target to within this
CONSTANT_R2 = 0.05  # share of the variance explained up to which nothing was learned
LOST_SHARE = 0.75  # of a layer's units; the lecture's minmax reaches its bar with 0.64 of them dead
SATURATED = 0.01  # of an activation's range: how near to its end a unit counts as at it
PULLED = 0.01  # rounding alone pulls less
LEARNS = 0.03  # of the loss, taken away by a few steps: what still learns is only not finished
VANISHED = 1e-5  # first layer's gradient over the last's; four sigmoid layers start above it
_ENDS: dict[type[nn.Module], tuple[float, float]] = {nn.Sigmoid: (0, 1), nn.Tanh: (-1, 1)}
_RELUS = (nn.ReLU, nn.ReLU6)
_LINEAR_PARTS = (SequentialMLP, Perceptron, nn.Sequential, nn.Linear, nn.Identity, RangeScale)

_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Diagnosis:
    """What keeps a module from learning.

    Attributes:
        kind: The failure in two or three words.
        detail: The evidence as text.
        evidence: The evidence as numbers, by name, in the exercise's units.
    """

    kind: str
    detail: str
    evidence: Mapping[str, float]

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


def is_linear(net: nn.Module, *also: type[nn.Module]) -> bool:
    """Tell whether a network is known to be one linear layer, with nothing after it.

    Args:
        net: The network.
        *also: Layers that may be there too.
    """
    kinds = [type(part) for part in net.modules()]  # not what is derived from them: it may differ
    all_known = all(kind in {*_LINEAR_PARTS, *also} for kind in kinds)
    return all_known and sum(issubclass(kind, nn.Linear) for kind in kinds) == 1


def wrong_loss(seen: Probe) -> Diagnosis | None:
    """Find a loss that is not least where the answers are those that the metrics ask for.

    Points about a line are judged by least squares; the losses of gates are checked beforehand.
    """
    module = seen.module
    own = type(module).objective is LitNetwork.objective
    if not own or module.task != "regression" or isinstance(module.loss, nn.MSELoss):
        return None
    pull = seen.pull
    if not pull > PULLED:
        return None
    detail = f"{type(module.loss).__name__} is not least at the answers asked for; take mse"
    return Diagnosis("wrong loss", detail, {"pull": pull})


def not_separable(seen: Probe) -> Diagnosis | None:
    """Find a gate that no line separates before a linear model."""
    if not (seen.every.kept(_is_logistic) and seen.is_gate and seen.x.shape == (4, 2)):
        return None
    truth_table: Any = tuple(map(int, seen.truth.flatten()))
    if is_linearly_separable(truth_table):
        return None
    right = _right(seen)
    detail = f"{right} of 4 right, and 3 is the most for one line"
    return Diagnosis("not linearly separable", detail, {"rows_right": right})


def dead_relus(seen: Probe) -> Diagnosis | None:
    """Find a layer that has lost three quarters of its ReLUs or more."""
    if not seen.every.kept(_has_relus):
        return None
    relus = [call for call in seen.calls if isinstance(call.layer, _RELUS)]
    dead = [(call.name, (call.output == 0).all(dim=0)) for call in relus]
    return _lost("dead ReLU units", dead, "are 0 on all of the grid")


def saturated(seen: Probe) -> Diagnosis | None:
    """Find a layer that has lost three quarters of its sigmoids or more; tanh is one."""
    stuck = []
    for call in seen.calls:
        if type(call.layer) in _ENDS:
            low, high = _ENDS[type(call.layer)]
            margin = SATURATED * (high - low)
            least, most = call.output.aminmax(dim=0)  # over the rows
            stuck.append((call.name, (most < low + margin) | (least > high - margin)))
    return _lost("saturated sigmoids", stuck, "stay at one end for all rows")


def merged_patterns(seen: Probe) -> Diagnosis | None:
    """Find rows of a gate that share the mean of their unequal targets, the others being right."""
    if not seen.is_gate:
        return None
    p, y = (part.flatten().numpy() for part in (seen.answer, seen.truth))  # so few, it is faster
    right = (p > 0.5) == (y > 0.5)
    for rows in _neighbours(p):
        others, mean = np.delete(right, rows), y[rows].mean()
        shared = 0 < mean < 1 and bool((abs(p[rows] - mean) <= MERGED).all())
        if shared and len(others) and others.all():
            names, number = _names(seen, rows), {2: "two", 3: "three"}.get(len(rows), len(rows))
            value, loss = p[rows].mean().item(), _cross_entropy(p, y)
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            each = "both" if len(rows) == 2 else "all"
            detail = f"rows {listed} {each} give {value:.2f} (cross-entropy {loss:.4f})"
            evidence = {"probability": value, "cross_entropy": loss}
            evidence |= {f"row_{n}": v for n, v in zip(names, p[rows].tolist(), strict=True)}
            return Diagnosis(f"{number} patterns merged", detail, evidence)
    return None


def vanishing_gradient(seen: Probe) -> Diagnosis | None:
    """Find a first linear layer whose gradient is next to nothing beside the last one's."""
    linear = [call for call in seen.calls if isinstance(call.layer, nn.Linear)]
    calls = [call for call in linear if call.layer.weight.requires_grad]
    if len(calls) < 2:
        return None
    first, last = (seen.gradient_norm(call.layer) for call in (calls[0], calls[-1]))
    rounding = torch.finfo(next(seen.module.parameters()).dtype).eps * abs(seen.loss)
    if last <= rounding or first >= VANISHED * last:  # gradients that cancel leave only rounding
        return None
    detail = f"norm {first:.2g} at {calls[0].name} beside {last:.2g} at {calls[-1].name}"
    evidence = {"first_layer_norm": first, "last_layer_norm": last, "ratio": first / last}
    return Diagnosis("vanishing gradient", f"{detail}, ratio {first / last:.2g}", evidence)


def nothing_learned(seen: Probe) -> Diagnosis | None:
    """Find answers that do not depend on the input, or explain none of the targets."""
    if seen.is_gate:
        p, asked = (part.flatten().numpy() for part in (seen.answer, seen.truth))
        value, loss = p.mean().item(), _cross_entropy(p, asked)
        if p.max() - p.min() > 2 * MERGED or seen.trial.gain > LEARNS:
            return None
        sure = math.isinf(loss)  # a step answers 0 or 1, however wrong
        judged = f"{_right(seen)} of {len(p)} right" if sure else f"cross-entropy {loss:.4f}"
        detail = f"all {len(p)} rows give {value:.2f} ({judged})"
        return Diagnosis("nothing learned", detail, {"probability": value, "cross_entropy": loss})
    y = seen.truth
    if seen.module.task != "regression" or seen.answer.shape != y.shape or y.var(dim=0).sum() == 0:
        return None
    r2 = 1 - ((seen.answer - y).square().sum() / (y - y.mean(dim=0)).square().sum()).item()
    if r2 > CONSTANT_R2 or seen.trial.gain > LEARNS:
        return None
    spread = (seen.answer.var(dim=0).sum() / y.var(dim=0).sum()).sqrt().item()
    detail = f"R2 is {r2:.3g}, the answers spread {spread:.3g} times as far as the targets"
    return Diagnosis("nothing learned", detail, {"r2": r2, "relative_spread": spread})


def _lost(kind: str, layers: Iterable[tuple[str, Tensor]], what: str) -> Diagnosis | None:
    """Return a diagnosis of the layer with the largest share of lost units."""
    counts = ((int(lost.sum()), len(lost), name) for name, lost in layers)
    shares = ((count / units, count, units, name) for count, units, name in counts)
    share, count, units, name = max(shares, key=itemgetter(0), default=(0.0, 0, 0, ""))
    if share < LOST_SHARE:
        return None
    detail = f"{count} of {units} units of {name} {what} ({share:.0%})"
    return Diagnosis(kind, detail, {"share": share, "lost_units": count, "units": units})


def _right(seen: Probe) -> int:
    return int(((seen.answer > 0.5) == (seen.truth > 0.5)).sum())


def _is_logistic(every: Probes) -> bool:
    return is_linear(every.example.net, nn.Sigmoid)


def _has_relus(every: Probes) -> bool:
    return any(isinstance(part, _RELUS) for part in every.example.modules())


def _cross_entropy(p: _Numbers, y: _Numbers) -> float:
    with np.errstate(divide="ignore"):
        return -float(np.log(np.where(y > 0.5, p, 1 - p)).mean())


def _neighbours(p: _Numbers) -> list[NDArray[np.intp]]:
    """Return the indices of values that follow one another closely, an array for each group."""
    order = p.argsort()
    ends = np.flatnonzero(np.diff(p[order]) > MERGED) + 1
    return [np.sort(group) for group in np.split(order, ends) if len(group) > 1]


def _names(seen: Probe, rows: NDArray[np.intp]) -> list[str]:
    x = seen.x.numpy()
    middle = (x.max(axis=0) + x.min(axis=0)) / 2
    return ["".join("1" if value else "0" for value in row) for row in x[rows] > middle]
