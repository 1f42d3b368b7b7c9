"""Make the networks that come with the package anew, and say which files are the same.

Trained ones are the same where processor and versions are; what differs is told by how much.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from torch import nn

from mlpzoo.checks import InputError, resolve_name
from mlpzoo.cli.tables import as_table
from mlpzoo.exercises import get_exercise, list_exercises, summary
from mlpzoo.files import write_json, write_whole
from mlpzoo.nets import DualHeadMLP, FourLayerXOR, Perceptron, SequentialMLP
from mlpzoo.nets.architecture import describe
from mlpzoo.nets.base import Network
from mlpzoo.pretrained.formats import ExportedNet, from_bytes, to_safetensors
from mlpzoo.pretrained.manifest import (
    FOLDER,
    MANIFEST,
    MANIFEST_FORMAT,
    Pretrained,
    read_manifest,
    weights_file,
)
from mlpzoo.pretrained.measure import errors_of, output_of, proved_of
from mlpzoo.training.result import versions
from mlpzoo.training.run import train

# Whether training stops at the bar. Those that go on to the end of their budget keep their best
# weights; a perceptron that answers all rows rightly changes no more, and XOR's weights grow
# without end, until its surface is a cliff.
STOPS_EARLY = {
    "linear": False,
    "minmax": False,
    "perceptron": True,
    "sin": False,
    "square": False,
    "xor": True,
}


@dataclass(frozen=True, kw_only=True)
class Handmade:
    """A network whose weights were not trained here.

    Args:
        summary: What it computes, in a sentence.
        exercise: The exercise that it solves.
        output: See `Pretrained`.
        recipe: "published" or "by hand".
        net: Builds the network.
        layers: Weight (row = output unit) and bias of each linear layer, first to last.
        data: See `Pretrained`.
    """

    summary: str
    exercise: str = "xor"
    output: str = "probability"
    recipe: str = "by hand"
    net: Callable[[], nn.Module]
    layers: Sequence[tuple[Sequence[Sequence[float]], Sequence[float]]]
    data: Mapping[str, Any] = field(default_factory=dict)


HANDMADE = {
    "xor-lecture": Handmade(
        summary="XOR through four hidden layers, with the weights that the lecture notes print.",
        output="logit",
        recipe="published",
        net=FourLayerXOR,
        layers=[
            ([[-10.3267, 14.3530], [-3.8846, 6.2506]], [4.8114, -3.5770]),
            ([[-4.5832, 5.1053], [6.1589, -5.0255]], [1.5159, -3.0480]),
            ([[5.6698, -6.0909], [-6.0369, 7.5744]], [0.4247, -1.0466]),
            ([[7.1937, -7.3540], [-7.5309, 7.5448]], [0.0227, 0.0733]),
            ([[17.7575, -19.4533]], [-1.0813]),
        ],
    ),
    "or-exact": Handmade(
        summary="OR with a single perceptron: 1 where 0.5 x1 + 0.5 x2 > 0.25.",
        exercise="perceptron",
        net=Perceptron,
        layers=[([[0.5, 0.5]], [-0.25])],
        data={"gate": "or"},
    ),
    "xor-exact": Handmade(
        summary="XOR with two hidden units: relu(x1 + x2) - 2 relu(x1 + x2 - 1), which is 0 or 1.",
        net=lambda: SequentialMLP(in_features=2, hidden_features=(2,)),
        layers=[([[1, 1], [1, 1]], [0, -1]), ([[1, -2]], [0])],
    ),
    "xor-step": Handmade(
        summary="XOR with three perceptrons in two layers: OR and NAND of the inputs, then AND.",
        net=lambda: SequentialMLP(
            in_features=2, hidden_features=(2,), activation="step", out_activation="step"
        ),
        layers=[([[1, 1], [-1, -1]], [-0.5, 1.5]), ([[1, 1]], [-1.5])],
    ),
    "minmax-exact": Handmade(
        summary="max(a, b) = relu(a - b) + relu(b) - relu(-b) and min(a, b) = relu(b) - relu(-b) "
        "- relu(b - a), for all reals.",
        exercise="minmax",
        output="value",
        net=lambda: DualHeadMLP(trunk_features=(4,), head_features=()),
        layers=[
            ([[1, -1], [0, 1], [0, -1], [-1, 1]], [0, 0, 0, 0]),
            ([[1, 1, -1, 0]], [0]),
            ([[0, 1, -1, -1]], [0]),
        ],
    ),
}


def release(
    names: Sequence[str] = (), *, folder: str | Path | None = None, seed: int = 0
) -> list[dict[str, str]]:
    """Make networks again and write their weights and the manifest.

    Equal networks give equal files, so one that was rebuilt as it was leaves its file as it is.

    Args:
        names: Which; none for all.
        folder: Where they go, made if need be; None for the package's own.
        seed: Of those that are trained.

    Returns:
        A row for each file: its name, whether it was new, the same, or differs and by how much.

    Raises:
        InputError: An unknown name, a folder that cannot be made, or a manifest there that cannot
            be read.
    """
    there = [*list_exercises(), *HANDMADE]
    names = [resolve_name("network", name, there) for name in names] or there
    folder = FOLDER if folder is None else Path(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}; choose another") from error
    manifest = folder / MANIFEST
    records = read_manifest(folder) if manifest.exists() else {}
    before = manifest.read_bytes() if manifest.exists() else b""
    rows = []
    for name in names:
        exported, record = _handmade(name) if name in HANDMADE else _trained(name, seed)
        content = to_safetensors(exported)
        path = weights_file(name, folder)
        rows.append({"file": path.name, "change": _change(path, exported, content)})
        write_whole(path, content)
        records[name] = _complete(name, exported, content, record)
        entries = {key: records[key].as_json() for key in sorted(records)}
        write_json(manifest, {"format": MANIFEST_FORMAT, "networks": entries})
    differs = "differs" if before else "new"
    same = manifest.read_bytes() == before
    return [*rows, {"file": MANIFEST, "change": "same" if same else differs}]


def _trained(name: str, seed: int) -> tuple[ExportedNet, dict[str, Any]]:
    with TemporaryDirectory() as out:
        result = train(
            name, seed=seed, early_stop=STOPS_EARLY.get(name), out=out, plots=False,
            accelerator="cpu", threads=1,
        )  # fmt: skip
    exported = ExportedNet(
        net=result.module.net.eval(), exercise=name, output=output_of(result.module)
    )
    gate = result.datamodule.hparams.get("gate", name)
    which = "" if gate == name else f" This one: {gate.upper()}."
    return exported, {
        "summary": summary(name) + which, "data": {}, "recipe": result.recipe, "seed": seed,
        "steps": result.steps,
    }  # fmt: skip


def _handmade(name: str) -> tuple[ExportedNet, dict[str, Any]]:
    made = HANDMADE[name]
    net = made.net()
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(linear, made.layers, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    exported = ExportedNet(
        net=net.eval(), exercise=made.exercise, output=made.output, data=made.data
    )
    return exported, {
        "summary": made.summary, "data": dict(made.data), "recipe": made.recipe, "seed": None,
        "steps": None,
    }  # fmt: skip


def _complete(
    name: str, exported: ExportedNet, content: bytes, record: Mapping[str, Any]
) -> Pretrained:
    data = get_exercise(exported.exercise).data(seed=record["seed"] or 0, **record["data"])
    return Pretrained(
        name=name,
        exercise=exported.exercise,
        network=cast(Network, exported.net).sketch(),
        architecture=describe(exported.net),
        output=exported.output,
        errors=errors_of(exported, data),
        proved=proved_of(exported, data),
        versions=versions(),
        sha256=hashlib.sha256(content).hexdigest(),
        **record,
    )


def _change(path: Path, exported: ExportedNet, content: bytes) -> str:
    """Return what a new content changes in a file of weights."""
    if not path.exists():
        return "new"
    if path.read_bytes() == content:
        return "same"
    try:
        before = from_bytes(path.read_bytes()).net.state_dict()
    except InputError as error:
        return f"differs: {error}"
    now = exported.net.state_dict()
    if {n: t.shape for n, t in before.items()} != {n: t.shape for n, t in now.items()}:
        return "differs: other layers"
    largest = max((now[name] - before[name]).abs().max().item() for name in now)
    return f"differs by {largest:.3g} at most"


def main(names: list[str], out: str | None, seed: int) -> None:
    print(as_table(release(names, folder=out, seed=seed)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (all)")
    parser.add_argument("--out", metavar="DIR", help="folder of weights and manifest (the package)")
    parser.add_argument("--seed", type=int, default=0, help="of those that are trained (0)")
    try:
        main(**vars(parser.parse_args()))
    except InputError as error:
        sys.exit(f"{parser.prog}: {error}")
