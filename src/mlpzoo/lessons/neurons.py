"""Answers to the exercises on one perceptron, and on what it takes two layers for."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch

from mlpzoo.data.gate import GATES, TABLES
from mlpzoo.lessons._answers import compare, numbers, plain, whole
from mlpzoo.nets.by_hand import from_weights
from mlpzoo.nets.trace import dense_layers

_ROWS = tuple(product((0, 1), repeat=2))


def gates_1(weights: Any) -> str:
    """Say what is wrong with weights and a bias that should make NAND.

    Args:
        weights: w1, w2, b.
    """
    w1, w2, b = numbers(weights, "w1", "w2", "b")
    z = [w1 * x1 + w2 * x2 + b for x1, x2 in _ROWS]
    table = tuple(int(value > 0) for value in z)
    if table == GATES["and"]:
        return "That is AND. NAND turns each of its answers round: what must become of each z?"
    return _first_wrong_row("NAND", table, [f"z = {value:g}" for value in z])


def _first_wrong_row(gate: str, table: Sequence[int], why: Sequence[str]) -> str:
    """Say which row of a truth table is wrong; "" for none."""
    right = GATES[gate.lower()]
    for row, answer, wanted, reason in zip(_ROWS, table, right, why, strict=True):
        if answer != wanted:
            return (
                f"You have {''.join(map(str, table))} ({TABLES[tuple(table)]}), not {gate}: at "
                f"{row}, {reason}, so that the answer is {answer}, and {gate} gives {wanted}."
            )
    return ""


def gates_2(weights: Any) -> str:
    """Say what is wrong with what the perceptron rule makes of OR in two passes.

    Args:
        weights: w1, w2, b.
    """
    mistakes = {
        "That is after the first pass. Go over the four rows once more.": _learn(1),
        "There the rule comes to rest, but only in the third pass. In the second one, look at row "
        "(1, 0) again: its z is 0. The step gives 1 only above 0, so the answer is 0, and the "
        "target 1. Which numbers does the rule move, b too?": _learn(3),
        "The weights move after each row, before the next one is tried, and not once a pass.":
            _learn(2, at_once=False),
        "The weights go the wrong way: where the target is 1 and the output 0, they grow.":
            _learn(2, rate=-1),
    }  # fmt: skip
    start = (
        "Row by row: at (0, 0), z = 0 and the output is 0, as it should be. At (0, 1), z = 0 and "
        "the output is 0, but the target is 1, so that w2 and b become 1. Go on from there."
    )
    return compare(numbers(weights, "w1", "w2", "b"), _learn(2), mistakes, start)


def _learn(passes: int, *, rate: int = 1, at_once: bool = True) -> list[float]:
    """Return w1, w2, b after passes of the perceptron rule over OR, from zeros."""
    now = [0, 0, 0]
    for _ in range(passes):
        used = now if at_once else [*now]
        for row, target in zip(_ROWS, GATES["or"], strict=True):
            x = (*row, 1)
            z = sum(weight * value for weight, value in zip(used, x, strict=True))
            for place, value in enumerate(x):
                now[place] += rate * (target - (z > 0)) * value
    return [float(value) for value in now]


def one_line_1(count: Any) -> str:
    """Say what is wrong with the number of truth tables that one perceptron can give.

    Args:
        count: Of the 16 tables of two inputs.
    """
    found = whole(count, "tables")
    if found > 16:
        return "Each of the four rows has one of two answers: there are 2^4 = 16 tables in all."
    said = {
        14: "",
        16: "One of the 16 is XOR, which no perceptron gives.",
        15: "XOR is one of those that it cannot give. Turn each of its answers round: can that be?",
        2: "So many it cannot give. How many are left?",
    }
    otherwise = (
        "Not quite. Let random weights, negative ones too, do the counting, and keep each table "
        "that you meet. Easily missed: always 0, always 1, and those of one input alone."
    )
    return said.get(found, otherwise)


def one_line_2(layers: Any) -> str:
    """Say what is wrong with the weights of a network of step units that should be XNOR.

    Args:
        layers: What `mlpzoo.from_weights` takes.
    """
    net = from_weights(plain(layers))
    if net.arguments["in_features"] != 2 or net.arguments.get("out_features", 1) != 1:
        return "The network must have two inputs, x1 and x2, and one unit in its last layer."
    dense = dense_layers(net, torch.tensor(_ROWS, dtype=torch.float32))
    *hidden, last = (layer.units.tolist() for layer in dense)
    if not hidden:
        return "One unit cannot: XNOR is no more to be cut by one line than XOR. Give two layers."
    table = tuple(int(y) for (y,) in last)
    if table == GATES["xor"]:
        return "That is XOR. The hidden units will do: which gate must their last unit be instead?"
    units = [[f"h{n} = {value:g}" for n, value in enumerate(row, start=1)] for row in hidden[-1]]
    for first, second in ((0, 1), (0, 2), (3, 1), (3, 2)):  # which XNOR answers differently
        if units[first] == units[second]:
            return (
                f"The rows {_ROWS[first]} and {_ROWS[second]} both give {', '.join(units[first])}, "
                "and the last unit cannot tell them apart. Change the hidden units first."
            )
    return _first_wrong_row("XNOR", table, [", ".join(row) for row in units])
