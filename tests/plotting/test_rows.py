"""Drawings of rows: intervals, many targets, many inputs."""

import numpy as np
import pytest

from mlpzoo import plotting


@pytest.mark.parametrize("one_input", [True, False])
def test_intervals_stand_in_order_and_say_what_they_hold(one_input):
    rng = np.random.default_rng(0)
    x, predicted = rng.permutation(40) / 10, rng.normal(size=40)
    low, high = predicted - 1, predicted + 2
    observed = predicted + np.where(np.arange(40) < 30, 1.5, 2.5)
    (axes,) = plotting.plot_intervals(
        observed, predicted, low, high, title="t", x=x if one_input else None, share=0.9
    ).axes
    assert axes.get_title() == "75.0% of 40 rows lie in their intervals, 90% should"
    middle, inside, outside = (line.get_data() for line in axes.get_lines())
    assert (np.diff(middle[0]) > 0).all()
    expected = predicted[np.argsort(x)] if one_input else np.sort(predicted)
    np.testing.assert_allclose(middle[1], expected)
    assert (len(inside[0]), len(outside[0])) == (30, 10)
    np.testing.assert_allclose(np.sort(outside[1]), np.sort(observed[30:]))


def test_of_many_targets_the_first_are_drawn_and_the_title_says_so():
    rows = np.random.default_rng(0).normal(size=(9, 8))
    names = [f"target {i}" for i in range(8)]
    for draw in (plotting.plot_predicted, plotting.plot_residuals):
        figure = draw(rows, rows + 1, title="t", targets=names)
        assert figure.get_suptitle() == "t\nthe first 6 of 8 targets"
        said = [axes.get_title(at) for axes in figure.axes for at in ("left", "center")]
        assert [text.split(":")[0] for text in said if text] == names[:6]


def test_of_twenty_inputs_the_twelve_that_matter_most_are_drawn():
    x = np.linspace(0, 1, 5)
    answers = [np.tile((i * x)[None, :, None], (3, 1, 1)) for i in range(20)]
    names = [f"a column of a very long name, {i}" for i in range(20)]
    figure = plotting.plot_dependence([x] * 20, answers, title="t", names=names)
    spreads = [float(axes.get_title().split()[-1]) for axes in figure.axes]
    np.testing.assert_allclose(spreads, [i * x.std() for i in range(19, 7, -1)], rtol=5e-3)
    assert all(len(axes.get_xlabel()) <= 22 for axes in figure.axes)


def test_errors_of_many_rows_are_marked_though_not_all_are_drawn():
    observed = np.linspace(0, 1, 10_000)[:, None]
    predicted = observed.copy()
    predicted[[17, 4001, 9998]] += 5
    (axes,) = plotting.plot_predicted(observed, predicted, title="", lines=range(10_000)).axes
    _, points, rings = axes.get_lines()
    assert points.get_label() == "3,334 of 10,000 rows"
    assert {*rings.get_xdata()} == {*observed[[17, 4001, 9998], 0]}
    assert sorted(text.get_text() for text in axes.texts) == ["17", "4001", "9998"]
