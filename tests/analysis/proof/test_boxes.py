import math
from copy import deepcopy

import pytest
import torch
from torch import nn

from mlpzoo import Expression, InputError, SequentialMLP
from mlpzoo.analysis.layers import layers_of
from mlpzoo.analysis.proof.boxes import bound_boxes

SQUARE = ((0, 1), (0, 2))


def proved(net, text, *ranges, **until):
    return bound_boxes(layers_of(net), Expression(text), ranges, **until)


def sampled(net, text, *ranges, points=40_000):
    """The largest error on a dense grid, in float64."""
    count = round(points ** (1 / len(ranges)))
    axes = [torch.linspace(*ends, count, dtype=torch.float64) for ends in ranges]
    x = torch.cartesian_prod(*axes).view(-1, len(ranges))
    with torch.no_grad():
        return (deepcopy(net).double()(x) - Expression(text)(x)).abs().max().item()


def of_weights(*pairs, activation=nn.Tanh):
    """A network of weights and biases as they are given."""
    layers = []
    for weight, bias in pairs:
        layers += [nn.Linear(len(weight[0]), len(weight)), activation()]
        layers[-2].weight.data, layers[-2].bias.data = torch.tensor(weight), torch.tensor(bias)
    return nn.Sequential(*layers[:-1])


def wild(inputs, activation, seed, hidden=(8, 8)):
    """A network that bends much more than a fresh one."""
    net = SequentialMLP(
        in_features=inputs, hidden_features=hidden, activation=activation, in_range=(-1, 3),
        out_range=(-2, 1), seed=seed,
    )  # fmt: skip
    for parameter in net.parameters():
        parameter.data *= 3
    return net


def test_unit_against_itself_moved_has_the_error_that_is_known():
    net = of_weights(([[1.0]], [0.0]), ([[1.0]], [0.0]))
    found = proved(net, "tanh(x - 1/2)", (-10, 10), gap=1e-6)
    known = 2 * math.tanh(0.25)  # at 1/4, halfway between the two
    assert found.attained <= known <= found.bound
    assert found.bound == pytest.approx(known, rel=1e-6)
    assert found.where == pytest.approx((0.25,), abs=1e-3)


@pytest.mark.parametrize(
    "activation",
    ["tanh", "sigmoid", "softplus", "silu", "relu", "leakyrelu", "relu6", "hardtanh", "softsign"],
)
@pytest.mark.parametrize(
    ("text", "ranges"),
    [("sin(x)*exp(-x/5)", ((-1, 3),)), ("max(x1, x2)**2", SQUARE), ("x1*cos(x2)", SQUARE)],
)
def test_bound_is_above_samples_and_within_the_gap(activation, text, ranges):
    gap = 0.01 if len(ranges) == 1 else 0.1
    for seed in (0, 1):
        net = wild(len(ranges), activation, seed)
        found, least = proved(net, text, *ranges, gap=gap), sampled(net, text, *ranges)
        assert found.complete
        assert least <= found.bound <= (1 + gap) * found.attained + 1e-9
        x = torch.tensor([found.where], dtype=torch.float64)
        error = (net.double()(x) - Expression(text)(x)).abs().item()
        assert error == pytest.approx(found.attained, rel=1e-9)
        assert all(low <= t <= high for t, (low, high) in zip(found.where, ranges, strict=True))


def test_scales_are_part_of_the_proof():
    plain = wild(1, "tanh", 3)
    found = proved(plain, "0*x", (-1, 3), gap=1e-4)
    moved = deepcopy(plain)
    moved.layers[-1].bias.data += 1.0  # 1.5 in the units of the outputs
    other = proved(moved, "0*x + 1.5", (-1, 3), gap=1e-4)
    assert other.bound == pytest.approx(found.bound, rel=2e-4)


@pytest.mark.parametrize("text", ["max(x, 0)**0.5", "max(x, 0)**1.5", "(max(x, 0.1) - 0.1)**0.3"])
def test_power_that_reaches_0_is_proved(text):
    net = wild(1, "tanh", 0)
    for ends in ((-1, 1), (-2, -1)):
        found = proved(net, text, ends)
        assert found.complete
        assert sampled(net, text, ends) <= found.bound <= 1.01 * found.attained + 1e-9


