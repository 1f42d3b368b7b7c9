import ctypes
import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mlpzoo import InputError, SequentialMLP, load_pretrained, pieces


def evaluated(net, x):
    """The network in exact numbers, as its forward says it, at a fraction."""

    def scaled(scale, y, back=False):
        if not hasattr(net, scale):
            return y
        centre, half = (Fraction(b.item()) for b in getattr(net, scale).buffers())
        return y * half + centre if back else (y - centre) / half

    h = [scaled("in_scale", x)]
    for part in net.modules():
        if isinstance(part, nn.Linear):
            rows = zip(part.weight.tolist(), part.bias.tolist(), strict=True)
            h = [
                sum((Fraction(w) * v for w, v in zip(row, h, strict=True) if v), Fraction(b))
                for row, b in rows
            ]
        elif isinstance(part, nn.ReLU):
            h = [max(v, Fraction(0)) for v in h]
    return scaled("out_scale", h[0], back=True)


def stacked(*layers, dtype=torch.float32):
    """A ReLU network of (weight, bias) pairs."""
    parts = []
    for weight, bias in layers:
        linear = nn.Linear(len(weight[0]), len(weight), dtype=dtype)
        linear.weight.data, linear.bias.data = (
            torch.tensor(v, dtype=dtype) for v in (weight, bias)
        )
        parts += [linear, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


HAT = stacked(
    ([[1.0], [1.0], [1.0], [0.0]], [0.0, -1.0, -2.0, -1.0]), ([[1.0, -2.0, 1.0, 5.0]], [0.0])
)


@pytest.mark.parametrize(("name", "count"), [("sin", 355), ("square", 383)])
def test_trained_curves_are_known_exactly(trained_pieces, name, count):
    net, parts = load_pretrained(name), trained_pieces[name]
    assert len(parts) == count
    assert parts.most == 257**2
    x = (parts.knots[100] + 2 * parts.knots[101]) / 3
    assert parts(x) == evaluated(net, x)
    for (x0, x1), (y0, y1), slope in zip(
        pairwise(parts.knots), pairwise(parts.values), parts.slopes, strict=True
    ):
        assert y1 - y0 == slope * (x1 - x0)
    grid = np.linspace(float(parts.knots[0]), float(parts.knots[-1]), 20_001)
    expected = net.double()(torch.tensor(grid)[:, None]).detach()[:, 0]
    np.testing.assert_allclose(np.interp(grid, *parts.table()), expected, rtol=0, atol=1e-10)


def test_lesson_of_the_trained_sin(trained_pieces):
    parts = trained_pieces["sin"]
    assert float(parts.lipschitz) == 1.0244873102196406
    assert {name: len(units) for name, units in parts.straight.items()} == {
        "layer 1": 1, "layer 2": 157,
    }  # fmt: skip
    assert [line.kinks for line in parts.outside] == [39, 46]
    said = str(parts)
    assert "355, of at most 66,049" in said
    assert "157 of 256 in layer 2" in said
    assert said.count("\n") == 12
    assert repr(parts) == "Pieces(355 from -10 to 10)"


def test_hat_by_hand():
    parts = pieces(HAT, -1, 3)
    assert parts.knots == (-1, 0, 1, 2, 3)
    assert parts.values == (0, 0, 1, 0, 0)
    assert parts.slopes == (0, 1, -1, 0)
    assert parts.straight == {"layer 1": (3,)}
    assert parts.lipschitz == 1


def test_outside_is_known_to_infinity():
    below, above = pieces(HAT, Fraction(1, 3), Fraction(3, 2)).outside
    assert (below.kinks, below.begins, below.slope, below.intercept) == (1, 0, 0, 0)
    assert (above.kinks, above.begins, above.slope, above.intercept) == (1, 2, 0, 0)


def test_units_that_bend_at_one_point_agree_on_it():
    """In float64 the second layer's units would bend beside the knots of the first."""
    at = [Fraction(k, n) for n in (7, 11, 13, 49) for k in range(1, 7)]
    steep = [[float(x.denominator)] for x in at]
    first = stacked(([[1.0], *steep], [5.0, *(-float(x.numerator) for x in at)]))
    second = (
        [[n, *[0.0] * len(at)] for [n] in steep],
        [-float(x.numerator + 5 * x.denominator) for x in at],
    )
    ones = [[1.0] * len(at)], [0.0]
    net = nn.Sequential(first, nn.ReLU(), stacked(second, ones))
    parts = pieces(net, 0, 1)
    assert parts.knots == (0, *sorted(set(at)), 1)
    assert parts.slopes == tuple(sum(x.denominator for x in at if x < y) for y in parts.knots[1:])


def test_line_has_one_piece():
    parts = pieces(SequentialMLP(hidden_features=(), in_range=(-3, 7), out_range=(2, 9)), -1, 1)
    assert len(parts) == parts.most == 1
    assert parts.outside[0].slope == parts.outside[1].slope == parts.slopes[0]
    assert parts.outside[0].begins == -1


@pytest.mark.parametrize("name", ["numpy", "c"])
def test_written_code_is_the_network(trained_pieces, name, tmp_path):
    parts = trained_pieces["square"]
    x = np.linspace(-101 if name == "c" else -100, 101 if name == "c" else 100, 3001)
    if name == "numpy":
        exec(parts.numpy(), space := {})
        y = space["network"](x)
    elif not (compiler := shutil.which("gcc")):
        pytest.skip("there is no gcc")
    else:
        (tmp_path / "net.c").write_text(parts.c())
        strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]
        subprocess.run(
            [compiler, *strict, "-o", tmp_path / "net.so", tmp_path / "net.c"], check=True
        )
        function = ctypes.CDLL(tmp_path / "net.so").network
        function.argtypes, function.restype = [ctypes.c_double], ctypes.c_double
        y = np.array([function(value) for value in x])
    net, inside = load_pretrained("square").double(), abs(x) <= 100
    expected = net(torch.tensor(x)[:, None]).detach().numpy()[:, 0]
    np.testing.assert_allclose(y[inside], expected[inside], rtol=0, atol=1e-10)
    np.testing.assert_allclose(y, expected, rtol=0, atol=5)  # the last pieces go on


