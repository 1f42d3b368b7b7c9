"""Blocks of steps of a wide network: torch's products of matrices, and all else in few passes.

Weights, means and gradients lie in one vector, so that an optimizer's step is one pass too. Every
product finds its matrices at the same distance from a whole vector in every block: its bits depend
on that.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Link
from mlpzoo.optim.kernels.compiled import KINDS, LANES, CompiledSteps
from mlpzoo.optim.kernels.gradient import Losses
from mlpzoo.optim.kernels.written_out import one_like
from mlpzoo.optim.of_members import Rates

Call = Callable[[], object]


class FusedSteps(CompiledSteps):
    """Takes the steps of blocks of a single network; see `CompiledSteps`."""

    multiple = LANES

    @override
    @torch.no_grad()
    def take(
        self, block: Block, rates: Rates, told: Sequence[int], chosen: Tensor | None = None
    ) -> Losses:
        from mlpzoo.optim.kernels import _passes as passes

        scale = self.chain.in_scale
        x, y = block.x if scale is None else scale.to_unit(block.x), block.y
        steps, rows = x.shape[:2]
        work = _Work(self, rows, passes)
        state, ends = work.state.numpy(), work.ends.numpy()
        self._gather(state.reshape(4, -1, 1))
        (loss, *kind), numbers, settings = self._numbers(rows)
        own = tuple(settings[:, 0])
        answers, sizes = torch.empty(steps, ends.shape[1]), self._sizes(rates)[..., 0]
        batches = zip(x.unbind(), y.unbind(), answers.numpy(), strict=True)
        for step, (inputs, targets, given) in enumerate(batches):
            work.x.copy_(inputs)
            work.y.copy_(targets)
            for call in work.forward:
                call()
            passes.compare(*ends, state, work.biases, rows, work.kind, loss, numbers, given)
            for call in work.backward:
                call()
            passes.update(state, *kind, own, sizes, step)
        self._scatter(state.reshape(4, -1, 1))
        right = y[told]
        return torch.vmap(self.losses)(answers[told, : rows * self.columns].view_as(right), right)


class _Work:
    """The memory of a step, and the calls that are the same in each.

    Attributes:
        state: Weights, means, means of squares and gradients, one behind the other.
        ends: Three times (rows, columns), filled up to whole vectors: what the last layers give,
            the loss's derivatives by it, and the targets.
        forward: Calls up to the products of the last layers.
        backward: Calls from their derivatives on.
    """

    def __init__(self, steps: FusedSteps, rows: int, passes: Any) -> None:
        links, self.outputs = steps.chain.links, steps.chain.outputs
        used = rows * steps.columns
        self.passes, self.state = passes, torch.zeros(4 * steps.size)
        self.ends = torch.zeros(3, used + -used % LANES)
        given, slopes, self.y = self.ends[:, :used].view(3, rows, -1)
        self.x = torch.empty(rows, links[0].linear.in_features)
        starts = {id(w): place.start for w, place in zip(steps.weights, steps.places, strict=True)}
        self.layers = [_Layer(link, starts, self.state) for link in links]
        last, at = [self.layers[index] for index in self.outputs], 0
        for layer in last:
            columns = slice(at, at := at + layer.units)
            layer.h, layer.d = given[:, columns], slopes[:, columns]
        for layer in self.layers:
            if layer not in last:
                layer.whole = torch.zeros(rows, layer.filled)
                layer.h = layer.whole[:, : layer.units]
        biases = [layer.bias + np.arange(layer.units) * (layer.bias >= 0) for layer in last]
        self.biases, self.kind = np.concatenate(biases), last[0].kind
        self.forward, self.backward = list(self._forward()), list(self._backward())

    def _forward(self) -> Iterator[Call]:
        rise, state = self.passes.rise, self.state.numpy()
        for index, layer in enumerate(self.layers):
            yield partial(torch.mm, self._taken(layer), layer.weight.t(), out=layer.h)
            if index not in self.outputs:
                h = layer.whole.view(-1).numpy()
                yield partial(rise, h, state, layer.bias, layer.filled, layer.kind)

    def _backward(self) -> Iterator[Call]:
        fall, state = self.passes.fall, self.state.numpy()
        slopes, free = dict[int, Tensor](), list[Tensor]()
        for index, layer in reversed(list(enumerate(self.layers))):
            if index not in self.outputs:
                h, d = layer.whole.view(-1).numpy(), slopes[index].view(-1).numpy()
                yield partial(fall, h, d, state, layer.bias_slope, layer.filled, layer.kind)
                free.append(layer.whole)
            yield partial(torch.mm, layer.d.t(), self._taken(layer), out=layer.of_weight)
            if (source := layer.source) is not None:
                below, adds = self.layers[source], source in slopes
                if not adds:
                    slopes[source] = one_like(below.whole, free).zero_()
                    below.d = slopes[source][:, : below.units]
                yield partial(torch.addmm, below.d, layer.d, layer.weight, beta=adds, out=below.d)
            if index in slopes:
                free.append(slopes[index])

    def _taken(self, layer: "_Layer") -> Tensor:
        return self.x if layer.source is None else self.layers[layer.source].h


class _Layer:
    """A link at work: its weights and their gradients, what it gives, and the derivatives by it."""

    whole: Tensor  # what it gives, filled up to whole vectors
    h: Tensor
    d: Tensor

    def __init__(self, link: Link, starts: dict[int, int], state: Tensor) -> None:
        weight, bias = link.linear.weight, link.linear.bias
        self.source, self.kind = link.source, KINDS.index(link.activation)
        self.units, gradients = len(weight), len(state) // 4 * 3
        self.filled = self.units + -self.units % LANES
        start, self.bias = starts[id(weight)], -1 if bias is None else starts[id(bias)]
        self.bias_slope = self.bias + gradients if self.bias >= 0 else -1
        own = (state[at : at + weight.numel()].view_as(weight) for at in (start, start + gradients))
        self.weight, self.of_weight = own
