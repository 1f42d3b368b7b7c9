"""Pictures are read at their size, in grey and by those who see few colours: figures measured."""

from itertools import combinations, pairwise, product

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.patches import Circle
from matplotlib.text import Text
from torch import nn

from mlpzoo import DualHeadMLP, FourLayerXOR, SequentialMLP, plotting
from tests.published import with_published_weights

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])
LONG = "the network of an exercise with a name that is long, after 10000 steps, 66,561 parameters"
SIZES = [(2, 8, 1), (3, 6, 1), (5, 4, 2), (10, 3, 1), (1, 12, 1), (2, 5, 3, 1)]


def chain(sizes):
    torch.manual_seed(0)
    pairs = pairwise(sizes)
    return nn.Sequential(*(part for pair in pairs for part in (nn.Linear(*pair), nn.Tanh())))


def published():
    net = FourLayerXOR()
    with_published_weights(net)
    return net


def wide():
    """Return a net of planes whose units are large, or hardly differ."""
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(5)), nn.Linear(2, 1))
    for part, factor in zip(net, (-2e-4, 1e8, 1, 1, 1, 1), strict=True):
        part.weight.data = factor * torch.eye(part.out_features, 2)
        part.bias.data.fill_(0.1)
    return net


def parity(inputs):
    x = np.array(list(product([0.0, 1.0], repeat=inputs)))
    targets = x.sum(axis=1) % 2
    return plotting.plot_truth_table(x, 0.9 * targets, targets, title="parity")


def gate_in_a_film():
    figure = plotting.new_figure(7.2, 3.3, 100)
    part, _ = figure.subfigures(1, 2, width_ratios=(1.25, 1))
    weights = np.array([0.295, 0.479])
    return plotting.plot_separating_line(ROWS, XOR, weights, -0.182, title="or", figure=part)


def texts(figure):
    """Return what is written on a figure, with its box in pixels."""
    FigureCanvasAgg(figure).draw()
    for axes in figure.get_axes():  # matplotlib makes ticks beyond the ends, and does not draw them
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                tick.label1.set_visible(bool(low <= tick.get_loc() <= high))
    shown = [part for part in figure.findobj(Text) if part.get_visible() and part.get_text()]
    return [(part.get_text(), part.get_window_extent()) for part in shown]


def overlap(one, other):
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > 1 and high > 1  # pixels


PICTURES = {
    **{f"network {s}": lambda s=s: plotting.plot_network(chain(s), title=LONG) for s in SIZES},
    "xor": lambda: plotting.plot_network(published(), title="xor"),
    "one unit": lambda: plotting.plot_network(nn.Linear(20, 1), title=LONG),
    "minmax": lambda: plotting.plot_network(DualHeadMLP(), title="minmax"),
    "heads": lambda: plotting.plot_network(DualHeadMLP(trunk_features=(3,), head_features=(2,))),
    "sin": lambda: plotting.plot_network(SequentialMLP(hidden_features=(256, 256)), title=LONG),
    "layers": lambda: plotting.plot_layers(published(), ROWS, XOR, title=LONG),
    "wide layers": lambda: plotting.plot_layers(wide(), ROWS, XOR, title=f"{LONG}, {LONG}"),
    **{
        f"losses {values}": lambda values=values: plotting.plot_losses(
            {"loss": ([0, 10], values)}, title="t"
        )
        for values in ([-0.00075, 0.00075], [123456, 765432], [1e-12, 1e5])
    },
    "curves": lambda: plotting.plot_neurons(
        SequentialMLP(hidden_features=(40,)), [(-1, 1)], title=LONG
    ),
    "activations": plotting.plot_activations,
    "vanishing": lambda: plotting.plot_vanishing(depth=3, width=4, seeds=2, title=LONG[:60]),
    "dying": lambda: plotting.plot_dying(title=LONG),
    "rolling": lambda: plotting.plot_rolling(lambda x: (x - 3) ** 2, start=0, title=LONG),
    "gate in a film": gate_in_a_film,
    "parity of 3": lambda: parity(3),
    "parity of 5": lambda: parity(5),
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_text_is_cut_off_or_covers_another(name):
    figure = PICTURES[name]()
    found = texts(figure)
    for text, box in found:
        assert box.x0 > -1, text
        assert box.y0 > -1, text
        assert box.x1 < figure.bbox.width + 1, text
        assert box.y1 < figure.bbox.height + 1, text
    for (text, box), (other, there) in combinations(found, 2):
        assert not overlap(box, there), (text, other)


@pytest.mark.parametrize("name", ["minmax", "sin", "heads"])
def test_no_edge_runs_through_the_label_of_a_layer(name):
    figure = PICTURES[name]()
    boxes = {text: box for text, box in texts(figure) if "layer" in text or "put" in text}
    (axes,) = figure.axes
    for edges in (part for part in axes.collections if isinstance(part, LineCollection)):
        for start, end in (axes.transData.transform(line) for line in edges.get_segments()):
            along = start + np.linspace(0, 1, 200)[:, None] * (end - start)
            for text, box in boxes.items():
                assert not any(box.contains(*at) for at in along), text


def test_signs_of_weights_and_biases_are_told_without_colours():
    net = published()
    (axes,) = plotting.plot_network(net).axes
    first = next(part for part in axes.collections if isinstance(part, LineCollection))
    dashed = [pattern is not None for _, pattern in first.get_linestyles()]
    assert dashed == (net.layer1.weight < 0).flatten().tolist()
    rims = [part for part in axes.patches if isinstance(part, Circle) and not part.get_fill()]
    biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
    below = [False, False, *(torch.cat(biases) < 0).tolist()]  # of the inputs, and of the units
    assert [rim.get_linestyle() not in ("solid", "-") for rim in rims] == below


def test_curves_of_units_differ_in_more_than_colour_and_their_key_covers_nothing():
    figure = plotting.plot_neurons(SequentialMLP(hidden_features=(40,)), [(-1, 1)], most=20)
    (axes,) = figure.axes
    lines = [line for line in axes.get_lines() if line.get_label().startswith("unit")]
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines) == 20
    assert len({line.get_marker() for line in lines[:8]}) == 8
    texts(figure)
    assert not overlap(axes.get_legend().get_window_extent(), axes.get_window_extent())


