"""The modules of a population, made once where nothing but their start differs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor

from mlpzoo.modules import LitNetwork
from mlpzoo.nets.initialization import draw_starts, initialize


class Starts:
    """The module of each seed, one after another; an entry holds until the next is asked for.

    To build a module takes milliseconds, and to draw its start anew a tenth of that. So where the
    modules differ in their start alone, one of them is started again for each seed, if that gives
    the very weights that `make_module` gives, which is tried on the last seed.

    Args:
        make_module: Makes the module of a seed.
        seeds: One or more.
        alike: Whether the modules differ in nothing but what their seed gives.
    """

    def __init__(
        self, make_module: Callable[[int], LitNetwork], seeds: Sequence[int], *, alike: bool
    ) -> None:
        self.seeds, self.first = seeds, make_module(seeds[0])
        self.modules: list[LitNetwork] = []
        if not (alike and _starts_again(self.first, make_module(seeds[-1]), seeds[-1])):
            self.modules = [self.first, *map(make_module, seeds[1:])]

    def __iter__(self) -> Iterator[LitNetwork]:
        if self.modules:
            yield from self.modules
            return
        module = deepcopy(self.first)
        for seed in self.seeds:
            _start_again(module, seed)
            yield module

    def weights(self) -> Mapping[str, Tensor]:
        """Return the parameters of all by name, with the modules in front."""
        if self.modules:
            every = [dict(each.named_parameters()) for each in self.modules]
            return {name: torch.stack([own[name].detach() for own in every]) for name in every[0]}
        many = len(self.seeds)
        kept = {
            name: own.detach().expand(many, *own.shape)
            for name, own in self.first.named_parameters()
        }
        name, gain = _start_of(self.first)
        drawn = draw_starts(self.first.net, name, self.seeds, gain=gain)
        return {**kept, **{f"net.{name}": values for name, values in drawn.items()}}

    @property
    def alike(self) -> bool:
        """Whether they differ in weights alone."""
        first, *others = self.kinds
        return all(is_alike(first, other) for other in others)

    @property
    def kinds(self) -> list[LitNetwork]:
        """Modules among which is one of each kind."""
        return self.modules or [self.first]


def is_alike(first: LitNetwork, other: LitNetwork, free: Collection[str] = ("seed",)) -> bool:
    """Tell whether two modules differ in nothing but their weights and some arguments.

    Args:
        first: The one.
        other: The other.
        free: Names of the arguments that may differ.
    """
    ours, theirs = (
        (type(each), {name: value for name, value in each.hparams.items() if name not in free},
         [(p.shape, p.requires_grad) for p in each.parameters()], len(list(each.buffers())))
        for each in (first, other)
    )  # fmt: skip
    buffers = zip(first.buffers(), other.buffers(), strict=False)
    return ours == theirs and all(torch.equal(*pair) for pair in buffers)


def _start_of(module: LitNetwork) -> tuple[str, float]:
    return module.hparams["initialization"], module.hparams.get("gain", 1.0)


def _start_again(module: LitNetwork, seed: int) -> None:
    """Draw the weights of another seed, as our modules' constructors do."""
    name, gain = _start_of(module)
    initialize(module.net, name, seed, gain=gain)
    module.hparams["seed"] = seed


def _starts_again(module: LitNetwork, other: LitNetwork, seed: int) -> bool:
    again = deepcopy(module)
    try:
        _start_again(again, seed)
    except KeyError:  # a module of the user's own
        return False
    ours, theirs = again.state_dict(), other.state_dict()
    alike = type(module) is type(other) and again.hparams == other.hparams
    return alike and all(torch.equal(ours[name], theirs[name]) for name in theirs)
