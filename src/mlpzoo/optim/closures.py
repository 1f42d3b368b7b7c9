"""What a closure does with a network: the call, the loss, and its gradient by the answers alone."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from typing_extensions import override

from mlpzoo.checks import InputError

_CLOSE = 1e-3  # of a second derivative, far more than rounding


class WatchedClosure(TorchFunctionMode):
    """Runs a closure of a squared loss, and refuses one whose gradient is of anything else.

    While the closure runs, the network's answers are cut off from its weights. So a gradient that
    reaches the weights by another way is noticed, and the loss can be examined as a function of
    the answers y: a sum of c_i r_i^2 has the gradient 2 c r and the second derivatives 2 c, with
    nothing beside the diagonal, and is half the sum of gradient r. The weights get the gradient
    that they would have had.

    Args:
        net: The network that the closure calls once.

    Attributes:
        x: What the network was given.
        y: What it answered.
        residual: r = y - target.
        shares: How much each square counts, 1 in the mean; None where all are equal.
    """

    x: Tensor
    y: Tensor
    residual: Tensor
    shares: Tensor | None = None

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.calls, self.parameters = net, 0, list(net.parameters())
        self.versions: list[int] | None = None

    def run(self, closure: Callable[[], Any]) -> Any:
        """Return what the closure returns.

        Args:
            closure: Clears the gradients, computes the loss and calls its `backward`.

        Raises:
            InputError: It does something else, or the loss is none that can be solved.
        """
        handle = self.net.register_forward_hook(self._cut)
        try:
            with self, torch.enable_grad():
                returned = closure()
        finally:
            handle.remove()
        self._check_calls()
        if self.versions is None:
            raise InputError("levenberg needs a closure that calls backward() of its loss")
        if self._versions() != self.versions:
            raise InputError("levenberg does not go with changed gradients, such as clipped ones")
        return returned

    @override
    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func is not Tensor.backward:
            return func(*args, **(kwargs or {}))
        self._check_calls()
        self._refuse_gradients("gradients of several batches or losses in a step")
        loss, answers = args[0], self.answers
        plain = kwargs["gradient"] is None and _is_mse(loss, answers)
        examined = None if plain else _residual_of_squares(loss, answers)
        func(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._refuse_gradients("a penalty on weights")
        if examined:
            gradient, self.residual, curvature = examined
            same = torch.allclose(curvature, curvature.flatten()[:1], _CLOSE, 0.0)
            self.shares = None if same else curvature / curvature.mean()
        else:
            gradient = cast("Tensor", answers.grad)
            squares = float(gradient.double().square().sum())
            self.residual = gradient * (2 * float(loss.detach()) / squares if squares else 0.0)
        if self.y.requires_grad:
            torch.autograd.backward(self.y, gradient)
        self.versions = self._versions()
        return None

    def _cut(self, _: nn.Module, inputs: tuple[Tensor, ...], y: Tensor) -> Tensor:
        self.calls += 1
        if y.dtype not in (torch.float32, torch.float64):
            raise InputError(f"levenberg needs float32 or float64, not {y.dtype}; take adam")
        self.x, self.y = inputs[0].detach(), y
        self.answers = y.detach().requires_grad_(torch.is_grad_enabled())
        return self.answers

    def _check_calls(self) -> None:
        if self.calls != 1:
            raise InputError(f"levenberg needs one call of the network a step, got {self.calls}")

    def _refuse_gradients(self, what: str) -> None:
        if any(p.grad is not None and bool(p.grad.any()) for p in self.parameters):
            raise InputError(f"levenberg does not go with {what}; take optimizer adam")

    def _versions(self) -> list[int]:
        """Return how often each gradient has been changed in place."""
        return [p.grad._version for p in self.parameters if p.grad is not None]


def _is_mse(loss: Tensor, answers: Tensor) -> bool:
    """Tell whether a loss is torch's own of answers and target, times a number above 0."""
    made: Any = loss.grad_fn
    by_number = ("MulBackward0", "DivBackward0")
    while made and made.name() in by_number and not made.next_functions[1][0]:
        made = made.next_functions[0][0]
    if not made or made.name() != "MseLossBackward0" or not loss >= 0:
        return False
    (of_answers, _), (of_target, _) = made.next_functions
    return getattr(of_answers, "variable", None) is answers and not of_target


def _residual_of_squares(loss: Tensor, answers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return gradient, residual and second derivatives of a weighted sum of squared errors."""
    grad = partial(torch.autograd.grad, materialize_grads=True)
    (gradient,) = grad(loss, answers, create_graph=True)
    ones = torch.ones_like(answers)
    along = torch.linspace(1, 2, answers.numel()).to(answers).view_as(answers)
    curvature = found = torch.zeros_like(answers)
    if gradient.requires_grad:
        (curvature,) = grad(gradient, answers, ones, retain_graph=True)
        (found,) = grad(gradient, answers, along, retain_graph=True)
    gradient, curvature, found = gradient.detach(), curvature.detach(), found.detach()
    if not gradient.isfinite().all():
        return gradient, gradient, ones
    residual = torch.where(curvature > 0, gradient / curvature, 0.0)
    value, half = loss.detach().double(), (residual.double() * gradient.double()).sum() / 2
    diagonal = torch.allclose(found, curvature * along, _CLOSE, 0.0)
    least = torch.finfo(torch.float32).tiny
    if not diagonal or curvature.min() < 0 or not torch.isclose(half, value, _CLOSE, least):
        raise InputError(
            "levenberg minimises squared errors alone, their sum or mean times any numbers, "
            "and the loss of this closure is another; take optimizer adam"
        )
    return gradient, residual, curvature
