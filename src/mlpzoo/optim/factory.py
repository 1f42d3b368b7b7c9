"""Losses, optimizers and learning-rate schedules by name."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn, optim
from torch.optim import Optimizer
from torch.optim import lr_scheduler as schedulers

from mlpzoo.checks import (
    InputError,
    check_at_least,
    check_positive,
    is_finite,
    lookup,
    resolve_name,
)  # fmt: skip
from mlpzoo.optim.levenberg import LevenbergMarquardt
from mlpzoo.optim.needs import Needs, declared_needs, name_of_loss

REDUCTIONS = ("sum", "mean")
SETTINGS = ("momentum", "weight_decay", "beta2")  # each for some optimizers only
SCHEDULES = ("constant", "linear", "cosine", "exponential", "onecycle")
EXPONENTIAL_END = 1e-3  # the last rate over the first
_NEEDS_MORE = {"Muon", "SparseAdam"}  # 2-D parameters only; sparse gradients only
LOSSES: dict[str, type[nn.Module]] = {
    name_of_loss(getattr(nn.modules.loss, name)): getattr(nn.modules.loss, name)
    for name in nn.modules.loss.__all__
    if len(inspect.signature(getattr(nn.modules.loss, name).forward).parameters) == 3
    and name not in {"NLLLoss2d", "LinearCrossEntropyLoss"}  # deprecated; has weights of its own
}
_OF_CLASSES = (nn.CrossEntropyLoss, nn.MultiMarginLoss, nn.NLLLoss)
OPTIMIZERS: dict[str, type[Optimizer]] = {
    name.lower(): cls
    for name, cls in vars(optim).items()
    if inspect.isclass(cls)
    and issubclass(cls, Optimizer)
    and cls is not Optimizer
    and name not in _NEEDS_MORE
} | {"levenberg": LevenbergMarquardt}


def needs_of(optimizer: str) -> Needs:
    """Return what the optimizer of a name needs.

    Raises:
        InputError: There is none of this name.
    """
    return declared_needs(lookup("optimizer", optimizer, OPTIMIZERS))


def for_optimizer(arguments: Mapping[str, Any], optimizer: str) -> dict[str, Any]:
    """Return a module's arguments without what is only for the optimizer that they name.

    Args:
        arguments: Arguments of a module.
        optimizer: Name of the optimizer that is to be taken.

    Raises:
        InputError: There is none of this name.

    Example:
        >>> for_optimizer({"optimizer": "levenberg", "lr": 1.0, "seed": 3}, "adam")
        {'optimizer': 'levenberg', 'seed': 3}
    """
    kept = {name: value for name, value in arguments.items() if name not in SETTINGS}
    before, now = needs_of(str(kept.get("optimizer", "adam"))), needs_of(optimizer)
    if before is not now and (before.lr, now.lr) != (None, None):
        kept.pop("lr", None)
        if now.lr is not None:
            kept["lr"] = now.lr
    return kept


def build_loss(loss: str, reduction: str) -> nn.Module:
    """Return a loss of `torch.nn` that compares a prediction with a target.

    Args:
        loss: Its name, with or without "Loss", in any case: "mse", "BCEWithLogitsLoss".
        reduction: "sum" or "mean" over all rows and columns.

    Raises:
        InputError: Unknown loss or reduction.

    Example:
        >>> build_loss("HuberLoss", "sum")
        HuberLoss()
    """
    short = loss[:-4] if str(loss).lower().endswith("loss") else loss
    cls = lookup("loss", short, LOSSES)
    return cls(reduction=resolve_name("reduction", reduction, REDUCTIONS))


def check_targets(loss: nn.Module, output: Tensor, y: Tensor) -> None:
    """Refuse targets that a loss would broadcast: all but indices of classes have a shape to keep.

    Args:
        loss: The loss.
        output: The predictions.
        y: The targets.

    Raises:
        InputError: They have another shape than the predictions.
    """
    of_classes = isinstance(loss, _OF_CLASSES) and not y.is_floating_point()
    if y.shape != output.shape and not of_classes:
        raise InputError(
            f"targets have shape {tuple(y.shape)}, predictions {tuple(output.shape)}; "
            "a loss would broadcast them silently: reshape the targets"
        )


def build_optimizer(
    net: nn.Module,
    optimizer: str,
    *,
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    beta2: float | None = None,
    fused: bool = False,
) -> Optimizer:
    """Return an optimizer of `torch.optim`, or ours, all else at its defaults.

    Args:
        net: What to train.
        optimizer: Its name, in any case; "levenberg" is `LevenbergMarquardt`.
        lr: Learning rate, above 0.
        momentum: Momentum, where the optimizer has it; 0 leaves the optimizer's default.
        weight_decay: Weight decay; 0 leaves the optimizer's default.
        beta2: Decay of the mean of squared gradients, where the optimizer has `betas`; None
            leaves the optimizer's default.
        fused: Take torch's single kernel for Adam and AdamW, two times faster on small networks.

    Raises:
        InputError: Unknown optimizer, a value out of range, or one this optimizer does not take.

    Example:
        >>> build_optimizer(nn.Linear(1, 1), "sgd", lr=0.1).param_groups[0]["lr"]
        0.1
    """
    cls = lookup("optimizer", optimizer, OPTIMIZERS)
    check_positive("lr", lr)
    check_at_least("momentum", momentum, 0)
    check_at_least("weight_decay", weight_decay, 0)
    if beta2 is not None and not (is_finite("beta2", beta2) and 0 <= beta2 < 1):
        raise InputError(f"beta2 must be 0 or more and below 1, got {beta2}")
    accepted = inspect.signature(cls).parameters
    betas = None if beta2 is None else (0.9, beta2)
    fused = fused and cls in (optim.Adam, optim.AdamW)
    named = {"momentum": momentum, "weight_decay": weight_decay, "betas": betas, "fused": fused}
    options: dict[str, Any] = {"lr": lr, **{name: v for name, v in named.items() if v}}
    if unknown := [name for name in options if name not in accepted]:
        given = unknown[0].replace("betas", "beta2")
        raise InputError(f"optimizer {optimizer} takes no {given}; leave it out")
    trained: Any = net if declared_needs(cls).module else net.parameters()
    return cls(trained, **options)


def build_schedule(
    optimizer: Optimizer, schedule: str, total_steps: float
) -> schedulers.LRScheduler:
    """Return a schedule that is stepped once after each optimizer step.

    With t = step / total_steps: "constant" is lr, "linear" lr (1 - t), "cosine"
    lr (1 + cos(pi t)) / 2, "exponential" lr * 0.001^t, "onecycle" Smith and Topin's (2018) with lr
    as its peak.

    Args:
        optimizer: Whose rate is set.
        schedule: One of `SCHEDULES`.
        total_steps: The optimizer steps that training will take.

    Raises:
        InputError: Unknown schedule, or one that needs an end when training has none.
    """
    name = resolve_name("schedule", schedule, SCHEDULES)
    if name == "constant":
        return schedulers.ConstantLR(optimizer, factor=1.0)
    if not (math.isfinite(total_steps) and total_steps >= 1):
        raise InputError(f"schedule {name!r} needs a last step; set max_steps or max_epochs")
    total = int(total_steps)
    if name == "linear":
        return schedulers.LinearLR(optimizer, 1.0, 0.0, total_iters=total)
    if name == "cosine":
        return schedulers.CosineAnnealingLR(optimizer, T_max=total)
    if name == "exponential":
        return schedulers.ExponentialLR(optimizer, gamma=EXPONENTIAL_END ** (1 / total))
    # One step is taken after the last optimizer step too.
    rates = [group["lr"] for group in optimizer.param_groups]
    return schedulers.OneCycleLR(
        optimizer, max_lr=rates, total_steps=total + 1, cycle_momentum=False
    )
