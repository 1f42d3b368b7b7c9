"""y = sin(x) on [-10, 10] with a 1-256-256-1 ReLU network.

The network is piecewise linear; what limits it is where its first layer bends. So the input is
mapped on [-1, 1] inside the network, the bends start spread over that range, each batch covers the
range without gaps and holds both ends, and the rate falls to 0 along a cosine.

The lecture's recipe feeds x as it is, at a constant rate, with plain uniform samples.
"""

from mlpzoo import views
from mlpzoo.data import SinDataModule
from mlpzoo.exercises.base import Bar, Exercise, Recipe
from mlpzoo.modules import LitSequentialMLP

EXERCISE = Exercise(
    name="sin",
    data_class=SinDataModule,
    module_class=LitSequentialMLP,
    recipes={
        "default": Recipe(
            data={"sampling": "closed"},
            module={"initialization": "spread", "schedule": "cosine", "lr": 1e-3, "beta2": 0.99},
            linked=lambda data: {"in_range": (data.low, data.high)},
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
    bars=(Bar("max_error", "<", 0.01),),
    monitor="max_error",
    mode="min",
    stop_at=0.008,
    view=views.curve,
)
