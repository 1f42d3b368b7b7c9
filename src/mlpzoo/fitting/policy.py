"""What `mlpzoo.fit` does where nothing is asked for: sizes, optimizer, budget (docs/fit.md)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from mlpzoo.data import Samples
from mlpzoo.exercises import Recipe
from mlpzoo.optim.damped import MOST
from mlpzoo.optim.factory import needs_of
from mlpzoo.training.settings import TrainSettings

Arguments = Mapping[str, Any]
Sizes = tuple[tuple[int, ...], ...]
_OF_ONE: Sizes = (
    (2,), (3,), (4,), (5,), (6,), (7,), (8,), (9,), (10,), (12,), (16,), (20,), (24,), (32,),
    (16, 16), (48,), (64,), (24, 24), (32, 32),
)  # fmt: skip
_OF_MORE: Sizes = (
    (2,), (4,), (8,), (12,), (16,), (24,), (12, 12), (32,), (16, 16), (24, 24), (32, 32), (48, 48),
)  # fmt: skip
_FEW = 10_000  # rows up to which width and weight decay are chosen by trials
_BATCH = 20_000  # rows of a step beyond them: more of them lead no further
_TRIED = 1e9  # multiplications of a step, of which trials take a thousand
_WORK = 2e10  # multiplications of a step that make J^T J: a second of a core
_LEAST_DECAY = 1e-5  # for a target of spread 1


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a network is chosen and trained.

    Attributes:
        module: Arguments of the module.
        sizes: Units of hidden layers, by which a network grows, the fewest weights first.
        budget: max_steps and val_every, where they are not the recipe's.
        data: Arguments of the data module.
        chooses: Whether width and weight decay are chosen by trials.
    """

    module: Arguments = field(default_factory=dict)
    sizes: Sizes
    budget: Mapping[str, int] = field(default_factory=dict)
    data: Arguments = field(default_factory=dict)
    chooses: bool = False

    def changed(self, module: Arguments, settings: TrainSettings, recipe: Recipe) -> "Policy":
        """Return the policy with what was asked for in its place.

        Args:
            module: Arguments of the module that were given.
            settings: Whose budget is taken where it is given.
            recipe: Whose budget is taken where nothing else is.
        """
        usual = {"max_steps": recipe.max_steps, "val_every": recipe.val_every}
        given = {name: getattr(settings, name) for name in usual}
        return replace(
            self,
            module={**self.module, **module},
            sizes=(module["hidden_features"],) if "hidden_features" in module else self.sizes,
            budget={**usual, **self.budget, **{k: v for k, v in given.items() if v is not None}},
            chooses=self.chooses and not {"hidden_features", "weight_decay"} <= {*module},
        )


def policy_for(data: Samples, module: Arguments) -> Policy:
    """Return the policy for some samples.

    Args:
        data: Of a function or a table.
        module: Arguments of the module that were given.
    """
    sizes = _OF_ONE if data.in_features == 1 else _OF_MORE
    rows = getattr(data, "train", None)
    if "optimizer" in module and needs_of(str(module["optimizer"])).gradients:
        return _by_gradient(sizes, 0 if rows is None else len(rows))
    if rows is not None:
        return _for_table(data, len(rows), module, sizes)
    if data.in_features == 1:
        return Policy(sizes=sizes)
    return Policy(
        module={"hidden_features": (16, 16)}, data={"batch_size": 800}, sizes=sizes,
        budget={"max_steps": 150},
    )  # fmt: skip


def _for_table(data: Any, rows: int, module: Arguments, sizes: Sizes) -> Policy:
    """Return trials where they are cheap, then least squares of many rows, then Adam."""
    weights = weights_of(data, module.get("hidden_features", (8,)))
    if rows <= _FEW and rows * weights**2 + weights**3 / 3 <= _TRIED:
        return Policy(chooses=True, sizes=sizes)
    hidden = tuple(module.get("hidden_features", (16, 16)))
    weights = weights_of(data, hidden)
    batch = min(rows, _BATCH, int(_WORK / weights**2))
    if batch < min(rows, 4 * weights) or weights > MOST:
        return _by_gradient(sizes, rows)
    unit = data.y[data.train].double().var(dim=0).mean().item()
    return Policy(
        module={"hidden_features": hidden, "weight_decay": _LEAST_DECAY * unit}, sizes=sizes,
        data={"batch_size": None if batch == rows else batch},
        budget={"max_steps": 60},
    )  # fmt: skip


def weights_of(data: Any, hidden: Iterable[int]) -> int:
    """Return how many weights and biases a network has.

    Args:
        data: Of as many inputs and targets.
        hidden: Units of its hidden layers.
    """
    widths = (data.in_features, *hidden, len(getattr(data, "targets", "y")))
    return sum((before + 1) * behind for before, behind in pairwise(widths))


def _by_gradient(sizes: Sizes, rows: int) -> Policy:
    return Policy(
        module={
            "optimizer": "adam", "lr": 5e-3, "schedule": "cosine", "hidden_features": (32, 32),
        },
        sizes=sizes, budget={"max_steps": 10_000, "val_every": 500},
        data={"batch_size": min(500, rows or 500)},
    )  # fmt: skip
