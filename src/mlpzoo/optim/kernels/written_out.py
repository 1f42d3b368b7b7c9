"""The gradient of a chain written out: the operations of autograd without autograd's own work.

For the networks of the exercises, recording a graph, walking it and asking for memory take as long
as the arithmetic. So products, slopes and losses are called here one by one, as autograd calls
them, into memory that is kept for a block. The bits are the same: they are compared before a
gradient is used.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from operator import add
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain, Link, read_chain
from mlpzoo.optim.kernels.gradient import ByAutograd, Gradient, Losses, Objective

Call = Callable[[], object]
_aten: Any = torch.ops.aten
_LOSSES: dict[str, Any] = {
    "mse": functional.mse_loss,
    "bce": functional.binary_cross_entropy,
    "bcewithlogits": functional.binary_cross_entropy_with_logits,
}
_SLOPES: dict[str, tuple[Any, list[Any]]] = {  # autograd's operations, with what each takes more
    "relu": (_aten.threshold_backward.grad_input, [0]),
    "sigmoid": (_aten.sigmoid_backward.grad_input, []),
    "tanh": (_aten.tanh_backward.grad_input, []),
    "mse": (_aten.mse_loss_backward.grad_input, []),
    "bce": (_aten.binary_cross_entropy_backward.grad_input, [None]),
}


class Gradients:
    """Gives the gradients of an objective: written out where they are autograd's bit for bit.

    Args:
        objective: Maps x, y to what a step minimises and the losses to log.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self._agreed: dict[tuple[Any, ...], bool] = {}

    def of(self, block: Block) -> Gradient:
        """Return the gradients of a block; the network must stay what it is until its end.

        Args:
            block: The batches.
        """
        chain = read_chain(self.objective) if len(block.x) > 1 else None
        if chain is None or not _fits(chain, block):
            return ByAutograd(self.objective, block)
        kind = (block.x.shape[1:], block.x.dtype, block.x.device, *chain.kind)
        if kind not in self._agreed:
            self._agreed[kind] = self._agree(chain, Block(block.x[1:2], block.y[1:2]))
        return WrittenOut(chain, block) if self._agreed[kind] else ByAutograd(self.objective, block)

    def _agree(self, chain: Chain, block: Block) -> bool:
        """Tell whether losses and gradients are the same numbers both ways."""
        found: list[list[Any]] = []
        for gradient in (WrittenOut(chain, block), ByAutograd(self.objective, block)):
            gradient.take(0)
            grads = [parameter.grad for parameter in chain.parameters]
            minimised, losses = gradient.losses()
            found.append([minimised, *(losses[name] for name in sorted(losses)), *grads])
            for parameter in chain.parameters:
                parameter.grad = None
        return len(found[0]) == len(found[1]) and all(map(torch.equal, *found))


class WrittenOut(Gradient):
    """The gradients of a chain, by a list of calls on memory that stays where it is.

    Args:
        chain: What is minimised.
        block: The batches.
    """

    kept = True

    def __init__(self, chain: Chain, block: Block) -> None:
        self.chain, self.block = chain, block
        self.xs, self.ys = block.x.unbind(), block.y.unbind()
        self.x, self.y, self.slope = (torch.empty_like(t[0]) for t in (*block, block.y))
        self.given = torch.empty_like(block.y)
        self.givens = self.given.unbind()
        self.layers = [_Layer(link, rows=len(self.x)) for link in chain.links]
        ends = [self.layers[index] for index in chain.outputs]
        widths = [end.h.shape[1] for end in ends]
        for end, part in zip(ends, torch.split(self.slope, widths, dim=1), strict=True):
            end.slope = part
        self.output = ends[0].h if len(ends) == 1 and not chain.out_scale else self.slope.clone()
        self.calls = [*self._forward(ends), *self._slope_of_loss(), *self._backward()]

    @override
    @torch.no_grad()
    def take(self, step: int) -> None:
        if step == 0:
            for layer in self.layers:
                layer.show_gradients()
        self.x.copy_(self.xs[step])
        self.y.copy_(self.ys[step])
        for call in self.calls:
            call()
        self.givens[step].copy_(self.output)

    @override
    @torch.no_grad()
    def losses(self) -> tuple[Tensor, Losses]:
        chain, values = self.chain, []
        for output, y in self._of_parts(self.given, self.block.y):
            each = _LOSSES[chain.loss](output, y, reduction="none").unbind()
            values.append(torch.stack([getattr(rows, chain.reduction)() for rows in each]))
        for parameter in chain.parameters:
            parameter.grad = None
        minimised = reduce(add, values)
        last = {name: value[-1] for name, value in zip(chain.parts, values, strict=False)}
        return minimised, {"loss": minimised[-1], **last}

    def _forward(self, ends: Sequence["_Layer"]) -> Iterator[Call]:
        before, behind = self.chain.in_scale, self.chain.out_scale
        if before is not None:
            yield partial(self.x.sub_, before.centre)
            yield partial(self.x.div_, before.half_width)
        for layer in self.layers:
            yield from layer.forward(self._taken(layer))
        if len(ends) > 1:
            yield partial(torch.cat, [end.h for end in ends], dim=1, out=self.output)
        if behind is not None:
            unit = self.output if len(ends) > 1 else ends[0].h
            yield partial(torch.addcmul, behind.centre, unit, behind.half_width, out=self.output)

    def _slope_of_loss(self) -> Iterator[Call]:
        mean, one = self.chain.reduction == "mean", self.slope.new_ones(())
        for given, y, slope in self._of_parts(self.output, self.y, self.slope):
            if self.chain.loss == "bcewithlogits":
                yield partial(torch.sigmoid, given, out=slope)
                yield partial(slope.sub_, y)
                if mean:
                    yield partial(slope.div_, slope.numel())
            else:
                call, more = _SLOPES[self.chain.loss]
                yield partial(call, one, given, y, *more, 1 if mean else 2, grad_input=slope)
        if self.chain.out_scale is not None:
            yield partial(self.slope.mul_, self.chain.out_scale.half_width)

    def _backward(self) -> Iterator[Call]:
        met, free = set[int](), list[Tensor]()
        for index, layer in reversed(list(enumerate(self.layers))):
            yield from layer.backward(self._taken(layer))
            if index not in self.chain.outputs:
                free.append(layer.h)  # nobody needs it any more
            if (source := layer.source) is not None:
                below = self.layers[source]
                if source not in met:
                    below.slope = one_like(below.h, free)
                yield from layer.pass_on(below.slope, adds=source in met)
                met.add(source)
            if index not in self.chain.outputs:
                free.append(layer.slope)

    def _taken(self, layer: "_Layer") -> Tensor:
        return self.x if layer.source is None else self.layers[layer.source].h

    def _of_parts(self, *tensors: Tensor) -> Iterable[tuple[Tensor, ...]]:
        """Return what each part of the loss is of: a column, or all of them."""
        if not self.chain.parts:
            return [tensors]
        return zip(*(tensor.unbind(dim=-1) for tensor in tensors), strict=True)


