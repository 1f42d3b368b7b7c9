"""The checks of the lessons on x^2, max and min: right answers, and what each slip is told."""

import numpy as np
import pytest
import torch

from mlpzoo import check


def judged(name, *answer):
    verdict = check(name, *answer)
    assert bool(verdict) == (str(verdict) == "Right.")
    return str(verdict)


ONE_SIDED = [[[1, 2], [1, 1], [1, 0], [1, -1]], [[-3, 2, 2, 2, 4]]]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (ONE_SIDED, "Right."),
        (torch.tensor([1.0]), "a weight or more, and last its bias"),
        ([[[1, 0], [-1, 0], [1, -1], [-1, -1]], [[1, 1, 2, 2, 0]]], "Right."),  # from the middle
        ([[[10, 20], [0.1, 0.1], [1, 0], [1, -1]], [[-0.3, 20, 2, 2, 4]]], "Right."),
        ([[[1, 2], [1, 1], [1, 0], [1, -1]], [[-3, 2, 2, 2, 0]]], "At x = -2 your network gives 0"),
        ([[[1, 2], [1, 1], [1, 0], [1, -1]], [[-3, 1, 2, 2, 4]]], "to be -1, and yours is -2"),
        ([[[1, 2], [1, 1], [1, 0]], [[-3, 2, 2, 4]]], "to 2 the slope is to be 3, and yours is 1"),
        ([[[1, 2], [1, 0.5], [1, 0], [1, -1]], [[-3, 2, 2, 2, 4]]], "bends at x = -0.5"),
        ([[[1, 2], [1, 1]], [[-3, 4]]], "3 are needed"),
        ("x^2", "no numbers"),
    ],
)
def test_pieces_of_the_square_by_hand(answer, hint):
    assert hint in judged("square-1", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (71, "Right."),
        (torch.tensor(71.0), "Right."),
        (70, "h^2/8 is 1.02"),
        (36, "5.556 wide"),
        (72, "fewer pieces"),
        (257, "fewer pieces"),
        (100, "meet the curve at both ends"),
        (101, "meet the curve at both ends"),
        (70.7, "whole number"),
        (0, "whole number"),
        ([70, 71], "Give one number"),
    ],
)
def test_how_many_pieces(answer, hint):
    assert hint in judged("square-2", answer)


def bent_at(x):
    """Return a hidden layer that is right up to x, and bends there."""
    return [[[1, -1, 0], [-1, 1, 0], [1, 0, -x] if x > 0 else [-1, 0, x]]]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ([[[1, -1, 0], [-1, 1, 0]], [[1, 1, 0]]], "Right."),
        ([[[2, -2, 0], [1, -1, 0]], [[1, -1, 0]]], "Where x1 is the larger one"),
        ([[[-1, 1, 0]], [[1, 0]]], "Where x2 is the larger one"),
        ([[[1, -1, 0]]], "For x1 = 3, x2 = 5 it gives -2, and |x1 - x2| is 2."),
        ([[[1, 1, 0]]], "For x1 = 5, x2 = 3 it gives 8"),
        ([[[1, -1, 0], [-1, 1, 0]], [[1, 1, 0.5]]], "it gives 2.5"),
        ([[[1, -1, 0], [1, -1, 9]], [[2, -1, 9]]], "For x1 = 1, x2 = 100 it gives 9"),
        ([*bent_at(300), [[1, 1, 1, 0]]], "and |x1 - x2| is"),
        ([*bent_at(-300), [[1, 1, 1, 0]]], "and |x1 - x2| is"),
        ([*bent_at(9000), [[1, 1, 1, 0]]], "and |x1 - x2| is"),
        ([[[0.1, -0.1, 0], [-1 / 3, 1 / 3, 0]], [[10, 3, 0]]], "Right."),  # rounded
        ([[[1, -1, 0], [-1, 1, 0]], [[1, 0, 0], [0, 1, 0]], [[1, 1, 0]]], "Right."),
        ([[[1, 0]]], "yours takes 1 and gives 1"),
        ([[[1, -1, 0], [-1, 1, 0]]], "yours takes 2 and gives 2"),
        ([[[1, -1, 0], [-1, 1]], [[1, 1, 0]]], "3 are needed"),
    ],
)
def test_the_distance_by_hand(answer, hint):
    assert hint in judged("minmax-1", answer)


def ranked(x, dim=1):
    return x.sort(dim=dim).values


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda x: (ranked(x)[:, 2:], ranked(x)[:, 1:2]), "Right."),
        (lambda x: [x.amax(1, True), x.median(1, True).values], "Right."),
        (lambda x: (x.amax(1), x.median(1).values), "has the shape (6,), and a head gives (6, 1)"),
        (lambda x: (x.amax(1, True), ranked(x)[:, 1]), "middle has the shape (6,)"),
        (lambda x: (x.amax(0), x.amin(0)), "has the shape (3,), and a head gives (6, 1)"),
        (
            lambda x: (x.amax(1, True), x.median(1, True)),
            "middle is two things, values and their places",
        ),
        (lambda x: x.max(1, True), "values and their places"),
        (lambda x: 2 * (x.median(1, True).values,), "was the first one overwritten"),
        (lambda x: (ranked(x)[:, 1:2], ranked(x)[:, 2:]), "the other way around"),
        (lambda x: (ranked(x)[:, 2:], ranked(x)[:, :1]), "(5, 3, 9), middle is to be 5, and is 3."),
        (lambda x: (ranked(x, 0)[:, 2:], ranked(x, 0)[:, 1:2]), "largest is to be 9, and is 0."),
        (lambda x: (x.amax(1, True), x.argsort(1)[:, 1:2]), "middle is to be 5, and is 0."),
        (lambda x: (np.sort(x, 1)[:, 2:], np.sort(x, 1)[:, 1:2]), "Right."),
        (
            lambda x: [[row[at : at + 1] for row in map(sorted, x.tolist())] for at in (2, 1)],
            "Right.",
        ),
        (lambda x: torch.stack([x.amax(1, True), x.median(1, True).values]), "Right."),
        (
            lambda x: (x.amax(1, True), (x.mean(1, True) * 3 - x.amax(1, True) - x.amin(1, True))),
            "Right.",
        ),
        (lambda x: (x.amax(1, True).clamp(max=99), x.median(1, True).values), "largest is to be"),
        (lambda x: (x.amax(1, True), x.median(1, True).values.clamp(min=-8)), "middle is to be -"),
        (lambda x: ("largest", "middle"), "largest is no column of numbers, but a str."),
        (lambda x: (x.amax(1, True), [[1], [2, 3]]), "middle is no column of numbers, but a list."),
        (lambda x: x.amax(1), "return two tensors"),
        (lambda x: None, "return two tensors"),
        (torch.zeros(3), "cannot be used"),
    ],
)
def test_targets_of_two_heads(answer, hint):
    assert hint in judged("minmax-2", answer)
