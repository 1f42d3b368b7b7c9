"""y = x^3 on [-1, 1], an exercise of a package of its own.

A small tanh network does it.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from mlpzoo import Exercise, FunctionDataModule, LitSequentialMLP, Recipe, Threshold
from mlpzoo.plotting import views


@dataclass(kw_only=True, eq=False)
class CubeDataModule(FunctionDataModule):
    """Fresh samples of y = x^3 in [low, high]."""

    in_features: ClassVar[int] = 1

    low: float = -1.0
    high: float = 1.0
    val_points: int = 101
    test_points: int = 1001

    def target(self, x: Tensor) -> Tensor:
        return x**3


def _ranges(data: Any) -> dict[str, Any]:
    return {"in_range": (data.low, data.high)}


EXERCISE = Exercise(
    name="cube",
    description=__doc__ or "",
    data_class=CubeDataModule,
    module_class=LitSequentialMLP,
    recipes={
        "default": Recipe(
            module={"hidden_features": (16,), "activation": "tanh", "lr": 0.02},
            linked=_ranges,
            max_steps=1000,
            val_every=100,
        )
    },
    bars=(Threshold("max_error", "<", 0.1),),
    monitor="max_error",
    mode="min",
    stop_at=0.05,
    view=views.curve,
)