def test_planes_tell_classes_and_cuts_without_colours_and_their_key_covers_nothing():
    figure = plotting.plot_layers(published(), ROWS, XOR)
    for axes in figure.axes:
        marks = [part for part in axes.collections if isinstance(part, PathCollection)]
        shapes = {len(part.get_paths()[0].vertices) for part in marks}
        assert len(shapes) == len(marks) == 2  # a circle and a square
    one, other = figure.axes[1].get_lines()
    assert one.get_linestyle() != other.get_linestyle()
    texts(figure)
    (key,) = figure.legends
    for axes in figure.axes:
        assert not overlap(key.get_window_extent(), axes.get_tightbbox())


def test_truth_table_hatches_one_class_and_its_key_covers_nothing():
    figure = parity(5)
    (axes,) = figure.axes
    zeros, ones = (part for part in axes.containers if isinstance(part, BarContainer))
    assert not any(bar.get_hatch() for bar in zeros)
    assert all(bar.get_hatch() for bar in ones)
    texts(figure)
    key = axes.get_legend()
    assert not overlap(key.get_window_extent(), axes.get_window_extent())
    assert "target" in [text.get_text() for text in key.get_texts()]  # the dashes


def test_point_behind_a_surface_is_empty_and_the_key_says_so():
    x1, x2 = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41), indexing="ij")
    wall, plain = np.exp(-(((x2 - 0.5) / 0.1) ** 2)), 0.1 * x1
    points = {"wall": np.zeros(4), "plain": 0.1 * ROWS[:, 0]}
    figure = plotting.plot_surfaces(x1, x2, {"wall": wall, "plain": plain}, title="t",
                                    points=(ROWS, points, XOR))  # fmt: skip
    for axes, behind in zip(figure.axes, ([[0, 1]], []), strict=True):
        marks = [part for part in axes.collections if isinstance(part, PathCollection)]
        white = [
            [x, y]
            for part in marks
            for x, y, face in zip(*part._offsets3d[:2], part.get_facecolor(), strict=False)
            if (face == 1).all()
        ]
        assert white == behind  # seen from the front, on the left only the far corner is behind
        surface = next(part for part in axes.collections if part not in marks)
        assert not axes.computed_zorder  # else a mark may be drawn below all of the surface
        assert all(part.get_zorder() > surface.get_zorder() for part in marks[:2])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["target 0", "target 1", "empty: behind the surface"]


def test_units_of_a_gate_have_one_key_below_all_surfaces_in_the_colours_of_the_marks():
    figure = plotting.plot_neurons(published(), [(0, 1)] * 2, points=(ROWS, XOR))
    found = texts(figure)
    outputs = [box for text, box in found if text == "output"]
    assert len(outputs) == 8
    assert max(box.x1 for box in outputs) < figure.bbox.width
    (key,) = figure.legends
    assert key.get_window_extent().y1 < min(box.y0 for text, box in found if text == "x1")
    shown = [to_hex(handle.get_facecolor()[0]) for handle in key.legend_handles]
    assert shown == [*plotting.CLASSES, "#ffffff"]  # though most marks of one are behind


def test_scale_of_a_map_of_no_errors_is_named_within_the_picture():
    x1, x2 = np.meshgrid([0.0, 1.0], [0.0, 1.0], indexing="ij")
    maps = {"max": 0 * x1, "min": 0 * x1}
    figure = plotting.plot_surfaces(x1, x2, {"max": x1, "min": x2}, title="exact", maps=maps)
    errors = [box for text, box in texts(figure) if text == "error"]
    assert len(errors) == 2
    assert max(box.x1 for box in errors) < figure.bbox.width


def test_planes_of_step_units_show_the_line_of_each_with_its_equation_in_the_key():
    net = SequentialMLP(in_features=2, hidden_features=(2,), activation="step")
    with torch.no_grad():
        for values, part in zip(([[1, 1], [2, 2]], [-0.5, -3], [[1, -1]], [-0.5]),
                                net.parameters(), strict=True):  # fmt: skip
            part.copy_(torch.tensor(values))
    figure = plotting.plot_layers(net, ROWS, XOR)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    for unit, equation in ((1, "1 x1 + 1 x2 - 0.5 = 0"), (2, "2 x1 + 2 x2 - 3 = 0")):
        assert f"line of unit {unit} of the next layer; of layer 1: {equation}" in labels
    for answer in (0, 1):
        assert f"where the network answers {answer}" in labels
    lines = [line.get_xydata() for line in figure.axes[0].get_lines()]
    for line, total in zip(lines, (0.5, 1.5), strict=True):
        np.testing.assert_allclose(line.sum(axis=1), total)