def test_softplus_is_the_one_of_torch_which_is_straight_above_20():
    net = of_weights(([[1.0]], [0.0]), ([[1.0]], [0.0]), activation=nn.Softplus).double()
    below, above = proved(net, "x", (19, 20)), proved(net, "x", (21, 30))
    assert below.bound >= math.log1p(math.exp(-19)) > 0.99 * below.bound - math.exp(-20)
    assert above.bound < 1e-12
    over = proved(net, "x + log(1 + exp(-x))", (19.5, 20.5))
    assert over.bound >= math.log1p(math.exp(-20))  # just above 20


def test_narrow_error_beside_a_kink_is_found():
    """max(x1, x2) as it is, and a spike 0.002 wide at its foot on a line between two samples."""
    at, steep, height = 122.5 / 199, 1000.0, 0.02
    first = [[1.0, -1.0], [0.0, 1.0], *[[steep, 0.0]] * 3]
    bias = [0.0, 0.0, *(place - steep * at for place in (1.0, 0.0, -1.0))]
    net = of_weights((first, bias), ([[1.0, 1.0, height, -2 * height, height]], [0.0]),
                     activation=nn.ReLU)  # fmt: skip
    assert sampled(net, "max(x1, x2)", *SQUARE) < 0.001
    found = proved(net, "max(x1, x2)", *SQUARE, gap=0.1)
    assert 0.018 < found.attained < found.bound < 0.0221


def test_network_that_is_the_function_has_almost_no_error():
    net = of_weights(([[0.5, -1.0]], [0.25]), ([[2.0]], [1.0]))
    found = proved(net, "2*tanh(x1/2 - x2 + 1/4) + 1", (0, 0.25), (0, 0.25))
    assert found.complete
    assert 0 <= found.attained <= found.bound < 1e-6


def test_question_is_answered_with_less_work():
    net, text = wild(2, "tanh", 0), "max(x1, x2)**2"
    full = proved(net, text, *SQUARE, gap=0.01)
    yes = proved(net, text, *SQUARE, below=1.5 * full.bound)
    assert yes.complete
    assert yes.bound <= 1.5 * full.bound
    no = proved(net, text, *SQUARE, below=0.5 * full.bound)
    assert no.complete
    assert no.attained > 0.5 * full.bound
    assert max(yes.cells, no.cells) < full.cells


def test_bound_at_the_limit_is_valid():
    net, text = wild(2, "relu", 1, (16, 16)), "max(x1, x2)**2"
    short = proved(net, text, *SQUARE, gap=1e-6, limit_s=1e-9)
    assert not short.complete
    assert sampled(net, text, *SQUARE) < short.bound < math.inf


@pytest.mark.parametrize(
    ("text", "ranges", "said"),
    [
        ("1/x", ((-1, 2),), "'1/x' is not finite near x = 0; take a range without it"),
        ("tan(x)", ((0, 3),), "not finite near x = 1.5708"),
        ("sqrt(1 - x)", ((0, 3),), "not finite near x = "),
        ("log(x1)*x2", SQUARE, "not finite near x1 = 0, x2 = "),
        ("1/(x1 - x2)", SQUARE, "not finite near x1 = "),
    ],
)
def test_function_that_is_not_finite_is_refused(text, ranges, said):
    with pytest.raises(InputError, match=said.replace("*", "\\*")):
        proved(wild(len(ranges), "tanh", 0), text, *ranges)


@pytest.mark.parametrize(
    ("net", "given", "said"),
    [
        (nn.Sequential(nn.Linear(1, 2), nn.GELU(), nn.Linear(2, 1)), {}, "activation gelu; it may"),
        (nn.Sequential(nn.Linear(1, 2)), {}, "one output, and the network has 2"),
        (nn.Sequential(nn.Linear(1, 1)), {"gap": 0}, "gap must be above 0, got 0"),
        (nn.Sequential(nn.Linear(1, 1)), {"limit_s": -1}, "limit_s must be"),
    ],
)
def test_what_cannot_be_proved_is_refused(net, given, said):
    with pytest.raises(InputError, match=said):
        proved(net, "sin(x)", (0, 1), **given)
