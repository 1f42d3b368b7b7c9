"""Activations, gradients that vanish, a unit that dies: what is drawn, against formulas."""

import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import InputError, SequentialMLP, plotting
from mlpzoo.nets.stack import ACTIVATIONS

SLOPES = {
    "step": lambda z: 0 * z,
    "relu": lambda z: 1.0 * (z > 0),
    "sigmoid": lambda z: 1 / (2 + 2 * np.cosh(z)),
    "tanh": lambda z: np.cosh(z) ** -2,
}


def curve(axes):
    """Return the points of a graph, which may be in parts."""
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) > 10]
    return np.concatenate([line.get_xydata() for line in lines]).T


def test_slopes_are_those_of_the_formulas_with_their_bounds():
    figure = plotting.plot_activations()
    above, below = figure.axes[::2], figure.axes[1::2]
    assert [axes.get_title().split("\n")[0] for axes in above] == list(SLOPES)
    for axes, slope in zip(below, SLOPES.values(), strict=True):
        z, drawn = curve(axes)
        np.testing.assert_allclose(drawn, slope(z), atol=1e-12)
    assert [axes.get_title() for axes in below] == [
        "slope 0, none at the jump", "slope 0 or 1", "slope at most 0.25", "slope at most 1",
    ]  # fmt: skip
    bounds = [{text.get_text() for text in axes.texts} for axes in below]
    assert bounds == [{"0"}, {"0", "1"}, {"0.25"}, {"1"}]
    marks = [
        line.get_xydata().tolist() for line in above[0].get_lines() if line.get_marker() == "o"
    ]
    assert marks == [[[0, 0], [0, 1]], [[0, 0]]]  # the jump, and its value


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_bounds_hold_for_every_activation_far_beyond_the_picture(name):
    below = plotting.plot_activations(name).axes[1]
    levels = [line.get_ydata()[0] for line in below.get_lines() if line.get_linestyle() == "--"]
    z = torch.linspace(-50, 50, 9973, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(ACTIVATIONS[name]().double()(z).sum(), z)
    assert slopes.max() <= max(levels) + 1e-5
    assert slopes.min() >= min(*levels, 0) - 1e-5
    assert max(levels) <= slopes.max() + 0.01


def test_sigmoids_starve_the_first_layers_and_relus_do_not():
    (axes,) = plotting.plot_vanishing(depth=6, width=8, seeds=9).axes
    drawn = {line.get_label().split(":")[0]: line.get_ydata() for line in axes.get_lines()}
    sigmoid, bound = drawn["sigmoid"], drawn["x 0.25, a sigmoid's largest slope"]
    np.testing.assert_allclose(bound[1:] / bound[:-1], 4)
    assert sigmoid[0] < bound[0] < sigmoid[-1] / 1000
    for other in ("tanh", "relu"):
        assert 0.1 < drawn[other][0] / drawn[other][-1] < 10
    assert axes.get_yscale() == "log"
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.get_lines()}) == 4


def test_gradients_are_those_of_a_backward_pass_through_the_networks():
    (axes,) = plotting.plot_vanishing("tanh", depth=3, width=4, seeds=1).axes
    net = SequentialMLP(in_features=4, hidden_features=(4, 4, 4), activation="tanh",
                        initialization="xavier", seed=0)  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(32, n, generator=generator, dtype=torch.float64) for n in (4, 1))
    nn.functional.mse_loss(net.double()(x), y).backward()
    expected = [layer.weight.grad.pow(2).mean().sqrt() for layer in net.layers[:-1:2]]
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), expected, rtol=1e-9)


def test_unit_dies_where_autograd_says_that_no_gradient_is_left():
    figure = plotting.plot_dying()
    assert figure.get_suptitle() == "one ReLU unit, rate 0.012, dead from step 4 on"
    *units, cost, size = figure.axes
    line = torch.tensor([0.2, 0.038], dtype=torch.float64, requires_grad=True)
    x, y = torch.tensor([[2.0, 4, 8], [4, 7, 8]], dtype=torch.float64)
    for step, (drawn, gradient) in enumerate(
        zip(cost.get_lines()[0].get_ydata(), size.get_lines()[0].get_ydata(), strict=True)
    ):
        expected = (torch.relu(line[0] * x + line[1]) - y).square().sum()
        line.grad = None
        expected.backward()
        assert drawn == pytest.approx(expected.item())
        assert gradient == pytest.approx(line.grad.norm().item())
        assert (gradient == 0) == (step >= 4)
        with torch.no_grad():
            line -= 0.012 * line.grad
    assert [axes.get_title().split(":")[0] for axes in units] == [f"step {n}" for n in (0, 2, 3, 4)]
    empty = {mark.get_label(): len(mark.get_offsets()) for mark in units[-1].collections}
    assert empty == {"point, slope 1 there": 0, "point, slope 0 there": 3}
    never = [axes.get_lines()[1].get_ydata()[0] for axes in (cost, size)]
    assert never == [129, 0]  # from a = b = 0


def test_unit_with_the_lectures_rate_lives_and_one_that_fits_is_not_called_dead():
    for figure in (plotting.plot_dying(rate=0.001), plotting.plot_dying([(2, 4)], start=(2, 0))):
        assert figure.get_suptitle().endswith("alive after 12 steps")


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: plotting.plot_activations([]), "names must have one activation or more"),
        (lambda: plotting.plot_activations(["sigmod"]), "did you mean 'sigmoid'"),
        (lambda: plotting.plot_vanishing(depth=1), "depth must be 2 or more, got 1"),
        (lambda: plotting.plot_vanishing(seeds=0), "seeds must be 1 or more, got 0"),
        (lambda: plotting.plot_dying([(1, 2), (3,)]), "points must be finite pairs"),
        (lambda: plotting.plot_dying(start=(1,)), "start must be two finite numbers"),
        (lambda: plotting.plot_dying(rate=0), "rate must be above 0, got 0"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(call, part):
    with pytest.raises(InputError, match=part):
        call()
