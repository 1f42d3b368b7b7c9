"""Makes the population of a piece from the plans of its cohorts, and judges it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mlpzoo import plotting
from mlpzoo.data import FunctionDataModule
from mlpzoo.data.gate import GATES
from mlpzoo.exercises import Exercise
from mlpzoo.modules import LitNetwork
from mlpzoo.plotting.views import with_gate
from mlpzoo.population.base import Population
from mlpzoo.population.data import data_of_seeds
from mlpzoo.population.members.kinds import StackedMembers
from mlpzoo.population.members.variants import Variant, may_join
from mlpzoo.population.pictures.population import STUCK_LEVELS, plot_population
from mlpzoo.population.work.table import MemberTable
from mlpzoo.training.plan import Plan
from mlpzoo.training.resume import differences

LEAST, MOST = 16, 1024  # members of a piece
_NUMBERS = 2**15  # parameters of a piece's stacked members


def with_part(plan: Plan) -> Plan:
    """Return a population's plan in which it says of how many members a piece is.

    Members that a CPU trains side by side gain nothing from each other; small ones that are stacked
    are fastest while what they are fits in a processor's cache.

    Args:
        plan: The plan.

    Raises:
        InputError: Its members cannot be trained together.
    """
    settings = plan.settings
    made = population_of([(plan, settings.seeds[:2])])  # which refuses what cannot be
    if settings.part is not None:
        return plan
    part = LEAST
    if isinstance(made.module.members, StackedMembers):
        size = sum(parameter.numel() for parameter in plan.module.parameters())
        fits = max(1, _NUMBERS // max(1, size))
        part = min(max(2 ** (fits.bit_length() - 1), LEAST), MOST)
        part = MOST if on_gpu(settings.accelerator) else part
    return replace(plan, settings=replace(settings, part=part))


def on_gpu(accelerator: str) -> bool:
    """Tell whether members will be trained on a GPU.

    Args:
        accelerator: As Lightning names it; "auto" is a GPU if this machine has one.
    """
    return accelerator in ("gpu", "cuda") or (accelerator == "auto" and torch.cuda.is_available())


def population_of(cohorts: Sequence[tuple[Plan, range]]) -> Population:
    """Return the population of some members of each of several plans.

    Args:
        cohorts: The plans, whose members may train together, and the seeds of their members.
    """
    plan = cohorts[0][0]
    exercise, settings = plan.exercise, plan.settings
    return Population.of(
        [_variant(*each) for each in cohorts], bars=exercise.bars, monitor=exercise.monitor,
        mode=exercise.mode, stop_at=exercise.stop_at if settings.early_stop else None,
        measure=exercise.measure if exercise.measure(plan.module, plan.datamodule) else None,
        restart_after=settings.restart_after, accelerator=settings.accelerator,
    )  # fmt: skip


def module_of(plan: Plan, seed: int) -> LitNetwork:
    """Return the module of a seed at its start.

    Args:
        plan: The plan of its population.
        seed: The seed.
    """
    return _variant(plan, range(seed, seed + 1)).make_module(seed)


def train_together(first: Plan, other: Plan) -> bool:
    """Tell whether the members of two plans may be trained as one population.

    Args:
        first: A plan.
        other: Another one.
    """
    if first is other:
        return True
    ours, theirs = (
        (p.exercise.bars, p.exercise.monitor, p.exercise.mode, p.exercise.stop_at)
        for p in (first, other)
    )
    differ = {name.partition(".")[0] for name in differences(first.config, other.config)}
    data = first.datamodule, other.datamodule
    free = {"data", "module", "seed", "members"}
    return ours == theirs and differ <= free and may_join(first.module, other.module, *data)


def _variant(plan: Plan, seeds: range) -> Variant:
    exercise, settings, single = plan.exercise, plan.settings, plan.datamodule
    linked = exercise.recipe(settings.recipe).linked

    def make_data(seed: int) -> FunctionDataModule:
        return type(single)(**{**single.hparams, "seed": seed, **settings.data})

    data = data_of_seeds(make_data, seeds)

    def module(seed: int) -> LitNetwork:
        arguments = {"seed": seed, **settings.module}
        made = exercise.module(data(seed), recipe=settings.recipe, **arguments)
        made.kernel = settings.kernel
        return made

    alike = all(linked(data(seed)) == linked(single) for seed in seeds)
    return Variant(module, data, seeds, alike)


def judged(population: Population, device: torch.device) -> MemberTable:
    """Return what each member came to, by its best weights on the test grid.

    Args:
        population: The population.
        device: Where to measure; it is on the CPU afterwards.
    """
    module = population.module.to(device)  # Lightning takes it off after a fit
    measured = module.measured(population.data)
    met = module.met(measured)
    failed = (~met).nonzero().flatten().tolist()
    failures = population.failures(failed)
    kinds = ("", *dict.fromkeys(failures))
    kind = torch.zeros(len(population)).long()
    kind[failed] = torch.tensor([kinds.index(each) for each in failures]).long()
    module.cpu()
    solved, best_step = module.solved_step, module.best_step
    restarts = module.restarts.started if module.restarts else torch.zeros_like(best_step)
    return MemberTable(
        seed=torch.tensor(population.seeds).numpy(),
        solved=met.cpu().numpy(),
        solved_step=torch.where((solved < 0) & met.cpu(), best_step, solved).numpy(),
        best_step=best_step.numpy().copy(),
        restarts=restarts.numpy().copy(),
        kind=kind.numpy(),
        kinds=kinds,
        metrics={name: values.numpy() for name, values in measured.items()},
    )


def as_one_of_many(exercise: Exercise) -> Exercise:
    """Return the exercise as the Trainer of a population sees it: done when no member goes on.

    Args:
        exercise: What the members are judged by.
    """
    judged: dict[str, Any] = {"monitor": "unfinished", "mode": "min", "stop_at": 0.5}
    return replace(exercise, **judged, patience=None, measure=lambda *_: {})


def draw(plan: Plan, result: Any, out: Path) -> str:
    """Draw the picture of a population, where its settings ask for it.

    Args:
        plan: Its plan.
        result: What it came to.
        out: The folder of the pictures.

    Returns:
        What could not be written, and why, or "".
    """
    exercise, data = plan.exercise, plan.datamodule
    xor_or_xnor = getattr(data, "outputs", None) in (GATES["xor"], GATES["xnor"])
    figure = partial(
        plot_population, result.members.solved_steps, result.members.metrics[result.monitor],
        steps=result.steps, metric=result.monitor, solved=exercise.solved_at,
        levels=STUCK_LEVELS if xor_or_xnor and exercise.monitor == "bce" else {},
        title=f"{with_gate(exercise.name, data)}, recipe {result.recipe}",
    )  # fmt: skip
    pictures = {out / "population.png": figure} if plan.settings.plots else {}
    return plotting.save_each(pictures)[1]
