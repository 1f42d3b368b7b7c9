"""Levenberg and Marquardt's least squares beside torch-levenberg-marquardt, full batches."""

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from mlpzoo.cli.tables import Row
from mlpzoo.optim.levenberg import LevenbergMarquardt

FITS = {  # rows, units of each layer, steps
    "sin 500": (500, (1, 16, 16, 1), 60),
    "sin 1000": (1000, (1, 64, 64, 1), 30),
    "friedman1 1000": (1000, (8, 16, 16, 1), 40),
    "friedman1 2000": (2000, (8, 32, 32, 1), 20),
}
_FIRST = 20_100  # of the seeds; no choice was made on those from here on
_MOST = 3  # times as many steps, within which ours has to come to the error of theirs
Run = tuple[list[float], list[float]]  # seconds and errors behind each step


def least_squares(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return seconds and memory to the error that theirs has at its end.

    Networks of tanh from the same starts, float32, one thread, seconds of the processor. Theirs
    takes the smaller of its two systems by itself, solved by Cholesky's method, its fastest.
    Memory is the most that torch's allocator held above what it had before a step, the one behind
    the last.

    Args:
        name: A key of `FITS`.
        repetitions: Starts.
    """
    rows, sizes, steps = FITS[name]
    x, y = _rows(name, rows, sizes[0])
    runs: dict[str, list[Run]] = {}
    peaks: dict[str, float] = {}
    for seed in range(_FIRST, _FIRST + repetitions):
        end = 0.0
        for who in ("torch-levenberg-marquardt", "mlpzoo"):
            if who == "mlpzoo" or find_spec("torch_levenberg_marquardt"):
                step = {"mlpzoo": _ours}.get(who, _theirs)(_net(sizes, seed), x, y)
                count = steps if who != "mlpzoo" else _MOST * steps
                run = _run(step, count, end)
                end = run[1][-1]
                runs.setdefault(who, []).append(run)
                peaks[who] = max(peaks.get(who, 0.0), _peak(step))
    ends = [errors[-1] for _, errors in next(iter(runs.values()))]
    return [
        {
            "fit": f"{name.split()[0]}, {rows} rows, {'-'.join(map(str, sizes))}, {steps} steps",
            "contestant": who,
            "ms a step": round(1e3 * statistics.median(s[-1] / len(s) for s, _ in found), 1),
            "steps": _spread([float(len(seconds)) for seconds, _ in found], 0),
            "seconds": _spread([seconds[-1] for seconds, _ in found], 2),
            "never": sum(e[-1] > end for end, (_, e) in zip(ends, found, strict=True)),
            "MiB": round(peaks[who], 1),
        }
        for who, found in runs.items()
    ]


def _run(step: Callable[[], float], count: int, end: float) -> Run:
    began = time.process_time()
    seconds: list[float] = []
    errors: list[float] = []
    while len(errors) < count and not (errors and errors[-1] <= end):
        errors.append(step())
        seconds.append(time.process_time() - began)
    return seconds, errors


def _spread(values: list[float], digits: int) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"


def _peak(step: Callable[[], float]) -> float:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events: Any = profiled.profiler
    taken = [each for each in events.kineto_results.events() if each.name() == "[memory]"]
    sizes = [each.nbytes() for each in sorted(taken, key=lambda each: each.start_ns())]
    return max(accumulate(sizes), default=0) / 2**20


def _rows(name: str, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    if name.startswith("sin"):
        x = torch.linspace(-10, 10, rows).unsqueeze(1)
        return x / 10, torch.sin(x)
    from sklearn.datasets import make_friedman1

    x, y = (torch.tensor(v).float() for v in make_friedman1(rows, columns, random_state=0))
    return 2 * x - 1, ((y - y.mean()) / y.std()).unsqueeze(1)


def _net(sizes: tuple[int, ...], seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


def _ours(net: nn.Module, x: Tensor, y: Tensor) -> Callable[[], float]:
    optimizer = LevenbergMarquardt(net)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = functional.mse_loss(net(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def step() -> float:
        optimizer.step(closure)
        return _error(net, x, y)

    return step


def _theirs(net: nn.Module, x: Tensor, y: Tensor) -> Callable[[], float]:
    from torch_levenberg_marquardt.training import LevenbergMarquardtModule

    training = LevenbergMarquardtModule(net, learning_rate=1.0, solve_method="cholesky")

    def step() -> float:
        training.training_step(x, y)
        return _error(net, x, y)

    return step


@torch.no_grad()
def _error(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return functional.mse_loss(net(x), y).item()
