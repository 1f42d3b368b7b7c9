"""Write a network as JSON, .pt, safetensors, ONNX, C or Python."""

import argparse
import sys
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo export`."""
    add_network(parser)
    add = parser.add_argument
    add(
        "--format", choices=("json", "pt", "safetensors", "onnx", "c", "py"), help="(as --out ends)"
    )
    add("--out", metavar="FILE", help="(NETWORK.json, ... in the current folder)")
    add("--real", choices=("double", "float"), default="double", help="what C computes with")


def run(*, format: str | None, out: str | None, real: str, **network: Any) -> int:
    """Write one network to a file and print the path, and how exact it is."""
    if format is None and out is None:
        raise InputError(
            "give --format json, pt, safetensors, onnx, c or py, or an --out that ends so"
        )
    from mlpzoo.pretrained.export import write_exported
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.manifest import OUTPUTS

    found = find_network(**network)
    exported = found.exported
    stem = exported.exercise if found.is_checkpoint else Path(found.named).stem
    path = Path(out or f"{stem}.{format}")
    exact = write_exported(exported, path, format or "", real=real)
    said = sys.stdout if path.is_file() else sys.stderr  # a pipe has the file itself
    print(f"{path}: gives {OUTPUTS[exported.output]}; {exact}", file=said)
    return PASSED
