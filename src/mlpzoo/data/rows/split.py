"""Which rows test, which validate and which train, and what spread columns have."""

from functools import lru_cache

import torch
from torch import Tensor

from mlpzoo.checks import InputError, as_float32, as_typed, check_count, is_finite
from mlpzoo.data.sampling import uniform

_TEST, _VAL = -1, -2  # draws that no pass through the training rows takes
_FEWEST = 2  # rows of each kind

Pair = tuple[float, float]


def check_shares(test_share: float, val_share: float, folds: int) -> None:
    """Refuse shares and folds that no table can be split into.

    Args:
        test_share: Of the rows that test.
        val_share: Of those that validate.
        folds: See `sizes_of`.
    """
    check_count("folds", folds, least=0)
    if folds == 1:
        raise InputError("folds must be 2 or more, or 0 for val_share, got 1")
    for name, share in (("test_share", test_share), ("val_share", val_share)):
        if not (is_finite(name, share) and 0 <= share < 1) or not test_share:
            least = "0 or more" if name == "val_share" else "above 0"
            raise InputError(f"{name} must be {least} and below 1, got {as_typed(share)}")


def sizes_of(
    rows: int, test_share: float, val_share: float, folds: int = 0
) -> tuple[int, int, int]:
    """Return how many rows test, validate and train.

    Args:
        rows: All of them.
        test_share: Share of them that test.
        val_share: Share of them that validate; 0 for those that train.
        folds: In place of it, into how many equal parts the others are split, one of which
            validates.

    Raises:
        InputError: There are too few.
    """
    test, val = (max(_FEWEST, round(rows * share)) for share in (test_share, val_share))
    if not (val_share or folds):
        return test, 0, rows - test
    if folds:
        val = (rows - test) // folds
    train = rows - test - val
    if not val or train < _FEWEST:
        by = f"{folds} folds" if folds else f"val_share {as_typed(val_share)}"
        raise InputError(f"{rows} rows are too few for test_share {as_typed(test_share)} and {by}")
    return test, val, train


def split_rows(
    same: Tensor, sizes: tuple[int, int, int], test_seed: int, seed: int, folds: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the places of the rows that test, validate and train, each in order.

    Equal rows are on one side, but for those that are cut where the sizes cannot be met otherwise.

    Args:
        same: A number for each row, the same for equal ones: 0, 1, ... as they first appear.
        sizes: What `sizes_of` returned.
        test_seed: Which rows test, and how the others are split into folds.
        seed: Which of the others validate.
        folds: See `sizes_of`.
    """
    test, val, _ = sizes
    first, others = _cut(_mixed(same.argsort(stable=True), same, test_seed, _TEST), same, test)
    left = others if folds else _mixed(others, same, seed, _VAL)
    for _ in range(1 + (seed % folds if folds else 0)):
        second, left = _cut(left, same, val)
    third = others[~torch.isin(others, second)]
    first, second, third = (places.sort().values for places in (first, second, third))
    return first, second if val else third, third


def _mixed(rows: Tensor, same: Tensor, seed: int, step: int) -> Tensor:
    """Return rows, of which equal ones are neighbours, in another order, and so again."""
    groups = torch.unique_consecutive(same[rows], return_inverse=True)[1]
    order = shuffled(seed, step, int(groups[-1]) + 1)
    return rows[order.argsort()[groups].argsort(stable=True)]


def _cut(rows: Tensor, same: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the first rows, as many as asked for, and the others; equal ones are neighbours.

    Equal rows that do not fit in are passed over; where none do, some of the first are taken.
    """
    _, groups, counts = torch.unique_consecutive(
        same[rows], return_inverse=True, return_counts=True
    )
    taken, room = torch.zeros(len(counts), dtype=torch.bool), size
    while (fits := ~taken & (counts <= room)).any():
        taken |= fits & ((counts * fits).cumsum(0) <= room)
        room = size - int(counts[taken].sum())
    chosen = taken[groups]
    chosen[(~chosen).nonzero()[:room]] = True
    return rows[chosen], rows[~chosen]


def rows_in_turn(steps: Tensor, size: int, count: int, seed: int) -> Tensor:
    """Return which rows the batches of steps have: each pass takes every row once, at most.

    Shapes: steps (steps,) -> (steps, size).

    Args:
        steps: Which.
        size: Rows of a batch.
        count: Of all rows; where batches do not share them evenly, a pass leaves some out.
        seed: Which orders passes take them in.
    """
    turns, places = steps // (count // size), steps % (count // size)
    rows = torch.empty(len(steps), size, dtype=torch.int64)
    for turn in sorted({*turns.tolist()}):
        first = places[turns == turn].unsqueeze(1) * size
        rows[turns == turn] = shuffled(seed, turn, count)[first + torch.arange(size)]
    return rows


@lru_cache(maxsize=4)  # a pass asks often for its own
def shuffled(seed: int, step: int, size: int) -> Tensor:
    """Return 0 to size - 1 in an order that follows from seed and step.

    Args:
        seed: Which sequence of orders.
        step: Which of them.
        size: How many.
    """
    return uniform(seed, torch.tensor([step]), size)[0].argsort(stable=True)


def spreads(values: Tensor) -> tuple[Pair, ...]:
    """Return mean - std and mean + std of each column, apart in float32 whatever it holds.

    Args:
        values: Rows of columns.

    Example:
        >>> spreads(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
        ((1.0, 3.0), (0.0, 10.0))
    """
    pairs = []
    for column in values.double().unbind(dim=1):
        mean, std = column.mean().item(), column.std(correction=0).item()
        low, high = mean - std, mean + std
        if not as_float32(low) < as_float32(high):
            low, high = column.min().item(), column.max().item()
        if low == high:  # in these rows; others have other values
            low, high = low - max(1.0, abs(low)), high + max(1.0, abs(high))
        pairs.append((low, high))
    return tuple(pairs)
