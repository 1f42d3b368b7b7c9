"""Levenberg and Marquardt's least squares, in the space of rows or of weights."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from typing_extensions import override

from mlpzoo.checks import InputError, check_at_least, check_positive
from mlpzoo.optim.closures import WatchedClosure
from mlpzoo.optim.damped import smaller_system
from mlpzoo.optim.jacobian import derivatives
from mlpzoo.optim.needs import Needs

TRIES = 8  # of a step, each with more damping
LEAST, MOST = 1e-14, 1e14  # damping
NEAR = 0.1  # share of a step, at which it is looked how the answers bend along it
BENT = 0.375  # of a step, the most that is added for the bend
KINKED = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.RReLU,
    nn.PReLU,
    nn.Hardtanh,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Hardshrink,
    nn.Softshrink,
    nn.Threshold,
)


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

    With J the derivatives of the outputs by the weights w and r = y - target, a step d minimises
    `|J d + r|^2 + N weight_decay |w + d|^2 + damping |d|^2 / S` for N answers (rows times outputs),
    and is taken if the first two terms fall with the network's own answers in place of J d + r.
    damping, relative to the mean of the diagonal of J S J^T, falls after a step that did what the
    linear model foretold and grows where it did not (Levenberg 1944, Marquardt 1963). Along a step
    of a smooth network, how its answers bend is looked at once, and what that asks for is added
    (Transtrum and Sethna 2012). S is 1 for the last layer and `layer_decay` times as much for each
    layer below: what moves the bends of a first layer bends everything above it.

    The smaller of two systems is solved, with a row for each answer or for each weight, of 8,192
    rows at most. Two matrices of that size are kept, of float64, or of float32 for weights of
    float32 while damping is large; J itself, weights times answers, is never kept. Frozen layers
    are left out. Squares count as much as in the closure's loss, relative to their mean, so that
    rows and outputs may have weights.

    Args:
        net: Linear layers, each called once, and parts without weights that treat each row by
            itself.
        lr: Share of the step that is taken.
        damping: The first damping.
        layer_decay: See above; 1 for smooth networks, 0.1 for those with ReLU and its like.
        weight_decay: See above. The loss that a closure returns is without it. Above 0, the system
            of weights is always taken.

    Raises:
        InputError: A value that is not above 0, or a weight decay below.

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
        layer_decay: float | None = None,
        weight_decay: float = 0.0,
    ) -> None:
        check_positive("lr", lr)
        check_positive("damping", damping)
        self.smooth = not any(isinstance(part, KINKED) for part in net.modules())
        layer_decay = (1.0 if self.smooth else 0.1) if layer_decay is None else layer_decay
        check_positive("layer_decay", layer_decay)
        check_at_least("weight_decay", weight_decay, 0)
        self.net = net
        settings = {"lr": lr, "layer_decay": layer_decay, "weight_decay": weight_decay}
        super().__init__(net.parameters(), settings)
        self.param_groups[0]["damping"] = damping  # a state, which no default is to overwrite

    @override
    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("weight_decay", 0.0)  # of states that were saved before there was one

    @override
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step for the rows that a closure puts through the network.

        Args:
            closure: Clears the gradients, computes a squared loss of one call of the network, its
                sum or mean times any number or numbers, takes its gradient and returns it.

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
        (group,) = self.param_groups
        finite = bool(watched.residual.isfinite().all())
        if not finite or not (group["weight_decay"] or bool(watched.residual.any())):
            return
        batch = _Batch(self.net, watched, group)
        system, lr = batch.system, group["lr"]
        unit = max(system.unit, torch.finfo(torch.float32).tiny)
        for _ in range(TRIES):
            if not system.damp(group["damping"] * unit):
                group["damping"] = min(group["damping"] * 10, MOST)
                continue
            change = system.step()
            if self.smooth:
                bend = batch.bend(change)
                if bend.norm() <= BENT * change.norm():
                    change = change.add(bend, alpha=lr)
            batch.residual_after(change, lr)
            foretold, fallen = system.foretold(lr), batch.fallen()
            gain = fallen / max(foretold, 1e-300)
            if not gain > 0:  # or NaN
                batch.undo()
                if foretold <= batch.rounding:
                    return  # it is at its least
            group["damping"] = _next_damping(group["damping"], gain, self.smooth)
            if gain > 0:
                return


class _Batch:
    """The rows of a step, whose penalised squares change with the weights."""

    def __init__(self, net: nn.Module, watched: WatchedClosure, group: dict[str, Any]) -> None:
        self.net, self.x, self.parameters = net, watched.x, group["params"]
        y, layers = derivatives(net, self.x, group["layer_decay"])
        near = 1e-4 * float(y.abs().max())
        if not (torch.equal(y, watched.y) or torch.allclose(y, watched.y, 1e-4, near)):
            raise InputError("levenberg needs the same answers whenever it asks; leave out Dropout")
        self.target = y - watched.residual
        self.roots = None if watched.shares is None else _flat(watched.shares.sqrt())
        if self.roots is not None:
            for layer in layers:
                layer.slopes = layer.slopes * self.roots.to(y).unsqueeze(1)
        self.residual = self._of(watched.residual)
        self.penalty = group["weight_decay"] * y.numel()
        self.system = smaller_system(layers, self.residual, self.penalty)
        self.kept = [parameter.clone() for parameter in self.parameters]
        self.before = self._squares(self.residual)
        self.rounding = self.before * max(1e-15, 0.01 * torch.finfo(y.dtype).eps)

    def undo(self) -> None:
        torch._foreach_copy_(self.parameters, self.kept)

    def residual_after(self, change: Tensor, share: float) -> Tensor:
        self.undo()
        self.system.move(change, share)
        self.after = self._of(self.net(self.x) - self.target)
        return self.after

    def bend(self, change: Tensor) -> Tensor:
        """Return what goes with a change, as the answers bend along it (`LevenbergMarquardt`)."""
        bent = self.residual_after(change, NEAR).sub(self.residual).div_(NEAR)
        return self.system.step_for(bent.add_(self.system.spread(change))).div_(NEAR)

    def fallen(self) -> float:
        """Return by how much the penalised squares are less than before."""
        return self.before - self._squares(self.after)

    def _of(self, residual: Tensor) -> Tensor:
        flat = _flat(residual)
        return flat if self.roots is None else flat * self.roots

    def _squares(self, residual: Tensor) -> float:
        decayed = self.penalty * _square(*self.parameters) if self.penalty else 0.0
        return _square(residual) + decayed


def _flat(values: Tensor) -> Tensor:
    """Return a row for each output of each row, in float64."""
    return values.T.reshape(-1).double()


def _square(*values: Tensor) -> float:
    return sum(float(each.double().square().sum()) for each in values)


def _next_damping(damping: float, gain: float, smooth: bool) -> float:
    """Return the damping after a step that brought `gain` of what the linear model foretold."""
    if smooth and gain > 0:
        return max(damping / 5, LEAST) if gain > 0.25 else damping
    if smooth:
        return min(damping * 3, MOST)
    if not gain > 0:  # or NaN
        return min(damping * 4, MOST)
    if gain > 0.75:
        return max(damping / 3, LEAST)
    return min(damping * 2, MOST) if gain < 0.25 else damping
