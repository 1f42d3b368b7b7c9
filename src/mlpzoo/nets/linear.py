"""A linear layer that multiplies by oneDNN on a CPU, where torch would call MKL.

Both come with torch. On processors that MKL was not written for, oneDNN is up to twice as fast, and
a matrix product is most of what a wide network costs. It is the kernel that torch.compile calls.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.compiler import is_compiling
from typing_extensions import override

SMALLEST = 3_000_000  # products from which on the call's own cost is won back
_KERNEL: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)


class Linear(nn.Linear):
    """`nn.Linear`, which it also is in its parameters, derivatives and results, but for rounding.

    oneDNN multiplies large 2-D float32 inputs on a CPU; everything else, and everything under
    autocast, torch.compile, tracing, torch.func and `torch.backends.mkldnn.flags(enabled=False)`,
    goes the ordinary way.

    Shapes: (..., in_features) -> (..., out_features).

    Args:
        in_features: Number of inputs.
        out_features: Number of outputs.
        bias: Whether there is one.
        empty: Leave the weights to whoever draws them, instead of drawing torch's from the global
            generator.

    Example:
        >>> Linear(256, 256)(torch.zeros(100, 256)).shape
        torch.Size([100, 256])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, empty: bool = False
    ) -> None:
        self._empty = empty  # looked at while the layer is being made
        super().__init__(in_features, out_features, bias)

    @override
    def reset_parameters(self) -> None:
        if not self._empty:
            super().reset_parameters()

    @override
    def forward(self, input: Tensor) -> Tensor:
        if is_compiling() or torch._C._is_tracing():  # no check after this can be compiled
            return super().forward(input)
        if type(input) not in (Tensor, nn.Parameter):  # a proxy or a subclass
            return super().forward(input)
        products = input.numel() * self.out_features
        if products < SMALLEST or not _takes(input, self.weight):
            return super().forward(input)
        if torch.is_grad_enabled():
            product: Tensor = _Product.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return product
        return _product(input, self.weight, self.bias)


def _takes(x: Tensor, weight: Tensor) -> bool:
    """Tell whether oneDNN's kernel can stand for torch's here."""
    return (
        _KERNEL is not None
        and x.device.type == weight.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and x.layout == torch.strided
        and x.dim() == 2
        and x.shape[1] == weight.shape[1]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and bool(torch.backends.mkldnn.enabled)
        and not torch.is_autocast_enabled("cpu")
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
    )


def _product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x weight^T + bias."""
    product: Tensor = _KERNEL(x, weight, bias, "none", [], "")
    return product


class _Product(torch.autograd.Function):
    """`_product` with its derivative, which can itself be derived."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        (grad,) = grads
        product = F.linear if torch.is_grad_enabled() else _product  # on: derived once more
        of_x, of_weight, of_bias = ctx.needs_input_grad
        return (
            product(grad, weight.t()) if of_x else None,
            product(grad.t(), x.t()) if of_weight else None,
            grad.sum(dim=0) if of_bias else None,
        )
