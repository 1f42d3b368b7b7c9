"""y = x^3 on [-1, 1], an exercise of a package of its own.

A small tanh network does it.
"""

from typing import Any

from torch import Tensor

from mlpzoo import Exercise, FunctionDataModule, LitSequentialMLP, Recipe, Threshold
from mlpzoo.plotting import views


class CubeDataModule(FunctionDataModule):
    """Fresh samples of y = x^3.

    Args:
        seed: Which sequence of batches.
        batch_size: Rows of a training batch.
        val_points: Points of the validation grid.
        test_points: Points of the test grid.
        steps_per_epoch: Batches that make an epoch.
        block_steps: Most steps taken in one training_step.
    """

    in_features = 1

    def __init__(
        self,
        *,
        seed: int = 0,
        batch_size: int = 50,
        val_points: int = 101,
        test_points: int = 1001,
        steps_per_epoch: int = 1000,
        block_steps: int = 1,
    ) -> None:
        super().__init__(
            low=-1.0,
            high=1.0,
            seed=seed,
            batch_size=batch_size,
            val_points=val_points,
            test_points=test_points,
            steps_per_epoch=steps_per_epoch,
            block_steps=block_steps,
        )
        self.save_hyperparameters(logger=False)

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
