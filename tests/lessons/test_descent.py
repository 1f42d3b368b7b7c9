"""The checks of the lessons on gradient descent and on its rate."""

from fractions import Fraction

import pytest
import torch

import mlpzoo

POINTS = [(Fraction(x), Fraction(y)) for x, y in (("3", "5"), ("4", "6.1"), ("5", "6.8"))]


def test_the_first_slopes_by_exact_fractions_are_right():
    in_a, in_b = sum(-2 * y * x for x, y in POINTS), sum(-2 * y for _, y in POINTS)
    assert (in_a, in_b) == (Fraction("-146.8"), Fraction("-35.8"))
    assert mlpzoo.check("descent-1", (in_a, in_b))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((-73.4, -17.9), "Mind the 2"),
        ((146.8, 35.8), "signs are the wrong way round"),
        ((-35.8, -146.8), "wrong order"),
        ((-48.933, -11.933), "not their mean"),
        ((-35.8, -35.8), "multiplied by the x of its point"),
        ((-200, -38), "Write down r"),  # those of the lecture's points
        (-146.8, "Give 2 numbers"),
    ],
)
def test_slopes_that_are_wrong_get_their_hint(answer, hint):
    assert hint in repr(mlpzoo.check("descent-1", answer))


def test_the_best_line_by_exact_fractions_is_right():
    n, x, y = len(POINTS), sum(x for x, _ in POINTS), sum(y for _, y in POINTS)
    xx, xy = sum(x * x for x, _ in POINTS), sum(x * y for x, y in POINTS)
    a = (n * xy - x * y) / (n * xx - x * x)
    assert (a, (y - a * x) / n) == (Fraction("0.9"), Fraction(71, 30))
    assert mlpzoo.check("descent-2", (a, (y - a * x) / n))
    assert mlpzoo.check("descent-2", (0.9, 2.37))
    assert not mlpzoo.check("descent-2", (0.89, 2.37))
    line = torch.nn.Linear(1, 1)
    with torch.no_grad():
        line.weight.fill_(float(a)), line.bias.fill_(float((y - a * x) / n))
    assert mlpzoo.check("descent-2", (line.weight[0, 0], line.bias[0]))
    assert mlpzoo.check("descent-2", line.parameters())


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((2.3667, 0.9), "wrong order"),
        ((1, 2), "Two of your points lie beside it"),
        ((0.95, 2.17), "You are on the way down"),
        ((1, 3), "At your line the cost is 3.25, its slopes 25.2 and 6.2."),
        ((0, 0), "set them to 0 and solve"),
    ],
)
def test_lines_that_are_not_the_best_get_their_hint(answer, hint):
    assert hint in repr(mlpzoo.check("descent-2", answer))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (0.2, "Right."),
        (Fraction(1, 5), "Right."),
        (0.1, "in one step"),
        (0.4, "The curvature is not 5"),
        (1, "That is the limit of (x - 3)^2"),
        (10, "That is the curvature"),
        (0.19, "At the limit that factor is -1"),
    ],
)
def test_the_limit_of_the_rate_on_a_parabola(answer, hint):
    assert hint in repr(mlpzoo.check("rates-1", answer))


def steps_needed(rate, most):
    a = b = 0.0
    for step in range(most + 1):
        if max(abs(a - 0.9), abs(b - 71 / 30)) < 1e-4:
            return step
        off = [(float(x), a * float(x) + b - float(y)) for x, y in POINTS]
        a, b = a - rate * sum(2 * r * x for x, r in off), b - rate * sum(2 * r for _, r in off)
    return most + 1


@pytest.mark.parametrize("rate", [0.0176, 0.01779, 0.0178, 0.0182, 0.018868, 0.01888, 0.0189])
def test_a_rate_is_right_where_plain_descent_takes_2500_steps_or_fewer(rate):
    said, steps = mlpzoo.check("rates-2", rate), steps_needed(rate, 12_000)
    assert bool(said) is (steps <= 2_500)
    assert said or f"takes {steps:,} steps" in said.text


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (0, "above 0"),
        (-0.01, "above 0"),
        (0.0189, "jumps from side to side"),
        (0.01, "A larger rate is faster"),
        (1e-6, "more than 100,000 steps"),
        (0.01891, "it flies off"),
        (1e300, "it flies off"),
    ],
)
def test_rates_that_are_wrong_get_their_hint(answer, hint):
    assert hint in repr(mlpzoo.check("rates-2", answer))
