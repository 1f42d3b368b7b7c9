"""Pictures of any small network: what is drawn, held against numbers from outside."""

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection, PathCollection
from torch import nn

from mlpzoo import DualHeadMLP, FourLayerXOR, InputError, SequentialMLP, plotting
from mlpzoo.analysis.descent import bowl
from mlpzoo.exercises.linear import descend_by_hand
from mlpzoo.nets.trace import dense_layers
from tests.published import HIDDEN as PUBLISHED
from tests.published import with_published_weights

LECTURE = [(2.0, 4.0), (4.0, 7.0), (8.0, 8.0)]
ROWS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = torch.tensor([0, 1, 1, 0])
HIDDEN = {  # the published outputs of the hidden units: layer and unit, by row of the table
    (layer + 1, unit + 1): [row[layer][unit] for row in PUBLISHED]
    for layer in range(4)
    for unit in range(2)
}


def published():
    net = FourLayerXOR()
    with_published_weights(net)
    return net


def plain(inputs=2):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 3), nn.Tanh(), nn.Linear(3, 1))


class Functional(nn.Module):
    """Activations as functions, which no hook hears of."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


def test_xor_has_a_surface_for_each_of_its_8_units_at_the_published_heights():
    figure = plotting.plot_neurons(published(), [(0, 1)] * 2, points=(ROWS, XOR), title="t")
    assert len(figure.axes) == 8
    by_title = {axes.get_title(): axes for axes in figure.axes}
    for (layer, unit), expected in HIDDEN.items():
        axes = by_title[f"layer {layer}, unit {unit}"]
        marks = [entry for entry in axes.collections if isinstance(entry, PathCollection)]
        drawn = sorted(np.concatenate([np.transpose(entry._offsets3d) for entry in marks]).tolist())
        np.testing.assert_allclose([height for *_, height in drawn], expected, atol=2e-6)
        assert axes.get_zlim()[1] >= max(expected)


def test_curves_are_what_the_units_give():
    net = plain(inputs=1)
    (axes,) = plotting.plot_neurons(net, [(-2, 2)]).axes
    drawn = [line for line in axes.get_lines() if line.get_label().startswith("unit")]
    assert len(drawn) == 3
    x = torch.tensor(np.asarray(drawn[0].get_xdata()), dtype=torch.float32).unsqueeze(1)
    assert (x.min(), x.max()) == (-2, 2)
    for line, expected in zip(drawn, torch.tanh(net[0](x)).detach().T, strict=True):
        np.testing.assert_allclose(line.get_ydata(), expected, atol=1e-6)


def test_wide_layers_show_a_selection_and_say_so():
    net = SequentialMLP(hidden_features=(40, 30))
    figure = plotting.plot_neurons(net, [(-1, 1)], title="wide")
    assert "the 8 units a layer that differ most" in figure.get_suptitle()
    for axes in figure.axes:
        assert len(axes.get_legend().get_texts()) == 8
    assert "carry most" in plotting.plot_network(net, title="wide").get_suptitle()


def test_hidden_layers_are_found_behind_functions_and_in_heads():
    layers = dense_layers(Functional(), ROWS)
    assert [(layer.label, layer.hidden) for layer in layers] == [
        ("layer 1", True),
        ("output", False),
    ]
    assert layers[0].units.min() == 0  # after the ReLU
    figure = plotting.plot_neurons(
        DualHeadMLP(trunk_features=(5,), head_features=(3,)), [(0, 1)] * 2
    )
    titles = " ".join(axes.get_title() for axes in figure.axes)
    for label in ("trunk layer 1", "max head layer 1", "min head layer 1"):
        assert label in titles


def test_network_writes_all_27_parameters_and_signs_its_edges():
    net = published()
    (axes,) = plotting.plot_network(net, title="xor").axes
    written = [text.get_text() for text in axes.texts]
    for parameter in net.parameters():
        for value in parameter.flatten().tolist():
            assert f"{value:.2f}" in written
    edges = [entry for entry in axes.collections if isinstance(entry, LineCollection)]
    assert sum(len(entry.get_segments()) for entry in edges) == 18
    blue = np.array([*np.atleast_2d(edges[0].get_colors())])[:, 2] > 0.5
    first = net.layer1.weight.detach().numpy()
    np.testing.assert_array_equal(blue, (first > 0).flatten())


@pytest.mark.parametrize("net", [plain(), DualHeadMLP(), nn.Linear(5, 2), Functional()])
def test_any_network_can_be_drawn(net):
    assert plotting.plot_network(net).axes


def test_planes_hold_the_published_images_and_the_cuts_of_the_next_layer():
    net = published()
    figure = plotting.plot_layers(net, ROWS, XOR)
    assert [axes.get_title() for axes in figure.axes] == [
        "inputs", "layer 1", "layer 2", "layer 3", "layer 4", "output",
    ]  # fmt: skip
    marks = [c for c in figure.axes[4].collections if isinstance(c, PathCollection)]
    images = np.concatenate([entry.get_offsets() for entry in marks])
    expected = np.array([HIDDEN[4, 1], HIDDEN[4, 2]]).T[[0, 3, 1, 2]]
    np.testing.assert_allclose(images, expected, atol=2e-6)
    (cut,) = figure.axes[4].get_lines()
    weight, bias = net.output_layer.weight.detach().numpy()[0], net.output_layer.bias.item()
    np.testing.assert_allclose(np.array(cut.get_data()).T @ weight + bias, 0, atol=1e-5)


def test_descent_goes_the_lectures_way():
    surface = bowl(LECTURE)
    np.testing.assert_allclose(surface.eigenvalues, [1.29702, 172.70298], atol=1e-5)
    assert surface.limit == pytest.approx(0.01158058, abs=1e-8)
    assert surface.best_rate == pytest.approx(0.01149425, abs=1e-8)
    np.testing.assert_allclose(surface.minimum, [17 / 28, 3.5], atol=1e-12)
    assert surface.floor == pytest.approx(25 / 14)
    path = surface.descend(0.001, np.arange(2.0))
    np.testing.assert_allclose(path[1], [0.2, 0.038], atol=1e-12)
    assert surface.cost(path[1]) == pytest.approx(91.133132)
    panels = plotting.plot_descent(LECTURE, rates={"the notes": 0.001}, title="t").axes
    titles = [axes.get_title() for axes in panels]
    assert [title for title in titles if title] == [
        "the notes, 0.0864 of the limit: 0.001", "fastest from the worst start: 0.011494",
        "near the limit: 0.011576", "beyond the limit: 0.011812",
    ]  # fmt: skip
    drawn = panels[0].get_lines()[0].get_xydata()
    np.testing.assert_allclose(drawn[1], [0.2, 0.038], atol=1e-12)
    by_hand = [descend_by_hand(LECTURE, steps=step) for step in range(len(drawn))]
    np.testing.assert_allclose(drawn, by_hand, atol=1e-12)


def test_rates_below_the_limit_converge_and_those_beyond_it_do_not():
    surface = bowl(LECTURE)
    start = surface.cost(np.zeros(2))
    assert surface.cost(surface.descend(0.01158, np.array([20_000.0]))) < start
    assert surface.cost(surface.descend(0.0116, np.array([2_000.0]))) > start


STEEP_POINTS = [(3, 5), (4, 6.1), (5, 6.8)]  # of the notes too; its bowl is a long valley


@pytest.mark.parametrize("points", [LECTURE, STEEP_POINTS, [(-1, 1), (1, 2)], [(9, 1), (10, 5)]])
def test_what_is_said_of_a_rate_is_true_of_any_points(points):
    x = np.array(points, dtype=float)[:, 0]
    design = np.stack([x, np.ones_like(x)], axis=1)
    rates = {"slow": 1e-5, "fast": 1.0}
    figure = plotting.plot_descent(points, rates=rates)
    said = dict(axes.get_title().split(": ") for axes in figure.axes if axes.get_title())

    def worst(rate):  # the largest singular value of a step, as a map of the error
        return np.linalg.norm(np.eye(2) - float(rate) * 2 * design.T @ design, 2)

    for name, rate in said.items():
        assert (worst(rate) < 1) == (name.startswith("near") or name.startswith("fastest") or (
            ", " in name and float(name.split()[1]) < 1))  # fmt: skip
    best = float(said["fastest from the worst start"])
    assert worst(best) <= min(worst(best * share) for share in (0.5, 0.9, 0.99, 1.01)) + 1e-4


def test_the_rate_named_fastest_ends_lowest_where_a_small_one_is_ahead_for_long():
    panels = plotting.plot_descent(STEEP_POINTS, rates={"notes": 0.001}).axes
    (costs,) = (axes for axes in panels if axes.get_xlabel() == "steps")
    by_name = {line.get_label(): line.get_ydata() for line in costs.get_lines()}
    assert len({line.get_linestyle() for line in costs.get_lines()}) == 4  # told without colours
    small, best = by_name["notes, 0.0529 of the limit"], by_name["fastest from the worst start"]
    assert small[100] < best[100]
    assert best[-1] < small[-1]
    assert best[-1] <= 1.01e-5 * best[0]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: plotting.plot_neurons(plain(3), [(0, 1)] * 3), "3 inputs is neither"),
        (lambda: plotting.plot_neurons(plain(3), [(0, 1)] * 2), "does not take inputs"),
        (lambda: plotting.plot_neurons(plain(), [(1, 0), (0, 1)]), "low=1 high=0"),
        (lambda: plotting.plot_neurons(nn.Linear(2, 1), [(0, 1)] * 2), "no hidden layer"),
        (lambda: plotting.plot_neurons(plain(), [(0, 1)] * 2, most=0), "most must be 1 or more"),
        (lambda: plotting.plot_network(nn.Sequential(nn.ReLU())), "no nn.Linear layer"),
        (lambda: plotting.plot_layers(plain(), ROWS, XOR), "no hidden layer of 2 units"),
        (lambda: plotting.plot_layers(plain(), ROWS[:, :1], XOR), "plot_neurons draws networks"),
        (lambda: plotting.plot_descent([(1, 2)]), "two different x"),
        (lambda: plotting.plot_descent(LECTURE, rates={"mine": -1.0}), "mine must be"),
        (lambda: plotting.plot_descent([(1, 2), (1, 3)]), "two different x"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(call, part):
    with pytest.raises(InputError, match=part):
        call()


def test_drawing_leaves_a_network_as_it_was():
    net = nn.Sequential(
        nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(), nn.Tanh(), nn.Linear(2, 1)
    )
    net[2].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    plotting.plot_neurons(net, [(0, 1)] * 2)
    plotting.plot_network(net)
    plotting.plot_layers(net, ROWS, XOR)
    assert (net.training, net[1].training, net[2].training) == (True, True, False)
    assert not any(part._forward_hooks for part in net.modules())
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])
