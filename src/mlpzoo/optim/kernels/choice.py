"""Which kernel takes the steps of a run: decided before it begins, and kept when it goes on."""

from copy import deepcopy
from importlib import import_module
from typing import Any

import torch
from torch.optim import Optimizer

from mlpzoo.checks import InputError
from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels import AUTO, NUMBA, TORCH
from mlpzoo.optim.kernels.chain import Chain, read_chain
from mlpzoo.optim.kernels.compiled import CompiledSteps, is_plain
from mlpzoo.optim.kernels.fused import FusedSteps
from mlpzoo.optim.kernels.lanes import LaneSteps

FEWEST_STEPS = 1000  # below which loading the compiled kernel costs more than it saves
FEWEST_WIDE = 10_000  # the same for networks that are not small
MOST_WEIGHTS = 2**19  # of those, above which a step is little but its products
MOST_WORK = 2**17  # weights times rows, above which products of matrices are as fast
WIDEST = 32  # units of a layer up to which lanes are faster than products of matrices
_TRIED = 3  # steps
_BESIDE = 0.01  # at most so far from each weight of the start
_CLOSE = 1e-3  # of the way that the weights go in them


def kernel_steps(
    module: Any, optimizer: Optimizer, stacked: Any = None, axis: int | None = None
) -> CompiledSteps | None:
    """Return what takes a module's steps by a compiled kernel; None where none knows them.

    Args:
        module: A `LitNetwork`.
        optimizer: Of its parameters, or of those of `stacked`.
        stacked: A module of many small members, each of which computes what `module` does.
        axis: The axis of members in its parameters.
    """
    chain = read_chain(module.objective)
    if chain is None or not (_is_known(chain) and is_plain(optimizer)):
        return None
    kind = LaneSteps if _is_small(chain) else FusedSteps
    trained = module if stacked is None else stacked
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    weights = [trained.get_parameter(names[id(each)]) for each in chain.parameters]
    return kind(chain, weights, axis, optimizer, trained.losses)


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
    if asked == TORCH or (asked == AUTO and not _pays(module, steps)):
        return TORCH
    why_not = _obstacle(module, data, device)
    if why_not and asked == NUMBA:
        raise InputError(f"kernel {NUMBA} {why_not}; take kernel {TORCH}")
    return TORCH if why_not else NUMBA


def _pays(module: Any, steps: int) -> bool:
    chain = read_chain(module.objective)
    if chain is None or _is_small(chain):
        return steps >= FEWEST_STEPS
    weights = sum(parameter.numel() for parameter in chain.parameters)
    return steps >= FEWEST_WIDE and weights <= MOST_WEIGHTS


def _obstacle(module: Any, data: Any, device: str) -> str:
    if device != "cpu":
        return f"is for a CPU, not for {device}"
    if data.block_steps == 1:
        return "takes blocks, and data.block_steps is 1"
    taken_by = kernel_steps(module, module.build_optimizer())
    if taken_by is None:
        return "is for chains of linear layers in float32, with sgd, adam or adamw"
    if isinstance(taken_by, LaneSteps) and data.batch_size * taken_by.size > MOST_WORK:
        return f"is for batches of fewer rows than {data.batch_size}"
    try:
        import_module("mlpzoo.optim.kernels._steps")
    except ImportError as error:
        return f"needs numba ({error}): pip install 'mlpzoo[fast]'"
    return "" if _agrees(module, data) else "does not agree with torch on this network"


def _agrees(module: Any, data: Any) -> bool:
    """Try a few steps both ways, from a place beside the start.

    Where a gradient is 0 but for rounding, as in the middle of a centred start, Adam makes a whole
    step of it, in a direction that each rounding chooses.
    """
    block, module = Block(*data.train_block(torch.arange(_TRIED))), deepcopy(module)
    for each in module.parameters():
        each.data += _BESIDE * torch.arange(1.0, 1 + each.numel()).sin().reshape(each.shape)
    ours, theirs = deepcopy(module), deepcopy(module)
    optimizer = theirs.build_optimizer()
    for batch in zip(*block, strict=True):
        optimizer.zero_grad()
        theirs.objective(*batch)[0].backward()
        optimizer.step()
    lanes = kernel_steps(ours, ours.build_optimizer())
    assert lanes is not None
    lanes.take(block, [ours.lr] * _TRIED, [])
    start, mine, other = (
        torch.cat([parameter.detach().flatten() for parameter in each.parameters()])
        for each in (module, ours, theirs)
    )
    return bool((mine - other).norm() <= _CLOSE * (other - start).norm())


def _is_small(chain: Chain) -> bool:
    return max(max(link.linear.weight.shape) for link in chain.links) <= WIDEST


def _is_known(chain: Chain) -> bool:
    first, ends = chain.parameters[0], {chain.links[index].activation for index in chain.outputs}
    if chain.out_scale is not None and chain.out_scale.centre.ndim:  # the kernels know one of all
        return False
    return len(ends) == 1 and (first.dtype, first.device.type) == (torch.float32, "cpu")
