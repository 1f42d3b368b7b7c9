"""What an exercise is: a data module, a module, recipes, and the bar that says "solved"."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError, as_typed, lookup, resolve_name
from mlpzoo.exercises.named import Named
from mlpzoo.exercises.threshold import Threshold

if TYPE_CHECKING:
    from mlpzoo.data import FunctionDataModule, Samples
    from mlpzoo.modules import LitNetwork
    from mlpzoo.plotting.views import View

Remark = Callable[[Any, Any, Mapping[str, float]], str]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Arguments for the two constructors, and a budget.

    Args:
        data: Arguments of the data module, seed excepted.
        module: Arguments of the module, seed excepted.
        linked: Given the data module, further arguments of the module that follow from it.
        max_steps: Budget in optimizer steps.
        val_every: Optimizer steps between validations.
        early_stop: Whether to stop once the bar is met; the lecture's recipes use their budget.
        block_steps: Most optimizer steps in one training_step; what is computed is the same.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    module: Mapping[str, Any] = field(default_factory=dict)
    linked: Callable[[Any], Mapping[str, Any]] = lambda data: {}
    max_steps: int
    val_every: int
    early_stop: bool = True
    block_steps: int = 1000

    def module_arguments(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the module's arguments with changes made.

        Another optimizer than the recipe's does not inherit what only that one takes.
        """
        kept = self.module
        if "optimizer" in changes:
            from mlpzoo.optim.factory import for_optimizer  # torch, which a list does without

            kept = for_optimizer(kept, str(changes["optimizer"]))
        return {**kept, **changes}


