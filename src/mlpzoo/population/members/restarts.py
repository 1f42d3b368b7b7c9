"""New starts for members that stay on a plateau."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError, check_count
from mlpzoo.data.sampling import splitmix64
from mlpzoo.modules import LitNetwork
from mlpzoo.population.members.kinds import Members

GAIN = 0.01  # share by which the metric must improve not to be on a plateau


class Restarts(nn.Module):
    """Starts a member anew when its metric has not improved by a hundredth for a while.

    Its weights are drawn from another seed, a function of its own seed and of how often it has been
    started; its optimizer forgets what it has averaged. Its data and its steps go on, and so does,
    where members are stacked, Adam's count of steps, which is one for all: a new start's averages
    begin at 0 without the correction for it, and its first steps are up to 3 times as long.

    Args:
        make_module: Makes the module of a member, given its place and a seed.
        seeds: The seed of each member's first start.
        after: For how many steps it has not improved.

    Raises:
        InputError: `after` is not a whole number of 1 or more.
    """

    value: Tensor
    since: Tensor
    started: Tensor

    def __init__(
        self, make_module: Callable[[int, int], LitNetwork], seeds: Sequence[int], *, after: int
    ) -> None:
        super().__init__()
        check_count("restart_after", after)
        self.make_module, self.seeds, self.after = make_module, seeds, after
        self.register_buffer("value", torch.full((len(seeds),), torch.inf).double())
        for name in ("since", "started"):
            self.register_buffer(name, torch.zeros(len(seeds)).long())

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "make_module": _gone}  # it may be a lambda

    def seed(self, index: int, start: int) -> int:
        """Return the seed of a member's start, its first being start 0.

        It is scattered in all its bits: torch's generator on a CPU takes the lower 32 only.

        Args:
            index: Which member.
            start: How often it has been started before.
        """
        own = self.seeds[index]
        return int(splitmix64(splitmix64(torch.tensor(own)) + start)) % 2**63 if start else own

    def look(self, members: Members, value: Tensor, waiting: Tensor, step: int) -> None:
        """Restart those on a plateau.

        Args:
            members: The members.
            value: What is to become smaller, shape (members,).
            waiting: Who is neither solved nor done, bool, shape (members,).
            step: How many optimizer steps there have been.
        """
        improved = value < self.value - GAIN * self.value.abs()
        improved |= self.value.isinf() & value.isfinite()
        self.value[improved] = value[improved]
        self.since[improved] = step
        for index in (waiting & (step - self.since >= self.after)).nonzero().flatten().tolist():
            self.started[index] += 1
            self.since[index], self.value[index] = step, torch.inf
            seed = self.seed(index, int(self.started[index]))
            members.restart(index, self.make_module(index, seed))


def _gone(index: int, seed: int) -> LitNetwork:
    raise InputError("a population that was pickled cannot start members anew; make it again")
