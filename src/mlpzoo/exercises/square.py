"""y = x^2 on [-100, 100] with a 1-256-256-1 ReLU network.

Inputs of 100 and targets of 10,000 are badly scaled for a network that starts with weights below
1. So x is mapped on [-1, 1] and y from [-1, 1] inside the network, which still takes and returns
natural units; the bends start evenly spread over the range, and each step solves for a batch of
points at equal distances, which holds both ends, by Levenberg and Marquardt's least squares.
Batches grow from 300 points to 600: 51,000 points in all, a twentieth of the lecture's
(docs/accuracy.md).

The lecture's recipe uses raw units, and ends about 100 off from seed 0.
"""

from mlpzoo.exercises.base import OF_LECTURE, Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

EXERCISE = Exercise(
    name="square",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:SquareDataModule",
    samples_class="mlpzoo.data.square:SquareSamples",
    module_class="mlpzoo.modules.sequential:LitSequentialMLP",
    recipes={
        "default": Recipe(
            data={"sampling": "even", "growth": ((30, 300),), "batch_size": 600},
            module={"initialization": "spread", "optimizer": "levenberg", "lr": 1.0},
            linked=lambda data: {
                "in_range": (data.low, data.high),
                "out_range": (0.0, max(data.low**2, data.high**2)),
            },
            max_steps=100,
            val_every=5,
            block_steps=5,
        ),
        "lecture": OF_LECTURE,
    },
    bars=(Threshold("max_error", "<", 1.0),),
    monitor="max_error",
    mode="min",
    stop_at=0.4,
    view="mlpzoo.plotting.views:curve",
)