weights = st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.0, 0.1, -0.3, 1e-30, -3e7]) | st.floats(
    -2, 2, width=32
)


@st.composite
def networks(draw):
    sizes = [1, *draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), 1]

    def table(rows, columns):
        return [[draw(weights) for _ in range(columns)] for _ in range(rows)]

    layers = [(table(out, given), table(1, out)[0]) for given, out in pairwise(sizes)]
    return stacked(*layers, dtype=draw(st.sampled_from([torch.float32, torch.float64])))


@settings(max_examples=25, deadline=None)
@given(networks(), st.lists(st.fractions(-3, 3, max_denominator=50), min_size=4, max_size=4))
def test_any_network_is_its_pieces(net, points):
    parts = pieces(net, -3, 3)
    assert all(a < b for a, b in pairwise(parts.knots))
    assert all(a != b for a, b in pairwise(parts.slopes))
    assert len(parts) <= parts.most
    for x in [*points, *parts.knots]:
        assert parts(x) == evaluated(net, x)
    for x, line in zip((-Fraction(10**400), Fraction(10**400)), parts.outside, strict=True):
        assert line.slope * x + line.intercept == evaluated(net, x)


@pytest.mark.parametrize(
    ("net", "ends", "said"),
    [
        (nn.Sequential(nn.Linear(2, 1)), (0, 1), "2 inputs"),
        (SequentialMLP(activation="tanh"), (0, 1), "network with tanh"),
        (SequentialMLP(out_activation="sigmoid"), (0, 1), "with sigmoid"),
        (nn.Sequential(nn.Linear(1, 3)), (0, 1), "has 3"),
        (SequentialMLP(hidden_features=(3000, 3000)), (0, 1), "at most 4,194,304 weights"),
        (HAT, (1, 1), "low=1 high=1"),
        (HAT, (float("-inf"), 1), "low=-inf"),
        (HAT, (0, float("nan")), "high=nan"),
    ],
)
def test_what_has_no_pieces_is_refused(net, ends, said):
    with pytest.raises(InputError, match=said):
        pieces(net, *ends)


def test_points_outside_are_refused():
    with pytest.raises(InputError, match="x = 4 is outside -1 to 3"):
        pieces(HAT, -1, 3)(4)
