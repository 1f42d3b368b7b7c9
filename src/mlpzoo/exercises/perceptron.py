"""AND, OR and the other gates with a single perceptron, by Rosenblatt's rule.

A step has no gradient, so the weights move by w += lr (target - output) x. For AND, OR, NAND and
NOR the rule ends after finitely many mistakes. No line separates XOR or XNOR: there the best that
any perceptron can do is three rows of four. The rule then never rests, and the best weights it
passes through are kept, as in Gallant's pocket algorithm (1990), for which rows must come at
random: in turn, the rule can run round a cycle that never has three right.

The lecture's recipe shows the rows in turn.
"""

from mlpzoo.exercises.base import Exercise, Recipe
from mlpzoo.exercises.threshold import Threshold

EXERCISE = Exercise(
    name="perceptron",
    description=__doc__ or "",
    data_class="mlpzoo.data.modules:GateDataModule",
    samples_class="mlpzoo.data.gate:GateSamples",
    module_class="mlpzoo.modules.perceptron:LitPerceptron",
    recipes={
        "default": Recipe(
            data={"gate": "and", "batch_size": 1, "shuffle": True},
            module={"lr": 0.1},
            linked=lambda data: {"in_features": data.in_features},
            max_steps=1_000,
            val_every=1,
        ),
        "lecture": Recipe(
            data={"gate": "and", "batch_size": 1},
            module={"lr": 0.1},
            linked=lambda data: {"in_features": data.in_features},
            max_steps=1_000,
            val_every=4,
            early_stop=False,
        ),
    },
    bars=(Threshold("accuracy", ">=", 1.0),),
    monitor="accuracy",
    mode="max",
    stop_at=0.999,
    view="mlpzoo.plotting.views:separating_line",
)
