"""Makes the members of a population: stacked in one module, or side by side."""

from copy import deepcopy
from functools import partial

import torch
from torch import Tensor

from mlpzoo.modules import LitNetwork
from mlpzoo.optim.factory import needs_of
from mlpzoo.optim.kernels import TORCH
from mlpzoo.optim.kernels.choice import kernel_steps
from mlpzoo.optim.kernels.lanes import LaneSteps
from mlpzoo.population.members.kinds import Members, SeparateMembers, StackedMembers
from mlpzoo.population.members.layers import stack
from mlpzoo.population.members.variants import JoinedStarts

WIDE = 64 * 64  # weights of a layer from which on members side by side are as fast on a CPU
_TRIED = 3  # members whose answers are compared with those of the stacked module


def make_members(starts: JoinedStarts, x: Tensor, y: Tensor, *, on_gpu: bool = False) -> Members:
    """Return members in the way that is fastest for them: stacked where that works and pays.

    Args:
        starts: Their modules.
        x: Inputs of a few rows, to try them on.
        y: Their targets.
        on_gpu: Whether a GPU will train them.
    """
    first = starts.first
    widest = max(parameter.numel() for parameter in first.parameters())
    pays = (on_gpu or widest < WIDE) and not needs_of(first.optimizer_name).module
    if first.kernel != TORCH:
        pays = pays and isinstance(kernel_steps(first, first.build_optimizer()), LaneSteps)
    if starts.alike and pays and (stacked := stack(starts)) is not None:
        members = StackedMembers(starts, stacked)
        if _agree(members, starts, x, y):
            return members
    return SeparateMembers(starts)


def _exact(module: LitNetwork) -> LitNetwork:
    return deepcopy(module).double()


def _agree(members: StackedMembers, starts: JoinedStarts, x: Tensor, y: Tensor) -> bool:
    """Try answers and objectives of a few members against the modules themselves.

    In float64, as in float32 the roundings of large weights may be as large as a difference.
    """
    close = partial(torch.allclose, rtol=1e-4, atol=1e-6, equal_nan=True)
    x, y = (part.double() if part.is_floating_point() else part for part in (x, y))
    kept, members.stacked = members.stacked, _exact(members.stacked)
    try:
        with torch.no_grad():
            ours = members.answer(x)
            stacked = members.stacked.objective(x[None], y.expand(members.count, *y.shape))[0]
            some = [
                (at, each.answer(x), each.objective(x, y)[0])
                for at, each in ((at, _exact(each)) for at, each in starts.some(_TRIED))
            ]
            places, *theirs = zip(*some, strict=True)
            answers, own = map(torch.stack, theirs)
            if stacked.dim():
                same = close(stacked[list(places)], own)
            else:
                every = [_exact(each).objective(x, y)[0] for each in starts]
                same = close(stacked, torch.stack(every).sum())
            return same and len(ours) == members.count and close(ours[list(places)], answers)
    except (RuntimeError, IndexError):  # code that does not take a leading axis
        return False
    finally:
        members.stacked = kept
