import math

import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import InputError, Perceptron, Radius, SequentialMLP, load_pretrained, radius
from mlpzoo.analysis.proof.radius import bound_rows
from mlpzoo.nets.stack import Step

ROWS = [(0, 0), (0, 1), (1, 0), (1, 1)]
XOR = [0, 1, 1, 0]
# The ends that two other searches agree on, one of them in mpmath's interval arithmetic.
RADII = {
    "xor": (0.1500845, 0.2572803, 0.2594261, 0.2230196),
    "xor-lecture": (0.2039318, 0.2238379, 0.2147274, 0.1594381),
}


def line(*weights, bias):
    gate = Perceptron(in_features=len(weights))
    gate.linear.weight.data = torch.tensor([weights])
    gate.linear.bias.data = torch.tensor([bias])
    return gate


@pytest.mark.parametrize("name", RADII)
@pytest.mark.parametrize("row", range(4))
def test_xor_radii(name, row):
    net = load_pretrained(name)
    found = radius(net, ROWS[row])
    assert found.right == XOR[row]
    assert found.proved < RADII[name][row] + 1e-6
    assert found.failing_at > RADII[name][row]
    assert found.proved < found.failing_at <= found.proved + 1e-6
    logit = net.double()(torch.tensor([found.witness], dtype=torch.float64)).item()
    assert (logit > 0) != found.right
    assert np.abs(np.subtract(found.witness, ROWS[row])).max() <= found.failing_at


@pytest.mark.parametrize("seed", range(4))
def test_perceptron_is_as_far_as_its_line(seed):
    *w, b, u, v = np.random.default_rng(seed).normal(size=5).tolist()
    gate = line(*w, bias=b).double()
    w, b = gate.linear.weight[0].tolist(), gate.linear.bias.item()
    exact = abs(w[0] * u + w[1] * v + b) / (abs(w[0]) + abs(w[1]))
    found = radius(gate, (u, v), reach=100, tolerance=1e-9)
    assert exact - 1e-9 <= found.proved <= exact <= found.failing_at <= exact + 1e-9


def test_line_along_an_edge_takes_few_boxes():
    found = radius(line(1.0, 1e-7, bias=-0.5), (0, 0))
    assert found.proved == pytest.approx(0.5, abs=2e-6)
    assert found.boxes < 500


def test_steps_in_two_layers():
    net = nn.Sequential(nn.Linear(2, 2), Step(), nn.Linear(2, 1), Step())
    net[0].weight.data, net[0].bias.data = torch.ones(2, 2), torch.tensor([-0.5, -1.5])
    net[2].weight.data, net[2].bias.data = torch.tensor([[1.0, -1.0]]), torch.tensor([-0.5])
    found = [radius(net, row) for row in ROWS]
    assert [one.right for one in found] == XOR
    assert [one.proved for one in found] == pytest.approx([0.25] * 4, abs=1e-6)
    assert [one.bound for one in bound_rows(net, ROWS, XOR, within=0.2)] == [0] * 4
    assert min(one.attained for one in bound_rows(net, ROWS, XOR, within=0.3)) > 0.999


def test_never_wrong_within_the_reach():
    found = radius(line(0.0, 0.0, bias=1.0), (0, 1), reach=3)
    assert (found.right, found.proved, found.failing_at, found.witness) == (1, 3, math.inf, None)


def test_wrong_at_the_corner():
    found = radius(line(1.0, 1.0, bias=-0.5), (0, 1), right=0)
    assert (found.proved, found.failing_at, found.witness) == (0, 0, (0, 1))


def test_limit_and_changed_weight():
    net = load_pretrained("xor")
    early = radius(net, (0, 0), limit_s=0)
    assert early.proved == 0 < early.failing_at
    net.output_layer.bias.data += 0.1
    assert radius(net, (0, 0)).failing_at < 0.15


def stack_of(*parts):
    net = nn.Sequential(*(nn.Linear(1, 1) if isinstance(p, tuple) else p for p in parts)).double()
    for layer, given in zip(net, parts, strict=True):
        if isinstance(given, tuple):
            layer.weight.data.fill_(given[0])
            layer.bias.data.fill_(given[1])
    return net


# Each is 1 at x = 1, by numbers that float64 has not.
BEYOND = [
    stack_of((1e200, 0.0), nn.ReLU(), (1e200, 0.0), nn.ReLU(), (0.0, 1.0)),
    stack_of((1e200, 0.0), nn.ReLU(), (1e200, 0.0), nn.ReLU(), (0.0, 1.0), Step()),
    stack_of((1e200, 0.0), nn.Softsign(), (1e200, -1e199), nn.Softsign(), (1.0, -0.25)),
]


