"""Write a network as JSON, safetensors or ONNX."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import PASSED

if TYPE_CHECKING:
    from mlpzoo.pretrained.formats import ExportedNet

EPILOG = "A gate's network is written as it is: it gives the logit of P(y = 1)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo export`."""
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="a network of the package")
    add("--ckpt", metavar="PATH", help="that of a run instead: best.ckpt or last.ckpt")
    add("--weights", metavar="FILE", help="that of an exported .json or .safetensors file instead")
    add("--format", choices=("json", "safetensors", "onnx"), help="(as --out ends)")
    add("--out", metavar="FILE", help="(NAME.json, ... in the current folder)")


def run(
    *, name: str | None, ckpt: str | None, weights: str | None, format: str | None, out: str | None
) -> int:
    """Write one network to a file and print the path, and how exact it is."""
    from mlpzoo.pretrained.export import write_exported
    from mlpzoo.pretrained.formats import OUTPUTS
    from mlpzoo.pretrained.manifest import list_pretrained

    if (name, ckpt, weights).count(None) != 2:
        names = ", ".join(list_pretrained())
        raise InputError(f"give one of NAME, --ckpt PATH or --weights FILE; names: {names}")
    if format is None and out is None:
        raise InputError("give --format json, safetensors or onnx, or an --out that ends so")
    exported, stem = _source(name, ckpt, weights)
    path = Path(out) if out else Path(f"{stem}.{format}")
    exact = write_exported(exported, path, format or "")
    print(f"{path}: gives {OUTPUTS[exported.output]}; {exact}")
    return PASSED


def _source(name: str | None, ckpt: str | None, weights: str | None) -> "tuple[ExportedNet, str]":
    """Return the network to export, and the name of its file without a suffix."""
    from mlpzoo.pretrained.formats import ExportedNet, read_exported
    from mlpzoo.pretrained.manifest import get_pretrained, load_exported
    from mlpzoo.pretrained.measure import output_of
    from mlpzoo.runs.checkpoint import RECORD, read_checkpoint
    from mlpzoo.runs.load import load_module

    if name is not None:
        return load_exported(name), get_pretrained(name).name
    if weights is not None:
        return read_exported(weights), Path(weights).stem
    module, _ = load_module(str(ckpt))
    exercise: str = read_checkpoint(str(ckpt))[RECORD]["exercise"]
    return ExportedNet(net=module.net, exercise=exercise, output=output_of(module)), exercise
