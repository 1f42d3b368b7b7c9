"""A function of one's own, written as text, by a small tanh network.

Inputs and outputs are mapped on [-1, 1] inside the network. Each step solves for fresh points of
the range, which include its ends, by Levenberg and Marquardt's least squares.
"""

from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.own import NETWORK

EXERCISE = Exercise(
    name="function",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:ExpressionDataModule",
    samples_class="mlpzoo.data.function:ExpressionSamples",
    module_class="mlpzoo.modules.sequential:LitSequentialMLP",
    recipes={
        "default": Recipe(
            data={"sampling": "even", "batch_size": 200},
            module={**NETWORK, "hidden_features": (32,), "initialization": "nguyen"},
            linked=lambda data: {
                "in_features": data.in_features,
                "in_range": data.ranges[0] if data.in_features == 1 else data.ranges,
                "out_range": data.out_scale,
            },
            max_steps=100,
            val_every=10,
            block_steps=10,
        ),
    },
    bars=(),  # the data say what is good enough
    monitor="max_error",
    mode="min",
    stop_at=0.0,
    view="mlpzoo.plotting.views:function",
    remark="mlpzoo.diagnosis.report:remark",
)
