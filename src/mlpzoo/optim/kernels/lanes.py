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
from mlpzoo.optim.kernels.compiled import KINDS, LANES, Array, CompiledSteps
from mlpzoo.optim.kernels.gradient import Losses


class LaneSteps(CompiledSteps):
    """Takes the steps of blocks with every member at once, filled up to whole vectors of them."""

    def __init__(self, chain: Chain, *others: Any) -> None:
        super().__init__(chain, *others)
        self.layers = _table(chain)

    @override
    def take(self, block: Block, rates: Sequence[float], told: Sequence[int]) -> Losses:
        from mlpzoo.optim.kernels._steps import steps

        scale = self.chain.in_scale
        x, y = block.x if scale is None else scale.to_unit(block.x), block.y
        rows, padded = x.shape[-2], self.members + -self.members % LANES
        places = np.full(len(x), -1)
        places[told] = np.arange(len(told))
        answers = np.empty((len(told), rows, self.columns, padded), np.float32)
        self._gather(state := np.zeros((3, self.size, padded), np.float32))
        steps(
            state, self._by_lane(x), self._by_lane(y), answers, places, self.layers,
            *self._numbers(rows), self._sizes(rates),
        )  # fmt: skip
        self._scatter(state)
        given, right = torch.from_numpy(answers[..., : self.members]).movedim(-1, 1), y[told]
        if self.axis is None:
            return torch.vmap(self.losses)(given[:, 0], right)
        right = right.expand(-1, self.members, *y.shape[2:])
        return torch.vmap(self.losses)(given, right)

    def _by_lane(self, values: Tensor) -> Array:
        """Return data with the members behind all other axes, filled up; one where all share it."""
        own = values.unsqueeze(-1) if self.axis is None else values.movedim(1, -1)
        if own.shape[-1] > 1:
            own = nn.functional.pad(own, (0, -self.members % LANES))
        array: Array = own.contiguous().numpy()
        return array


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
