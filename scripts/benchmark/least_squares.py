"""Levenberg and Marquardt's least squares beside torch-levenberg-marquardt, full batches."""

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlpzoo.cli.tables import Row
from mlpzoo.optim.levenberg import LevenbergMarquardt

FITS = {  # rows, units of each layer, steps
    "sin 500": (500, (1, 16, 16, 1), 60),
    "sin 1000": (1000, (1, 64, 64, 1), 30),
    "friedman1 1000": (1000, (8, 16, 16, 1), 40),
    "friedman1 2000": (2000, (8, 32, 32, 1), 20),
}
_MOST = 3  # times as many steps, within which ours has to come to the error of theirs


def least_squares(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return milliseconds a step and seconds to the error that theirs has at its end.

    Networks of tanh from the same starts, float32, one thread. Theirs takes the smaller of its two
    systems by itself, solved by Cholesky's method, its fastest.

    Args:
        name: A key of `FITS`.
        repetitions: Starts.
    """
    rows, sizes, steps = FITS[name]
    x, y = _rows(name, rows, sizes[0])
    runs: dict[str, list[tuple[float, list[float]]]] = {"mlpzoo": []}
    if find_spec("torch_levenberg_marquardt"):
        runs["torch-levenberg-marquardt"] = []
    for seed in range(repetitions):
        for who, found in runs.items():
            step = {"mlpzoo": _ours}.get(who, _theirs)(_net(sizes, seed), x, y)
            count = _MOST * steps if who == "mlpzoo" else steps
            began = time.perf_counter()
            errors = [step() for _ in range(count)]
            found.append(((time.perf_counter() - began) / count, errors))
    ends = [errors[-1] for _, errors in list(runs.values())[-1]]
    return [
        {
            "fit": f"{name.split()[0]}, {rows} rows, {'-'.join(map(str, sizes))}, {steps} steps",
            "contestant": who,
            "ms a step": round(1e3 * statistics.median(each for each, _ in found), 1),
            "mse then": f"{statistics.median(e[steps - 1] for _, e in found):.1e}",
            "seconds to theirs": _to(ends, found),
        }
        for who, found in runs.items()
    ]


def _to(ends: list[float], found: list[tuple[float, list[float]]]) -> str:
    taken = [
        each * (1 + next((at for at, error in enumerate(errors) if error <= end), len(errors)))
        for end, (each, errors) in zip(ends, found, strict=True)
    ]
    missed = sum(min(errors) > end for end, (_, errors) in zip(ends, found, strict=True))
    return f"{statistics.median(taken):.2f}" + (f" ({missed} never)" if missed else "")


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
