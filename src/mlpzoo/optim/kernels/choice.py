"""Which kernel takes the steps of a run: decided before it begins, and kept when it goes on."""

from copy import deepcopy
from importlib import import_module
from typing import Any

import torch

from mlpzoo.checks import InputError
from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels import AUTO, LANES, TORCH
from mlpzoo.optim.kernels.lanes import lane_steps

FEWEST_STEPS = 1000  # below which loading the compiled kernel costs more than it saves
MOST_WORK = 2**17  # weights times rows, above which products of matrices are as fast
_TRIED = 3  # steps
_CLOSE = 1e-3  # of the way that the weights go in them


def choose_kernel(asked: str, module: Any, data: Any, *, steps: int, device: str) -> str:
    """Return "numba" where its kernel is installed, knows a module, pays and does the same.

    Args:
        asked: One of `KERNELS`; not "auto", it is taken or refused.
        module: The `LitNetwork` that is to be trained; it is not changed.
        data: Its data module.
        steps: How many there are to be.
        device: The type of device that trains it.

    Raises:
        InputError: "numba" was asked for and cannot be taken.
    """
    if asked == TORCH or (asked == AUTO and steps < FEWEST_STEPS):
        return TORCH
    why_not = _obstacle(module, data, device)
    if why_not and asked == LANES:
        raise InputError(f"kernel {LANES} {why_not}; take kernel {TORCH}")
    return TORCH if why_not else LANES


def _obstacle(module: Any, data: Any, device: str) -> str:
    if device != "cpu":
        return f"is for a CPU, not for {device}"
    if data.block_steps == 1:
        return "takes blocks, and data.block_steps is 1"
    work = data.batch_size * sum(parameter.numel() for parameter in module.parameters())
    if work > MOST_WORK:
        return f"is for batches of fewer rows than {data.batch_size}"
    if lane_steps(module, module.build_optimizer()) is None:
        return "is for small chains of linear layers in float32, with sgd, adam or adamw"
    try:
        import_module("mlpzoo.optim.kernels._steps")
    except ImportError as error:
        return f"needs numba ({error}): pip install 'mlpzoo[fast]'"
    return "" if _agrees(module, data) else "does not agree with torch on this network"


def _agrees(module: Any, data: Any) -> bool:
    """Try a few steps both ways."""
    block = Block(*data.train_block(torch.arange(_TRIED)))
    ours, theirs = deepcopy(module), deepcopy(module)
    optimizer = theirs.build_optimizer()
    for batch in zip(*block, strict=True):
        optimizer.zero_grad()
        theirs.objective(*batch)[0].backward()
        optimizer.step()
    lanes = lane_steps(ours, ours.build_optimizer())
    assert lanes is not None
    lanes.take(block, [ours.lr] * _TRIED, [])
    start, mine, other = (
        torch.cat([parameter.detach().flatten() for parameter in each.parameters()])
        for each in (module, ours, theirs)
    )
    return bool((mine - other).norm() <= _CLOSE * (other - start).norm())
