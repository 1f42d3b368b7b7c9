"""A point that rolls down a curve: where each step leads, and what is said of it."""

import numpy as np
import pytest
import torch

from mlpzoo import InputError, plotting


def parabola(x):
    return (x - 3) ** 2


def two_valleys(x):
    return x**4 - 3 * x**2 + x


def outcomes(figure):
    return [axes.get_title().split("\n")[1] for axes in figure.axes]


def dots(axes):
    return next(line for line in axes.get_lines() if line.get_marker() == "o").get_xydata().T


def test_steps_on_a_parabola_are_those_of_the_formula():
    rates = [0.02, 0.3, 1.05]  # that follow from its curvature, 2
    figure = plotting.plot_rolling(parabola, start=0, steps=8)
    for axes, rate in zip(figure.axes, rates, strict=True):
        x, height = dots(axes)
        np.testing.assert_allclose(x, 3 - 3 * (1 - 2 * rate) ** np.arange(9), atol=1e-12)
        np.testing.assert_allclose(height, (x - 3) ** 2, atol=1e-12)
        assert f"rate {rate:.4g}, {rate:.3g} of 2 / curvature" in axes.get_title()
        assert [text.get_text() for text in axes.texts] == ["A"]
    assert outcomes(figure) == [
        "too small: on its way after 8 steps",
        "right: at the bottom after 3 steps",
        "too large: it climbs",
    ]


def test_limit_on_a_parabola_is_2_by_its_curvature():
    assert outcomes(plotting.plot_rolling(parabola, start=5, rates=[0.99, 1.0001])) == [
        "large: it jumps across", "too large: it climbs",
    ]  # fmt: skip


def test_what_is_said_holds_for_a_curve_with_two_valleys():
    rates = [0.001, 0.05, 0.1, 0.16]
    figure = plotting.plot_rolling(two_valleys, start=-2.2, rates=rates)
    assert outcomes(figure) == [
        "too small: on its way after 12 steps",
        "right: at the bottom after 4 steps",
        "too large: it leaves the valley",
        "too large: it climbs",
    ]
    low = min(np.roots([4, 0, -6, 1]))  # of the slope
    for axes in figure.axes:
        (bottom,) = (line for line in axes.get_lines() if line.get_marker() == "+")
        assert bottom.get_xdata()[0] == pytest.approx(low)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: plotting.plot_rolling(lambda _: 3, start=1), "torch's functions"),
        (lambda: plotting.plot_rolling(lambda x: 2 * x, start=1), "no valley lies downhill"),
        (lambda: plotting.plot_rolling(torch.log, start=1), "no valley lies downhill"),
        (lambda: plotting.plot_rolling(parabola, start=3), "start=3"),
        (lambda: plotting.plot_rolling(parabola, start=float("inf")), "start=inf"),
        (lambda: plotting.plot_rolling(torch.abs, start=1), "give rates"),
        (lambda: plotting.plot_rolling(parabola, start=1, rates=[-1]), "rate must be above 0"),
        (lambda: plotting.plot_rolling(parabola, start=1, steps=0), "steps must be 1 or more"),
    ],
)
def test_what_cannot_roll_is_said_in_a_line(call, part):
    with pytest.raises(InputError, match=part):
        call()
