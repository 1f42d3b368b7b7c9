"""What a module's constructor and its methods are given, as plain data and as tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError, plain_value
from mlpzoo.data.stream import Batch
from mlpzoo.nets.base import Network

if TYPE_CHECKING:
    from mlpzoo.modules.base import LitNetwork


def taken_by(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some arguments that a function takes, as plain data.

    Args:
        function: A function or a class.
        arguments: By name, such as a constructor's `locals()`.

    Example:
        >>> taken_by(round, {"number": 2.5, "self": None})
        {'number': 2.5}
    """
    names = signature(function).parameters
    return plain({name: arguments[name] for name in names if name in arguments})


def plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments, numpy's numbers and sequences as Python's, so that a checkpoint loads.

    Args:
        arguments: By name; one of another kind is left as it is.
    """
    found = dict(arguments)
    for name, value in arguments.items():
        if not (isinstance(value, Tensor) and value.ndim):
            with suppress(InputError):
                found[name] = plain_value(name, value)
    return found


def as_batch(batch: Batch, module: LitNetwork) -> Batch:
    """Return x and y as `as_rows` does; with no task, whole numbers as targets are classes.

    Args:
        batch: What a loader gave.
        module: The module.
    """
    x, y = batch
    return as_rows(x, module), as_rows(y, module, whole=module.task != "none")


def as_rows(value: Any, module: LitNetwork, *, whole: bool = True) -> Tensor:
    """Return rows as a tensor of the type that a module's parameters have.

    Args:
        value: A tensor, an array or lists of numbers.
        module: The module; a net that is not ours may want whole numbers, and gets them.
        whole: Whether whole numbers are turned into others for ours.

    Raises:
        InputError: They are not numbers.
    """
    if isinstance(value, Tensor) and value.dtype == module.dtype:
        return value
    like = next(filter(Tensor.is_floating_point, module.parameters()), torch.empty(0))
    try:
        rows = value if isinstance(value, Tensor) else torch.as_tensor(value, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"a tensor or an array of numbers is needed: {error}") from error
    ours = whole and isinstance(module.net, Network)
    return rows.to(like.dtype) if ours or rows.is_floating_point() else rows
