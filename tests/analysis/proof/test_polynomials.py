from fractions import Fraction

import numpy as np
import pytest

from mlpzoo import Expression
from mlpzoo.analysis.proof._polynomials import Polynomials, constant, kinked
from mlpzoo.analysis.proof.curve import _context
from mlpzoo.data.text.expression import Intervals

ONE = [
    "sin(x)", "cos(9*x)", "tan(x/2)", "exp(3*x)", "log(x)", "sqrt(x)", "tanh(2*x)", "atan(x)",
    "asin(x/2)", "acos(x/2)", "sinh(x)", "cosh(x)", "abs(x - 1)", "min(x, x**2)", "max(x, 1/x)",
    "x**-3", "x**0", "x**7", "x**2.5", "x**x", "sin(x*x)/x - 3", "pi*x - e/3 + 0.1", "x/(1 + x)",
]  # fmt: skip
EXACT = Intervals(_context())  # 1e-30 wide
TWO = ["x1*x2 - x2**2", "max(x1, x2)**2", "sin(x1 + 2*x2)*exp(-x1)", "x1**x2", "sqrt(x1*x2)/x2"]


def over(low, high):
    """The inputs as polynomials over one box."""
    low, high = np.array([low], float), np.array([high], float)
    centre = (low + high) / 2
    columns = []
    for axis in range(low.shape[1]):
        x = constant(centre[:, [axis]], low.shape[1])
        x.parts[1 + axis] = (high - centre)[:, [axis]]
        columns.append(x)
    return columns, centre[0], (high - centre)[0]


def value(model, s):
    """Its polynomial at s, exactly."""
    parts = [Fraction(float(part)) for part in model.parts[:, 0, 0]]
    s = [Fraction(float(each)) for each in s]
    pairs = [s[i] * s[j] for i in range(len(s)) for j in range(i, len(s))]
    return sum(part * by for part, by in zip(parts, [1, *s, *pairs], strict=True))


@pytest.mark.parametrize("text", [*ONE, *TWO])
@pytest.mark.parametrize("width", [0, 1e-7, 0.01, 0.5, 1])
def test_polynomial_and_rest_enclose_the_exact_value(text, width):
    f, draw = Expression(text), np.random.default_rng(1)
    inputs = len(f.inputs) if text in TWO else 1
    for low in draw.uniform(0.4, 1.0, (4, inputs)):
        columns, centre, radius = over(low, low + width)
        model = f.compute(Polynomials(inputs), *columns)
        rest, ends = Fraction(model.rest.item()), [Fraction(end.item()) for end in model.ends()]
        assert width > 0 or rest < 1e-12 * (1 + abs(model.constant.item()))
        for s in np.vstack([draw.uniform(-1, 1, (6, inputs)), np.ones((1, inputs))]):
            triples = zip(*(map(Fraction, part) for part in (centre, radius, s)), strict=True)
            true = f.compute(EXACT, *(EXACT.number(c + r * t) for c, r, t in triples))
            near = value(model, s)
            for low_end, high_end in ((near - rest, near + rest), ends):
                assert (true - EXACT.number(low_end)).b >= 0
                assert (EXACT.number(high_end) - true).b >= 0


@pytest.mark.parametrize("text", ["sin(x)*exp(-x)", "tanh(x)/x", "x**2.5", "x1*sin(x2)"])
def test_rest_falls_as_the_cube_of_the_width(text):
    f = Expression(text)
    inputs, rests = len(f.inputs), []
    for width in (0.02, 0.01):
        columns, *_ = over([0.7] * inputs, [0.7 + width] * inputs)
        rests.append(f.compute(Polynomials(inputs), *columns).rest[0, 0])
    assert 6 < rests[0] / rests[1] < 10


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x - 2)", "x**-0.5", "log(x)*x", "1/x**2"])
def test_box_with_a_pole_has_no_bound(text):
    (x,), *_ = over([-0.5], [1.0])
    with np.errstate(all="ignore"):
        assert np.isinf(Expression(text).compute(Polynomials(1), x).rest).all()


@pytest.mark.parametrize("text", ["sqrt(x)", "x**0.5", "x**1.5"])
def test_what_begins_at_zero_is_enclosed_where_it_has_a_value(text):
    (x,), *_ = over([-1.0], [3.0])
    with np.errstate(all="ignore"):
        model = Expression(text).compute(Polynomials(1), x)
    for s in np.linspace(-0.5, 1, 31):
        near = float(value(model, [s]))
        assert abs(near - Expression(text)(1 + 2 * s)) <= model.rest.item() < 6


def test_kink_is_held_between_two_lines():
    (x,), *_ = over([-1.0], [3.0])
    model = kinked(x)
    assert model.parts.ravel() == pytest.approx([1.125, 1.5, 0])  # 0.75 x, and 3/8 above it
    assert model.rest == pytest.approx(0.375)
    (x,), *_ = over([1.0], [3.0])
    assert kinked(x).parts.tolist() == x.parts.tolist()
