"""What a module does on its grid and in its batches, measured without changing it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import Batch
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.trace import Call, in_eval_mode, record_activations

ROWS = 2_500  # of the grid, at most: a hundredth of a second for the widest of our networks
BATCHES = 16  # training batches looked at, the distinct ones among the first


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a module does on its grid and in its batches.

    Attributes:
        module: The module.
        step: At which a run of it was stopped for a number that was not finite, if it was.
        x: The grid, (rows, in_features), float64 on the CPU, as are truth and answer.
        truth: Its targets, (rows, out_features).
        answer: What the module answers, P(y = 1) where the task is a gate.
        loss: Loss of a training batch, the mean over the batches looked at.
        calls: The calls of layers that have no layers inside, in their order, on the grid.
        batches: The training batches looked at.
        gradients: By name of a parameter, the gradient of the objective in each of them.
    """

    module: LitNetwork
    step: int | None
    x: Tensor
    truth: Tensor
    answer: Tensor
    loss: float
    calls: tuple[Call, ...]
    batches: tuple[Batch, ...]
    gradients: dict[str, list[Tensor]]

    def gradient_norm(self, layer: nn.Module | None = None) -> float:
        """Return the norm of the objective's gradient, the mean over the batches.

        Args:
            layer: Whose parameters to take; None for all.
        """
        chosen = {id(parameter) for parameter in (layer or self.module).parameters()}
        squares = [
            torch.stack(self.gradients[name]).double().mean(dim=0).square().sum().item()
            for name, parameter in self.module.named_parameters()
            if name in self.gradients and id(parameter) in chosen
        ]
        return float(sum(squares) ** 0.5)


def probe(module: LitNetwork, data: FunctionDataModule, *, step: int | None) -> Probe:
    """Run a module over its grid and take the gradient in its training batches.

    Weights, gradients, modes and torch's global random state are left as they were. Layers act as
    they do in eval mode.

    Args:
        module: On any device, in any floating type.
        data: Whose grid and batches are taken.
        step: See `Probe`.
    """
    points = max(2, min(data.test_points, int(ROWS ** (1 / data.in_features))))
    with _left_alone(module):
        like = next(module.parameters(), torch.empty(0, device=module.device))
        x, truth = data.grid(points)
        with record_activations(module.net) as calls, torch.no_grad():
            output = module(x.to(like))
        batches = [(x.to(like), y.to(like)) for x, y in _distinct_batches(data)]
        losses, gradients = _gradients(module, batches)
        gate = module.task == "gate"
        # in float64 a sigmoid does not round to 1 where the network is merely sure
        answer = module.probability(output.double()) if gate else module.answer(x.to(like))
    return Probe(
        module=module,
        step=step,
        x=x.double(),
        truth=truth.double(),
        answer=answer.detach().double().cpu(),
        loss=sum(losses) / len(losses),
        calls=tuple(calls),
        batches=tuple(batches),
        gradients=gradients,
    )


def hessian(module: LitNetwork, batches: tuple[Batch, ...]) -> Tensor:
    """Return the second derivatives of the objective by all parameters, the mean over batches.

    Shapes: -> (parameters, parameters), float64 on the CPU.

    Args:
        module: One with few parameters: the cost is a backward pass for each.
        batches: On the module's device.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    every = {"inputs": parameters, "allow_unused": True, "materialize_grads": True}
    gradient: Any = partial(torch.autograd.grad, **every)
    total = torch.zeros(())
    with _left_alone(module):
        for batch in batches:
            first = gradient(module.objective(*batch)[0], create_graph=True)
            rows = [
                gradient(entry, retain_graph=True) for part in first for entry in part.flatten()
            ]
            square = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
            total = total + square.double().cpu()
    return total / len(batches)


@contextmanager
def _left_alone(module: LitNetwork) -> Iterator[None]:
    cuda = [module.device] if module.device.type == "cuda" else []
    alone = torch.random.fork_rng(devices=cuda)
    with alone, torch.inference_mode(False), torch.enable_grad(), in_eval_mode(module):
        yield


def _distinct_batches(data: FunctionDataModule) -> list[Batch]:
    distinct: list[Batch] = []
    for step in range(BATCHES):
        x, y = data.train_batch(step)
        if not any(torch.equal(x, seen) and torch.equal(y, truth) for seen, truth in distinct):
            distinct.append((x, y))
    return distinct


def _gradients(
    module: LitNetwork, batches: list[Batch]
) -> tuple[list[float], dict[str, list[Tensor]]]:
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    losses: list[float] = []
    gradients: dict[str, list[Tensor]] = {}
    for batch in batches:
        objective, parts = module.objective(*batch)
        losses.append(parts["loss"].item())
        if named and objective.requires_grad:
            found = torch.autograd.grad(
                objective, list(named.values()), allow_unused=True, materialize_grads=True
            )
            for name, gradient in zip(named, found, strict=True):
                gradients.setdefault(name, []).append(gradient)
    return losses, gradients
