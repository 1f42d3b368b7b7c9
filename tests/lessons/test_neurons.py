"""The checks of the lessons on one perceptron and on two layers."""

import random

import pytest

import mlpzoo

OR, NAND, AND = [1, 1, -0.5], [-1, -1, 1.5], [1, 1, -1.5]


def test_any_weights_that_make_nand_are_right_and_no_others():
    draw, right = random.Random(0), 0
    for _ in range(500):
        w1, w2, b = (draw.uniform(-1, 1) for _ in range(3))
        nand = b > 0 and w1 + b > 0 and w2 + b > 0 and w1 + w2 + b <= 0
        assert bool(mlpzoo.check("gates-1", (w1, w2, b))) is nand
        right += nand
    assert right > 10


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (AND, "That is AND."),
        ((-1, -1, 0.5), "You have 1000 (NOR), not NAND: at (0, 1), z = -0.5"),
        ((-1, -1, 1), "at (0, 1), z = 0, so that the answer is 0, and NAND gives 1"),
        ((0, 0, 1), "You have 1111 (always 1), not NAND: at (1, 1), z = 1"),
        ((0.5, 0.5, -0.25), "You have 0111 (OR)"),
        ((1, 1), "Give 3 numbers (w1, w2, b)"),
    ],
)
def test_weights_that_are_not_nand_get_their_hint(answer, hint):
    assert hint in repr(mlpzoo.check("gates-1", answer))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((1, 1, 1), "Right."),
        ((0, 1, 1), "after the first pass"),
        ((1, 1, 0), "In the second one, look at row (1, 0) again"),
        ((2, 2, 2), "after each row"),
        ((-4, -4, -6), "wrong way"),
        ((0, 0, 0), "Row by row"),
    ],
)
def test_passes_of_the_perceptron_rule(answer, hint):
    assert hint in repr(mlpzoo.check("gates-2", answer))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (14, "Right."),
        (16, "One of the 16 is XOR"),
        (15, "Turn each of its answers round"),
        (2, "How many are left"),
        (12, "Easily missed"),
        (17, "16 tables in all"),
        (-1, "whole number of tables above 0, not -1."),
        (14.01, "whole number of tables above 0, not 14.01."),
    ],
)
def test_the_number_of_tables_of_one_perceptron(answer, hint):
    assert hint in repr(mlpzoo.check("one_line-1", answer))


@pytest.mark.parametrize(
    ("layers", "hint"),
    [
        ([[OR, NAND], [NAND]], "Right."),
        ([[AND, [-1, -1, 0.5]], [OR]], "Right."),  # both, or none
        ([[OR, NAND], [[1, 1, -1.5]], [[-1, 0.5]]], "Right."),  # XOR, then NOT
        ([[[1, 1, -0.5], [1, 1, -1.5]], [[-1, 1, 0.5]]], "Right."),
        ([[OR, NAND], [AND]], "That is XOR."),
        ([[OR, OR], [NAND]], "rows (1, 1) and (0, 1) both give h1 = 1, h2 = 1"),
        ([[[1, 0, -0.5], [0, 1, -0.5]], [AND]], "at (0, 0), h1 = 0, h2 = 0, so that the answer is"),
        ([[OR, AND], [OR]], "You have 0111 (OR), not XNOR"),
        (OR, "One unit cannot"),
        ([[OR]], "One unit cannot"),
        ([[OR, NAND], [AND, AND]], "one unit in its last layer"),
        ([[[1, 0], [2, 0]], [AND]], "two inputs"),
        ([[OR, NAND], [[1, 1]]], "3 are needed"),
        ([["a", "b"], "c"], "layer 1, unit 1 must be a list of numbers"),
    ],
)
def test_layers_that_should_be_xnor(layers, hint):
    assert hint in repr(mlpzoo.check("one_line-2", layers))
