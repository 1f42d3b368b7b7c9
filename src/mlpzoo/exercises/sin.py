"""y = sin(x) on [-10, 10] with a 1-256-256-1 ReLU network.

The network is piecewise linear; what limits it is where its first layer bends, and that following
a gradient is slow to use the bends one by one. So the input is mapped on [-1, 1] inside the
network, the bends start evenly spread over that range, and each step solves for a batch of points
at equal distances, which holds both ends, by Levenberg and Marquardt's least squares. Batches grow
from 300 points to 800: 128,000 points in all, an eighth of the lecture's (docs/accuracy.md).

The lecture's recipe feeds x as it is, at a constant rate, with plain uniform samples.
"""

from mlpzoo.exercises.base import OF_LECTURE, Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

EXERCISE = Exercise(
    name="sin",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:SinDataModule",
    samples_class="mlpzoo.data.sin:SinSamples",
    module_class="mlpzoo.modules.sequential:LitSequentialMLP",
    recipes={
        "default": Recipe(
            data={"sampling": "even", "growth": ((40, 300), (40, 500)), "batch_size": 800},
            module={"initialization": "steep", "optimizer": "levenberg", "lr": 1.0},
            linked=lambda data: {"in_range": (data.low, data.high)},
            max_steps=200,
            val_every=5,
            block_steps=5,
        ),
        "lecture": OF_LECTURE,
    },
    bars=(Threshold("max_error", "<", 0.001),),
    monitor="max_error",
    mode="min",
    stop_at=0.00053,
    view="mlpzoo.plotting.views:curve",
)
