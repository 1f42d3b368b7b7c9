"""What a module does on its grid and in its batches, measured without changing it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import Batch, Block
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.trace import Call, in_eval_mode, record_activations
from mlpzoo.optim.blocks import BlockSteps

ROWS = 2_500  # of the grid, at most: a hundredth of a second for the widest of our networks
BATCHES = 16  # training batches looked at, the distinct ones among the first
STEPS, FEW_STEPS = 8, 2  # that are tried, the latter of optimizers whose steps are dear


class Trial(NamedTuple):
    """What a few more steps do.

    Attributes:
        gain: Share of the loss that they take away.
        moved: How far a step moves the weights, over their norm.
    """

    gain: float
    moved: float


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a module does on its grid and in its batches, each measured when it is first asked for.

    Weights, gradients, modes and global random state are left alone. Layers act as in eval mode.

    Args:
        module: The module, on any device, in any floating type.
        data: Whose grid and batches are taken.
        step: At which a run of it was stopped for a number that was not finite, if it was.
    """

    module: LitNetwork
    data: FunctionDataModule
    step: int | None

    @cached_property
    def _grid(self) -> Batch:
        points = max(2, min(self.data.test_points, int(ROWS ** (1 / self.data.in_features))))
        with _left_alone(self.module):
            return self.data.grid(points)

    @cached_property
    def _on_grid(self) -> tuple[tuple[Call, ...], Tensor]:
        module = self.module
        x = self._grid[0].to(next(module.parameters(), torch.empty(0, device=module.device)))
        with _left_alone(module), torch.no_grad():
            with record_activations(module.net) as calls:
                output = module(x)
            # in float64 a sigmoid does not round to 1 where the network is merely sure
            gate = module.task == "gate"
            answer = module.probability(output.double()) if gate else module.answer(x)
        return tuple(calls), answer.double().cpu()

    @property
    def x(self) -> Tensor:
        """The grid, (rows, in_features), float64 on the CPU, as are truth and answer."""
        return self._grid[0].double()

    @property
    def truth(self) -> Tensor:
        """Its targets, (rows, out_features)."""
        return self._grid[1].double()

    @property
    def answer(self) -> Tensor:
        """What the module answers, P(y = 1) where the task is a gate."""
        return self._on_grid[1]

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of layers that have no layers inside, in their order, on the grid."""
        return self._on_grid[0]

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """The training batches looked at: the distinct ones among the first."""
        like = next(self.module.parameters(), torch.empty(0, device=self.module.device))
        with _left_alone(self.module):
            return tuple((x.to(like), y.to(like)) for x, y in _distinct_batches(self.data))

    @cached_property
    def _in_batches(self) -> tuple[list[float], dict[str, list[Tensor]]]:
        with _left_alone(self.module):
            return _gradients(self.module, self.batches)

    @property
    def loss(self) -> float:
        """Loss of a training batch, the mean over the batches looked at."""
        return sum(self._in_batches[0]) / len(self._in_batches[0])

    @property
    def gradients(self) -> dict[str, list[Tensor]]:
        """By name of a parameter, the gradient of the objective in each of them."""
        return self._in_batches[1]

    @cached_property
    def trial(self) -> Trial:
        """What a few more steps do at the module's rate."""
        return self.try_steps(self.module.lr)

    def try_steps(self, lr: float) -> Trial:
        """Return what a few more steps do, nothing where that is unknown.

        The module is left as it was.

        Args:
            lr: The rate of these steps.
        """
        module = self.module
        own = type(module).configure_optimizers is LitNetwork.configure_optimizers
        if not (own and self.gradients and self.loss > 0):
            return Trial(gain=0.0, moved=math.inf)
        with _left_alone(module), _weights_kept(module):
            module.lr = lr
            steps = BlockSteps(module.objective, module.build_optimizer(), graphs=False)
            count = FEW_STEPS if steps.by_closure else STEPS
            taken = [self.batches[n % len(self.batches)] for n in range(count)]
            before = nn.utils.parameters_to_vector(module.parameters()).detach().clone()
            steps.take(Block(*map(torch.stack, zip(*taken, strict=True))))
            moved = nn.utils.parameters_to_vector(module.parameters()).detach() - before
            with torch.no_grad():
                losses = [module.objective(*batch)[1]["loss"].item() for batch in self.batches]
        gain = 1 - sum(losses) / len(losses) / self.loss
        share = (moved.norm() / before.norm()).item() / count
        return Trial(gain=gain if math.isfinite(gain) else 0.0, moved=share)

    def pull(self) -> float:
        """Return how far, of 0 to 1, the loss pulls the answers that are asked for off their place.

        Moved all together, or in proportion to an input, they would lose less; 1 where the loss
        does not take them, or does not see them move.
        """
        x, y = self.batches[0]
        with _left_alone(self.module):
            right = torch.as_tensor(self.data.target(x.float().cpu())).to(y).requires_grad_()
            try:
                loss = self.module.losses(right, y)["loss"]
                moved = self.module.losses(right + (1 + y.std(correction=0)) / 1e4, y)["loss"]
            except RuntimeError:  # such as numbers beyond 0 to 1 for bce
                return 1.0
            slope = torch.autograd.grad(loss, right)[0].double()
        if not slope.any():
            return float(moved <= loss * (1 + 1e-5))
        ways = torch.cat([torch.ones_like(x[:, :1]), x - x.mean(dim=0)], dim=1).double().T
        return ((ways @ slope).abs() / (ways.abs() @ slope.abs())).nan_to_num().max().item()

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


def _distinct_batches(data: FunctionDataModule) -> list[Batch]:
    distinct: list[Batch] = []
    for step in range(min(BATCHES, data.stage(0)[1])):  # of one size
        x, y = data.train_batch(step)
        if not any(torch.equal(x, seen) and torch.equal(y, truth) for seen, truth in distinct):
            distinct.append((x, y))
    return distinct


def _gradients(
    module: LitNetwork, batches: Sequence[Batch]
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
