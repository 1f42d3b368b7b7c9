"""Success and steps against one setting: the lines, their bands, and what never happens."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mlpzoo.population.pictures import plot_band, plot_steps
from mlpzoo.population.sweep.axes import values_in
from tests.plotting.test_readable import overlap, texts

RATES = np.array([[0.1, 0.5, np.nan, 0.9], [0.2, 0.4, 0.6, 0.8]])
RATE = np.geomspace(0.001, 1, 4).tolist()


def band(rates, **given):
    names = {"x": "lr", "x_values": RATE, "title": "t"}
    figure = plot_band(rates, rates - 0.05, rates + 0.1, **{**names, **given})
    FigureCanvasAgg(figure).draw()
    return figure


def test_band_reaches_from_the_lower_ends_to_the_upper():
    axes = band(RATES[1]).axes[0]
    (line,), (shade,) = axes.get_lines(), axes.collections
    np.testing.assert_allclose(line.get_xydata(), np.stack([RATE, RATES[1]], axis=1))
    corners = shade.get_paths()[0].vertices
    for at, rate in zip(RATE, RATES[1], strict=True):
        heights = corners[np.isclose(corners[:, 0], at), 1]
        np.testing.assert_allclose([heights.min(), heights.max()], [rate - 0.05, rate + 0.1])
    assert axes.get_xscale() == "log"


def test_lines_are_told_apart_without_colours_and_named():
    figure = band(np.tile(RATES[1], (8, 1)), series=list("abcdefgh"), key="start")
    lines = figure.axes[0].get_lines()
    assert len({line.get_marker() for line in lines}) == 8
    assert len({line.get_color() for line in lines}) == 8
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list("abcdefgh")
    assert figure.legends[0].get_title().get_text() == "start"


def test_value_that_was_not_run_has_no_band():
    axes = band(RATES, series=[1, 2]).axes[0]
    shade = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert not np.isclose(shade[:, 0], RATE[2]).any()


@pytest.mark.parametrize("series", [None, ["a", "b"]])
def test_words_stand_in_a_row_with_bars_and_are_not_linked(series):
    words = ["uniform", "xavier", "centred", "rotation"]
    axes = band(RATES if series else RATES[1], x_values=words, series=series).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == words
    assert len(axes.containers) == (2 if series else 1)
    marks, _, (bars,) = axes.containers[-1]
    assert marks.get_linestyle() == "None"
    for segment, rate in zip(bars.get_segments(), RATES[1], strict=True):
        np.testing.assert_allclose(segment[:, 1], [rate - 0.05, rate + 0.1])


@pytest.mark.parametrize("least", [20, 5000])
def test_what_is_never_solved_is_marked_above_the_budget(least):
    steps = {"median": [least, 6000, None, 9000], "90%": [9000, None, None, None]}
    figure = plot_steps(steps, x="lr", x_values=RATE, budget=10_000, title="t")
    axes = figure.axes[0]
    FigureCanvasAgg(figure).draw()
    assert axes.get_yscale() == ("log" if least == 20 else "linear")
    heights = [line.get_ydata() for line in axes.get_lines()]
    for own, marks, never in zip(steps.values(), heights[::2], heights[1::2], strict=True):
        np.testing.assert_array_equal(marks, [np.nan if n is None else n for n in own])
        above = never[[n is None for n in own]]
        assert ((above > 10_000) & (above < axes.get_ylim()[1])).all()
        assert np.isnan(never[[n is not None for n in own]]).all()
    assert heights[1][2] != heights[3][2]  # one does not hide the other
    labels = [text.get_text() for text in axes.get_yticklabels() if text.get_text()]
    assert all(int(label.replace(",", "")) <= 10_000 for label in labels)
    assert "never in 10,000 steps" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_steps_of_what_nobody_solves_are_drawn():
    figure = plot_steps({"median": [None]}, x="lr", x_values=["a"], budget=10, title="t")
    FigureCanvasAgg(figure).draw()
    assert figure.axes[0].get_ylim()[0] == 0


LAYERS = [(2,) * depth for depth in range(1, 9)]
STARTS = [
    "default",
    "uniform",
    "xavier",
    "centred",
    "rotation",
    "spread",
    "nguyen",
    "kaiming_normal",
]


def labels(axes):
    return [text.get_text() for text in axes.get_xticklabels() if text.get_text()]


@pytest.mark.parametrize(
    ("values", "all_named"),
    [
        (LAYERS, True),
        ([(16, 8, 4, 2, units) for units in range(1, 9)], True),
        (STARTS, True),
        ([(units,) * depth for units in range(1, 7) for depth in range(1, 6)], False),
        ([0.5, 0.501, 0.502, 0.9], False),
        (np.geomspace(1e-5, 1, 12).tolist(), False),
    ],
)
def test_no_text_is_cut_off_or_covers_another(values, all_named):
    steps = {name: [100] * len(values) for name in ("half", "90%", "99%")}
    title = "xor, 40 seeds a setting, beta2 0.9, initialization rotation, weight_decay 0.001"
    figure = plot_steps(steps, x="x", x_values=values, budget=1000, title=title)
    found = texts(figure)
    for text, box in found:
        assert -1 < box.x0 < box.x1 < figure.bbox.width + 1, text
        assert -1 < box.y0 < box.y1 < figure.bbox.height + 1, text
    for (text, box), (other, there) in combinations(found, 2):
        assert not overlap(box, there), (text, other)
    assert not all_named or len(labels(figure.axes[0])) == len(values)


def test_title_of_a_band_does_not_cover_the_lines_names():
    figure = band(RATES, title="xor " * 40, series=["a", "b"], key="start")
    FigureCanvasAgg(figure).draw()
    keys = figure.legends[0].get_window_extent()
    assert not overlap(figure.axes[0]._left_title.get_window_extent(), keys)


def test_equal_layers_are_named_as_the_command_line_takes_them():
    first, *others = labels(band(np.linspace(0.9, 0.1, 8), x_values=LAYERS).axes[0])
    assert first == "2"
    assert values_in(",".join(others), "tuple[int, ...]") == tuple(LAYERS[1:])


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.003, 0.01, 0.03], "log"),
        ([0.03, 0.003, 0.01], "log"),
        ([1, 2, 4], "log"),
        ([0.1, 0.2, 0.5, 1, 2, 5], "log"),
        (list(range(1, 21)), "linear"),
        (np.linspace(0.1, 1, 10).tolist(), "linear"),
        ([0, 0.001, 0.1], "linear"),
        ([5], "linear"),
    ],
)
def test_numbers_of_like_ratios_stand_at_equal_distances(values, scale):
    figure = band(np.linspace(0.9, 0.1, len(values)), x_values=values)
    assert figure.axes[0].get_xscale() == scale


@pytest.mark.parametrize("decades", [1, 2, 5, 12])
def test_many_numbers_have_round_ones_below(decades):
    figure = band(np.full(20, 0.5), x_values=np.geomspace(1e-9, 10.0 ** (decades - 9), 20))
    low, high = figure.axes[0].get_xlim()
    assert sum(low <= at <= high for at in figure.axes[0].get_xticks()) >= 2
