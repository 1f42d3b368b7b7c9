"""Levenberg and Marquardt's least squares, for networks with many more weights than rows."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from typing_extensions import override

from mlpzoo.checks import InputError, check_positive
from mlpzoo.optim.closures import WatchedClosure
from mlpzoo.optim.damped import smaller_system
from mlpzoo.optim.jacobian import derivatives
from mlpzoo.optim.needs import Needs

TRIES = 8  # of a step, each with more damping
LEAST, MOST = 1e-14, 1e14  # damping


def _work(optimizer: "LevenbergMarquardt", rows: int) -> int:
    """Return the work of making the smaller system from the layers, and of factoring it."""
    linear = [layer for layer in optimizer.net.modules() if isinstance(layer, nn.Linear)]
    weights = sum(parameter.numel() for parameter in optimizer.net.parameters())
    if weights < rows:
        return weights**3 // 3 + 2 * rows * weights**2
    widths = sum(layer.in_features + layer.out_features for layer in linear)
    return int(rows**3 // 3 + 2 * rows**2 * widths)


class LevenbergMarquardt(Optimizer):
    """Solves each batch as damped linear least squares instead of following its gradient.

    With J the derivatives of the outputs by the weights and r = y - target, a step is
    `d = -S J^T (J S J^T + damping I)^-1 r`, which minimises `|J d + r|^2 + damping |d|^2 / S`. It
    is taken if the sum of squares falls; damping, relative to the mean of the diagonal of J S J^T,
    falls by 3 after a step that did what the linear model foretold, and grows where it did not
    (Levenberg 1944, Marquardt 1963). S is 1 for the last layer and `layer_decay` times as much for
    each layer below: what moves the bends of a first layer bends everything above it.

    The matrix has a row for each output of each row of the batch, and comes from products of
    layers' inputs and slopes alone, J itself, which has weights times rows entries, never being
    made. Where there are fewer weights than that, J^T J is the smaller one and is solved instead.

    Args:
        net: Linear layers, each called once, and parts without weights that treat each row by
            itself.
        lr: Share of the step that is taken.
        damping: The first damping.
        layer_decay: See above.

    Raises:
        InputError: A value that is not above 0.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> net = nn.Sequential(nn.Linear(1, 30), nn.Tanh(), nn.Linear(30, 1))
        >>> x = torch.linspace(-1, 1, 50).view(-1, 1)
        >>> optimizer = LevenbergMarquardt(net)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = nn.functional.mse_loss(net(x), torch.sin(3 * x))
        ...     loss.backward()
        ...     return loss
        >>> losses = [optimizer.step(closure).item() for _ in range(20)]
        >>> losses[-1] < losses[0] / 10_000
        True
    """

    needs: ClassVar[Needs] = Needs(
        module=True,
        closure=True,
        gradients=False,
        losses=(nn.MSELoss,),
        lr=1.0,
        work=_work,
        trial=lambda net, x: derivatives(net, x, 1.0),
    )

    def __init__(
        self,
        net: nn.Module,
        lr: float = 1.0,
        damping: float = 1e-3,
        layer_decay: float = 0.1,
    ) -> None:
        check_positive("lr", lr)
        check_positive("damping", damping)
        check_positive("layer_decay", layer_decay)
        self.net = net
        super().__init__(net.parameters(), {"lr": lr, "layer_decay": layer_decay})
        self.param_groups[0]["damping"] = damping  # a state, which no default is to overwrite

    @override
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step for the rows that a closure puts through the network.

        Args:
            closure: Clears the gradients, computes a squared loss of one call of the network, its
                sum or mean times any number, takes its gradient and returns it.

        Returns:
            What the closure returns.

        Raises:
            InputError: No closure, one of another loss, or of more than one call of the network,
                gradients that were there before or are changed, or a network that it does not
                train.
        """
        if closure is None:
            raise InputError("levenberg needs a closure that gives the loss of a batch")
        watched = WatchedClosure(self.net)
        loss = watched.run(closure)
        with torch.no_grad():
            self._improve(watched)
        return loss

    def _improve(self, watched: WatchedClosure) -> None:
        x, residual = watched.x, watched.residual
        if not bool(residual.isfinite().all()) or not bool(residual.any()):
            return
        (group,) = self.param_groups
        y, layers = derivatives(self.net, x, group["layer_decay"])
        near = 1e-4 * float(y.abs().max())
        if not (torch.equal(y, watched.y) or torch.allclose(y, watched.y, 1e-4, near)):
            raise InputError("levenberg needs the same answers whenever it asks; leave out Dropout")
        target, flat = y - residual, residual.T.reshape(-1).double()
        system = smaller_system(layers, flat)
        unit = max(system.unit, torch.finfo(torch.float32).tiny)
        before, kept = _square(flat), [parameter.clone() for parameter in group["params"]]
        for _ in range(TRIES):
            solved = system.solve(group["damping"] * unit)
            if solved is None:
                group["damping"] = min(group["damping"] * 10, MOST)
                continue
            system.move(solved, group["lr"])
            wholly = system.left(solved, group["damping"] * unit)
            left = (1 - group["lr"]) * flat + group["lr"] * wholly
            foretold = _square(left)
            gain = (before - _square(self.net(x) - target)) / max(before - foretold, 1e-300)
            group["damping"] = _next_damping(group["damping"], gain)
            if gain > 0:
                return
            for parameter, old in zip(group["params"], kept, strict=True):
                parameter.copy_(old)


def _square(values: Tensor) -> float:
    return float(values.double().square().sum())


def _next_damping(damping: float, gain: float) -> float:
    """Return the damping after a step that brought `gain` of what the linear model foretold."""
    if not gain > 0:  # or NaN
        return min(damping * 4, MOST)
    if gain > 0.75:
        return max(damping / 3, LEAST)
    return min(damping * 2, MOST) if gain < 0.25 else damping