@pytest.mark.parametrize("net", BEYOND)
def test_overflow_proves_nothing(net):
    x = 1.0 if net is not BEYOND[2] else 1e200
    assert radius(net, (x,), right=0, gives="logit", reach=0.5, limit_s=0.01).proved == 0
    with pytest.raises(InputError, match="threshold"):
        radius(net, (x,), gives="logit", limit_s=0.01)
    found = bound_rows(net, [(x,)], [0], gives="value", limit_s=0.01)[0]
    assert found.attained == 0 < 1 <= found.bound


@pytest.mark.parametrize("activation", ["identity", "step"])
def test_underflow_is_not_taken_for_zero(activation):
    net = SequentialMLP(in_range=(-1e30, 1e30), hidden_features=(), out_activation=activation)
    net.layers[0].weight.data.fill_(1)
    net.layers[0].bias.data.fill_(0)
    assert radius(net, (1e-300,), right=0, gives="logit", reach=1e-300, limit_s=0).proved == 0


def test_step_behind_which_a_range_stands():
    net = SequentialMLP(hidden_features=(), out_activation="step", out_range=(0, 0.1))
    assert radius(net, (1.0,)).right == 0  # it gives 0.05 or 0.1
    assert radius(net, (1.0,), gives="logit").right == 1


def test_value_is_taken_as_a_probability():
    net = load_pretrained("xor-exact")
    assert radius(net, (1, 1), gives="value").proved == pytest.approx(0.25, abs=1e-6)
    with pytest.raises(InputError, match="say gives='logit' or gives='probability'"):
        radius(net, (1, 1))
    assert radius(net, (1, 1), gives="logit").failing_at < 1e-6


# The shipped XOR about its corners, from 100 times as many boxes.
@pytest.mark.parametrize(("within", "most"), [(0.0, 0.0071707), (0.1, 0.0929)])
def test_rows(within, most):
    net = load_pretrained("xor").double()
    proved = bound_rows(net, ROWS, XOR, within=within, gap=0.001)
    assert max(one.bound for one in proved) == pytest.approx(most, rel=2e-3)
    for one, row, target in zip(proved, ROWS, XOR, strict=True):
        x = row + np.random.default_rng(0).uniform(-within, within, (2000, 2))
        x = torch.tensor(np.concatenate([x, [one.where]]))
        error = (net(x).sigmoid() - target).abs()
        assert error.max().item() <= one.bound <= error[-1].item() * 1.0011
        assert one.attained == pytest.approx(error[-1].item())
        assert np.abs(np.subtract(one.where, row)).max() <= within


@pytest.mark.parametrize(
    ("net", "corner", "arguments", "said"),
    [
        (SequentialMLP(in_features=3), (0, 0, 0), {}, "1 or 2 inputs, not for 3"),
        (SequentialMLP(in_features=2, activation="gelu"), (0, 0), {}, "activation gelu"),
        (SequentialMLP(in_features=2), (0, 0, 1), {}, "2 finite numbers, got 0,0,1"),
        (SequentialMLP(in_features=2), (0, math.nan), {}, "2 finite numbers"),
        (SequentialMLP(in_features=2), (0, "a"), {}, "corner must be a number, got 'a'"),
        (SequentialMLP(in_features=2), (0, 0), {"right": 2}, "right must be 0 or 1, got 2"),
        (SequentialMLP(in_features=2), (0, 0), {"gives": "logits"}, "did you mean 'logit'"),
        (SequentialMLP(in_features=2), (0, 0), {"tolerance": 0}, "tolerance must be above 0"),
        (load_pretrained("minmax-exact"), (0, 0), {}, "one output"),
        (line(0.1, 0.1, bias=-0.2), (1.0 + 2**-60, 1), {}, "threshold"),
    ],
)
def test_refusals(net, corner, arguments, said):
    with pytest.raises(InputError, match=said):
        radius(net, corner, **{"gives": "value", **arguments})


@pytest.mark.parametrize(
    ("targets", "limit_s", "said"),
    [
        ([1], 1, "got 1 for 4"),
        ([1, 0, math.nan, 0], 1, "each target must be 0 or more, got nan"),
        (XOR, -1, "limit_s must be 0 or more, got -1"),
    ],
)
def test_rows_that_are_refused(targets, limit_s, said):
    with pytest.raises(InputError, match=said):
        bound_rows(load_pretrained("xor"), ROWS, targets, limit_s=limit_s)


def test_result_is_public():
    assert isinstance(radius(load_pretrained("or-exact"), (0, 0)), Radius)
