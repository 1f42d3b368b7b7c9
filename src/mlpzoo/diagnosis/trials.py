"""What is tried on modules for a diagnosis: further steps, answers that move, bent objectives."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mlpzoo.data.stream import Block
from mlpzoo.diagnosis.probes import Probes
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.blocks import BlockSteps

STEPS, FEW_STEPS = 8, 2  # that are tried, the latter of optimizers whose steps are dear


class Trial(NamedTuple):
    """What a few more steps do.

    Attributes:
        gain: Share of the loss that they take away.
        moved: How far a step moves the weights, over their norm.
    """

    gain: float
    moved: float


UNKNOWN = Trial(gain=0.0, moved=math.inf)


def try_steps(seen: Probes, lr: float) -> list[Trial]:
    """Return what a few more steps do to each member, which is left as it was.

    Args:
        seen: The members.
        lr: The rate of these steps.
    """
    module, places = seen.module, range(max(seen.counts))
    own = type(module).configure_optimizers is LitNetwork.configure_optimizers
    if not (own and seen.gradients and any(loss > 0 for loss in seen.losses)):
        return [UNKNOWN] * seen.members
    with seen.left_alone(), _weights_kept(module):
        module.lr = lr
        steps = BlockSteps(seen.objective, module.build_optimizer(), graphs=False)
        count = FEW_STEPS if steps.by_closure else STEPS
        before = seen.in_a_row()
        steps.take(Block(*map(torch.stack, zip(*map(seen.batch, range(count)), strict=True))))
        moved = (seen.in_a_row() - before).norm(dim=1) / before.norm(dim=1)
        with torch.no_grad():
            after = [seen.objective(*seen.batch(place))[1]["loss"] for place in places]
    left = seen.mean(each.reshape(seen.members) for each in after).tolist()
    each = zip(seen.losses, left, (moved / count).tolist(), strict=True)
    return [_trial(*figures) for figures in each]


def _trial(loss: float, left: float, moved: float) -> Trial:
    if not loss > 0:
        return UNKNOWN
    gain = 1 - left / loss
    return Trial(gain=gain if math.isfinite(gain) else 0.0, moved=moved)


@contextmanager
def _weights_kept(module: LitNetwork) -> Iterator[None]:
    weights = {p: (p.detach().clone(), p.grad) for p in module.parameters()}
    lr = module.lr
    try:
        for parameter in weights:
            parameter.grad = None
        yield
    finally:
        module.lr = lr
        with torch.no_grad():
            for parameter, (weight, gradient) in weights.items():
                parameter.copy_(weight)
                parameter.grad = gradient


def pulls(seen: Probes) -> list[float]:
    """Return how far, of 0 to 1, the loss pulls the answers that are asked for off their place.

    Moved all together, or in proportion to an input, they would lose less; 1 where the loss does
    not take them, or does not see them move.

    Args:
        seen: The members.
    """
    x, y = seen.batch(0)
    inputs = (x.unsqueeze(0) if seen.axis is None else x).cpu()
    with seen.left_alone():
        given = zip(seen.data, inputs.float(), strict=True)
        asked = torch.stack([torch.as_tensor(data.target(rows)) for data, rows in given])
        right = seen.alone(asked).to(y).expand_as(y).clone().requires_grad_()
        far = (1 + y.std(dim=(-2, -1), correction=0, keepdim=True)) / 1e4
        try:
            loss, moved = (seen.module.losses(each, y)["loss"] for each in (right, right + far))
        except RuntimeError:  # such as numbers beyond 0 to 1 for bce
            return [1.0] * seen.members
        slope = seen.of_all(torch.autograd.grad(loss.sum(), right)[0]).double()
    ones, off = torch.ones_like(inputs[..., :1]), inputs - inputs.mean(dim=-2, keepdim=True)
    ways = torch.cat([ones, off], dim=-1).double().mT
    pull = ((ways @ slope).abs() / (ways.abs() @ slope.abs())).nan_to_num().amax((-2, -1))
    still = (moved <= loss * (1 + 1e-5)).double().cpu().reshape(-1)
    return torch.where(slope.flatten(1).any(dim=1), pull, still).tolist()


def curvatures(seen: Probes) -> Tensor:
    """Return second derivatives of the objective by all parameters, the mean over the batches.

    Shapes: -> (members, parameters, parameters), float64.

    Args:
        seen: Members with few parameters: the cost is a backward pass for each of these.
    """
    parameters = [p for p in seen.module.parameters() if p.requires_grad]
    every = {"inputs": parameters, "allow_unused": True, "materialize_grads": True}
    gradient: Any = partial(torch.autograd.grad, **every)
    with seen.left_alone():
        return seen.mean(_hessian(seen, gradient, place) for place in range(max(seen.counts)))


def _hessian(seen: Probes, gradient: Callable[..., Sequence[Tensor]], place: int) -> Tensor:
    first = gradient(seen.objective(*seen.batch(place))[0], create_graph=True)
    entries = [each for part in first for each in seen.front(part).flatten(1).unbind(1)]
    rows = [gradient(entry.sum(), retain_graph=True) for entry in entries]
    each = (torch.cat([seen.front(part).flatten(1) for part in row], dim=1) for row in rows)
    return torch.stack(list(each), dim=1)
