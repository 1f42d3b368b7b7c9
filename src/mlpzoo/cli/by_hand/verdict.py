"""Which gate a network is, whether it is the one asked for, and why one perceptron may not be."""

from collections.abc import Iterator, Sequence

import numpy as np

from mlpzoo.analysis.by_hand.gradients import Backpropagation
from mlpzoo.analysis.by_hand.symbols import symbol
from mlpzoo.data.gate import TABLES, is_linearly_separable

_CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def verdict(found: Backpropagation, wanted: Sequence[int]) -> str:
    """Return what the answers for the whole truth table are, beside what they should be.

    Args:
        found: Of the rows in binary order.
        wanted: The gate that is asked for; empty for none.
    """
    answers = tuple(map(int, found.output > (0 if found.layers.gives == "logit" else 0.5)))
    two, count = found.x.shape[1] == 2, len(found.layers.layers)
    steps = two and count > 1 and found.layers.activations == {"step"}
    units = f"{'; '.join(_units(found))}. " if steps else ""
    shown = f"Answers {''.join(map(str, answers))}" + (f" are {TABLES[answers]}" if two else "")
    right = sum(a == b for a, b in zip(answers, wanted, strict=False))
    if wanted and right == len(wanted):
        shown += ", as asked"
    elif wanted:
        asked = f", not {TABLES[tuple(wanted)]}, which was asked for" if two else ""
        shown += f"{asked}: {right} of {len(wanted)} rows are right"
    gate = tuple(wanted or answers)
    if not two or is_linearly_separable(gate) or not (steps or count == 1):
        return f"{units}{shown}."
    these = ", and these do" if steps and answers == gate else ""
    look = " See `mlpzoo explain xor-step`." if count == 1 else ""
    return (
        f"{units}{shown}. One perceptron cannot do {TABLES[gate]}: its answer changes along one "
        "line, and no line has 01 and 10 on one side and 00 and 11 on the other, so that 3 of 4 "
        f"rows are its best; two layers can{these}.{look}"
    )


def _units(found: Backpropagation) -> Iterator[str]:
    """Yield which gate each unit of two inputs is."""
    for k, layer in enumerate(found.layers.layers):
        taken = [symbol(found.layers, "taken", k, n) for n in range(layer.weight.shape[1])]
        for unit, weights in enumerate(layer.weight):
            if len(weights) == 2:
                table = tuple(map(int, _CORNERS @ weights + layer.bias[unit] > 0))
                name = TABLES[table].replace("x1", taken[0]).replace("x2", taken[1])
                of = f" of {taken[0]} and {taken[1]}" if name.isupper() else ""
                yield f"{symbol(found.layers, 'h', k, unit)} is {name}{of}"
