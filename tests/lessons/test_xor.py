"""The checks of the lessons on XOR: right answers, and what each slip is told."""

import math

import pytest
import torch

from mlpzoo import check


def judged(name, *answer):
    verdict = check(name, *answer)
    assert bool(verdict) == (str(verdict) == "Right.")
    return str(verdict)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


# The published weights of layer 1, by hand: row . (0.5, 0.5) + bias.
SUMS = (-10.3267 + 14.3530) / 2 + 4.8114, (-3.8846 + 6.2506) / 2 - 3.5770
DOWN = (-10.3267 - 3.8846) / 2 + 4.8114, (14.3530 + 6.2506) / 2 - 3.5770
BARE = (-10.3267 + 14.3530) / 2, (-3.8846 + 6.2506) / 2


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (map(sigmoid, SUMS), "Right."),
        ([torch.tensor(0.999), 0.0836], "Right."),
        (SUMS, "These are the sums"),
        (map(sigmoid, DOWN), "not in a column"),
        (map(sigmoid, BARE), "To each sum belongs a bias"),
        (map(sigmoid, reversed(SUMS)), "the other way around"),
        ([0.5, 0.0836], "h11 is another number"),
        ([0.999, 0.5], "h12 is another number"),
        (["0.99x", 0.0836], "Give one number (h11)"),
    ],
)
def test_a_layer_by_hand(answer, hint):
    assert hint in judged("four_layers-1", *answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (20, "Right."),
        (-1.0813 + 20.512 + 0.001, "Right."),
        (-1.0813, "the logits are -20.51, 16.65, 16.65, -20.51, and the answers 0110"),
        (-1.0813 + 20.5107, "answers 0111"),  # 11 is a little nearer than 00
        (-30, "answers 0000"),
        ("more", "Give one number (the bias)"),
    ],
)
def test_a_bias_that_flips_answers(answer, hint):
    assert hint in judged("four_layers-2", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (13, "Right."),
        (12, "with a probability of 0.0138, above 0.01"),
        (4, "with a probability of 0.24, above 0.01"),
        (14, "fewer suffice"),
        (100, "fewer suffice"),
        (12.9, "whole number"),
        (0, "whole number"),
    ],
)
def test_how_many_starts(answer, hint):
    assert hint in judged("seeds-1", answer)


LOSS = (2 * math.log(3 / 2) + math.log(3)) / 4


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((2 / 3, LOSS), "Right."),
        ((0.667, 0.4774), "Right."),
        ((torch.tensor(2 / 3), (3 * math.log(3) - 2 * math.log(2)) / 4), "Right."),
        ((0.5, 3 * math.log(2) / 4), "At 0.5 the three rows cost 2.0794 together"),
        ((1 / 3, LOSS), "two of the three ask for a 1"),
        ((1, 0), "between 0 and 1"),
        ((2 / 3, LOSS * 4 / 3), "The fourth counts too"),
        ((2 / 3, LOSS * 4), "That is the sum"),
        ((2 / 3, LOSS / math.log(2)), "natural logarithm, math.log."),
        ((2 / 3, LOSS / math.log(10)), "not that to base 10"),
        ((2 / 3, 0.3), "a 1 costs -ln p"),
        (("two thirds", LOSS), "Give one number (the probability)"),
    ],
)
def test_three_merged_rows(answer, hint):
    assert hint in judged("seeds-2", *answer)
