import math
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from mpmath import iv
from torch import nn

from mlpzoo import Expression, InputError, SequentialMLP, load_pretrained, pieces
from mlpzoo.analysis.proof._jets import Jet, Jets
from mlpzoo.analysis.proof.curve import bound_curve

CURVES = {"sin": ("sin(x)", 4.988732936076e-4), "square": ("x**2", 0.3077486479043317)}
SMALL = SequentialMLP(hidden_features=(8, 8), in_range=(-2, 3), out_range=(-1, 2), seed=1)


def sampled(net, text, low, high, count=20_001):
    """The largest error on a dense grid, in float64: that of float32 is above the real one."""
    x = torch.linspace(low, high, count, dtype=torch.float64)
    with torch.no_grad():
        y = deepcopy(net).double()(x[:, None])[:, 0]
    return (y - Expression(text)(x)).abs().max().item()


@pytest.mark.parametrize("name", CURVES)
def test_proved_error_of_the_trained_curves(trained_pieces, name):
    text, known = CURVES[name]
    proved = bound_curve(trained_pieces[name], Expression(text))
    assert proved.bound == pytest.approx(known, rel=1e-9)
    assert 0 <= proved.gap < 1e-9
    (x,) = proved.where
    net = load_pretrained(name).double()
    ends = trained_pieces[name].knots
    assert sampled(net, text, float(ends[0]), float(ends[-1])) <= proved.bound
    error = abs(net(torch.tensor([[x]], dtype=torch.float64)).item() - Expression(text)(x))
    assert error == pytest.approx(proved.attained, rel=1e-8)


def test_parabola_is_as_close_as_fractions_say(trained_pieces):
    parts = trained_pieces["square"]
    pairs = [*zip(parts.knots, parts.values, parts.slopes, strict=False)]
    turns = [(s / 2, y + s * (s / 2 - x)) for x, y, s in pairs]  # where s x + t - x^2 is largest
    inside = [at for at, ends in zip(turns, pairwise(parts.knots), strict=True)
              if ends[0] < at[0] < ends[1]]  # fmt: skip
    largest = max(abs(y - x**2) for x, y in [*zip(parts.knots, parts.values, strict=True), *inside])
    proved = bound_curve(parts, Expression("x**2"), gap=0.01)  # found at once
    assert Fraction(proved.attained) <= largest <= Fraction(proved.bound)
    assert proved.bound == pytest.approx(float(largest), rel=1e-15)
    assert proved.attained == pytest.approx(float(largest), rel=1e-12)


def test_changed_weight_moves_the_bound():
    net = deepcopy(SMALL)
    before = bound_curve(pieces(net, -2, 3), Expression("sin(x)"))
    with torch.no_grad():
        net.layers[-1].bias.add_(math.copysign(0.125, before.bound))
        moved = [bound_curve(pieces(net, -2, 3), Expression("sin(x)")).bound]
        net.layers[-1].bias.sub_(0.25)
        moved.append(bound_curve(pieces(net, -2, 3), Expression("sin(x)")).bound)
    step = 0.125 * 1.5  # half of the range of the outputs
    assert max(moved) == pytest.approx(before.bound + step, rel=1e-6)


def test_bound_at_the_limit_is_valid():
    parts, f = pieces(SMALL, -2, 3), Expression("sin(4*x)")
    short, full = bound_curve(parts, f, gap=0, limit_s=1e-9), bound_curve(parts, f)
    assert short.attained <= full.bound
    assert 1.0001 * full.bound < short.bound < math.inf
    assert bound_curve(parts, f, gap=0.01).cells < full.cells
    endless = bound_curve(parts, Expression("sqrt(x**2 - 2*x/3 + 1/9)"), limit_s=0.1)
    assert endless.bound == math.inf
    assert not endless.complete


