"""One linear layer for all members of a population, and a module made of such layers."""

from copy import deepcopy
from typing import Any, cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from mlpzoo.modules import LitNetwork
from mlpzoo.population.members.variants import JoinedStarts

SMALL = 16  # weights of a layer up to which multiplying elementwise beats a matrix product


class MemberLinear(nn.Module):
    """The same linear layer of every member: y_m = x_m W_m^T + b_m.

    Members never meet in a sum. Those of small layers lie next to each other in memory, behind all
    other axes, so that one elementwise operation serves thousands of them; large layers take a
    batched matrix product.

    Shapes: (members or 1, batch, in_features) or (batch, in_features)
        -> (members, batch, out_features).

    Args:
        weight: Of the members, (members, out_features, in_features).
        bias: Of the members, (members, out_features); None where the layer has none.
        last: Whether the members are the last axis of the parameters: weight (out, in, members),
            bias (out, members); else the first.

    Example:
        >>> layer = MemberLinear(torch.ones(5, 1, 2), torch.zeros(5, 1), last=True)
        >>> layer(torch.zeros(4, 2)).shape
        torch.Size([5, 4, 1])
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, last: bool) -> None:
        super().__init__()
        self.last, axis = last, -1 if last else 0
        self.weight = nn.Parameter(weight.movedim(0, axis).contiguous())
        self.bias = None if bias is None else nn.Parameter(bias.movedim(0, axis).contiguous())

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = x if x.dim() == 3 else x.unsqueeze(0)
        if self.last:
            bias = x.new_zeros(()) if self.bias is None else self.bias
            apply: Any = _MembersLast.apply
            y: Tensor = apply(x.permute(1, 2, 0), self.weight, bias)
            return y.permute(2, 0, 1)
        weight = self.weight.transpose(1, 2)
        x = x.expand(len(weight), *x.shape[1:])
        if self.bias is None:
            return torch.bmm(x, weight)
        return torch.baddbmm(self.bias.unsqueeze(1), x, weight)


class _MembersLast(torch.autograd.Function):
    """y = W x + b for x (batch, in, members or 1), W (out, in, members) and b (out, members)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        y = torch.addcmul(bias, x[:, 0, None], weight[:, 0])
        for column in range(1, weight.shape[1]):
            y.addcmul_(x[:, column, None], weight[:, column])
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        x_grad = None
        if of_x:
            x_grad = grad[:, 0, None] * weight[0]
            for row in range(1, len(weight)):
                x_grad.addcmul_(grad[:, row, None], weight[row])
        weight_grad = (grad[:, :, None] * x[:, None]).sum(0) if of_weight else None
        return x_grad, weight_grad, grad.sum(0) if of_bias else None


class PerMember(nn.Module):
    """A loss of `torch.nn` that keeps the members of (members, ...) apart.

    Shapes: predictions and targets (members, ...) -> (members,).

    Args:
        loss: The loss, with reduction "sum" or "mean".

    Example:
        >>> PerMember(nn.MSELoss())(torch.ones(3, 4, 1), torch.zeros(3, 4, 1)).tolist()
        [1.0, 1.0, 1.0]
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = deepcopy(loss)
        self.sums = loss.reduction == "sum"
        setattr(self.loss, "reduction", "none")  # noqa: B010  # the type checker takes it for a tensor

    @override
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        each = self.loss(prediction, target)
        rest = tuple(range(1, each.dim()))
        return cast("Tensor", each.sum(rest) if self.sums else each.mean(rest))


class Answer(nn.Module):
    """What a stacked module answers, as its forward.

    Args:
        stacked: The module.
    """

    def __init__(self, stacked: LitNetwork) -> None:
        super().__init__()
        self.stacked = stacked

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.stacked.answer(x)


def stack(starts: JoinedStarts) -> LitNetwork | None:
    """Return one module that computes what all of these compute, members on a leading axis.

    Args:
        starts: Modules of one kind that differ in their weights and their optimizers only.

    Returns:
        A copy of the first whose linear layers are `MemberLinear` and whose loss is `PerMember`;
        None where that does not work: parameters outside linear layers.
    """
    stacked, weights = deepcopy(starts.first), starts.weights()
    parts = dict(stacked.named_modules())
    linear = {name: part for name, part in parts.items() if isinstance(part, nn.Linear)}
    last = all(part.weight.numel() <= SMALL for part in linear.values())
    for name, part in linear.items():
        parent, _, child = name.rpartition(".")
        pair = weights[f"{name}.weight"], weights.get(f"{name}.bias")
        setattr(parts[parent], child, layer := MemberLinear(*pair, last=last))
        for kind, parameter in layer.named_parameters():
            parameter.requires_grad_(getattr(part, kind).requires_grad)
    stacked.loss = PerMember(stacked.loss)
    owners = (stacked.get_submodule(n.rpartition(".")[0]) for n, _ in stacked.named_parameters())
    return stacked if all(isinstance(owner, MemberLinear) for owner in owners) else None
