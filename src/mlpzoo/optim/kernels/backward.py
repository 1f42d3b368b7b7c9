"""The gradient of a chain written out: the operations of autograd without autograd's own work.

For the networks of the exercises, recording a graph, walking it and asking for memory take as long
as the arithmetic. So products, slopes and losses are called here one by one, as autograd calls
them, into memory that is kept for a block. The bits are the same: they are compared before a
gradient is used.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from mlpzoo.data.stream import Block
from mlpzoo.optim.kernels.chain import Chain, Link, read_chain

Losses = Mapping[str, Tensor]
Objective = Callable[[Tensor, Tensor], tuple[Tensor, Losses]]
_aten: Any = torch.ops.aten
_IN_PLACE: dict[str, Any] = {"relu": Tensor.relu_, "sigmoid": Tensor.sigmoid_, "tanh": Tensor.tanh_}
_REDUCTIONS = {"mean": 1, "sum": 2}  # as torch's operations number them
_LOSSES: dict[str, Any] = {
    "mse": functional.mse_loss,
    "bce": functional.binary_cross_entropy,
    "bcewithlogits": functional.binary_cross_entropy_with_logits,
}


class Gradient(Protocol):
    """The gradients of the batches of a block, one after the other."""

    def take(self, step: int) -> object:
        """Set the gradient of every parameter for the batch of a step of the block."""

    def losses(self) -> tuple[Tensor, Losses]:
        """Return what each step has minimised, (steps,), and the losses of the last to log."""


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
        links = ((*link.linear.weight.shape, link.activation, link.source) for link in chain.links)
        scales = chain.in_scale is None, chain.out_scale is None
        kind = (block.x.shape[1:], block.x.dtype, block.x.device, *links, *scales, chain.loss)
        if kind not in self._agreed:
            self._agreed[kind] = self._agree(chain, Block(block.x[1:2], block.y[1:2]))
        return WrittenOut(chain, block) if self._agreed[kind] else ByAutograd(self.objective, block)

    def _agree(self, chain: Chain, block: Block) -> bool:
        """Tell whether losses and gradients are the same numbers both ways."""
        found: list[list[Any]] = []
        for gradient in (WrittenOut(chain, block), ByAutograd(self.objective, block)):
            gradient.take(0)
            minimised, losses = gradient.losses()
            grads = [parameter.grad for parameter in chain.parameters]
            found.append([minimised, *(losses[name] for name in sorted(losses)), *grads])
            for parameter in chain.parameters:
                parameter.grad = None
        return len(found[0]) == len(found[1]) and all(map(torch.equal, *found))


class ByAutograd:
    """The gradients of any objective.

    Args:
        objective: Maps x, y to what a step minimises and the losses to log.
        block: The batches.
    """

    def __init__(self, objective: Objective, block: Block) -> None:
        self.objective = objective
        self.batches = list(zip(block.x.unbind(), block.y.unbind(), strict=True))
        self._each: list[Tensor] = []
        self._last: Losses = {}

    def take(self, step: int) -> Tensor:  # noqa: D102 (as said in the protocol)
        minimised, self._last = self.objective(*self.batches[step])
        minimised.backward()  # type: ignore[no-untyped-call]
        self._each.append(minimised.detach())
        return self._each[-1]

    def losses(self) -> tuple[Tensor, Losses]:  # noqa: D102
        losses, self._last = self._last, {}  # their graph, kept, would spoil a recording
        return torch.stack(self._each), losses


class WrittenOut:
    """The gradients of a chain.

    Args:
        chain: What is minimised.
        block: The batches.
    """

    def __init__(self, chain: Chain, block: Block) -> None:
        self.chain, self.block = chain, block
        self.batches = list(zip(block.x.unbind(), block.y.unbind(), strict=True))
        self.outputs, self.slope = torch.empty_like(block.y), torch.empty_like(block.y[0])
        self.scaled, self.one = torch.empty_like(block.x[0]), block.x.new_ones(())
        self.layers = [_Layer(link, rows=len(block.x[0])) for link in chain.links]
        self.ends = [self.layers[index] for index in chain.outputs]
        widths = [end.h.shape[1] for end in self.ends]
        for end, part in zip(self.ends, torch.split(self.slope, widths, dim=1), strict=True):
            end.slope = part

    @torch.no_grad()
    def take(self, step: int) -> None:  # noqa: D102
        (x, y), output = self.batches[step], self.outputs[step]
        if self.chain.in_scale is not None:
            x = torch.sub(x, self.chain.in_scale.centre, out=self.scaled)
            x.div_(self.chain.in_scale.half_width)
        self._forward(x, output)
        self._slope_of_loss(output, y)
        met = set[int]()
        for layer in reversed(self.layers):
            if (source := layer.source) is None:
                layer.backward(x)
            else:
                layer.backward(self.layers[source].h)
                layer.pass_on(self.layers[source].slope, adds=source in met)
                met.add(source)

    @torch.no_grad()
    def losses(self) -> tuple[Tensor, Losses]:  # noqa: D102
        chain, values = self.chain, []
        for output, y in self._of_parts(self.outputs, self.block.y):
            each = _LOSSES[chain.loss](output, y, reduction="none").unbind()
            values.append(torch.stack([getattr(rows, chain.reduction)() for rows in each]))
        minimised = reduce(add, values)
        last = {name: value[-1] for name, value in zip(chain.parts, values, strict=False)}
        return minimised, {"loss": minimised[-1], **last}

    def _forward(self, x: Tensor, output: Tensor) -> None:
        scale, first = self.chain.out_scale, self.ends[0]
        if len(self.ends) == 1 and scale is None:
            first.h = output
        for layer in self.layers:
            layer.forward(x if layer.source is None else self.layers[layer.source].h)
        if len(self.ends) > 1:
            torch.cat([end.h for end in self.ends], dim=1, out=output)
        if scale is not None:
            unit = output if len(self.ends) > 1 else first.h
            torch.addcmul(scale.centre, unit, scale.half_width, out=output)

    def _slope_of_loss(self, output: Tensor, y: Tensor) -> None:
        loss, reduction = self.chain.loss, _REDUCTIONS[self.chain.reduction]
        for given, wanted, slope in self._of_parts(output, y, self.slope):
            if loss == "mse":
                backward = _aten.mse_loss_backward.grad_input
                backward(self.one, given, wanted, reduction, grad_input=slope)
            elif loss == "bce":
                backward = _aten.binary_cross_entropy_backward.grad_input
                backward(self.one, given, wanted, None, reduction, grad_input=slope)
            else:
                torch.sigmoid(given, out=slope).sub_(wanted)
                if self.chain.reduction == "mean":
                    slope.div_(slope.numel())
        if self.chain.out_scale is not None:
            self.slope.mul_(self.chain.out_scale.half_width)

    def _of_parts(self, *tensors: Tensor) -> Iterable[tuple[Tensor, ...]]:
        """Return what each part of the loss is of: a column, or all of them."""
        if not self.chain.parts:
            return [tensors]
        return zip(*(tensor.unbind(dim=-1) for tensor in tensors), strict=True)


class _Layer:
    """A link at work on batches of one size; `slope` is the loss's by what it puts out."""

    def __init__(self, link: Link, rows: int) -> None:
        self.link, self.source = link, link.source
        self.weight = link.linear.weight.detach()
        self.transposed = self.weight.t()
        self.bias = None if link.linear.bias is None else link.linear.bias.detach()
        self.h = self.weight.new_empty(rows, len(self.weight))
        self.slope = torch.empty_like(self.h)
        self.of_weight = torch.empty_like(self.weight)
        self.of_bias = None if self.bias is None else torch.empty_like(self.bias)

    def forward(self, x: Tensor) -> None:
        if self.bias is None:
            torch.mm(x, self.transposed, out=self.h)
        else:
            torch.addmm(self.bias, x, self.transposed, out=self.h)
        if self.link.activation != "identity":
            _IN_PLACE[self.link.activation](self.h)

    def backward(self, x: Tensor) -> None:
        slope, linear = self.slope, self.link.linear
        if self.link.activation == "relu":
            _aten.threshold_backward.grad_input(slope, self.h, 0, grad_input=slope)
        elif self.link.activation == "sigmoid":
            _aten.sigmoid_backward.grad_input(slope, self.h, grad_input=slope)
        elif self.link.activation == "tanh":
            _aten.tanh_backward.grad_input(slope, self.h, grad_input=slope)
        linear.weight.grad = torch.mm(slope.t(), x, out=self.of_weight)
        if self.of_bias is not None:
            linear.bias.grad = torch.sum(slope, 0, out=self.of_bias)

    def pass_on(self, below: Tensor, *, adds: bool) -> None:
        """Give the slope by what was taken, in place of what is there or added to it."""
        if adds:
            below.add_(torch.mm(self.slope, self.weight))
        else:
            torch.mm(self.slope, self.weight, out=below)


def _fits(chain: Chain, block: Block) -> bool:
    """Tell whether a block's batches are such that a chain has nothing to turn or to refuse."""
    (x, y), like = block, chain.parameters[0]
    if (
        x.dim() != 3
        or y.dim() != 3
        or x.shape[1] == 0
        or torch.is_autocast_enabled(like.device.type)
    ):
        return False
    alike = all((t.dtype, t.device) == (like.dtype, like.device) for t in (x, y))
    columns = sum(chain.links[index].linear.out_features for index in chain.outputs)
    inputs = chain.links[0].linear.in_features
    return alike and (x.shape[2], y.shape[1:]) == (inputs, (x.shape[1], columns))
