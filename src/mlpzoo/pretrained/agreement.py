"""Whether what is written answers as the network does: read back, compiled or run."""

import shutil
import subprocess
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError, cause
from mlpzoo.data import Samples
from mlpzoo.exercises import get_exercise
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.pretrained.formats import ExportedNet

MOST_ROWS = 4096  # that answers are compared on
_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-std=c99", "-O1", "-DNETWORK_MAIN")
_SECONDS = 120  # that compiling or answering may take
_PRODUCTS = 4_000_000  # of weights and rows, in plain Python
_SHARE = {torch.float64: 1e-9, torch.float32: 1e-4}  # of the largest answer, that rounding makes
_ROUNDING = {torch.float64: 1e-3, torch.float32: 10.0}  # the same, of what it makes in float32


def rows_for(exported: ExportedNet) -> Tensor:
    """Return rows to ask a network: held out by its data, or else drawn where it was trained.

    Args:
        exported: The network.
    """
    features = next(p.shape[1] for p in exported.net.parameters() if p.dim() == 2)
    samples = exported.samples or _samples(exported)
    samples = samples if samples and samples.in_features == features else None
    with suppress(InputError):  # a table that is gone
        if samples:
            return samples.rows_of("test")[0]
    unit = torch.rand(MOST_ROWS, features, generator=torch.Generator().manual_seed(0))
    if samples:
        low, high = torch.tensor(samples.ranges).T
        return torch.lerp(low, high, unit)
    scales = [part for part in exported.net.modules() if isinstance(part, RangeScale)]
    scale = scales[0] if scales and not scales[0].identity else RangeScale((0.0, 1.0))
    return deepcopy(scale).cpu().from_unit(2 * unit - 1)


def _samples(exported: ExportedNet) -> Samples | None:
    with suppress(InputError):  # a table has none of its own
        return get_exercise(exported.exercise).samples(**exported.data)
    return None


def thinned(rows: Tensor, most: int = MOST_ROWS) -> Tensor:
    """Return at most so many rows, as float32 on the CPU, drawn from all of them.

    Args:
        rows: Any.
        most: How many.
    """
    chosen = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:most]
    return rows.float().cpu()[chosen.sort().values]


def difference(one: Tensor, other: Tensor) -> float:
    """Return the largest difference; where both are nan, or the same infinity, there is none.

    Args:
        one: Any.
        other: Of the same shape.

    Example:
        >>> one, other = torch.tensor([[torch.nan, torch.inf, 1], [torch.nan, torch.inf, 3]])
        >>> difference(one, other)
        2.0
    """
    same = (one == other) | (one.isnan() & other.isnan())
    return torch.where(same, 0.0, (one.double() - other.double()).abs()).max().item()


def compared(exported: ExportedNet, rows: Tensor, answers: Tensor) -> str:
    """Return how far answers are from a network's, in words.

    Args:
        exported: The network.
        rows: What was asked, (rows, in_features).
        answers: What was answered, (rows, out_features); if in float64, it was computed in that,
            and may differ from the network in float64 by that rounding alone.

    Raises:
        InputError: They differ by more than rounding.
    """
    net, kind = deepcopy(exported.net).cpu().eval(), answers.dtype
    with torch.no_grad():
        own, exact = net(rows.to(next(net.parameters()))), net.double()(rows.double())
    on = f"{len(rows):,} row{'s' * (len(rows) > 1)}"
    if not (apart := difference(answers, own)):
        return f"gives the network's answers on {on}"
    off = difference(answers, exact)
    largest = _SHARE[kind] * exact.abs().max().item()
    if not off <= max(largest, _ROUNDING[kind] * difference(own, exact)):
        raise InputError(f"its answers are off by {off:.3g}; no file was written")
    also = f" ({off:.2g} in float64)" if kind is torch.float64 else ""
    return f"differs by {apart:.2g} at most from the network on {on}{also}"


def answers_of_python(text: str, rows: Tensor, weights: int) -> tuple[Tensor, Tensor]:
    """Return rows, fewer for a larger network, and what a module of `to_python` answers to them.

    Args:
        text: The module.
        rows: All rows.
        weights: How many the network has.
    """
    rows = thinned(rows, max(8, _PRODUCTS // weights))
    exec(text, there := dict[str, Any](__name__="network"))  # numbers, and names in comments
    answers = [there["network"](*row) for row in rows.tolist()]
    return rows, torch.tensor(answers, dtype=torch.float64).view(len(rows), -1)


def answers_of_c(text: str, rows: Tensor, dtype: torch.dtype) -> tuple[Tensor | None, str]:
    """Return what a program of `to_c` answers, and its compiler; or nothing, and why.

    Args:
        text: The program.
        rows: What to ask.
        dtype: What it computes in.
    """
    compiler = next((name for name in _COMPILERS if shutil.which(name)), "")
    if not compiler:
        return None, f"no C compiler is here ({', '.join(_COMPILERS)})"
    asked = "\n".join(" ".join(map(repr, row)) for row in rows.tolist())
    with TemporaryDirectory() as folder:
        source, program = Path(folder, "network.c"), Path(folder, "network.exe")
        source.write_text(text, encoding="utf-8")
        command = [compiler, *_FLAGS, str(source), "-o", str(program), "-lm"]
        try:
            _run(command, "")
            answered = _run([str(program)], asked)
        except subprocess.CalledProcessError as error:
            said = [line for line in error.stderr.splitlines() if "error" in line]
            return None, f"{compiler} failed: {' '.join(said[:1]) or f'exit {error.returncode}'}"
        except (OSError, subprocess.SubprocessError) as error:
            return None, f"{compiler} or its program failed: {cause(error)}"
    answers = [[float(value) for value in line.split(",")] for line in answered.splitlines()]
    return torch.tensor(answers, dtype=dtype), compiler


def _run(command: list[str], asked: str) -> str:
    done = subprocess.run(
        command, input=asked, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return done.stdout
