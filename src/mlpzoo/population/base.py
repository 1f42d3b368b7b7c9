"""A population of any module and data: what a Trainer fits, and the members it comes to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Threshold
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.factory import OPTIMIZERS, needs_of
from mlpzoo.population.data import PopulationDataModule
from mlpzoo.population.members.failures import failures
from mlpzoo.population.members.make import make_members
from mlpzoo.population.members.restarts import Restarts
from mlpzoo.population.members.variants import JoinedStarts, Variant, may_join
from mlpzoo.population.module import NEVER, LitPopulation, Measure

_ROWS = 5  # along each axis of the grid on which stacked members are tried


class Population:
    """Members of one kind, each with a seed for its start and its data, trained at once.

    `module` and `data` go to any Trainer with one device: `trainer.fit(population.module,
    datamodule=population.data)`. What a member becomes does not depend on the others. It can be
    pickled, where `measure` can; one that was starts no members anew.

    Args:
        make_module: Makes the module of a seed. Where nothing but the weights depends on the seed,
            members of small layers are stacked and trained in one go.
        make_data: Makes the data module of a seed.
        seeds: One for each member.
        bars: What a member must meet to be solved.
        monitor: Name of the metric that picks each member's best weights; None for the first
            bar's, else for max_error or, of gates, bce.
        mode: "min" or "max": which way it is better.
        stop_at: Value of the monitored metric past which a member's best weights are settled.
        measure: Given a member's module and data, further metrics.
        restart_after: Start a member anew, from another seed, when its monitored metric has not
            improved by a hundredth within so many steps and it is not solved; None for never.
        alike: Whether the modules differ in nothing but the start that their seed gives.
        accelerator: "gpu" if a GPU will train it, so that wide layers are stacked too; "auto" if
            there is one.

    Raises:
        InputError: No seeds, different tasks, hooks that would not be called, or an optimizer that
            would make members depend on one another.

    Example:
        >>> import torch
        >>> from mlpzoo import LitFourLayerXOR, XORDataModule
        >>> population = Population(
        ...     lambda seed: LitFourLayerXOR(seed=seed), lambda seed: XORDataModule(), range(8)
        ... )
        >>> population.module(torch.zeros(4, 2)).shape
        torch.Size([8, 4, 1])
    """

    def __init__(
        self,
        make_module: Callable[[int], LitNetwork],
        make_data: Callable[[int], FunctionDataModule],
        seeds: Sequence[int],
        *,
        bars: Sequence[Threshold] = (),
        monitor: str | None = None,
        mode: str = "min",
        stop_at: float | None = None,
        measure: Measure | None = None,
        restart_after: int | None = None,
        alike: bool = False,
        accelerator: str = "cpu",
    ) -> None:
        self._build(
            [Variant(make_module, make_data, seeds, alike)], bars=bars, monitor=monitor, mode=mode,
            stop_at=stop_at, measure=measure, restart_after=restart_after, accelerator=accelerator,
        )  # fmt: skip

    @classmethod
    def of(cls, variants: Sequence[Variant], **judged: Any) -> "Population":
        """Return a population of members of several settings, in their order.

        Args:
            variants: One or more that `may_join`.
            **judged: Arguments of `Population` by name, from bars on, but alike.

        Raises:
            InputError: Variants that may not join, or what `Population` refuses.

        Example:
            >>> from mlpzoo import LitGate, XORDataModule
            >>> slow, fast = (
            ...     Variant(
            ...         lambda seed, lr=lr: LitGate(lr=lr, seed=seed), lambda seed: XORDataModule(),
            ...         range(4), alike=True,
            ...     )
            ...     for lr in (0.001, 0.1)
            ... )
            >>> population = Population.of([slow, fast])
            >>> len(population), population.member(4).lr
            (8, 0.1)
        """
        population = cls.__new__(cls)
        population._build(variants, **judged)
        return population

    def _build(
        self,
        variants: Sequence[Variant],
        *,
        bars: Sequence[Threshold] = (),
        monitor: str | None = None,
        mode: str = "min",
        stop_at: float | None = None,
        measure: Measure | None = None,
        restart_after: int | None = None,
        accelerator: str = "cpu",
    ) -> None:
        bars = (bars,) if isinstance(bars, Threshold) else bars
        if not variants:
            raise InputError(_NO_SEED)
        variants = [replace(each, seeds=_whole(each.seeds)) for each in variants]
        self.seeds = [seed for each in variants for seed in each.seeds]
        starts = JoinedStarts(variants)
        self.datasets = datasets = [
            each.make_data(seed) for each in variants for seed in each.seeds
        ]
        _check(starts.kinds)
        _check_joined(starts, datasets)
        restarts = None
        if restart_after is not None:
            _check_restarts(starts.first.optimizer_name)
            makers = [variants[at].make_module for at in starts.variant]
            restarts = Restarts(
                lambda index, seed: makers[index](seed), self.seeds, after=restart_after
            )
        tried = datasets[0].grid(_ROWS)
        kinds = ("gpu", "cuda", "auto" if torch.cuda.is_available() else "")
        members = make_members(starts, *tried, on_gpu=accelerator in kinds)
        self.data = PopulationDataModule(datasets, last=members.last)
        monitor = monitor or (bars[0].metric if bars else _MONITORS[starts.first.task])
        self.module = LitPopulation(
            members, bars=bars, monitor=monitor, mode=mode, stop_at=stop_at, measure=measure,
            datasets=datasets, restarts=restarts,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.seeds)

    def member(self, index: int, *, best: bool = True) -> LitNetwork:
        """Return a member as an ordinary module of its own.

        Args:
            index: Its place among the seeds.
            best: With the best weights it had at a validation; else with those it has now.

        Raises:
            InputError: There is no such member.
        """
        if not 0 <= index < len(self):
            raise InputError(f"member must be from 0 to {len(self) - 1}, got {index}")
        return (self.module.best if best else self.module.members).member(index).cpu().eval()

    def failure(self, index: int) -> str:
        """Return the kind of failure that a member's best weights are in; see `diagnose`.

        Args:
            index: Its place among the seeds.
        """
        return self.failures([index])[0]

    def failures(self, indices: Sequence[int]) -> list[str]:
        """Return the same of several members, which takes less time than one by one.

        Args:
            indices: Their places among the seeds.
        """
        lost = [None if step == NEVER else step for step in self.module.lost_step.tolist()]
        return failures(self.module.best, indices, self.datasets, lost)


def _whole(seeds: Any) -> list[int]:
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        raise InputError(f"seeds must be whole numbers, such as range(8), got {seeds!r}")
    if not (whole := [int(seed) for seed in seeds]):
        raise InputError(_NO_SEED)
    return whole


_NO_SEED = "a population needs at least one seed"
_MONITORS = {"regression": "max_error", "gate": "bce", "none": "loss"}


def _check_restarts(name: str) -> None:
    if not needs_of(name).forgets:
        forgetting = ", ".join(each for each in reversed(OPTIMIZERS) if needs_of(each).forgets)
        raise InputError(f"restart_after goes with {forgetting}, not with {name!r}")


def _check(modules: Sequence[LitNetwork]) -> None:
    for module in modules:
        if needs_of(module.optimizer_name).couples:
            raise InputError(
                f"optimizer {module.optimizer_name!r} would couple the members; take adam or sgd"
            )
    for kind in {type(module) for module in modules}:
        for hook in ("configure_optimizers", "training_step"):
            if getattr(kind, hook) is not getattr(LitNetwork, hook):
                raise InputError(f"{kind.__name__}.{hook} is not called in a population")
    if len({(module.task, module.columns) for module in modules}) > 1:
        raise InputError("members must have one task; make_module makes different ones")


def _check_joined(starts: JoinedStarts, datasets: Sequence[FunctionDataModule]) -> None:
    first = starts.variant.index
    for at, part in enumerate(starts.parts[1:], 1):
        if not may_join(starts.first, part.first, datasets[0], datasets[first(at)]):
            raise InputError(
                f"variant {at} differs from the first in more than its start, its batches and its "
                "rates; make a population of its own of it"
            )
