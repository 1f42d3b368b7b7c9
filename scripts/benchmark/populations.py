"""The cost of a member's step in a population, beside JAX's vmap and beside single runs."""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from mlpzoo.cli.tables import Row
from mlpzoo.optim.kernels import NUMBA, TORCH
from mlpzoo.population import train_population
from mlpzoo.training.run import train
from scripts.benchmark.lecture import TASKS
from scripts.benchmark.peers import BLOCK, Jax

MEMBERS = (64, 256, 1024, 4096)
STEPS = 1_000
WIDE_MEMBERS, WIDE_STEPS = 16, 500
_QUIETLY: dict[str, Any] = {
    "recipe": "lecture", "accelerator": "cpu", "plots": False, "progress": False
}  # fmt: skip


class JaxPopulation(Jax):
    """`jax.vmap` of a jit-compiled scan over optax.adam, all members in one call."""

    members: int = 1

    def start(self, members: int) -> None:
        """Begin with so many members, each from a start of its own."""
        import jax
        import optax

        starts = [Jax(self.task, seed).weights for seed in range(members)]
        self.weights = jax.tree.map(lambda *each: jax.numpy.stack(each), *starts)
        self.state = jax.vmap(optax.adam(self.task.lr).init)(self.weights)
        self.scan = jax.jit(jax.vmap(self.scan, in_axes=((0, 0), None)))


def population_costs(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return microseconds for each member and step of the lecture's recipe, in one thread.

    Ours is the Trainer's fit with checkpoints and log on; JAX is compiled beforehand.

    Args:
        name: "xor", beside JAX, or "sin", beside single runs.
        repetitions: How often each is run, in turn.
    """
    if name == "sin":
        return _wide(repetitions)
    contestants: dict[str, Callable[[int], float]] = {"mlpzoo": partial(_ours, TORCH)}
    if find_spec("numba"):
        contestants["mlpzoo[fast]"] = partial(_ours, NUMBA)
    if find_spec("optax"):
        contestants["JAX vmap + scan, optax"] = _jax
    rows: list[Row] = []
    for members in MEMBERS:
        times: dict[str, list[float]] = {who: [] for who in contestants}
        for _ in range(repetitions):
            for who, run in contestants.items():
                times[who].append(run(members))
        *_, jax = medians = {who: statistics.median(values) for who, values in times.items()}
        rows += [
            _row("xor", who, members, each, round(each / medians[jax], 2))
            for who, each in medians.items()
        ]
    return rows


def _ours(kernel: str, members: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {"members": members, "max_steps": STEPS, "kernel": kernel}
        result = train_population("xor", out=folder, **settings, **_QUIETLY)
    return 1e6 * result.seconds / members / STEPS


def _jax(members: int) -> float:
    peer = JaxPopulation(TASKS["xor"], 0)
    peer.start(members)
    peer.advance(BLOCK)
    began = time.perf_counter()
    peer.advance(STEPS)
    return 1e6 * (time.perf_counter() - began) / members / STEPS


def _wide(repetitions: int) -> list[Row]:
    """Return the same of sin's wide network, and of single runs of the same seeds."""
    singles, together = [], []
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            quietly = {**_QUIETLY, "max_steps": WIDE_STEPS, "out": folder}
            alone = [train("sin", seed=seed, **quietly).seconds for seed in range(3)]
            population = train_population("sin", members=WIDE_MEMBERS, **quietly)
        singles.append(1e6 * statistics.mean(alone) / WIDE_STEPS)
        together.append(1e6 * population.seconds / WIDE_MEMBERS / WIDE_STEPS)
    alone_us, each_us = statistics.median(singles), statistics.median(together)
    return [
        _row("sin", "mlpzoo", WIDE_MEMBERS, each_us, round(each_us / alone_us, 2)),
        _row("sin", "mlpzoo, single runs", 1, alone_us, 1.0),
    ]


def _row(exercise: str, who: str, members: int, each: float, over_last: float) -> Row:
    return {
        "exercise": exercise,
        "contestant": who,
        "members": members,
        "us a member and step": float(f"{each:.3g}"),
        "over the last": over_last,
        "million member-steps a second": round(1 / each, 3),
    }
