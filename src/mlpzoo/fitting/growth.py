"""The smallest network that is good enough: sizes tried one after another until one holds."""

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.exercises import Exercise
from mlpzoo.fitting.policy import Policy
from mlpzoo.fitting.trials import Say, Trial, try_network
from mlpzoo.modules import LitNetwork

STARTS = 3  # of each size
_NEAR = 0.98  # of the limit, below which an error on a grid is worth a proof
_BETTER = 0.97  # of the error of the last proof, below which another is
PROOF_S = 20.0  # of a question whether a limit holds


def grow(
    exercise: Exercise,
    data: Any,
    policy: Policy,
    limit: float,
    *,
    proved: bool,
    say: Say,
) -> list[Trial]:
    """Try networks, each from several starts, until the error of one is below a limit.

    Args:
        exercise: What is to be solved.
        data: Its samples.
        policy: Whose sizes are tried.
        limit: Of the monitored metric on the validation rows; or of the proved largest error.
        proved: Whether that is asked for.
        say: Told of each trial.

    Returns:
        All trials; the last one is `held`, if there is one.
    """
    trials: list[Trial] = []
    for size, start in product(policy.sizes, range(STARTS)):
        # the run of a network that holds ends at its step, so no rate may hang on the last one
        own = {"hidden_features": size, "seed": data.seed + start, "schedule": "constant"}
        proves = Prover(data, limit) if proved else (lambda module, error: None)
        arguments = {**policy.module, **own}
        trials.append(
            try_network(exercise, data, arguments, proves=proves, good=limit, **policy.budget)
        )
        say(trials[-1])
        if trials[-1].held:
            break
    return trials


class Prover:
    """Proves that a network's largest error is below a limit, where its error on a grid is.

    Args:
        data: The samples of a function.
        limit: The limit.
    """

    def __init__(self, data: Any, limit: float) -> None:
        self.data, self.limit = data, limit
        self.tried = limit / _BETTER  # no error yet

    def __call__(self, module: LitNetwork, error: float) -> float:
        """Return a proved bound; infinity where the error is not worth a proof.

        Args:
            module: What answers.
            error: Its largest error on a grid.
        """
        if error > min(_NEAR * self.limit, _BETTER * self.tried):
            return math.inf
        from mlpzoo.analysis.proof.certify import certify

        self.tried = error
        found = certify(module.net, self.data, below=self.limit, limit_s=PROOF_S)["y"]
        return found.bound if found.complete else math.inf


def check_provable(exercise: Exercise, data: Any, arguments: Mapping[str, Any]) -> None:
    """Refuse a network whose error cannot be proved, before any is trained.

    Args:
        exercise: Whose module is meant.
        data: The samples of a function.
        arguments: Of the module.

    Raises:
        InputError: As said.
    """
    from mlpzoo.analysis.proof.certify import certify

    net = exercise.module(data, **{**arguments, "hidden_features": (2,)}).net
    try:
        certify(net, data, below=1e300, limit_s=0.1)
    except InputError as error:
        raise InputError(f"within cannot be proved: {error}") from error
