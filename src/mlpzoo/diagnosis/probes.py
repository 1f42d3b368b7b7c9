"""What like modules do on their grids and in their batches, measured of all at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import Batch
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.trace import in_eval_mode, record_activations

ROWS = 2_500  # of the grid, at most: a hundredth of a second for the widest of our networks
BATCHES = 16  # training batches looked at, the distinct ones among the first


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What like modules do on their grids and in their batches, each when it is first asked for.

    What is returned is on the CPU and has the members in front; a module of its own is the only
    one. Weights, gradients, modes and global random state are left alone. Layers act as in eval
    mode.

    Args:
        module: A module, or the members in one, on any device, in any floating type.
        example: A module of its own that shows the layers and the settings of each.
        data: Whose grids and batches are taken: the members', or one that all share.
        axis: Which axis of the parameters the members are; None for a module of its own.
    """

    module: LitNetwork
    example: LitNetwork
    data: Sequence[FunctionDataModule]
    axis: int | None = None
    _kept: dict[Any, Any] = field(default_factory=dict)

    def kept(self, measure: Callable[..., Any], *given: Any) -> Any:
        """Return what a function measures of these, calling it the first time only.

        Args:
            measure: The function.
            *given: Its further arguments.
        """
        if (measure, given) not in self._kept:
            self._kept[measure, given] = measure(self, *given)
        return self._kept[measure, given]

    @cached_property
    def grid(self) -> Batch:
        """The grids, (members or 1, rows, in_features), with their targets, both float64."""
        first = self.data[0]
        points = max(2, min(first.test_points, int(ROWS ** (1 / first.in_features))))
        with self.left_alone():
            x, y = _columns([data.grid(points) for data in self.data])
        return x.double(), y.double()

    @cached_property
    def binary(self) -> list[bool]:
        """Whether each grid has one target, of zeros and ones."""
        y = self.grid[1]
        return [
            y.shape[2] == 1 and each for each in ((y == 0) | (y == 1)).flatten(1).all(1).tolist()
        ]

    @cached_property
    def finite(self) -> list[bool]:
        """Whether the parameters of each and its answers on the grid are finite."""
        parts = self.kept(Probes.in_a_row), self.on_grid[1].flatten(1)
        return torch.cat(parts, dim=1).isfinite().all(1).tolist()

    @cached_property
    def on_grid(self) -> tuple[list[tuple[str, nn.Module, Tensor]], Tensor]:
        """What each call of a layer gives on the grid, with its name in the net; the answers."""
        module = self.module
        x = self.alone(self.grid[0].to(self.like))
        with self.left_alone(), torch.no_grad():
            with record_activations(module.net) as calls:
                output = module(x)
            # in float64 a sigmoid does not round to 1 where the network is merely sure
            gate = module.task == "gate"
            answer = module.probability(output.double()) if gate else module.answer(x)
        layers = dict(self.example.net.named_modules())
        given = [(call.name, layers[call.name], self.of_all(call.given)) for call in calls]
        return given, self.of_all(answer).double()

    @cached_property
    def counts(self) -> list[int]:
        """How many batches of each are looked at: the distinct ones among the first."""
        return [len(each) for each in self._distinct] * (self.members // len(self._distinct))

    @cached_property
    def losses(self) -> list[float]:
        """Loss of a training batch, the mean over the batches looked at."""
        return self.mean(self._in_batches[0]).tolist()

    @property
    def gradients(self) -> dict[str, Tensor]:
        """By name of a parameter, the objective's gradient: (batches, members, ...)."""
        return self._in_batches[1]

    @cached_property
    def squares(self) -> dict[str, list[float]]:
        """By name of a parameter, the squared norm of the gradient's mean over the batches."""
        means = {name: self.mean(each) for name, each in self.gradients.items()}
        return {name: mean.square().flatten(1).sum(1).tolist() for name, mean in means.items()}

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the example's parameters, by their ids."""
        return {id(parameter): name for name, parameter in self.example.named_parameters()}

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """The parameters by name."""
        return {name: self.front(each).detach() for name, each in self.module.named_parameters()}

    def in_a_row(self) -> Tensor:
        """Return all parameters as they are now, (members, parameters)."""
        every = [self.front(each.detach()).flatten(1) for each in self.module.parameters()]
        return torch.cat(every or [torch.zeros(self.members, 1)], dim=1)

    @cached_property
    def like(self) -> Tensor:
        """A tensor of the module's type, on its device."""
        return next(self.module.parameters(), torch.empty(0, device=self.module.device))

    @cached_property
    def members(self) -> int:
        """How many there are."""
        return 1 if self.axis is None else self.like.shape[self.axis]

    def batch(self, place: int) -> Batch:
        """Return a batch of those looked at, or of several members one each.

        Args:
            place: Which; after the last of them the first comes again.
        """
        chosen = [each[place % len(each)] for each in self._distinct]
        x, y = (part[torch.arange(len(chosen)), chosen].to(self.like) for part in self._drawn)
        return (x[0], y[0]) if self.axis is None else (x, y.expand(self.members, *y.shape[1:]))

    def objective(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what a step minimises, the sum over members, and the losses of each.

        Args:
            x: See `batch`.
            y: See `batch`.
        """
        minimised, losses = self.module.objective(x, y)
        return minimised if self.axis is None else minimised.sum(), losses

    def mean(self, parts: Iterable[Tensor]) -> Tensor:
        """Return the mean over the batches of each member, float64.

        Args:
            parts: Of each batch, (members, ...).
        """
        counts, total = torch.tensor(self.counts), torch.zeros(())
        for place, part in enumerate(parts):
            shape = (-1, *[1] * (part.dim() - 1))
            total = total + torch.where((counts > place).view(shape), part.cpu().double(), 0.0)
        return total / counts.view(shape)

    def front(self, value: Tensor) -> Tensor:
        """Return what is laid out as a parameter with the members in front, on the CPU."""
        return (value.unsqueeze(0) if self.axis is None else value.movedim(self.axis, 0)).cpu()

    def alone(self, value: Tensor) -> Tensor:
        """Return what has the members in front as the module takes it."""
        return value[0] if self.axis is None else value

    def of_all(self, value: Tensor) -> Tensor:
        """Return what the module gave with the members in front, on the CPU."""
        if self.axis is None:
            return value.unsqueeze(0).cpu()
        return value.expand(self.members, *value.shape[1:]).cpu()

    @contextmanager
    def left_alone(self) -> Iterator[None]:
        """Take gradients, in eval mode, and give modes and random state back as they were."""
        device = self.module.device
        alone = torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
        with alone, torch.inference_mode(False), torch.enable_grad(), in_eval_mode(self.module):
            yield

    @cached_property
    def _drawn(self) -> Batch:
        """The first batches, (members or 1, batches, rows, columns)."""
        with self.left_alone():
            steps = torch.arange(min(BATCHES, self.data[0].stage(0)[1]))  # of one size
            return _columns([data.train_block(steps) for data in self.data])

    @cached_property
    def _distinct(self) -> list[list[int]]:
        return [_first_of_each(x, y) for x, y in zip(*self._drawn, strict=True)]

    @cached_property
    def _in_batches(self) -> tuple[Tensor, dict[str, Tensor]]:
        named = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        losses: list[Tensor] = []
        gradients: dict[str, list[Tensor]] = {}
        with self.left_alone():
            for place in range(max(self.counts)):
                objective, parts = self.objective(*self.batch(place))
                losses.append(parts["loss"].detach().reshape(self.members))
                if named and objective.requires_grad:
                    found = torch.autograd.grad(
                        objective, list(named.values()), allow_unused=True, materialize_grads=True
                    )
                    for name, gradient in zip(named, found, strict=True):
                        gradients.setdefault(name, []).append(self.front(gradient))
        return torch.stack(losses), {name: torch.stack(each) for name, each in gradients.items()}


def _columns(pairs: Sequence[Batch]) -> Batch:
    x, y = (torch.stack(column) for column in zip(*pairs, strict=True))
    return x, y


def _first_of_each(x: Tensor, y: Tensor) -> list[int]:
    """Return which batches, (batches, rows, columns), are like none before them."""
    flat = torch.cat([x.flatten(1), y.flatten(1)], dim=1)
    same = (flat.unsqueeze(1) == flat).all(dim=2).tolist()
    return [place for place, seen in enumerate(same) if not any(seen[:place])]
