"""The checks of the lessons on the chain rule and on activations."""

import pytest
import torch

import mlpzoo


def test_the_small_chain_by_autograd_is_right():
    w, b, v = (torch.tensor(value, requires_grad=True) for value in (2.0, 1.0, 3.0))
    cost = (v * torch.relu(w * 2 + b) - 14).square()
    slopes = [float(part) for part in torch.autograd.grad(cost, (w, b, v))]
    assert slopes == [12, 6, 10]
    assert mlpzoo.check("chain_rule-1", slopes)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((6, 3, 5), "Mind the 2"),
        ((6, 6, 10), "what is w multiplied by?"),
        ((4, 2, 10), "what is h multiplied by?"),
        ((12, 6, 2), "what is v multiplied by?"),
        ((-12, -6, -10), "All signs"),
        ((6, 12, 10), "Go forwards first"),
        (12, "Give 3 numbers"),
    ],
)
def test_links_that_are_missing_get_their_hint(answer, hint):
    assert hint in repr(mlpzoo.check("chain_rule-1", answer))


def on_xor(link):
    """Return d cost/d w11 with `link` for the slope of h1 to z1, and the last factors x1, 1, x2."""
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
    h1, h2 = torch.sigmoid(x[:, 0] + x[:, 1]), torch.sigmoid(x[:, 0] - x[:, 1])
    first = 2 * (h1 + h2 - torch.tensor([0, 1, 1, 0])) * link(h1)
    return [float((first * last).sum()) for last in (x[:, 0], torch.ones(4), x[:, 1])]


def test_the_slope_of_w11_is_that_of_autograd():
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    w11 = torch.tensor(1.0, requires_grad=True)
    y = torch.sigmoid(w11 * x[:, 0] + x[:, 1]) + torch.sigmoid(x[:, 0] - x[:, 1])
    (slope,) = torch.autograd.grad((y - torch.tensor([0.0, 1, 1, 0])).square().sum(), w11)
    assert float(slope) == pytest.approx(0.4716652, abs=1e-6)
    assert mlpzoo.check("chain_rule-2", slope)
    assert mlpzoo.check("chain_rule-2", 0.4717)


def test_the_slips_in_the_slope_of_w11_get_their_hint():
    right, by_b1, by_w21 = on_xor(lambda h: h * (1 - h))
    assert mlpzoo.check("chain_rule-2", right)
    slips = {
        by_b1: "That is d cost/d b1",
        by_w21: "That is d cost/d w21",
        on_xor(torch.ones_like)[0]: "The slope of the sigmoid is missing",
        on_xor(torch.square)[0]: "has h1 squared",
        on_xor(lambda h: h)[0]: "has h1 in the place",
        right / 2: "Mind the 2",
        right / 4: "the mean over the rows",
        -right: "Take the table for b1",
    }
    for value, hint in slips.items():
        assert hint in repr(mlpzoo.check("chain_rule-2", value))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (1 / 1024, "Right."),
        (0.000977, "Right."),
        (0.5**5, "takes 0.5 for the slope"),
        (1.25, "multiplied, not added"),
        (0.25**4, "four layers"),
        (0.25, "one layer"),
        (0.001, "how often does it stand"),
    ],
)
def test_the_share_that_five_sigmoids_leave(answer, hint):
    assert hint in repr(mlpzoo.check("activations-1", answer))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((-1, 1), "Right."),
        ((-0.5, 1), "Right."),  # z = 0 at x = 2: slope 0
        ((-10, 19.9), "Right."),
        ((-0.4, 1), "At x = 2, z = a x + b = 0.2 is above 0"),
        ((1, 1), "At x = 2, z = a x + b = 3"),
        ((1, -3), "b must be above 0"),
        ((-1, 0), "b must be above 0"),
    ],
)
def test_a_unit_that_should_be_dead(answer, hint):
    assert hint in repr(mlpzoo.check("activations-2", answer))
