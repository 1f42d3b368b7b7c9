"""How the members of a population are kept and trained: stacked in one module, or side by side."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer
from typing_extensions import override

from mlpzoo.data.stream import Block
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.blocks import BlockSteps
from mlpzoo.optim.kernels import TORCH
from mlpzoo.optim.kernels.choice import kernel_steps
from mlpzoo.optim.of_members import optimizer_of_members, settings_of
from mlpzoo.population.members.layers import Answer, MemberLinear
from mlpzoo.population.members.variants import JoinedStarts

_AT_ONCE = 32  # floats that torch's loops take on a CPU; those left over are rounded otherwise


class Members(nn.Module, ABC):
    """Many modules that are trained at the same steps and never meet.

    Args:
        starts: The module of each member.
    """

    last = False  # whether the members are the last axis of their parameters

    def __init__(self, starts: JoinedStarts) -> None:
        super().__init__()
        self.count, self.variant = len(starts.variant), starts.variant
        self.examples = [deepcopy(part.first) for part in starts.parts]  # no parts of this module
        self._steps: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_steps": None}  # `begin` makes it for each fit

    @property
    def example(self) -> LitNetwork:
        """A member as an ordinary module, whatever its weights."""
        return self.examples[0]

    @abstractmethod
    def optimizers(self) -> list[Optimizer]:
        """Return the optimizers, each with the settings of the members' own."""

    @abstractmethod
    def begin(self, optimizers: Sequence[Optimizer], schedules: Sequence[Any]) -> None:
        """Make ready for the steps that come.

        Args:
            optimizers: Those of `optimizers`.
            schedules: One for each, or none at all.
        """

    @abstractmethod
    def take(self, block: Block, running: Tensor, told: Sequence[int] = ()) -> Tensor:
        """Take the steps of a block, and return the losses of those that are told and of the last.

        Args:
            block: x (steps, members or 1, batch, in_features), y the same with out_features.
            running: Which members have to, bool, shape (members,); the others may be left out.
            told: Earlier steps whose losses are to be told; see `BlockSteps.take`.

        Returns:
            (told + 1, members), NaN of those left out; or their means, (told + 1,).
        """

    @abstractmethod
    def copy_from(self, other: "Members", chosen: Tensor) -> None:
        """Copy the weights of those members of a like population that `chosen`, a mask, names."""

    @abstractmethod
    def restart(self, index: int, module: LitNetwork) -> None:
        """Give a member the weights of a module, and its optimizer a state without memory.

        Args:
            index: Which member.
            module: Its new start.
        """

    @abstractmethod
    def member(self, index: int) -> LitNetwork:
        """Return the member of an index as an ordinary module of its own."""

    def shown(self, index: int) -> LitNetwork:
        """Return a member as an ordinary module, which holds until the next is asked for."""
        return self.member(index)

    @abstractmethod
    def answer(self, x: Tensor) -> Tensor:
        """Return each member's answers: -> (members, rows, out_features).

        Args:
            x: The same for all, (rows, in_features), or each one's own, with members in front.
        """


