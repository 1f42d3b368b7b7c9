"""A plain network measured as its exercise measures a trained one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mlpzoo.analysis.proof.certify import certify, has_function
from mlpzoo.analysis.proof.radius import radius
from mlpzoo.data import GateSamples, Samples
from mlpzoo.exercises import get_exercise
from mlpzoo.modules.finished import FinishedNet
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.manifest import Pretrained

if TYPE_CHECKING:
    from mlpzoo.modules.finished import Answering


def finished(exported: ExportedNet) -> FinishedNet:
    """Return a plain network with what its outputs mean.

    Args:
        exported: The network, and what it gives.
    """
    return FinishedNet(exported.net, exported.output)


def output_of(module: Answering) -> str:
    """Return what the network of a module gives, a key of `manifest.OUTPUTS`.

    Args:
        module: Any module of a gate or a function.
    """
    if module.task != "gate":
        return "value"
    output = torch.zeros(1)
    return "probability" if module.probability(output) is output else "logit"


def data_of(record: Pretrained) -> Samples:
    """Return the data that a network of the package is measured by.

    Args:
        record: What the manifest says of the network.

    Raises:
        InputError: An unknown exercise or argument, or a refused value.
    """
    return get_exercise(record.exercise).samples(seed=record.seed or 0, **record.data)


def proved_of(exported: ExportedNet, data: Samples) -> dict[str, float]:
    """Return what is proved of a plain network, beside what `errors_of` measures on a grid.

    Of a function, by the name of the metric, a bound that no error exceeds on the closed range; of
    a gate of up to two inputs "radius": so near to each row every input has the row's answer.

    Args:
        exported: The network, with the name of its exercise.
        data: Its data module.
    """
    if isinstance(data, GateSamples):
        rows, gives = zip(*data.grid(2), strict=True), exported.output
        found = (radius(exported.net, x.tolist(), right=int(y), gives=gives) for x, y in rows)
        return {"radius": min(one.proved for one in found)}
    if not has_function(data):
        return {}
    columns = finished(exported).columns
    names = [f"{column}_max_error" for column in columns] or ["max_error"]
    bounds = [one.bound for one in certify(exported.net, data).values()]
    return dict(zip(names, bounds, strict=True))


def errors_of(exported: ExportedNet, data: Samples) -> dict[str, float]:
    """Return the test metrics of a plain network on the CPU, names without "test_".

    Losses are left out: they are of a training, not of a network.

    Args:
        exported: The network, with the name of its exercise.
        data: Whose test grid to measure on.
    """
    net, exercise = finished(exported), get_exercise(exported.exercise)
    return {**net.measure(data.test_dataloader()), **exercise.measure(net, data)}
