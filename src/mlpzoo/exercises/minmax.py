"""max(x1, x2) and min(x1, x2) on [0, 100]^2 with one trunk and two heads.

The trunk has 2-256-256-256 units, each head 256-256-1. The two losses are added; each head is
measured by itself against its own target. Ours maps [0, 100] on [-1, 1] inside the network, fills
half of each batch evenly up to the edges and the other half near the crease x1 = x2, where the
errors are, lets weights decay, so that bends fade that the answer does not need, and lets a larger
rate fall to 0 along a cosine. The first half of the steps take 50 rows, the others 150: 400,000
rows, less than half of the lecture's (docs/accuracy.md).

The lecture's listing overwrites the targets of the max head, so that both heads learn the
minimum; its recipe here keeps the targets apart and everything else as it was.
"""

from mlpzoo.exercises.base import OF_LECTURE, Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

EXERCISE = Exercise(
    name="minmax",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:MinMaxDataModule",
    samples_class="mlpzoo.data.minmax:MinMaxSamples",
    module_class="mlpzoo.modules.minmax:LitMinMax",
    recipes={
        "default": Recipe(
            data={"sampling": "near", "growth": ((2000, 50),), "batch_size": 150},
            module={
                "initialization": "xavier",
                "optimizer": "adamw",
                "weight_decay": 1.0,
                "lr": 2e-3,
                "beta2": 0.99,
                "schedule": "cosine",
            },
            linked=lambda data: {"value_range": (data.low, data.high)},
            max_steps=4000,
            val_every=250,
        ),
        "lecture": OF_LECTURE,
    },
    bars=(Threshold("max_head_max_error", "<", 0.15), Threshold("min_head_max_error", "<", 0.15)),
    monitor="max_error",
    mode="min",
    stop_at=0.02,
    view="mlpzoo.plotting.views:heads_surface",
)
