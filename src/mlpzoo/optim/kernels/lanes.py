"""Blocks of steps by one compiled kernel, for small networks: a member in each lane of a vector."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain
from mlpzoo.optim.kernels.compiled import ALL, KINDS, LANES, Array, CompiledSteps
from mlpzoo.optim.kernels.gradient import Losses
from mlpzoo.optim.of_members import OfMembers, Rates


class LaneSteps(CompiledSteps):
    """Takes the steps of blocks with every member at once, filled up to whole vectors of them."""

    def __init__(self, chain: Chain, *others: Any) -> None:
        super().__init__(chain, *others)
        self.layers = _table(chain)

    @override
    def take(
        self, block: Block, rates: Rates, told: Sequence[int], chosen: Tensor | None = None
    ) -> Losses:
        from mlpzoo.optim.kernels._steps import steps

        scale = self.chain.in_scale
        x, y = block.x if scale is None else scale.to_unit(block.x), block.y
        if chosen is not None:
            x, y = (part[:, chosen] if part.shape[1] > 1 else part for part in (x, y))
        rows, members = x.shape[-2], self.members if chosen is None else len(chosen)
        places = np.full(len(x), -1)
        places[told] = np.arange(len(told))
        padded, some = members + -members % LANES, () if chosen is None else (chosen.numpy(),)
        answers = np.empty((len(told), rows, self.columns, padded), np.float32)
        self._gather(state := np.zeros((3, self.size, padded), np.float32), *some)
        steps(
            state, self._by_lane(x), self._by_lane(y), answers, places, self.layers,
            *self._numbers(rows), self._sizes(rates), self._groups(*some),
        )  # fmt: skip
        self._scatter(state, *some)
        given, right = torch.from_numpy(answers[..., :members]).movedim(-1, 1), y[told]
        if self.axis is None:
            return torch.vmap(self.losses)(given[:, 0], right)
        losses = torch.vmap(self.losses)(given, right.expand(-1, members, *y.shape[2:]))
        return losses if chosen is None else {n: self._spread(v, chosen) for n, v in losses.items()}

    def _by_lane(self, values: Tensor) -> Array:
        """Return data with the members behind all other axes, filled up; one where all share it."""
        own = values.unsqueeze(-1) if self.axis is None else values.movedim(1, -1)
        if own.shape[-1] > 1:
            own = nn.functional.pad(own, (0, -own.shape[-1] % LANES))
        array: Array = own.contiguous().numpy()
        return array

    def _groups(self, chosen: Any = ALL) -> NDArray[np.int64]:
        """Return which group of the optimizer each lane has its settings of."""
        if not isinstance(self.optimizer, OfMembers):
            return np.zeros(0, np.int64)
        group = self.optimizer.group.numpy()[chosen]
        return np.pad(group, (0, -len(group) % LANES))

    def _spread(self, values: Tensor, chosen: Tensor) -> Tensor:
        """Return what some members have, (told, some), in the place of each, NaN for the others."""
        return values.new_full((len(values), self.members), torch.nan).index_copy_(
            1, chosen, values
        )


def _table(chain: Chain) -> NDArray[np.int64]:
    """Return the layers as the kernel takes them, those that give the output last.

    Columns: first unit that it takes, how many, first unit that it gives, how many, activation,
    place of the weight and of the bias (-1 for none), and whether another layer behind it takes
    the same units.
    """
    links, given, size = chain.links, 0, 0
    starts: dict[int | None, int] = {None: 0}
    places, taken = {}, set[int | None]()
    for index, link in enumerate(links):
        places[index] = size
        size += sum(parameter.numel() for parameter in link.linear.parameters())
    inner = [index for index in range(len(links)) if index not in chain.outputs]
    order = [*inner, *chain.outputs]
    given = links[0].linear.in_features
    for index in order:
        starts[index], given = given, given + links[index].linear.out_features
    rows = []
    for index in reversed(order):
        link, linear = links[index], links[index].linear
        bias = -1 if linear.bias is None else places[index] + linear.weight.numel()
        rows.append(
            (starts[link.source], linear.in_features, starts[index], linear.out_features,
             KINDS.index(link.activation), places[index], bias, link.source in taken)
        )  # fmt: skip
        taken.add(link.source)
    return np.array(rows[::-1], np.int64)
