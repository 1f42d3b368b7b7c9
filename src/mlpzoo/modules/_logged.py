"""What a training step logs."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mlpzoo.optim.loops import is_logged


def log_losses(module: Any, losses: Mapping[str, Tensor], *, step: int) -> None:
    """Log the losses of a training step where someone looks at them.

    A call of `log` costs as much as a step of a small network, so the others are left out.

    Args:
        module: A LitNetwork in a training step.
        losses: By name.
        step: How many optimizer steps there have been with the one at hand.
    """
    if is_logged(module.trainer, step):
        module.log_dict(as_logged(losses), prog_bar=True)


def as_logged(losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return losses under the names by which those of training are logged.

    Args:
        losses: By name.
    """
    return {f"train_{name}": value.detach() for name, value in losses.items()}
