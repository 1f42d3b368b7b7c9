import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from mlpzoo import DualHeadMLP, FourLayerXOR, InputError, load_pretrained
from mlpzoo.analysis.layers import layers_of
from mlpzoo.analysis.proof import relaxation
from mlpzoo.analysis.proof.relaxation import bound_heads

from ..exact import value


def small(trunk, head, ends=None, seed=0):
    """A network that is far from right, with kinks all over its range."""
    net = DualHeadMLP(trunk_features=trunk, head_features=head, value_range=ends, seed=seed)
    torch.manual_seed(seed)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.7 / math.sqrt(p.shape[-1]))
    return net


def wanted(name, x):
    return x.max(axis=1) if name == "max" else x.min(axis=1)


@pytest.mark.parametrize(
    ("trunk", "head", "ends", "seed"),
    [
        ((4,), (), (-1, 1), 0),
        ((8, 8), (8,), (0, 100), 1),
        ((6, 5, 4, 3), (2, 3), (-3, 0.1), 2),
        ((32,), (32,), (1e6, 1e6 + 1), 3),
    ],
)
def test_bound_is_above_all_samples_and_tight(trunk, head, ends, seed):
    net = small(trunk, head, ends, seed)
    exact = layers_of(net)
    axis = np.linspace(*ends, 201)
    x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    y = net.double()(torch.tensor(x)).detach().numpy()
    for column, (name, proved) in enumerate(bound_heads(exact, *ends, gap=0.01).items()):
        sampled = np.abs(y[:, column] - wanted(name, x)).max()
        assert proved.gap < 0.01 + 1e-9
        assert sampled <= proved.bound + 1e-9 * abs(ends[1])
        assert proved.bound <= max(sampled, proved.attained) * 1.011
        assert all(ends[0] <= v <= ends[1] for v in proved.where)
        right = Fraction((max if name == "max" else min)(proved.where))
        there = abs(value(exact, proved.where)[name] - right)
        assert proved.attained <= there <= proved.bound


@pytest.mark.parametrize("width", [0, 1e-14, 1e-3, 1])
@pytest.mark.parametrize(("trunk", "seeds"), [((7, 6), 2), ((1, 1), 16)])
def test_lines_hold_the_error_with_their_rounding(width, trunk, seeds):
    """With one unit a layer, ends are taken, and a line a little too near would be crossed."""
    for seed in range(seeds):
        exact, draw = layers_of(small(trunk, trunk[:1], seed=seed)), np.random.default_rng(seed)
        low = draw.uniform(-1, 1, (8, 2)) * 3.0 ** draw.integers(-5, 3)
        boxes = np.column_stack([low, low + width * draw.uniform(0, 1, (8, 2)), [0, 1] * 4])
        for name, larger in (("max", 1), ("min", 0)):
            lines = relaxation._lines(relaxation._chain(exact, name), boxes, larger)
            for box, at, slope, slack in zip(boxes, *lines, strict=True):
                a, d = (Fraction(v) for v in np.where(draw.random(2) < 0.5, box[:2], box[2:4]))
                x = (a, a + d) if box[4] else (a + d, a)
                error = value(exact, x)[name] - a - larger * d
                centre = map(Fraction, (box[:2] + box[2:4]) / 2)
                parts = zip(map(Fraction, slope), (a, d), centre, strict=True)
                line = Fraction(at) + sum(g * (v - c) for g, v, c in parts)
                assert abs(error - line) <= Fraction(slack)
                assert slack < 1e-11 or width > 1e-14


def test_shipped_network_where_it_is_worst():
    layers = layers_of(load_pretrained("minmax"))
    proved = bound_heads(layers, 49.8, 50.2)  # the whole square takes seconds, for the same bounds
    assert 0.0416207 < proved["max"].bound < 0.0416208 * 1.01  # the largest errors, from polygons
    assert 0.0521133 < proved["min"].bound < 0.0521134 * 1.01
    assert proved["max"].attained < 0.0416208
    assert proved["min"].attained < 0.0521134


def test_bound_at_the_limit_is_one():
    layers = layers_of(load_pretrained("minmax"))
    for proved in bound_heads(layers, 0, 100, limit_s=0).values():
        assert proved.cells == 2
        assert 0.0521 < proved.bound < math.inf
        assert 0 <= proved.attained < 0.0521


def test_nets_by_hand_are_exact_at_once():
    for ends in ((0, 100), (-3, 10), (-1, 1)):
        for proved in bound_heads(layers_of(load_pretrained("minmax-exact")), *ends).values():
            assert proved.bound < 1e-10
            assert (proved.attained, proved.cells) == (0, 2)


@pytest.mark.parametrize("by", [0.25, -1e-6])
def test_a_changed_weight_moves_the_bound(by):
    net = load_pretrained("minmax-exact").double()
    net.min_head[0].bias.data += by
    proved = bound_heads(layers_of(net), -5, 8)
    assert proved["max"].bound < 1e-10
    assert proved["min"].attained == pytest.approx(abs(by))
    assert abs(by) <= proved["min"].bound < abs(by) * 1.011


@pytest.mark.parametrize("size", [1e90, 1e160])  # beyond float64 in the fourth layer, in the second
@pytest.mark.parametrize("sign", [1, -1])
def test_overflow_proves_nothing(size, sign):
    net = small((2, 2), (2,)).double()
    for p in net.parameters():
        p.data.fill_(size)
    net.max_head[2].weight.data[0, 0] *= sign
    proved = bound_heads(layers_of(net), 0, 1, limit_s=0.01)["max"]
    assert (proved.bound, proved.attained) == (math.inf, 0)
    assert all(0 <= v <= 1 for v in proved.where)


def test_what_is_attained_is_finite():
    net = small((2,), (), (-1e30, 1e30)).double()
    net.max_head[0].bias.data.fill_(1e300)  # 1e330 in the units of the range
    proved = bound_heads(layers_of(net), 0, 1)["max"]
    assert (proved.bound, proved.attained) == (math.inf, 0)


@pytest.mark.parametrize(
    ("net", "arguments", "said"),
    [
        (FourLayerXOR(), {}, "two heads, max and min, not y"),
        (DualHeadMLP(in_features=3, trunk_features=(2,)), {}, "2 inputs, not for 3"),
        (DualHeadMLP(trunk_features=(2,)), {"gap": 0}, "gap must be above 0, got 0"),
        (DualHeadMLP(trunk_features=(2,)), {"limit_s": -1}, "limit_s must be 0 or more, got -1$"),
        (DualHeadMLP(trunk_features=(2,)), {"high": 0}, "low to high"),
    ],
)
def test_refusals(net, arguments, said):
    with pytest.raises(InputError, match=said):
        bound_heads(layers_of(net), **{"low": 0, "high": 1} | arguments)


def test_another_activation_is_refused():
    net = DualHeadMLP(trunk_features=(2,))
    net.trunk[1] = torch.nn.Tanh()
    with pytest.raises(InputError, match="relu behind every layer but the last"):
        bound_heads(layers_of(net), 0, 1)
