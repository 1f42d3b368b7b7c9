"""Checks of the lessons on x^2, and on max and min."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlpzoo.analysis.pieces import pieces
from mlpzoo.checks import InputError
from mlpzoo.lessons._answers import plain, whole
from mlpzoo.nets.by_hand import from_weights

_NEAR = 1e-4
_PAIRS = ((5, 3), (3, 5), (4, 4), (0, 0), (0, 6), (6, 0), (-2, 7), (-3, -8), (100, 1))
_FAR = ((1, 100), (-1_000, 1_000), (1_000, -1_000), (1_000, 999), (-999, -1_000))
_PLACES = "two things, values and their places, as sort and max give them"
_LARGEST = (10, 100, 1_000, 10_000)
_TRIPLES = ((5, 3, 9), (9, 3, 5), (3, 9, 5), (4, 4, 1), (-2, -7, 0), (60, 20, 70))


def square_1(weights: Any) -> str:
    """Judge a ReLU network that is to join the points of x^2 at -2, -1, 0, 1 and 2 by lines."""
    parts = pieces(from_weights(plain(weights), activation="relu"), -2, 2)
    if abs(parts(-2) - 4) > _NEAR:
        return f"At x = -2 your network gives {float(parts(-2)):g}, and x^2 is 4. Begin there."
    for left in range(-2, 2):
        slope, wanted = parts(left + 1) - parts(left), 2 * left + 1
        for knot in parts.knots:
            off = parts(knot) - parts(left) - slope * (knot - left)
            if left < knot < left + 1 and abs(off) > _NEAR:
                between = f"between {left} and {left + 1}"
                return f"It bends at x = {float(knot):g}, and {between} it is to be straight."
        if abs(slope - wanted) > _NEAR:
            return (
                f"Right at x = {left}. From there to {left + 1} the slope is to be {wanted}, and "
                f"yours is {float(slope):g}: which unit bends at {left}, and by how much?"
            )
    return ""


def square_2(pieces: Any) -> str:
    """Judge how many equal pieces bring the error of x^2 on [-100, 100] below 1."""
    count = whole(pieces, "pieces")
    error, of_fewer = ((200 / max(n, 0.5)) ** 2 / 8 for n in (count, count - 1))
    if count in (100, 101):
        return "That is for pieces that meet the curve at both ends. How far may each be lowered?"
    if error >= 1:
        return f"Each of {count:g} pieces is {200 / count:.4g} wide: h^2/8 is {error:.4g}."
    return "Right below 1, but fewer pieces are, too." if of_fewer < 1 else ""


def minmax_1(weights: Any) -> str:
    """Judge a ReLU network that is to give |x1 - x2|."""
    net = from_weights(plain(weights), activation="relu")
    if (sizes := (net.arguments["in_features"], net.arguments["out_features"])) != (2, 1):
        return f"It is to take 2 numbers and give 1; yours takes {sizes[0]} and gives {sizes[1]}."
    x = torch.cat([torch.tensor(_PAIRS + _FAR, dtype=torch.float64), _drawn(2).double()])
    with torch.no_grad():
        y = net.double()(x)[:, 0]
    wanted = (x[:, 0] - x[:, 1]).abs()
    off = (y - wanted).abs() > _NEAR + 1e-6 * x.abs().amax(dim=1)  # weights are float32
    if not off.any():
        return ""
    at = int(off.nonzero()[0])
    (x1, x2), given = x[at].tolist(), f"{y[at]:g}, and |x1 - x2| is {wanted[at]:g}."
    wrong = f"For x1 = {x1:g}, x2 = {x2:g} it gives {given}"
    larger = x[:, 0] > x[:, 1]
    for side, name in ((larger, "x1"), (~larger, "x2")):
        if not off[side].any():
            wrong += f" Where {name} is the larger one, all is right: the other side needs a unit."
    return wrong


def minmax_2(targets: Any) -> str:
    """Judge a function that gives the largest and the middle one of three, in two columns."""
    drawn = _drawn(3)
    for x in (torch.tensor(_TRIPLES, dtype=torch.float32), drawn, drawn[:1]):
        if wrong := _wrong_targets(x, targets(x.clone())):
            return wrong
    return ""


def _wrong_targets(x: Tensor, found: Any) -> str:
    ranked = x.sort(dim=1, descending=True).values
    largest, middle = ranked[:, :1], ranked[:, 1:2]
    if not isinstance(found, Sequence | Tensor | np.ndarray) or len(found) != 2:
        return "It is to return two tensors: return largest, middle."
    if _has_places(found):
        return f"It returns {_PLACES}; give the largest and the middle values."
    found = [_column(*each, len(x)) for each in zip(("largest", "middle"), found, strict=True)]
    if torch.equal(found[0], found[1]):
        return "Both are the same: was the first one overwritten before it was returned?"
    if torch.equal(found[0], middle) and torch.equal(found[1], largest):
        return "Both are right, but the other way around: the largest comes first."
    for name, each, right in zip(("largest", "middle"), found, (largest, middle), strict=True):
        for row, value, wanted in zip(x.tolist(), each[:, 0], right[:, 0], strict=True):
            if abs(value - wanted) > 1e-5 * max(1, *map(abs, row)):
                of = ", ".join(f"{one:g}" for one in row)
                return f"For the row ({of}), {name} is to be {wanted:g}, and is {value:g}."
    return ""


def _column(name: str, given: Any, rows: int) -> Tensor:
    """Return a head's targets as a tensor, whatever holds their numbers."""
    if _has_places(given):
        raise InputError(f"{name} is {_PLACES}; take .values.")
    try:
        column = torch.tensor(plain(given), dtype=torch.float32)
    except (TypeError, ValueError):
        raise InputError(f"{name} is no column of numbers, but a {type(given).__name__}.") from None
    if column.shape != (rows, 1):
        raise InputError(
            f"For {rows} rows, {name} has the shape {tuple(column.shape)}, and a head gives "
            f"{(rows, 1)}, a column. A slice such as 1:2, or keepdim=True, keeps it one."
        )
    return column


def _has_places(given: Any) -> bool:
    return isinstance(given, tuple) and hasattr(given, "indices")


def _drawn(width: int) -> Tensor:
    """Return rows of random whole numbers below 10, 100, 1,000 and 10,000, always the same."""
    draw = torch.Generator().manual_seed(0)
    rows = [torch.randint(-most, most, (100, width), generator=draw) for most in _LARGEST]
    return torch.cat(rows).float()
