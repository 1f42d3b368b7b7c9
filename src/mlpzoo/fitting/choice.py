"""The choice of weight decay and width for a table, by rows that a trial has not seen."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mlpzoo.exercises import Exercise
from mlpzoo.fitting.policy import weights_of
from mlpzoo.fitting.trials import Say, Trial, try_network
from mlpzoo.optim.damped import MOST

FEW_ROWS = 1000  # below which all of them validate in turn
FOLDS = 5
STEPS = 25  # of a trial: at the right decay, errors are flat by then
WIDTHS = ((8,), (16,), (4,))
_FIRST = 1e-3  # of decays, for a target of spread 1
_LEAST, _MOST = 1e-7, 1.0


class Choice:
    """Trials of weight decays, and then of widths at the best decay, each by cross-validation.

    The error of a trial is that of its last weights on rows that it was not trained on: of one
    split, or, where rows are few, of five folds together.

    Args:
        exercise: Whose networks are tried.
        samples: Given a seed and further arguments of the data, the samples.
        module: Arguments of the module that were given, and are not chosen.
        say: Told of each trial.
    """

    def __init__(
        self,
        exercise: Exercise,
        samples: Callable[..., Any],
        module: Mapping[str, Any],
        say: Say,
    ) -> None:
        self.exercise, self.module, self.say = exercise, module, say
        first = samples()
        few = len(first.train) + len(first.val) < FEW_ROWS
        self.parts = [samples(folds=FOLDS, fold=k) for k in range(FOLDS)] if few else [first]
        self.unit = first.y[first.train].double().var(dim=0).mean().item()
        self.trials: dict[tuple[tuple[int, ...], float], Trial] = {}

    def carry_out(self) -> list[Trial]:
        """Return all trials."""
        decay = self.decay()
        for width in WIDTHS if "hidden_features" not in self.module else ():
            if weights_of(self.parts[0], width) <= MOST:
                self._error(width, decay / self.unit)
        return list(self.trials.values())

    def decay(self) -> float:
        """Return the best weight decay: by decades, as long as they get better, then between."""
        if "weight_decay" in self.module:
            return float(self.module["weight_decay"])
        width, decay = self.module.get("hidden_features", WIDTHS[0]), _FIRST
        while (better := self._best(width, decay, 10)) != decay and _LEAST < better < _MOST:
            decay = better
        return self._best(width, decay, math.sqrt(10)) * float(self.unit)

    def _best(self, width: tuple[int, ...], decay: float, apart: float) -> float:
        around = (decay, decay / apart, decay * apart)
        return min(around, key=lambda each: self._error(width, each))

    def _error(self, width: tuple[int, ...], decay: float) -> float:
        key = width, float(f"{decay:.6g}")  # which two ways to it may round otherwise
        if key not in self.trials:
            arguments = {**self.module, "hidden_features": width, "weight_decay": decay * self.unit}
            parts = [self._try(part, arguments) for part in self.parts]
            error = math.sqrt(sum(part.error**2 for part in parts) / len(parts))
            seconds = sum(part.seconds for part in parts)
            self.trials[key] = replace(parts[0], error=error, seconds=seconds)
            self.say(self.trials[key])
        error = self.trials[key].error
        return error if math.isfinite(error) else math.inf

    def _try(self, data: Any, arguments: Mapping[str, Any]) -> Trial:
        own = {"seed": data.seed, **arguments}
        return try_network(self.exercise, data, own, max_steps=STEPS, val_every=STEPS)
