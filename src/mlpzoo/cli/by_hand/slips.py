"""Where the lecture notes slip: what they print and what is right, and the numbers of both."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from mlpzoo.analysis.by_hand.chain import chain_of
from mlpzoo.analysis.by_hand.gradients import backpropagate
from mlpzoo.analysis.by_hand.slopes import ACTIVATION_SLOPES
from mlpzoo.analysis.layers import layers_of
from mlpzoo.data import LinearDataModule
from mlpzoo.data.gate import GATES
from mlpzoo.exercises import get_exercise
from mlpzoo.exercises.linear import LECTURE_POINTS, descend_by_hand
from mlpzoo.nets import FourLayerXOR
from mlpzoo.nets.by_hand import from_weights
from mlpzoo.pretrained import get_pretrained, load_pretrained

ROWS = ((0, 0), (0, 1), (1, 0), (1, 1))
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


def _xor_backwards() -> Slip:
    same = tuple(int(a == b) for a, b in ROWS)
    differ = tuple(int(a != b) for a, b in ROWS)
    name = next(name for name, table in GATES.items() if table == same).upper()
    return Slip(
        "XOR is defined as 1 where both inputs are the same.",
        f"{_table(same)} for 00, 01, 10, 11, which is {name}",
        f"{_table(differ)}: 1 where they differ",
        same,
        differ,
    )


def _line() -> Slip:
    points = ((3.0, 5.0), (4.0, 6.0), (5.0, 7.0))
    a, b = LinearDataModule(points=points).least_squares()
    printed, right = _cost(1, 3, points), _cost(a, b, points)
    return Slip(
        "The line through (3, 5), (4, 6), (5, 7) is said to be y = x + 3.",
        f"y = x + 3, whose sum of squares is {printed:g}",
        f"y = {a:.3g} x + {b:.3g}, whose sum of squares is {right:.2g}".replace("1 x", "x"),
        (1, 3, printed),
        (a, b, right),
    )


def _inner_loop() -> Slip:
    a = b = 0.0
    for _ in range(_STEPS):
        gradient_a = gradient_b = 0.0
        for x, y in LECTURE_POINTS:
            residual = a * x + b - y
            gradient_a += 2 * residual * x
            gradient_b += 2 * residual
            a -= _LR * gradient_a  # within the loop over the points
        b -= _LR * gradient_b
    return _descent_slip(
        "The listing subtracts a's gradient inside the loop over the points.", a, b
    )


def _b_from_a() -> Slip:
    a = b = 0.0
    for _ in range(_STEPS):
        gradient_b = sum(2 * (a * x + b - y) for x, y in LECTURE_POINTS)
        a, b = a - _LR * gradient_b, b - _LR * gradient_b  # of a too
    return _descent_slip("The pseudo-code subtracts b's gradient from a.", a, b)


def _descent_slip(what: str, a: float, b: float) -> Slip:
    good_a, good_b = _descended()
    printed, right = (a, b, _cost(a, b)), (good_a, good_b, _cost(good_a, good_b))
    text = "a = {:.4f}, b = {:.4f} after " + f"{_STEPS} steps at {_LR}" + ", cost {:.4f}"
    return Slip(what, text.format(*printed), text.format(*right), printed, right)


@cache
def _descended() -> tuple[float, float]:
    return descend_by_hand(steps=_STEPS, lr=_LR)


def _slope_bound() -> Slip:
    z = np.linspace(-10, 10, 2001)
    forward, slope, _ = ACTIVATION_SLOPES["sigmoid"]
    largest = float(slope(z, forward(z)).max())
    text = "{}: four layers leave {:.4f} of a gradient at most, weights of 1 assumed"
    return Slip(
        "The slope of the sigmoid is said to be 0.5 at most.",
        text.format(0.5, 0.5**4),
        text.format(f"{largest:.4g}, at 0", largest**4),
        (0.5, 0.5**4),
        (largest, largest**4),
    )


def _overwritten() -> Slip:
    data = get_exercise("minmax").data()
    # x1 and x2 are independent and uniform: E (max - min)^2 = E (x1 - x2)^2 = 2 Var
    off = math.sqrt(2 * (data.high - data.low) ** 2 / 12)
    ours = get_pretrained("minmax").errors["max_head_rmse"]
    return Slip(
        "The listing writes the targets of min over those of max before it reads them.",
        f"both heads learn min, and the max head is off by RMSE {off:.2f}",
        f"two names for the targets; the max head of the package's network is off by {ours:.2g}",
        (off,),
        (ours,),
    )


def _layer_left_out() -> Slip:
    whole = layers_of(load_pretrained("xor-lecture"))
    kept = replace(whole, layers=whole.layers[:3] + whole.layers[4:], outputs={"y": 3})
    without, right = (tuple(backpropagate(net, ROWS, [0] * 4).output) for net in (kept, whole))
    text = "logits {:.3f}, {:.3f}, {:.3f}, {:.3f}"
    same = _table([int(y > 0) for y in without]) == _table([int(y > 0) for y in right])
    return Slip(
        "A forward pass through the four hidden layers leaves out layer 4.",
        text.format(*without) + (": the truth table is still right" if same else ""),
        text.format(*right) + ": check the logits, not only 0 and 1",
        without,
        right,
    )


def _called_xavier() -> Slip:
    texts, values = [], list[Values]()
    for name in ("uniform", "xavier"):
        nets = (FourLayerXOR(initialization=name, seed=seed) for seed in range(_SEEDS))
        drawn = torch.cat(
            [p.detach().flatten() for net in nets for p in net.parameters() if p.ndim > 1]
        )
        values.append((drawn.min().item(), drawn.max().item(), (drawn < 0).float().mean().item()))
        low, high, negative = values[-1]
        texts.append(f"weights from {low:.2f} to {high:.2f}, {negative:.0%} of them negative")
    return Slip(
        "Weights and biases drawn from U(0, 1) are called xavier.",
        f"{texts[0]} (--module.initialization uniform)",
        f"{texts[1]}, in layers of two; biases 0",
        *values,
    )


def _activation_forgotten() -> Slip:
    net = from_weights([[[1, 1, 0], [1, -1, 0]], [[1, 1, 0]]], activation="sigmoid")
    found = backpropagate(net, ROWS, [int(a != b) for a, b in ROWS])
    factors = list(chain_of(found, "b1").values())
    printed = float((factors[0] * factors[1] * found.h[0][:, 0] ** 2).sum())
    right = found.parameters["b1"].gradient
    return Slip(
        "d cost/d b1 of the 2-2-1 network is written with h1 squared, and without the activation.",
        f"d cost/d y * v1 * h1^2 = {printed:.6f} (w = 1, 1, 1, -1, v = 1, 1, biases 0, on XOR)",
        f"d cost/d y * v1 * h1 (1 - h1) = {right:.6f}, as autograd has it",
        (printed,),
        (right,),
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


def _table(outputs: Sequence[int]) -> str:
    return "".join(map(str, outputs))


def _cost(a: float, b: float, points: Sequence[tuple[float, float]] = LECTURE_POINTS) -> float:
    return sum((a * x + b - y) ** 2 for x, y in points)
