"""The map of two settings says its rates and intervals, and stays readable when it is large."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from mlpzoo.population.pictures import plot_map
from mlpzoo.population.statistics import wilson_interval

STARTS = ["uniform", "xavier", "centred", "rotation"]


def rates_of(down, across, seeds=100):
    """Return shares from 0 to 1 and the ends of their intervals, (down, across) each."""
    solved = np.linspace(0, seeds, down * across).round().astype(int)
    ends = [wilson_interval(int(many), seeds) for many in solved]
    return [each.reshape(down, across) for each in (solved / seeds, *np.array(ends).T)]


def drawn(down, across, seeds=100, **given):
    names = {
        "x": "lr", "x_values": np.geomspace(0.001, 0.1, across).tolist(), "y": "start",
        "y_values": STARTS[:down] if down <= 4 else list(range(down)), "title": "xor, 100 seeds",
    }  # fmt: skip
    figure = plot_map(*rates_of(down, across, seeds), **{**names, **given})
    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    shown = [part for part in figure.findobj(Text) if part.get_visible() and part.get_text()]
    return [part for part in shown if part.get_window_extent().width > 0]


@pytest.mark.parametrize(("size", "seeds"), [((2, 12), 10), ((4, 12), 100), ((2, 7), 10_000)])
def test_each_cell_says_its_rate_and_the_ends_of_its_interval(size, seeds):
    figure = drawn(*size, seeds)
    axes = figure.axes[0]
    cells = {}
    for text in axes.texts:
        cells.setdefault(tuple(text.xy), []).append(text)
        box = text.get_window_extent()
        corners = axes.transData.transform([np.subtract(text.xy, 0.5), np.add(text.xy, 0.5)])
        (left, low), (right, high) = np.sort(corners, axis=0)
        assert left < box.x0
        assert box.x1 < right
        assert low < box.y0
        assert box.y1 < high
        assert text.get_fontsize() >= 7
    rates, lows, highs = rates_of(*size, seeds)
    assert len(cells) == rates.size
    for (x, y), (rate, ends) in cells.items():
        at, near = (int(y), int(x)), 0.5001 if seeds < 10_000 else 0.0501
        assert abs(float(rate.get_text()) - 100 * rates[at]) < near
        for end, value in zip(ends.get_text().split("-"), (lows, highs), strict=True):
            assert abs(float(end) - 100 * value[at]) < near


def test_rates_of_nearly_none_and_nearly_all_are_not_written_as_these():
    rates = np.array([[0.0, 0.001, 0.999, 1.0]])
    figure = plot_map(rates, rates, rates + 0.1, x="a", y="b", x_values=[1, 2, 3, 4],
                      y_values=["c"], title="t")  # fmt: skip
    assert [text.get_text() for text in figure.axes[0].texts[::2]] == ["0", "1", "99", "100"]


@pytest.mark.parametrize(("size", "turned"), [((12, 40), False), ((40, 12), True)])
def test_bar_in_each_cell_of_a_fine_map_is_its_interval(size, turned):
    words = {"y_values": [f"w{n}" for n in range(size[0])]} if turned else {}
    figure = drawn(*size, **words)
    axes = figure.axes[0]
    assert not axes.texts
    (bars,) = (part for part in axes.collections if isinstance(part, LineCollection))
    rates, lows, highs = rates_of(*size)
    for bar, row, column in zip(bars.get_segments(), *np.nonzero(rates >= 0), strict=True):
        ends = np.abs(bar[:, 1] - (row + 1 if turned else row))  # from the cell's bottom
        np.testing.assert_allclose(sorted(ends), [lows[row, column], highs[row, column]])
        assert bar[0, 0] == bar[1, 0] == column + 0.5
    assert figure.bbox.width <= 1600


@pytest.mark.parametrize("size", [(5, 12), (12, 40), (1, 2)])
def test_no_text_is_cut_off_or_covers_another(size):
    rates = rates_of(*size)[0]
    figure = drawn(*size, dropped=rates < 0.3, title="a title of the length that a sweep has, 100")
    found = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    for text, box in found:
        assert box.x0 > -1, text
        assert box.y0 > -1, text
        assert box.x1 < figure.bbox.width + 1, text
        assert box.y1 < figure.bbox.height + 1, text
    for (text, box), (other, there) in combinations(found, 2):
        wide = min(box.x1, there.x1) - max(box.x0, there.x0)
        high = min(box.y1, there.y1) - max(box.y0, there.y0)
        assert wide < 1 or high < 1, (text, other)


@pytest.mark.parametrize("size", [(4, 12), (12, 40)])
def test_cells_not_run_are_hatched_and_those_given_up_are_marked(size):
    rates, lows, highs = rates_of(*size)
    rates[0, 0] = np.nan
    names = {"x": "a", "y": "b", "x_values": range(size[1]), "y_values": range(size[0])}
    figure = plot_map(rates, lows, highs, **names, title="t", dropped=rates < 0.2)
    axes = figure.axes[0]
    assert axes.patch.get_hatch()
    assert np.ma.getmaskarray(axes.collections[0].get_array()).sum() == 1
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"not run", "given up early, on fewer seeds"} <= set(said)
    marked = [part for part in axes.collections if len(part.get_offsets()) == (rates < 0.2).sum()]
    assert len(marked) == 1
    assert len(axes.texts) in (0, 2 * (rates.size - 1))


def test_words_stand_from_top_to_bottom_and_numbers_from_bottom_to_top():
    assert drawn(4, 3).axes[0].yaxis_inverted()
    assert not drawn(5, 3).axes[0].yaxis_inverted()


def test_ink_has_the_contrast_of_readable_text():
    def light(colour):
        parts = np.array(to_rgb(colour))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722] + 0.05

    axes = drawn(1, 12, seeds=97).axes[0]
    cells = axes.collections[0]
    for text in axes.texts:
        column, row = (int(place) for place in text.xy)
        colour = cells.cmap(cells.norm(cells.get_array()[row, column]))
        low, high = sorted([light(colour[:3]), light(text.get_color())])
        assert high / low >= 4.5


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([0.001, 0.00151991, 2.0], ["0.001", "0.00152", "2"]),
        ([1.0001, 1.0002], ["1.0001", "1.0002"]),
        ([2, 20000], ["2", "20000"]),
        ([(8, 8), (4,), (8, 4)], ["8x2", "4", "8,4"]),
        ([True, "a$b"], ["yes", "a\\$b"]),
    ],
)
def test_values_are_written_shortly_and_told_apart(values, names):
    figure = drawn(1, len(values), x_values=values)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == names
