"""XOR with the 2-2-2-2-2-1 sigmoid network, 27 parameters.

A sigmoid's slope is at most 1/4, so four of them starve the first layer of gradient; most starts
never leave a plateau. Ours begins every layer with a rotation, which merges no two patterns,
centred on the data and scaled so that the signal keeps its size.

Another gate is asked for with data.gate or data.table, and a network of one's own with
module.hidden_features and module.activation; more inputs than two need one.

The lecture's recipe draws every weight and bias from U(0, 1), which its notes call xavier, and
trains for 30,000 epochs with Adam at 0.01. Seed 0 is among the starts that it leaves on a plateau.
"""

from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

EXERCISE = Exercise(
    name="xor",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:GateDataModule",
    samples_class="mlpzoo.data.gate:GateSamples",
    module_class="mlpzoo.modules.gate:LitGate",
    recipes={
        "default": Recipe(
            data={"gate": "xor"},
            module={"initialization": "rotation", "lr": 0.01, "beta2": 0.99},
            linked=lambda data: {"in_features": data.in_features},
            max_steps=10_000,
            val_every=100,
        ),
        "lecture": Recipe(
            data={"gate": "xor"},
            module={"initialization": "uniform", "lr": 0.01},
            linked=lambda data: {"in_features": data.in_features},
            max_steps=30_000,
            val_every=1_000,
            early_stop=False,
        ),
    },
    bars=(Threshold("accuracy", ">=", 1.0), Threshold("bce", "<", 0.01)),
    monitor="bce",
    mode="min",
    stop_at=0.01,
    view="mlpzoo.plotting.views:probability_surface",
)
