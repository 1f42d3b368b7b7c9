"""A table of one's own: some columns from the others, by a small tanh network.

Columns are scaled inside the network by their mean and spread over the training rows. Each step
solves for all of these rows by Levenberg and Marquardt's least squares; validation rows pick the
best weights and end the training, and the rows that it is judged by are never trained on.
"""

from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.own import NETWORK

EXERCISE = Exercise(
    name="table",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:TableDataModule",
    samples_class="mlpzoo.data.table:TableSamples",
    module_class="mlpzoo.modules.sequential:LitSequentialMLP",
    recipes={
        "default": Recipe(
            module={**NETWORK, "hidden_features": (16,), "initialization": "xavier"},
            linked=lambda data: {
                "in_features": data.in_features,
                "out_features": len(data.targets),
                "in_range": data.in_scale,
                "out_range": data.out_scale,
            },
            max_steps=100,
            val_every=5,
            block_steps=5,
        ),
    },
    bars=(),  # the data say what is good enough
    monitor="rmse",
    mode="min",
    stop_at=0.0,
    patience=10,
    view="mlpzoo.plotting.views:table",
    remark="mlpzoo.diagnosis.report:remark",
)
