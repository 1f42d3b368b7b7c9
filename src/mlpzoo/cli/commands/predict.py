"""Print y, or P(y = 1) for a gate, for one input."""

import argparse
import math
import sys
from collections.abc import Sequence

from mlpzoo.checks import InputError, as_float32, as_typed, is_number
from mlpzoo.cli.exit_codes import PASSED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo predict`."""
    add = parser.add_argument
    add("name", metavar="NAME", help="the exercise, or a network of the package")
    add("--ckpt", metavar="PATH", help="best.ckpt or last.ckpt (NAME's)")
    add("x", metavar="X", type=float, nargs="+", help="the inputs, X1 [X2]")


def rearranged(arguments: Sequence[str]) -> list[str]:
    """Put numbers behind a "--", because argparse takes -1e-3 for an option.

    Args:
        arguments: The command line.

    Example:
        >>> rearranged(["predict", "sin", "-1e-3", "--ckpt", "best.ckpt"])
        ['predict', 'sin', '--ckpt', 'best.ckpt', '--', '-1e-3']
    """
    numbers = [text for text in arguments if is_number(text)]
    others = [text for text in arguments if not is_number(text) and text != "--"]
    return [*others, "--", *numbers] if numbers else others


def run(*, name: str, ckpt: str | None, x: Sequence[float]) -> int:
    """Print what a checkpoint, or the package's network, answers: a number for each output."""
    import torch

    from mlpzoo.pretrained.measure import pretrained_module
    from mlpzoo.runs.load import load_module

    module, data = pretrained_module(name) if ckpt is None else load_module(ckpt, exercise=name)
    if len(x) != data.in_features:
        wanted = "1 input" if data.in_features == 1 else f"{data.in_features} inputs"
        raise InputError(f"{name} takes {wanted}, got {len(x)}: {as_typed(x)}")
    for value in x:
        if not math.isfinite(as_float32(value)):
            raise InputError(f"an input must be a finite number, got {value}")
        if not data.low <= value <= data.high:
            print(
                f"mlpzoo: {value:g} lies outside the trained range [{data.low:g}, {data.high:g}]",
                file=sys.stderr,
            )
    with torch.no_grad():
        answer = module.answer(torch.tensor([x], dtype=torch.float32))
    print(" ".join(f"{value:.6g}" for value in answer[0].tolist()))
    return PASSED
