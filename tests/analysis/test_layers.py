from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import InputError, SequentialMLP, list_pretrained, load_pretrained
from mlpzoo.analysis.layers import layers_of
from mlpzoo.nets.stack import ACTIVATIONS


def evaluated(net, x):
    """Compute in float64 what the layers of a network say of it."""
    exact = layers_of(net)
    centre, half_width = map(np.array, exact.in_scale)
    scaled, given = (x - centre) / half_width, []
    for layer in exact.layers:
        z = (scaled if layer.source is None else given[layer.source]) @ layer.weight.T + layer.bias
        given.append(ACTIVATIONS[layer.activation]()(torch.tensor(z)).numpy())
    y = np.concatenate([given[place] for place in exact.outputs.values()], axis=1)
    middle, width = map(np.array, exact.out_scale)
    return middle + width * y


@pytest.mark.parametrize("name", list_pretrained())
def test_layers_are_the_network(name):
    net = load_pretrained(name).double()
    x = np.random.default_rng(0).uniform(-3, 3, (50, layers_of(net).in_features))
    np.testing.assert_allclose(evaluated(net, x), net(torch.tensor(x)).detach(), atol=1e-9)


def test_heads_share_the_trunk():
    exact = layers_of(load_pretrained("minmax"))
    labels = [f"trunk layer {k}" for k in (1, 2, 3)] + [
        "max head layer 1", "max head", "min head layer 1", "min head",
    ]  # fmt: skip
    assert [layer.label for layer in exact.layers] == labels
    assert exact.outputs == {"max": 4, "min": 6}
    assert exact.size == 264_450


def test_last_activation_and_both_scales_are_kept():
    net = SequentialMLP(hidden_features=(3,), out_activation="tanh", out_range=(0, 4))
    exact = layers_of(net)
    assert [layer.activation for layer in exact.layers] == ["relu", "tanh"]
    assert (exact.in_scale, exact.out_scale) == ((0.0, 1.0), (2.0, 2.0))


def test_each_column_has_its_own_scale():
    net = SequentialMLP(
        in_features=2, out_features=2, in_range=((0, 1), (-5, 7)), out_range=((0, 4), (1, 2))
    ).double()
    exact = layers_of(net)
    assert exact.in_scale == ((0.5, 1.0), (0.5, 6.0))
    assert exact.out_scale == ((2.0, 1.5), (2.0, 0.5))
    x = np.random.default_rng(0).uniform(-5, 7, (50, 2))
    np.testing.assert_allclose(evaluated(net, x), net(torch.tensor(x)).detach(), atol=1e-9)
    net.in_scale.half_width[1] = 0
    with pytest.raises(InputError, match=r"above 0 and finite, got 0\.0 about 1\.0"):
        layers_of(net)


def test_a_layer_taken_twice_is_two():
    twice = nn.Linear(1, 1)
    net = nn.Sequential(twice, nn.ReLU(), twice, nn.Tanh(), nn.Linear(1, 1), twice).double()
    x = np.linspace(-3, 3, 7)[:, None]
    np.testing.assert_allclose(evaluated(net, x), net(torch.tensor(x)).detach(), atol=1e-12)
    labels = [layer.label for layer in layers_of(net).layers]
    assert labels == ["layer 1", "layer 2", "layer 3", "output"]


def test_a_part_that_is_called_net_is_not_the_network():
    parts = OrderedDict(net=nn.Sequential(nn.Linear(1, 1)), behind=nn.Sigmoid())
    assert layers_of(nn.Sequential(parts)).activations == {"sigmoid"}


@pytest.mark.parametrize("half_width", [-1, 0, torch.inf, torch.nan])
def test_scale_that_is_none_is_refused(half_width):
    net = SequentialMLP(in_range=(0, 4))
    net.in_scale.half_width.fill_(half_width)
    with pytest.raises(InputError, match=f"above 0 and finite, got {half_width}"):
        layers_of(net)


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (nn.Conv1d(1, 1, 1), "the layers of a Conv1d are not known"),
        (nn.Sequential(nn.ReLU()), r"before ReLU\(\)"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Tanh()), "nothing between"),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), r"Dropout\(.*leave it out"),
        (nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.3)), "default arguments"),
        (nn.Sequential(), "no nn.Linear"),
    ],
)
def test_other_networks_are_refused_by_name(net, said):
    with pytest.raises(InputError, match=said):
        layers_of(net)


def test_weights_that_are_not_finite_are_refused():
    net = nn.Sequential(nn.Linear(1, 1))
    nn.init.constant_(net[0].weight, torch.nan)
    with pytest.raises(InputError, match="not finite"):
        layers_of(net)
