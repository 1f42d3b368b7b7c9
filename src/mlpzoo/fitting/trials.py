"""Trials: a network trained and measured as a run would do it, without a run folder."""

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch

from mlpzoo.data.stream import Batch, Block
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.modules.formulas import METRICS, as_exact

Proves = Callable[[LitNetwork, float], float | None]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A network that was tried.

    Attributes:
        module: It, with its best weights.
        arguments: What the module was built with, beyond the recipe.
        steps: Optimizer steps up to these weights.
        error: The monitored metric of these weights on the validation rows.
        seconds: Time taken.
        bound: The largest error that is proved, infinite where none is; None where a table is
            fitted.
        held: Whether the weights are as good as was asked for.
    """

    module: LitNetwork
    arguments: Mapping[str, Any]
    steps: int
    error: float
    seconds: float
    bound: float | None = None
    held: bool = False

    @property
    def weights(self) -> int:
        """How many weights and biases the network has."""
        return sum(parameter.numel() for parameter in self.module.net.parameters())


Say = Callable[[Trial], None]  # told of each network that is tried


def try_network(
    exercise: Exercise,
    data: Any,
    arguments: Mapping[str, Any],
    *,
    max_steps: int,
    val_every: int,
    proves: Proves = lambda module, error: None,
    good: float | None = None,
) -> Trial:
    """Train a network as `mlpzoo.train` does, at a constant rate, and keep its best weights.

    Args:
        exercise: Whose module is built.
        data: Its samples.
        arguments: Of the module, beyond those of the recipe.
        max_steps: Budget in optimizer steps.
        val_every: Steps between validations.
        proves: Given a module that is better than before and its error, a proved bound of it, or
            None.
        good: The bound, or else the error, at which it ends; None for none.
    """
    began = perf_counter()
    module = exercise.module(data, **arguments)
    steps = module.steps_of(module.build_optimizer(), None)
    rows, metric = data.rows_of("val"), METRICS[module.task][exercise.monitor]
    best = Trial(module=module, arguments=arguments, steps=0, error=math.inf, seconds=0.0)
    taken = 0
    while taken < max_steps and not best.held:
        drawn = torch.arange(taken, min(taken + val_every, max_steps))
        _take(steps, data, drawn)
        taken += len(drawn)
        error = _error(module, rows, metric)
        if error < best.error:
            bound = proves(module, error)
            reached = error if bound is None else bound
            best = Trial(
                module=deepcopy(module), arguments=arguments, steps=taken, error=error,
                seconds=perf_counter() - began, bound=bound,
                held=good is not None and reached < good,
            )  # fmt: skip
        elif not math.isfinite(error):
            break
    return best


def _take(steps: Any, data: Any, drawn: torch.Tensor) -> None:
    """Take some steps in blocks, none of which crosses a stage of the data."""
    while len(drawn):
        many = min(len(drawn), data.stage(int(drawn[0]))[1])
        steps.take(Block(*data.train_block(drawn[:many])))
        drawn = drawn[many:]


def _error(module: LitNetwork, rows: Batch, metric: Any) -> float:
    with torch.no_grad():
        pair = map(metric.as_rows, as_exact(module(rows[0]), rows[1]))
        return float(metric.value(metric.parts(*pair)))