@pytest.mark.parametrize(
    "text",
    [
        "sin(x)*exp(-x/5)", "tanh(3*x)", "1/(1 + x**2)", "x**3 - x", "log(x + 3) - cos(5*x)",
        "sqrt(x + 2)", "(x + 2)**0.3", "abs(x - 1/3)", "min(sin(3*x), x/2)", "max(x, -x)**2",
        "tan(x/2.5)", "2**x", "e**(-x**2)*pi", "0.7", "max(x, 0)**0.5", "max(x, 0)**1.5",
        "sqrt(max(x, 0.1) - 0.1)", "(max(x, 0.1) - 0.1)**0.7",
    ],
)  # fmt: skip
def test_proved_is_above_and_close_to_sampled(text):
    proved = bound_curve(pieces(SMALL, -2, 3), Expression(text))
    assert proved.gap <= 1e-9
    least = sampled(SMALL, text, -2, 3, 200_001)
    assert least * (1 - 1e-9) <= proved.bound <= least * (1 + 1e-5)


def line(slope):
    net = nn.Sequential(nn.Linear(1, 1))
    nn.init.constant_(net[0].weight, slope)
    nn.init.zeros_(net[0].bias)
    return net


def test_largest_error_inside_a_piece():
    proved = bound_curve(pieces(line(1), 0, 1), Expression("x**2"))
    assert (proved.bound, proved.attained, proved.where) == (0.25, 0.25, (0.5,))
    proved = bound_curve(pieces(line(1), 0, 0.8), Expression("x**2"))
    assert proved.where == pytest.approx((0.5,))
    assert proved.cells == 3  # it is split where it turns


def test_network_that_is_the_function_has_no_error():
    for text in ("2*x", "2*x + abs(x) - abs(x)"):
        proved = bound_curve(pieces(line(2), -1, 1), Expression(text))
        assert proved.attained == 0 <= proved.bound < 1e-15


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1/x", "'1/x' is not finite near x = 0; take a range without it"),
        ("tan(x)", "not finite near x = 1.5708"),
        ("exp(1/x**2)", "not finite near x = "),
        ("log(x)", "'log\\(x\\)' has no value at x = -2, log of a number"),
        ("log(x + 2)", "has no value at x = -2"),
        ("sqrt(1 - x)", "has no value at x = "),
        ("x**0.5", "at x = -2, a power of a number that is not above 0"),
    ],
)
def test_function_that_is_not_finite_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        bound_curve(pieces(SMALL, -2, 3), Expression(text))


@pytest.mark.parametrize(("gap", "limit_s"), [(-1, 1), (math.nan, 1), (0.1, 0)])
def test_gap_and_limit_are_checked(gap, limit_s):
    with pytest.raises(InputError, match=r"gap|limit_s"):
        bound_curve(pieces(SMALL, -2, 3), Expression("x"), gap=gap, limit_s=limit_s)


@pytest.mark.parametrize(
    "text",
    [
        "sin(x)", "cos(x)", "tan(x)", "exp(x)", "log(x)", "sqrt(x)", "tanh(x)", "abs(x - 1)",
        "min(x, x**2)", "max(x, 1/x)", "x**-2", "x**0", "x**2.5", "x**x", "sin(x*x)/x - 3",
    ],
)  # fmt: skip
def test_jets_enclose_value_slope_and_bend(text):
    f = Expression(text)
    for low, high in ((0.5, 0.6), (0.9, 1.2), (1.0, 1.5)):
        jet = f.compute(Jets(iv), Jet(iv.mpf([low, high]), iv.mpf(1), iv.mpf(0)))
        for x in np.linspace(low, high, 7)[1:-1]:
            given = torch.tensor(x, requires_grad=True)
            slope = torch.autograd.grad(f(given), given, create_graph=True)[0]
            bend = torch.autograd.grad(slope, given)[0] if slope.requires_grad else slope * 0
            for part, number in zip(
                (jet.value, jet.slope, jet.bend), (f(given), slope, bend), strict=True
            ):
                near = 1e-12 * (1 + abs(number.item()))
                assert part.a <= number.item() + near
                assert number.item() - near <= part.b
