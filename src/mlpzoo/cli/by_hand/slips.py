"""Where the lecture notes slip: what they print and what is right, and the numbers of both."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mlpzoo.analysis.by_hand.chain import chain_of
from mlpzoo.analysis.by_hand.gradients import backpropagate
from mlpzoo.analysis.by_hand.slopes import with_slope
from mlpzoo.analysis.layers import layers_of
from mlpzoo.data import LinearDataModule
from mlpzoo.data.gate import GATES
from mlpzoo.exercises import get_exercise
from mlpzoo.exercises.linear import LECTURE_POINTS
from mlpzoo.nets import FourLayerXOR
from mlpzoo.nets.by_hand import from_weights
from mlpzoo.pretrained import get_pretrained, load_pretrained

_ROWS = ((0, 0), (0, 1), (1, 0), (1, 1))
_STEPS, _LR, _SEEDS = 50_000, 0.001, 50
Values = tuple[float, ...]


@dataclass(frozen=True)
class Slip:
    """One slip of the notes.

    Attributes:
        what: What the notes do, in a sentence.
        printed: What comes of it, in words.
        right: What is right, in words.
        printed_values: The numbers of what is printed.
        right_values: The numbers of what is right.
    """

    what: str
    printed: str
    right: str
    printed_values: Values
    right_values: Values


def slips_of(exercise: str = "") -> list[Slip]:
    """Return the slips in what the notes say of an exercise, each computed anew.

    Args:
        exercise: Its name; "" for all.

    Example:
        >>> print(slips_of("minmax")[0].printed)
        both heads learn min, and the max head is off by RMSE 40.82
    """
    return [tell() for tell, of in _SLIPS.items() if exercise in (*of, "")]


def _told(what: str, printed: str, right: str, before: Values, after: Values) -> Slip:
    """Return a slip whose words are those given with their numbers in them."""
    return Slip(what, printed.format(*before), right.format(*after), before, after)


def _xor_backwards() -> Slip:
    return _told(
        "XOR is defined as 1 where both inputs are the same.",
        "{}{}{}{} for 00, 01, 10, 11, which is XNOR",
        "{}{}{}{}: 1 where they differ",
        GATES["xnor"],
        GATES["xor"],
    )


def _line() -> Slip:
    points = ((3.0, 5.0), (4.0, 6.0), (5.0, 7.0))
    a, b = LinearDataModule(points=points).least_squares()
    return _told(
        "The line through (3, 5), (4, 6), (5, 7) is said to be y = x + 3.",
        "y = x + {1}, whose sum of squares is {2:g}",
        "y = x + {1:.3g}, whose sum of squares is {2:.2g}",
        (1, 3, _cost(1, 3, points)),
        (a, b, _cost(a, b, points)),
    )


def _inner_loop() -> Slip:
    def epoch(a: float, b: float) -> tuple[float, float]:
        gradient_a = gradient_b = 0.0
        for x, y in LECTURE_POINTS:
            residual = a * x + b - y
            gradient_a += 2 * residual * x
            gradient_b += 2 * residual
            a -= _LR * gradient_a  # within the loop over the points
        return a, b - _LR * gradient_b

    return _descent("The listing subtracts a's gradient inside the loop over the points.", epoch)


def _b_from_a() -> Slip:
    def epoch(a: float, b: float) -> tuple[float, float]:
        gradient_b = sum(2 * (a * x + b - y) for x, y in LECTURE_POINTS)
        return a - _LR * gradient_b, b - _LR * gradient_b  # of a too

    return _descent("The pseudo-code subtracts b's gradient from a.", epoch)


def _descent(what: str, epoch: Callable[[float, float], tuple[float, float]]) -> Slip:
    """Return a slip in the descent from a = b = 0, given what an epoch makes of a and b."""
    # that is an affine map, so that all epochs together are a power of its matrix
    origin, *units = (np.array([*epoch(*at), 1]) for at in ((0, 0), (1, 0), (0, 1)))
    matrix = np.column_stack([*(unit - origin for unit in units), origin])
    a, b, _ = np.linalg.matrix_power(matrix, _STEPS)[:, 2].tolist()
    right = LinearDataModule(points=LECTURE_POINTS).least_squares()  # where it is by then
    text = f"a = {{:.4f}}, b = {{:.4f}} after {_STEPS} steps at {_LR}, cost {{:.4f}}"
    return _told(what, text, text, (a, b, _cost(a, b)), (*right, _cost(*right)))


def _slope_bound() -> Slip:
    _, slopes = with_slope(torch.sigmoid, np.linspace(-10, 10, 2001))
    largest = float(slopes.max())
    text = ": four layers leave {1:.4f} of a gradient at most, weights of 1 assumed"
    return _told(
        "The slope of the sigmoid is said to be 0.5 at most.",
        "{0}" + text,
        "{0:.4g}, at 0" + text,
        (0.5, 0.5**4),
        (largest, largest**4),
    )


def _overwritten() -> Slip:
    data = get_exercise("minmax").data()
    # x1 and x2 are independent and uniform: E (max - min)^2 = E (x1 - x2)^2 = 2 Var
    off = math.sqrt(2 * (data.high - data.low) ** 2 / 12)
    return _told(
        "The listing writes the targets of min over those of max before it reads them.",
        "both heads learn min, and the max head is off by RMSE {:.2f}",
        "two names for the targets; the max head of the package's network is off by {:.2g}",
        (off,),
        (get_pretrained("minmax").errors["max_head_rmse"],),
    )


def _layer_left_out() -> Slip:
    whole = layers_of(load_pretrained("xor-lecture"))
    kept = replace(whole, layers=whole.layers[:3] + whole.layers[4:], outputs={"y": 3})
    without, right = (backpropagate(net, _ROWS, [0] * 4).output for net in (kept, whole))
    same = ": the truth table is still right" if ((without > 0) == (right > 0)).all() else ""
    text = "logits {:.3f}, {:.3f}, {:.3f}, {:.3f}"
    return _told(
        "A forward pass through the four hidden layers leaves out layer 4.",
        text + same,
        text + ": check the logits, not only 0 and 1",
        tuple(without),
        tuple(right),
    )


def _called_xavier() -> Slip:
    values = list[Values]()
    for name in ("uniform", "xavier"):
        nets = (FourLayerXOR(initialization=name, seed=seed) for seed in range(_SEEDS))
        drawn = torch.cat(
            [p.detach().flatten() for net in nets for p in net.parameters() if p.ndim > 1]
        )
        values.append((drawn.min().item(), drawn.max().item(), (drawn < 0).float().mean().item()))
    text = "weights from {:.2f} to {:.2f}, {:.0%} of them negative"
    return _told(
        "Weights and biases drawn from U(0, 1) are called xavier.",
        text + " (--module.initialization uniform)",
        text + ", in layers of two; biases 0",
        *values,
    )


def _activation_forgotten() -> Slip:
    net = from_weights([[[1, 1, 0], [1, -1, 0]], [[1, 1, 0]]], activation="sigmoid")
    found = backpropagate(net, _ROWS, GATES["xor"])
    to_output, v1, *_ = chain_of(found, "b1").values()
    return _told(
        "d cost/d b1 of the 2-2-1 network is written with h1 squared, and without the activation.",
        "d cost/d y * v1 * h1^2 = {:.6f} (w = 1, 1, 1, -1, v = 1, 1, biases 0, on XOR)",
        "d cost/d y * v1 * h1 (1 - h1) = {:.6f}, as autograd has it",
        (float((to_output * v1 * found.h[0][:, 0] ** 2).sum()),),
        (found.parameters["b1"].gradient,),
    )


_SLIPS: dict[Callable[[], Slip], Sequence[str]] = {
    _xor_backwards: ("xor", "perceptron"),
    _line: ("linear",),
    _inner_loop: ("linear",),
    _b_from_a: ("linear",),
    _slope_bound: ("xor",),
    _activation_forgotten: ("xor",),
    _called_xavier: ("xor",),
    _layer_left_out: ("xor",),
    _overwritten: ("minmax",),
}


def _cost(a: float, b: float, points: Sequence[tuple[float, float]] = LECTURE_POINTS) -> float:
    return sum((a * x + b - y) ** 2 for x, y in points)
