"""A plain network measured as its exercise measures a trained one."""

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.analysis.proof.certify import certify, has_function
from mlpzoo.analysis.proof.radius import radius
from mlpzoo.data import FunctionDataModule, GateDataModule
from mlpzoo.exercises import get_exercise
from mlpzoo.modules import LitMinMax, LitNetwork
from mlpzoo.nets import DualHeadMLP
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.manifest import Pretrained
from mlpzoo.training.trainer import evaluate


class LitExportedNet(LitNetwork):
    """A finished network as a Lightning module, to be measured and asked, not to be trained.

    Args:
        exported: The network, and whether it gives values, logits or probabilities.

    Example:
        >>> from mlpzoo.nets import Perceptron
        >>> gate = LitExportedNet(ExportedNet(net=Perceptron(initialization="zeros")))
        >>> gate.answer(torch.zeros(1, 2)).tolist()
        [[0.0]]
    """

    def __init__(self, exported: ExportedNet) -> None:
        task = "regression" if exported.output == "value" else "gate"
        super().__init__(
            exported.net, task=task, loss="mse", reduction="mean", optimizer="sgd", lr=1.0
        )
        self.output = exported.output

    @override
    def probability(self, output: Tensor) -> Tensor:
        return output if self.output == "probability" else super().probability(output)

    @override
    def logit(self, output: Tensor) -> Tensor:
        return output.double().logit(eps=1e-12) if self.output == "probability" else output


def as_module(exported: ExportedNet) -> LitNetwork:
    """Return a plain network as a Lightning module with the metrics of its exercise.

    Args:
        exported: The network, and what it gives.
    """
    if not isinstance(exported.net, DualHeadMLP):
        return LitExportedNet(exported).eval()
    module = LitMinMax(trunk_features=(1,), head_features=())  # which measures each head
    module.net = exported.net
    return module.eval()


def output_of(module: LitNetwork) -> str:
    """Return what the network of a Lightning module gives, a key of `formats.OUTPUTS`.

    Args:
        module: Any module of a gate or a function.
    """
    if module.task != "gate":
        return "value"
    output = torch.zeros(1)
    return "probability" if module.probability(output) is output else "logit"


def data_of(record: Pretrained) -> FunctionDataModule:
    """Return the data module that a network of the package is measured by.

    Args:
        record: What the manifest says of the network.

    Raises:
        InputError: An unknown exercise or argument, or a refused value.
    """
    return get_exercise(record.exercise).data(seed=record.seed or 0, **record.data)


def proved_of(exported: ExportedNet, data: FunctionDataModule) -> dict[str, float]:
    """Return what is proved of a plain network, beside what `errors_of` measures on a grid.

    Of a function, by the name of the metric, a bound that no error exceeds on the closed range; of
    a gate of up to two inputs "radius": so near to each row every input has the row's answer.

    Args:
        exported: The network, with the name of its exercise.
        data: Its data module.
    """
    if isinstance(data, GateDataModule):
        rows, gives = zip(*data.grid(2), strict=True), exported.output
        found = (radius(exported.net, x.tolist(), right=int(y), gives=gives) for x, y in rows)
        return {"radius": min(one.proved for one in found)}
    if not has_function(data):
        return {}
    columns = as_module(exported).columns
    names = [f"{column}_max_error" for column in columns] or ["max_error"]
    bounds = [one.bound for one in certify(exported.net, data).values()]
    return dict(zip(names, bounds, strict=True))


def errors_of(exported: ExportedNet, data: FunctionDataModule) -> dict[str, float]:
    """Return the test metrics of a plain network on the CPU, names without "test_".

    Losses are left out: they are of a training, not of a network.

    Args:
        exported: The network, with the name of its exercise.
        data: Whose test grid to measure on.
    """
    exercise = get_exercise(exported.exercise)
    metrics = evaluate(exercise, as_module(exported), data, accelerator="cpu")
    return {name: float(value) for name, value in metrics.items() if not name.endswith("loss")}