class _Layer:
    """A link at work on batches of one size; `slope` is the loss's by what it puts out."""

    def __init__(self, link: Link, rows: int) -> None:
        self.link, self.source = link, link.source
        self.weight, bias = link.linear.weight.detach(), link.linear.bias
        self.bias = None if bias is None else bias.detach()
        self.h = self.weight.new_empty(rows, len(self.weight))
        self.slope = self.h  # until there is another
        self.of_weight = torch.empty_like(self.weight)
        self.of_bias = None if self.bias is None else torch.empty_like(self.bias)

    def show_gradients(self) -> None:
        """Let the parameters' `grad` be what the calls write to."""
        self.link.linear.weight.grad = self.of_weight
        if self.of_bias is not None:
            self.link.linear.bias.grad = self.of_bias

    def forward(self, x: Tensor) -> Iterator[Call]:
        if self.bias is None:
            yield partial(torch.mm, x, self.weight.t(), out=self.h)
        else:
            yield partial(torch.addmm, self.bias, x, self.weight.t(), out=self.h)
        if self.link.activation != "identity":
            yield getattr(self.h, f"{self.link.activation}_")

    def backward(self, x: Tensor) -> Iterator[Call]:
        if self.link.activation != "identity":
            call, more = _SLOPES[self.link.activation]
            yield partial(call, self.slope, self.h, *more, grad_input=self.slope)
        yield partial(torch.mm, self.slope.t(), x, out=self.of_weight)
        if self.of_bias is not None:
            yield partial(torch.sum, self.slope, 0, out=self.of_bias)

    def pass_on(self, below: Tensor, *, adds: bool) -> Iterator[Call]:
        """Give the slope by what was taken, in place of what is there or added to it."""
        if adds:
            yield lambda: below.add_(torch.mm(self.slope, self.weight))
        else:
            yield partial(torch.mm, self.slope, self.weight, out=below)


def one_like(h: Tensor, free: list[Tensor]) -> Tensor:
    """Return memory of a shape, free one if there is any: what is small stays in a cache.

    Args:
        h: Of that shape.
        free: What nobody needs any more; what is returned is taken out.
    """
    at = next((at for at, each in enumerate(free) if each.shape == h.shape), None)
    return torch.empty_like(h) if at is None else free.pop(at)


def _fits(chain: Chain, block: Block) -> bool:
    """Tell whether a block has nothing that a module or autograd would have to see to."""
    (x, y), like = block, chain.parameters[0]
    watched = torch.is_autocast_enabled(like.device.type) or torch.is_anomaly_enabled()
    if watched or x.dim() != 3 or y.dim() != 3 or x.shape[1] == 0:
        return False
    alike = all((t.dtype, t.device) == (like.dtype, like.device) for t in (x, y))
    columns = sum(chain.links[index].linear.out_features for index in chain.outputs)
    inputs = chain.links[0].linear.in_features
    return alike and (x.shape[2], y.shape[1:]) == (inputs, (x.shape[1], columns))