OF_LECTURE = Recipe(  # for the functions
    module={"lr": 1e-3, "reduction": "sum"}, max_steps=10_000, val_every=500, early_stop=False
)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A pair of data module and module with its recipes and its bar.

    Args:
        name: The one word for file, command line, folder and figure.
        description: What it is, its first line by itself; a module gives its docstring.
        data_class: The LightningDataModule; this class, the next two, view and remark may be
            given as "module:name", which is imported where it is first used.
        samples_class: What `data_class` is for a Trainer, where that loads no Lightning; None for
            `data_class` itself.
        module_class: The LightningModule.
        recipes: By name; "default" meets the bar, and "lecture", of ours, is the notes'.
        bars: What the test metrics must meet.
        monitor: The validation metric that picks the best checkpoint and stops early, without
            its `val_`.
        mode: "min" or "max": which way the monitored metric is better.
        stop_at: Value of the monitored metric at which training may stop: the bar, with room for
            what the coarser validation grid misses.
        patience: Validations without a better one after which training stops, where it may stop
            early; None for never.
        view: Draws the trained module: given it, its data module and a `mlpzoo.plotting.Canvas`,
            returns the Figure (see `mlpzoo.plotting.views.View`).
        pictures: Further views, by the name of the file that each is written to, beside those that
            suit its network.
        measure: Given module and data module, further metrics that the exercise is judged by.
        remark: Given module, data module and test metrics, a sentence for the result, or "".
    """

    name: str
    data_class: Named[type[FunctionDataModule]] = Named()
    samples_class: Named[type[Samples] | None] = Named(None)
    module_class: Named[type[LitNetwork]] = Named()
    recipes: Mapping[str, Recipe]
    bars: tuple[Threshold, ...]
    monitor: str
    mode: str
    stop_at: float
    patience: int | None = None
    view: Named[View] = Named()
    description: str = ""
    pictures: Mapping[str, View] = field(default_factory=dict)
    measure: Callable[[Any, Any], dict[str, float]] = lambda module, data: {}
    remark: Named[Remark] = Named(lambda module, data, metrics: "")

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", self.name):
            raise InputError(
                f"an exercise's name must be of a-z, 0-9, _ and -, and begin with a letter, "
                f"got {self.name!r}"
            )
        if self.name == "all" or self.name.endswith(("-population", "-sweep")):
            raise InputError(f"{self.name!r} means something else here; choose another name")
        if self.mode not in ("min", "max"):
            raise InputError(f"mode must be min or max, got {self.mode!r}")
        if "default" not in self.recipes:
            raise InputError(f"exercise {self.name!r} needs a recipe named default")

    @property
    def curves(self) -> tuple[str, ...]:
        """The logged figures that show how training went."""
        monitored = f"val_{self.monitor}"
        return ("train_loss", monitored) if self.mode == "min" else (monitored,)

    @property
    def solved_at(self) -> dict[str, float]:
        """The bars that are on the monitored metric or on a column of it, by how they are said."""
        of_columns = (f"{column}_{self.monitor}" for column in self.module_class.columns)
        on_it = {self.monitor, *of_columns}
        bars = (bar for bar in self.bars if bar.metric in on_it)
        return {f"solved: {self.monitor} {b.sense} {b.limit:g}": b.limit for b in bars}

    def recipe(self, name: str = "default") -> Recipe:
        """Return a recipe.

        Raises:
            InputError: There is none of this name.
        """
        return lookup("recipe", name, self.recipes)

    def data(self, *, recipe: str = "default", seed: int = 0, **changes: Any) -> FunctionDataModule:
        """Build the data module.

        Args:
            recipe: Which recipe's arguments to use.
            seed: Seed of the samples, where they are drawn.
            **changes: Arguments that replace the recipe's.

        Raises:
            InputError: An unknown argument or a refused value.
        """
        arguments = {**self.recipe(recipe).data, **changes}
        built: FunctionDataModule = _build(self.data_class, arguments, seed)
        return built

    def samples(self, *, recipe: str = "default", seed: int = 0, **changes: Any) -> Samples:
        """Build the samples of `data`, for what needs no Trainer.

        Args:
            recipe: See `data`.
            seed: See `data`.
            **changes: See `data`.

        Raises:
            InputError: See `data`.
        """
        arguments = {**self.recipe(recipe).data, **changes}
        built: Samples = _build(self.samples_class or self.data_class, arguments, seed)
        return built

    def module(
        self,
        data: FunctionDataModule | None = None,
        *,
        recipe: str = "default",
        seed: int = 0,
        **changes: Any,
    ) -> LitNetwork:
        """Build the module.

        Args:
            data: The data module that the recipe takes ranges from; None for its default one.
            recipe: Which recipe's arguments to use.
            seed: Seed of the start.
            **changes: Arguments that replace the recipe's.

        Raises:
            InputError: A refused value, or another default of torch than float32.
        """
        import torch

        if (dtype := torch.get_default_dtype()) != torch.float32:
            raise InputError(
                f"torch's default is {dtype}, and exercises have float32 data; call "
                "torch.set_default_dtype(torch.float32)"
            )
        chosen, linked = self.recipe(recipe), {}
        wanted = inspect.signature(self.module_class).parameters.keys()
        if not {"seed", *changes} >= wanted:
            linked = dict(linked_to(chosen, self.samples(recipe=recipe) if data is None else data))
        arguments = {**linked, **chosen.module_arguments(changes)}
        built: LitNetwork = _build(self.module_class, arguments, seed)
        return built

    def passed(self, metrics: Mapping[str, float]) -> bool:
        """Tell whether metrics, named without a prefix, meet every bar."""
        return all(bar.met(metrics.get(bar.metric, math.nan)) for bar in self.bars)


def linked_to(recipe: Recipe, data: Any) -> Mapping[str, Any]:
    """Return the arguments of a module that follow from its data.

    Args:
        recipe: Which says so.
        data: Samples, or what has the same attributes.

    Raises:
        InputError: The range is too wide.
    """
    try:
        return recipe.linked(data)
    except OverflowError as error:
        raise InputError(f"the range {as_typed(data.ranges)} is too wide: {error}") from error


def _build(cls: type[Any], arguments: dict[str, Any], seed: int) -> Any:
    accepted = inspect.signature(cls).parameters
    for name in arguments:
        if name not in accepted:
            resolve_name(f"argument of {cls.__name__}", name, accepted)
    if "seed" in accepted:
        arguments = {"seed": seed, **arguments}
    try:
        return cls(**arguments)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError, RuntimeError, AttributeError) as error:
        raise InputError(f"{cls.__name__} cannot be built from {arguments}: {error}") from error
