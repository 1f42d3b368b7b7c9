"""What every network of this room has: its arguments, and the way to each of its outputs."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple

from torch import nn

from mlpzoo.checks import InputError
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.nets.stack import ACTIVATIONS


class Network(nn.Module):
    """A plain network that remembers which layers its constructor was asked for.

    `type(net)(**net.arguments)` has the same layers, so a file needs no more than class, arguments
    and state_dict. What the state_dict brings is left out: the start, and the ranges, which are
    buffers and may be replaced by those of another net.

    Args:
        **arguments: Those of the constructor that give the layers, names as `ACTIVATIONS` has them.

    Attributes:
        arguments: The same as plain data: numbers, names and lists of numbers.
        gives: What `forward` returns if nothing else is said: "value", "logit" or "probability".
    """

    gives: ClassVar[str] = "value"

    def __init__(self, **arguments: int | str | Sequence[int]) -> None:
        super().__init__()
        self.arguments: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in arguments.items()
        }

    def paths(self) -> dict[str, list[nn.Module]]:
        """Return the modules that each output comes through, by its name, from the input on.

        A `RangeScale` that comes first maps to [-1, 1], one that comes last from it.
        """
        return {"y": list(self.children())}

    def sketch(self) -> str:
        """Return the sizes of the layers in a few characters, such as "1-256-1 relu"."""
        raise NotImplementedError


class Path(NamedTuple):
    """The way to an output, from the input on.

    Attributes:
        dense: Its linear layers, each with the name of the activation behind it.
        in_scale: What comes before them; None for nothing.
        out_scale: What comes behind them; None for nothing.
    """

    dense: list[tuple[nn.Linear, str]]
    in_scale: RangeScale | None
    out_scale: RangeScale | None


def dense_paths(net: Network | nn.Sequential) -> dict[str, Path]:
    """Return the way to each output of a network, by its name.

    Args:
        net: Linear layers with at most one activation behind each, and scales at the ends.

    Raises:
        InputError: It has other parts, or activations with other arguments than their defaults.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> [name for _, name in dense_paths(net)["y"].dense]
        ['tanh', 'identity']
    """
    paths = net.paths() if isinstance(net, Network) else {"y": [net]}
    return {name: _path(list(_flat(parts))) for name, parts in paths.items()}


def _flat(parts: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for part in parts:
        _check_usual(part)
        yield from _flat(part) if isinstance(part, nn.Sequential) else (part,)


def _check_usual(part: nn.Module) -> None:
    """Refuse a layer or a sequence that computes something else than its class of torch."""
    kind = next((each for each in (nn.Sequential, nn.Linear) if isinstance(part, each)), None)
    if kind is None:
        return
    own = type(part).forward is not kind.forward or "forward" in vars(part)
    if own or part._forward_hooks or part._forward_pre_hooks:
        raise InputError(
            f"{type(part).__name__} has a forward of its own or hooks, so that its weights do not "
            f"say what it computes; take a plain nn.{kind.__name__}"
        )


def _path(parts: Sequence[nn.Module]) -> Path:
    found: list[tuple[nn.Linear, str]] = []
    for place, part in enumerate(parts):
        if isinstance(part, nn.Linear):
            found.append((part, "identity"))
        elif not (isinstance(part, RangeScale) and place in (0, len(parts) - 1)):
            name = _activation(part)
            if not found or "identity" not in (name, found[-1][1]):
                raise InputError(f"there must be an nn.Linear before {part}, and nothing between")
            linear, before = found[-1]
            found[-1] = linear, before if name == "identity" else name
    if not found:
        raise InputError("the network has no nn.Linear layer")
    first, last = (end if isinstance(end, RangeScale) else None for end in (parts[0], parts[-1]))
    return Path(found, first, last)


def _activation(part: nn.Module) -> str:
    name = type(part).__name__.lower()
    if type(part) is not ACTIVATIONS.get(name):
        raise InputError(f"layer {part} is not known; replace it, or leave it out")
    if repr(part).replace("inplace=True", "") != (usual := _usual(name)):
        raise InputError(f"{part} must have its default arguments, as {usual}")
    return name


@cache
def _usual(activation: str) -> str:
    return repr(ACTIVATIONS[activation]())
