"""y = x^2 on [-100, 100] with a 1-256-256-1 ReLU network.

Inputs of 100 and targets of 10,000 are badly scaled for a network that starts with weights below
1. So x is mapped on [-1, 1] and y from [-1, 1] inside the network, which still takes and returns
natural units; the bends start spread over the range, each batch covers it without gaps and more
densely near the ends, and the rate falls to 0 along a cosine.

The lecture's recipe uses raw units, and ends about 100 off from seed 0.
"""

from mlpzoo import views
from mlpzoo.data import SquareDataModule
from mlpzoo.exercises.base import Bar, Exercise, Recipe
from mlpzoo.modules import LitSequentialMLP

EXERCISE = Exercise(
    name="square",
    data_class=SquareDataModule,
    module_class=LitSequentialMLP,
    recipes={
        "default": Recipe(
            data={"sampling": "arcsine"},
            module={"initialization": "spread", "schedule": "cosine", "lr": 1e-3},
            linked=lambda data: {
                "in_range": (data.low, data.high),
                "out_range": (0.0, max(data.low**2, data.high**2)),
            },
            max_steps=10_000,
            val_every=250,
        ),
        "lecture": Recipe(
            module={"lr": 1e-3, "reduction": "sum"},
            max_steps=10_000,
            val_every=500,
            early_stop=False,
        ),
    },
    bars=(Bar("max_error", "<", 5.0),),
    monitor="max_error",
    mode="min",
    stop_at=4.0,
    view=views.curve,
)
