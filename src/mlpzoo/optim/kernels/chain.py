"""What a module computes, as plain data, where it is a chain of linear layers and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from mlpzoo.checks import InputError
from mlpzoo.nets.architecture import NETS
from mlpzoo.nets.base import dense_paths
from mlpzoo.nets.range_scale import RangeScale

Method = TypeVar("Method", bound=Callable[..., Any])
ACTIVATIONS = ("identity", "relu", "sigmoid", "tanh")
LOSSES: dict[type[nn.Module], str] = {
    nn.MSELoss: "mse",
    nn.BCELoss: "bce",
    nn.BCEWithLogitsLoss: "bcewithlogits",
}
_METHODS = ("forward", "losses", "objective", "output_and_losses")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True, eq=False)
class Link:
    """A linear layer with the activation behind it.

    Attributes:
        linear: The layer, with a bias or without.
        activation: "identity", "relu", "sigmoid" or "tanh".
        source: Which link it takes from, an earlier one; None for the scaled input.
    """

    linear: nn.Linear
    activation: str
    source: int | None


@dataclass(frozen=True, eq=False)
class Chain:
    """What a step minimises: a loss of the links' outputs, side by side, scaled.

    Attributes:
        links: Each behind its source; two heads have the same one.
        outputs: Which links give the columns of the output, left to right.
        in_scale: Maps the input to what the first link takes; None where it changes nothing.
        out_scale: Maps the outputs from what the last links give; None where it changes nothing.
        loss: "mse", "bce" or "bcewithlogits".
        reduction: "sum" or "mean".
        parts: Names of the losses that are taken of a column each, and then added up; empty where
            there is one loss, of all columns.
    """

    links: tuple[Link, ...]
    outputs: tuple[int, ...]
    in_scale: RangeScale | None
    out_scale: RangeScale | None
    loss: str
    reduction: str
    parts: tuple[str, ...]

    @property
    def parameters(self) -> list[Tensor]:
        """Weights and biases, link by link: the order of the network's own `parameters`."""
        pairs = [(link.linear.weight, link.linear.bias) for link in self.links]
        return [each for pair in pairs for each in pair if each is not None]

    @property
    def kind(self) -> tuple[Any, ...]:
        """All but the numbers: where it is the same, the same operations are called."""
        links = ((*link.linear.weight.shape, link.activation, link.source) for link in self.links)
        scales = (None if s is None else s.centre.ndim for s in (self.in_scale, self.out_scale))
        return (*links, self.outputs, *scales, self.loss, self.reduction, self.parts)


def in_chain(method: Method, *, by_column: bool = False) -> Method:
    """Mark a method whose work a `Chain` describes; one that takes its place has no mark.

    Args:
        method: Of a `LitNetwork`.
        by_column: Whether, as its `losses`, it takes a loss of each of the named columns.
    """
    vars(method).update(in_chain=True, by_column=by_column)
    return method


def read_chain(objective: Callable[..., Any]) -> Chain | None:
    """Return what an objective computes; None where that is more than a chain says.

    So it is None for other networks, losses or activations than are known, for hooks, for weights
    that are frozen, shared, pruned or parametrized, and for methods that have been overridden.

    Args:
        objective: The method of a `LitNetwork`.
    """
    module: Any = getattr(objective, "__self__", None)
    methods = [getattr(module, name, None) for name in _METHODS]
    marked = all(hasattr(each, "in_chain") for each in methods)
    if not marked or objective != module.objective or _is_heard(module):
        return None
    loss, net = module.loss, module.net
    weights = [getattr(loss, name, None) for name in ("weight", "pos_weight")]
    if type(loss) not in LOSSES or weights != [None] * 2 or type(net) not in NETS.values():
        return None
    try:
        paths = dense_paths(net)
    except InputError:
        return None
    found: dict[tuple[nn.Linear, str, int | None], int] = {}  # heads share a trunk
    outputs = []
    for path in paths.values():
        source = None
        for linear, activation in path.dense:
            source = found.setdefault((linear, activation, source), len(found))
        outputs.append(source or 0)
    ends = (path.in_scale, path.out_scale)
    scales = [None if end is None or end.identity else end for end in ends]
    parts = [f"{column}_loss" for column in module.columns if module.losses.by_column]
    chain = Chain(
        tuple(Link(*each) for each in found), tuple(outputs), scales[0], scales[1],
        LOSSES[type(loss)], loss.reduction, tuple(parts),
    )  # fmt: skip
    return chain if _is_plain(chain, list(module.parameters())) else None


def _is_heard(module: nn.Module) -> bool:
    """Tell whether someone listens to parts of a module, or has put other work in their place."""
    everywhere: Any = torch_module._has_any_global_hook
    parts = map(vars, module.modules())
    return everywhere() or any("forward" in part or any(map(part.get, _HOOKS)) for part in parts)


def _is_plain(chain: Chain, trained: list[Tensor]) -> bool:
    """Tell whether the weights of a chain are all that is trained, and have nothing unusual."""
    linear = [link.linear for link in chain.links]
    known = all(link.activation in ACTIVATIONS for link in chain.links)
    known = known and all(type(layer) is nn.Linear for layer in linear)
    columns = sum(linear[output].out_features for output in chain.outputs)
    fits = len(chain.parts) in (0, columns)
    first, used = trained[0], list(map(id, chain.parameters))
    alike = all((p.dtype, p.device) == (first.dtype, first.device) for p in trained)
    return (
        known and fits and alike and used == list(map(id, trained)) and all(map(_is_free, trained))
    )


def _is_free(parameter: Tensor) -> bool:
    hooks = parameter._backward_hooks or parameter._post_accumulate_grad_hooks
    plain = type(parameter) is nn.Parameter and parameter.is_contiguous()
    return plain and parameter.requires_grad and not hooks