class StackedMembers(Members):
    """All members in one module whose parameters have an axis for them.

    Args:
        starts: The module of each member.
        stacked: What `layers.stack` made of them.
    """

    def __init__(self, starts: JoinedStarts, stacked: LitNetwork) -> None:
        super().__init__(starts)
        self.stacked = stacked
        self.last = any(isinstance(m, MemberLinear) and m.last for m in stacked.modules())
        self.axis = -1 if self.last else 0

    @override
    def optimizers(self) -> list[Optimizer]:
        every = {settings_of(each): each.build_optimizer() for each in self.examples}
        if len(every) == 1:
            return [self.stacked.build_optimizer()]
        places = {key: place for place, key in enumerate(every)}
        group = [places[settings_of(self.examples[variant])] for variant in self.variant]
        own = list(every.values())
        return [optimizer_of_members(self.stacked.parameters(), own, group, self.axis)]

    @override
    def begin(self, optimizers: Sequence[Optimizer], schedules: Sequence[Any]) -> None:
        (optimizer,), example = optimizers, self.example
        lanes = None
        if example.kernel != TORCH:
            lanes = kernel_steps(example, optimizer, self.stacked, self.axis)
        self._steps = BlockSteps(self._objective, optimizer, *schedules, lanes=lanes)

    @override
    def take(self, block: Block, running: Tensor, told: Sequence[int] = ()) -> Tensor:
        chosen = None
        if self._steps.lanes is not None and not running.all():
            chosen = running.nonzero().flatten()
        return torch.stack([losses["loss"] for losses in self._steps.take(block, told, chosen)])

    @override
    def copy_from(self, other: Members, chosen: Tensor) -> None:
        for kept, new in zip(self.parameters(), other.parameters(), strict=True):
            mine, theirs = kept.data.movedim(self.axis, -1), new.data.movedim(self.axis, -1)
            mine.copy_(torch.where(chosen, theirs, mine))

    @override
    def restart(self, index: int, module: LitNetwork) -> None:
        for ours, start in self._pairs(index, module):
            ours.copy_(start)
        for weight in self.parameters():
            for value in self._steps.optimizer.state[weight].values():
                if value.shape == weight.shape:  # the count of steps is one for all
                    value.select(self.axis, index).zero_()

    @override
    def member(self, index: int) -> LitNetwork:
        return deepcopy(self.shown(index))

    @override
    def shown(self, index: int) -> LitNetwork:
        example = self.examples[self.variant[index]]
        for ours, own in self._pairs(index, example):
            own.copy_(ours)
        return example

    @override
    def answer(self, x: Tensor) -> Tensor:
        short = -self.count % _AT_ONCE if self.last else 0
        named = self.stacked.named_parameters(prefix="stacked")
        filled = {name: nn.functional.pad(weight, (0, short)) for name, weight in named}
        own = nn.functional.pad(x, (0, 0, 0, 0, 0, short)) if x.dim() == 3 else x
        answer: Tensor = functional_call(Answer(self.stacked), filled, own)
        return answer[: self.count]

    def _pairs(self, index: int, module: LitNetwork) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the weights of a member, each beside those of an ordinary module, as views."""
        for name, weight in self.stacked.named_parameters():
            yield weight.data.select(self.axis, index), module.get_parameter(name).data

    def _objective(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        minimised, losses = self.stacked.objective(x, y.expand(self.count, *y.shape[1:]))
        loss = losses["loss"].detach()
        return minimised.sum(), {"loss": loss if loss.dim() else loss / self.count}


class SeparateMembers(Members):
    """Members side by side, each of which does what a run of its own would do, bit for bit.

    Args:
        starts: The module of each member.
    """

    def __init__(self, starts: JoinedStarts) -> None:
        super().__init__(starts)
        self.alone = nn.ModuleList(deepcopy(module) for module in starts)

    @override
    def optimizers(self) -> list[Optimizer]:
        return [module.build_optimizer() for module in self._each()]

    @override
    def begin(self, optimizers: Sequence[Optimizer], schedules: Sequence[Any]) -> None:
        rates = schedules or [None] * self.count
        own = zip(self._each(), optimizers, rates, strict=True)
        self._steps = [each.steps_of(optimizer, rate) for each, optimizer, rate in own]

    @override
    def take(self, block: Block, running: Tensor, told: Sequence[int] = ()) -> Tensor:
        xs, ys = (part.expand(-1, self.count, -1, -1).unbind(1) for part in block)
        losses = torch.full((len(told) + 1, self.count), torch.nan, device=xs[0].device)
        for index in running.nonzero().flatten().tolist():
            own = self._steps[index].take(Block(xs[index], ys[index]), told)
            losses[:, index] = torch.stack([each["loss"].detach() for each in own])
        return losses

    @override
    def copy_from(self, other: Members, chosen: Tensor) -> None:
        assert isinstance(other, SeparateMembers)
        for index in chosen.nonzero().flatten().tolist():
            self.alone[index].load_state_dict(other.alone[index].state_dict())

    @override
    def restart(self, index: int, module: LitNetwork) -> None:
        self.alone[index].load_state_dict(module.state_dict())
        self._steps[index].optimizer.state.clear()

    @override
    def member(self, index: int) -> LitNetwork:
        return deepcopy(self._each()[index])

    @override
    def answer(self, x: Tensor) -> Tensor:
        own = x if x.dim() == 3 else [x] * self.count
        return torch.stack([each.answer(x) for each, x in zip(self._each(), own, strict=True)])

    def _each(self) -> list[LitNetwork]:
        return list(self.alone)  # type: ignore[arg-type]
