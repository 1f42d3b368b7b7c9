"""What one module, or one of many, does on its grid and in its batches."""

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from mlpzoo.diagnosis.probes import Probes
from mlpzoo.diagnosis.trials import Trial, curvatures, pulls, try_steps
from mlpzoo.modules import LitNetwork
from mlpzoo.nets.trace import Call


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One module's figures, of those that are measured of all; on the CPU.

    Args:
        every: The figures of all.
        index: Its place among them.
        step: At which a run of it was stopped for a number that was not finite, if it was.
    """

    every: Probes
    index: int
    step: int | None

    @property
    def module(self) -> LitNetwork:
        """A module with its layers and its settings; its weights may be others."""
        return self.every.example

    @cached_property
    def x(self) -> Tensor:
        """The grid, (rows, in_features), float64, as are truth and answer."""
        return self._own(self.every.grid[0])

    @cached_property
    def truth(self) -> Tensor:
        """Its targets, (rows, out_features)."""
        return self._own(self.every.grid[1])

    @cached_property
    def answer(self) -> Tensor:
        """What the module answers, P(y = 1) where the task is a gate."""
        return self._own(self.every.on_grid[1])

    @cached_property
    def is_gate(self) -> bool:
        """Whether it answers whether y is 1, and y is 0 or 1."""
        binary = self.every.binary
        known = binary[self.index if len(binary) > 1 else 0]
        return self.module.task == "gate" and known and self.answer.shape == self.truth.shape

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls of layers that have no layers inside, in their order, on the grid."""
        calls = self.every.on_grid[0]
        return tuple(Call(name, layer, None, self._own(given)) for name, layer, given in calls)

    @property
    def weights(self) -> dict[str, Tensor]:
        """The parameters by name."""
        return {name: each[self.index] for name, each in self.every.weights.items()}

    @property
    def weights_in_a_row(self) -> Tensor:
        """All of them."""
        row: Tensor = self.every.kept(Probes.in_a_row)[self.index]
        return row

    @property
    def loss(self) -> float:
        """Loss of a training batch, the mean over the batches looked at."""
        return self.every.losses[self.index]

    @property
    def gradients(self) -> dict[str, Tensor]:
        """By name of a parameter, the objective's gradient in each of them, (batches, ...)."""
        count = self.every.counts[self.index]
        return {name: each[:count, self.index] for name, each in self.every.gradients.items()}

    @property
    def curvature(self) -> Tensor:
        """Second derivatives of the objective by all parameters, the mean over the batches."""
        square: Tensor = self.every.kept(curvatures)[self.index]
        return square

    @property
    def trial(self) -> Trial:
        """What a few more steps do at the module's rate."""
        return self.try_steps(self.module.lr)

    def try_steps(self, lr: float) -> Trial:
        """Return what a few more steps do, nothing where that is unknown.

        Args:
            lr: The rate of these steps.
        """
        trial: Trial = self.every.kept(try_steps, lr)[self.index]
        return trial

    @property
    def pull(self) -> float:
        """How far, of 0 to 1, the loss pulls the answers that are asked for off their place."""
        return float(self.every.kept(pulls)[self.index])

    def gradient_norm(self, layer: nn.Module | None = None) -> float:
        """Return the norm of the objective's gradient, the mean over the batches.

        Args:
            layer: Whose parameters to take; None for all.
        """
        every, squares = self.every.names, self.every.squares
        chosen = [*every] if layer is None else map(id, layer.parameters())
        own = {every[each] for each in chosen}
        return float(sum(each[self.index] for name, each in squares.items() if name in own) ** 0.5)

    def _own(self, values: Tensor) -> Tensor:
        """Return its part of what may be one for all."""
        return values[self.index if len(values) > 1 else 0]
