"""Answers to the exercises on the chain rule and on the slopes of activations."""

from typing import Any

import numpy as np

from mlpzoo.analysis.by_hand.gradients import backpropagate
from mlpzoo.data.gate import GATES
from mlpzoo.lessons._answers import compare, numbers
from mlpzoo.nets.by_hand import from_weights

_ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def chain_rule_1(slopes: Any) -> str:
    """Say what is wrong with the slopes of (v relu(w x + b) - 14)^2 at w = 2, b = 1, v = 3, x = 2.

    Args:
        slopes: d cost/d w, d cost/d b, d cost/d v.
    """
    net = from_weights([[[2, 1]], [[3, 0]]], activation="relu")
    found = backpropagate(net, [[2]], [14])
    (by_w, by_b), by_v, h = found.gradients[0][0], found.gradients[1][0, 0], found.h[0][0, 0]
    right = np.array([by_w, by_b, by_v])
    mistakes = {
        "Mind the 2: d cost/d y is 2 (y - target).": right / 2,
        "d cost/d w lacks its last factor, d z/d w. In z = w x + b, what is w multiplied by?":
            [by_b, by_b, by_v],
        "In d cost/d w and d cost/d b, a factor is missing: d y/d h. In y = v h, what is h "
        "multiplied by?": [by_w / 3, by_b / 3, by_v],
        "d cost/d v has only two factors, d cost/d y and d y/d v. In y = v h, what is v multiplied "
        "by?": [by_w, by_b, by_v / h],
        "All signs are turned round: d cost/d y is 2 (y - target), and y is above the target.":
            -right,
    }  # fmt: skip
    return compare(
        numbers(slopes, "d cost/d w", "d cost/d b", "d cost/d v"), right, mistakes,
        "Go forwards first: z = w x + b, h = relu(z), y = v h. Then d cost/d y = 2 (y - target), "
        "and backwards from there: d h/d z is 1 where z is above 0.",
    )  # fmt: skip


def chain_rule_2(slope: Any) -> str:
    """Say what is wrong with d cost/d w11 of the lesson's network of nine numbers, on XOR.

    Args:
        slope: The sum over the four rows.
    """
    net = from_weights([[[1, 1, 0], [1, -1, 0]], [[1, 1, 0]]], activation="sigmoid")
    found = backpropagate(net, _ROWS, GATES["xor"])
    slopes = {name: each.gradient for name, each in found.parameters.items()}
    h1, x1 = found.h[0][:, 0], found.x[:, 0]
    mistakes = {
        "That is d cost/d b1. The last factor differs: in z1 = w11 x1 + w21 x2 + b1, what is w11 "
        "multiplied by?": slopes["b1"],
        "That is d cost/d w21, whose last factor is x2.": slopes["w21"],
        "The slope of the sigmoid is missing: d h1/d z1 = h1 (1 - h1).":
            found.d_output @ x1,
        "That has h1 squared in the place of d h1/d z1, which is h1 (1 - h1).":
            found.d_output @ (h1**2 * x1),
        "That has h1 in the place of d h1/d z1, which is h1 (1 - h1).":
            found.d_output @ (h1 * x1),
        "Mind the 2: d cost/d y is 2 (y - target).": slopes["w11"] / 2,
        "That is the mean over the rows. The cost is a sum.": slopes["w11"] / 4,
    }  # fmt: skip
    return compare(
        numbers(slope, "d cost/d w11"), slopes["w11"], mistakes,
        "Take the table for b1, and change the last factor of each row, d z1/d b1 = 1, into "
        "d z1/d w11. In which rows is it not 0?",
    )  # fmt: skip


def activations_1(share: Any) -> str:
    """Say what is wrong with the share that five sigmoids leave of a gradient, at most.

    Args:
        share: With weights of 1.
    """
    mistakes = {
        "That takes 0.5 for the slope of a sigmoid, as the notes print it. h (1 - h) is at most "
        "...?": 0.5**5,
        "The slopes are factors of a product: they are multiplied, not added.": 5 * 0.25,
        "That is what four layers leave.": 0.25**4,
        "That is what one layer leaves.": 0.25,
    }
    return compare(
        numbers(share, "the share"), 0.25**5, mistakes,
        "Each layer multiplies the gradient by a slope of a sigmoid. How large is that at most, "
        "and how often does it stand in the product?",
    )  # fmt: skip


def activations_2(unit: Any) -> str:
    """Say why a unit max(0, a x + b), b above 0, is not dead on the points of the lesson.

    Args:
        unit: a, b.
    """
    a, b = numbers(unit, "a", "b")
    if b <= 0:
        return "Dead or not, b must be above 0 here."
    for x in (2, 4, 8):
        if (z := a * x + b) > 0:
            return (
                f"At x = {x}, z = a x + b = {z:g} is above 0: there the slope is 1, and the unit "
                "is alive."
            )
    return ""
