"""Blocks of steps of a wide network: torch's products of matrices, and all else in few passes.

Weights, means and gradients lie in one vector, so that an optimizer's step is one pass too. Every
product finds its matrices at the same distance from a whole vector in every block: its bits depend
on that.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Link
from mlpzoo.optim.kernels.compiled import KINDS, CompiledSteps
from mlpzoo.optim.kernels.gradient import Losses
from mlpzoo.optim.kernels.lanes import LANES

Call = Callable[[], object]


class FusedSteps(CompiledSteps):
    """Takes the steps of blocks of a single network; see `CompiledSteps`."""

    multiple = LANES

    @override
    @torch.no_grad()
    def take(self, block: Block, rates: Sequence[float], told: Sequence[int]) -> Losses:
        from mlpzoo.optim.kernels._passes import compare, update

        scale = self.chain.in_scale
        x, y = block.x if scale is None else scale.to_unit(block.x), block.y
        steps, rows = x.shape[:2]
        work = _Work(self, rows)
        self._gather(work.state.view(4, -1, 1).numpy()[:3])
        (loss, adaptive), numbers, settings = self._numbers(rows)
        answers, sizes = torch.empty(steps, len(work.o)), self._sizes(rates)
        state = work.state.numpy()
        ends = [part.numpy() for part in (work.o, work.d, work.y)]
        batches = zip(x.unbind(), y.unbind(), answers.numpy(), strict=True)
        for step, (inputs, targets, given) in enumerate(batches):
            work.x.copy_(inputs)
            work.targets.copy_(targets)
            for call in work.forward:
                call()
            compare(*ends, state, work.biases, rows, work.kind, loss, numbers, given)
            for call in work.backward:
                call()
            update(state, adaptive, settings, sizes, step)
        self._scatter(work.state.view(4, -1, 1).numpy()[:3])
        right = y[told]
        return torch.vmap(self.losses)(answers[told, : rows * self.columns].view_as(right), right)


class _Work:
    """The memory of a step for batches of one size, and the calls that are the same in each.

    Attributes:
        state: Weights, means, means of squares and gradients, (4, size).
        o: What the last layers give, (rows, columns), filled up to whole vectors, as are d and y.
        d: The loss's derivatives by it.
        y: The targets.
        biases: The place of each column's bias, below 0 for none.
        kind: The activation behind the last layers.
        forward: Calls up to the products of the last layers.
        backward: Calls from their derivatives on.
    """

    def __init__(self, steps: FusedSteps, rows: int) -> None:
        links, outputs = steps.chain.links, steps.chain.outputs
        filled = rows * steps.columns + -rows * steps.columns % LANES
        self.state = torch.zeros(4 * steps.size)
        self.o, self.d, self.y = torch.zeros(3, filled).unbind()
        self.x = torch.empty(rows, links[0].linear.in_features)
        self.kind = KINDS.index(links[outputs[0]].activation)
        starts = {id(w): place.start for w, place in zip(steps.weights, steps.places, strict=True)}
        self.layers = [_Layer(link, starts, self.state, rows) for link in links]
        whole = (part[: rows * steps.columns].view(rows, -1) for part in (self.o, self.d, self.y))
        given, slopes, self.targets = whole
        last, at = [self.layers[index] for index in outputs], 0
        for layer in last:
            columns = slice(at, at := at + layer.units)
            layer.h, layer.d = given[:, columns], slopes[:, columns]
        biases = [layer.bias + np.arange(layer.units) * (layer.bias >= 0) for layer in last]
        self.biases = np.concatenate(biases)
        self.forward = list(self._forward(outputs))
        self.backward = list(self._backward(outputs))

    def _forward(self, outputs: Sequence[int]) -> Iterator[Call]:
        from mlpzoo.optim.kernels._passes import rise

        state = self.state.numpy()
        for index, layer in enumerate(self.layers):
            yield partial(torch.mm, self._taken(layer), layer.weight.t(), out=layer.h)
            if index not in outputs:
                h = layer.memory[0].numpy()
                yield partial(rise, h, state, layer.bias, layer.filled, layer.kind)

    def _backward(self, outputs: Sequence[int]) -> Iterator[Call]:
        from mlpzoo.optim.kernels._passes import fall

        state, met = self.state.numpy(), set[int]()
        for index, layer in reversed(list(enumerate(self.layers))):
            if index not in outputs:
                h, d = layer.memory.numpy()
                yield partial(fall, h, d, state, layer.bias_slope, layer.filled, layer.kind)
            yield partial(torch.mm, layer.d.t(), self._taken(layer), out=layer.of_weight)
            if (source := layer.source) is not None:
                below, beta = self.layers[source].d, float(source in met)
                yield partial(torch.addmm, below, layer.d, layer.weight, beta=beta, out=below)
                met.add(source)

    def _taken(self, layer: "_Layer") -> Tensor:
        return self.x if layer.source is None else self.layers[layer.source].h


class _Layer:
    """A link at work: weights and gradients in the state, what it gives, and the derivatives."""

    def __init__(self, link: Link, starts: dict[int, int], state: Tensor, rows: int) -> None:
        weight, bias = link.linear.weight, link.linear.bias
        self.source, self.kind = link.source, KINDS.index(link.activation)
        self.units, gradients = len(weight), len(state) // 4 * 3
        self.filled = self.units + -self.units % LANES
        start, self.bias = starts[id(weight)], -1 if bias is None else starts[id(bias)]
        self.bias_slope = self.bias + gradients if self.bias >= 0 else -1
        own = (state[at : at + weight.numel()].view_as(weight) for at in (start, start + gradients))
        self.weight, self.of_weight = own
        self.memory = torch.zeros(2, rows * self.filled)
        self.h, self.d = (part.view(rows, -1)[:, : self.units] for part in self.memory)
