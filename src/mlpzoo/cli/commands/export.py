"""Write a network as JSON, .pt, safetensors or ONNX."""

import argparse
import sys
from pathlib import Path

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import PASSED

EPILOG = "A gate's network is written as it is: it gives the logit of P(y = 1)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo export`."""
    add = parser.add_argument
    add("name", nargs="?", metavar="NETWORK", help="as `mlpzoo test` takes it")
    add("--ckpt", metavar="PATH", help="that of a run instead: best.ckpt or last.ckpt")
    add("--weights", metavar="FILE", help="that of an exported file instead")
    add("--format", choices=("json", "pt", "safetensors", "onnx"), help="(as --out ends)")
    add("--out", metavar="FILE", help="(NAME.json, ... in the current folder)")


def run(
    *, name: str | None, ckpt: str | None, weights: str | None, format: str | None, out: str | None
) -> int:
    """Write one network to a file and print the path, and how exact it is."""
    from mlpzoo.pretrained.export import write_exported
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.formats import OUTPUTS
    from mlpzoo.pretrained.manifest import list_pretrained

    (named, *more) = [each for each in (name, ckpt, weights) if each is not None] or [""]
    if more or not named:
        names = ", ".join(list_pretrained())
        raise InputError(f"give one of NAME, --ckpt PATH or --weights FILE; names: {names}")
    if format is None and out is None:
        raise InputError("give --format json, pt, safetensors or onnx, or an --out that ends so")
    found = find_network(named)
    exported = found.exported
    of_run = found.path is not None and found.path.suffix == ".ckpt"
    stem = exported.exercise if of_run else Path(found.named).stem
    path = Path(out) if out else Path(f"{stem}.{format}")
    exact = write_exported(exported, path, format or "")
    said = sys.stdout if path.is_file() else sys.stderr  # a pipe has the file itself
    print(f"{path}: gives {OUTPUTS[exported.output]}; {exact}", file=said)
    return PASSED
