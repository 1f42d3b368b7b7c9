"""Settings whose members train together: what may differ between them, and their starts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import torch
from torch import Tensor

from mlpzoo.data import FunctionDataModule
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.of_members import OF_TORCH, SETTINGS
from mlpzoo.population.members.starts import Starts, is_alike

STARTS = ("seed", "initialization", "gain")  # arguments that weights alone depend on
_ON_DATA = (
    "in_features", "batch_size", "growth", "steps_per_epoch", "block_steps", "ranges",
    "val_points", "test_points", "bars",
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """Members of one setting.

    Attributes:
        make_module: Makes the module of a seed.
        make_data: Makes the data module of a seed.
        seeds: One for each member.
        alike: Whether the modules differ in nothing but the start that their seed gives.
    """

    make_module: Callable[[int], LitNetwork]
    make_data: Callable[[int], FunctionDataModule]
    seeds: Sequence[int]
    alike: bool = False


def may_join(
    first: LitNetwork, other: LitNetwork, data: FunctionDataModule, other_data: FunctionDataModule
) -> bool:
    """Tell whether members of two settings may be of one population.

    Their start may differ, and what the batches hold, such as noise or a gate, and, with adam,
    adamw and sgd, rate, momentum, weight decay and beta2. Shapes, ranges and all else may not.

    Args:
        first: A module of the one setting.
        other: One of the other.
        data: A data module of the one setting.
        other_data: One of the other.

    Example:
        >>> from mlpzoo import LitGate, XORDataModule
        >>> data = XORDataModule()
        >>> may_join(LitGate(lr=0.1), LitGate(initialization="uniform", seed=3), data, data)
        True
        >>> may_join(LitGate(), LitGate(hidden_features=(3,)), data, data)
        False
    """
    return _is_one_kind(first, other) and _is_one_shape(data, other_data)


def _is_one_kind(first: LitNetwork, other: LitNetwork) -> bool:
    free = {*STARTS, *(SETTINGS if _has_own_settings(first) else ())}
    same = [name for name in SETTINGS if name not in free]
    ours, theirs = (
        [each.kernel, each.optimizer_name, each.schedule, each.task, each.columns,
         repr(each.net), repr(each.loss), *(getattr(each, name) for name in same)]
        for each in (first, other)
    )  # fmt: skip
    return ours == theirs and is_alike(first, other, free)


def _has_own_settings(module: LitNetwork) -> bool:
    """Tell whether the optimizer of stacked members can have a module's settings for some alone."""
    plain = type(module).build_optimizer is LitNetwork.build_optimizer
    return plain and type(module.build_optimizer()) in OF_TORCH


def _is_one_shape(data: FunctionDataModule, other: FunctionDataModule) -> bool:
    if data is other:
        return True
    ours, theirs = ([getattr(each, name) for name in _ON_DATA] for each in (data, other))
    return type(data) is type(other) and ours == theirs and _rows(data) == _rows(other)


def _rows(data: FunctionDataModule) -> list[torch.Size]:
    return [part.shape for stage in ("val", "test") for part in data.rows_of(stage)]


class JoinedStarts:
    """The modules of several variants, one behind the other.

    Args:
        variants: One or more whose members may join.
    """

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.parts = [Starts(v.make_module, v.seeds, alike=v.alike) for v in variants]
        self.first = self.parts[0].first
        self.variant = [at for at, part in enumerate(self.parts) for _ in part.seeds]

    def __iter__(self) -> Iterator[LitNetwork]:
        return chain.from_iterable(self.parts)

    def weights(self) -> Mapping[str, Tensor]:
        """Return the parameters of all by name, with the modules in front."""
        parts = [part.weights() for part in self.parts]
        return {name: torch.cat([own[name] for own in parts]) for name in parts[0]}

    @property
    def alike(self) -> bool:
        """Whether they are several, of each variant alike, and no two layers share a weight."""
        named = list(self.first.named_parameters(remove_duplicate=False))
        unshared = len(named) == len(list(self.first.parameters()))
        return unshared and len(self.variant) > 1 and all(part.alike for part in self.parts)

    @property
    def kinds(self) -> list[LitNetwork]:
        """Modules among which is one of each kind."""
        return [module for part in self.parts for module in part.kinds]

    def some(self, most: int) -> Iterator[tuple[int, LitNetwork]]:
        """Yield some members of each variant with their places.

        Args:
            most: How many in all, if these are enough for one of each.
        """
        each = max(1, most // len(self.parts))
        places = {part: at for at, part in reversed(list(enumerate(self.variant)))}
        for at, part in enumerate(self.parts):
            yield from enumerate(islice(part, each), places[at])
