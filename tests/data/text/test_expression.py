import math
import pickle

import pytest
import torch
from mpmath import iv
from mpmath.ctx_iv import MPIntervalContext

from mlpzoo import Expression, InputError
from mlpzoo.data.text.expression import Intervals

KNOWN = {  # an expression in Python, which reads one as we do
    "sin(x)*exp(-x/5)": lambda x: math.sin(x) * math.exp(-x / 5),
    "-x**2 + 2": lambda x: -(x**2) + 2,
    "x - 1 - 2": lambda x: x - 1 - 2,
    "2**x**2": lambda x: 2**x**2,
    "x / 2 / 3": lambda x: x / 2 / 3,
    "tanh(x) + tan(x) - cos(x)": lambda x: math.tanh(x) + math.tan(x) - math.cos(x),
    "sqrt(abs(x) + 1) * log(x + 4)": lambda x: math.sqrt(abs(x) + 1) * math.log(x + 4),
    "min(x, 0.3) + max(x, pi) - e": lambda x: min(x, 0.3) + max(x, math.pi) - math.e,
    "+.5e1 * Sin(2*PI*X)": lambda x: 5 * math.sin(2 * math.pi * x),
    "(x + 4)**-2 + (x + 4)**0.5": lambda x: (x + 4) ** -2 + (x + 4) ** 0.5,
    "asin(x/4) - acos(x/4)": lambda x: math.asin(x / 4) - math.acos(x / 4),
    "sinh(x) * cosh(x) + atan(x)": lambda x: math.sinh(x) * math.cosh(x) + math.atan(x),
    "log10(x + 4)": lambda x: math.log10(x + 4),
    "max(x, 0.1, -x) - min(1, x, 2, 3)": lambda x: max(x, 0.1, -x) - min(1, x, 2, 3),
    "3": lambda x: 3,
}


@pytest.mark.parametrize("text", KNOWN)
@pytest.mark.parametrize("x", [-1.25, 0.0, 0.7, 3.0])
def test_value_is_what_is_written(text, x):
    f, expected = Expression(text), KNOWN[text](x)
    assert f(x) == pytest.approx(expected, rel=1e-14, abs=1e-14)
    given = f(torch.tensor([[x], [x]], dtype=torch.float64))
    assert given.flatten().tolist() == [f(x), f(x)]
    narrow, around = f(iv.mpf(x)), f(iv.mpf([x - 0.01, x + 0.01]))
    assert expected in iv.mpf([narrow.a - 1e-12, narrow.b + 1e-12])
    assert narrow.delta < 1e-11
    assert narrow in around


def test_function_of_several_inputs_takes_its_columns():
    x = torch.tensor([[1.0, 2.0, 4.0], [-3.0, 0.5, 0.25]], dtype=torch.float64)
    for text, expected in (
        ("max(x1, x2)**2 / x3", lambda a, b, c: max(a, b) ** 2 / c),
        ("x3 * sin(x1)", lambda a, b, c: c * math.sin(a)),
    ):
        f, right = Expression(text), [expected(*row) for row in x.tolist()]
        assert f(x).shape == (2, 1)
        assert f(x).flatten().tolist() == right == [f(row) for row in x.tolist()]
        wide = f.compute(Intervals(iv), *(iv.mpf([v - 0.1, v + 0.1]) for v in x[0].tolist()))
        assert right[0] in wide
    assert Expression("x3*sin(x1)").inputs == ("x1", "x3")
    with pytest.raises(InputError, match=r"takes x1, x2 as columns, got the shape \(2, 3\)"):
        Expression("x1 + x2")(x)


@pytest.mark.parametrize("text", ["asin(x)", "acos(x)", "atan(3*x)", "sinh(x)", "cosh(x)"])
def test_interval_holds_what_a_function_takes_in_it_and_hardly_more(text):
    f, x = Expression(text), torch.linspace(-0.6, 0.9, 1001, dtype=torch.float64)
    found, y = f(iv.mpf([-0.6, 0.9])), f(x)
    low, high = y.min().item(), y.max().item()
    assert iv.mpf([low, high]) in found + iv.mpf([-1e-15, 1e-15])
    assert found.delta < high - low + 1e-6


def test_numbers_are_what_is_written():
    context = MPIntervalContext()
    context.prec = 200
    assert 0 in 10 * Expression("x + 0.1")(context.mpf(0)) - 1  # a tenth, not its float


def test_type_and_device_are_those_of_the_input():
    f = pickle.loads(pickle.dumps(Expression("min(x, 0.1) + pi")))
    assert f(torch.zeros(2)).dtype == torch.float32
    assert f(torch.zeros(2, device="meta")).device.type == "meta"
    (slope,) = torch.func.vmap(torch.func.grad(Expression("x**2")))(torch.tensor([3.0]))
    assert slope == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os')", "unknown function '__import__'"),
        ("x.real", "'x.real' cannot be used"),
        ("(lambda: x)()", "cannot be used"),
        ("[x for x in x]", "cannot be used"),
        ("sin(x, y=1)", "cannot be used"),
        ("sin(*x)", r"'\*x' cannot be used"),
        ("True", "'True' cannot be used"),
        ("2j * x", "'2j' cannot be used"),
        ("x < 1", "cannot be used"),
        ("x10 + 1", "unknown name 'x10'; did you mean 'x1'"),
        ("x + x2", "x and x2 are in one formula; call its inputs x1, x2"),
        ("y + 1", "unknown name 'y'; known: x, x1, .*, x9, pi, e, in 'y \\+ 1'"),
        ("sni(x)", "did you mean 'sin'"),
        ("x^2", r"write \*\* for \^"),
        ("2x", "not a formula at character 1; write it as 2"),
        ("", "not a formula"),
        ("x\0", "not a formula"),
        ("min(x)", "min takes two arguments or more, got 1"),
        ("sin(x, x)", r"sin takes one argument, got 2 in 'sin\(x, x\)'"),
        ("sin()", "sin takes one argument, got 0"),
        ("x / (1 - 1)", "divides by 0"),
        ("0**-1", "divides by 0"),
        ("0**-0.5", "divides by 0"),
        ("9**9**9", r"a power is at most 100, got '9\*\*9\*\*9'"),
        ("(((9**99)**99)**99)**99", "too large"),
        ("1e999", "1e999 is beyond float64"),
        ("1e-999", "1e-999 is beyond float64"),
        ("9" * 800, "too large"),
        ("x" + "+x" * 400, "more than 100 terms"),
        ("-" * 500 + "x", "more than 100 terms"),
        ("(" * 400 + "x" + ")" * 400, "not a formula"),
        ("x" * 1001, "at most 1000 characters, got 1001"),
    ],
)
def test_anything_else_is_refused_by_its_place(text, said):
    with pytest.raises(InputError, match=said) as caught:
        Expression(text)
    assert "\n" not in str(caught.value)


def test_large_powers_of_x_cost_nothing():
    f = Expression("((x**99)**99)**99 + 0e99999999")
    assert f(2.0) == math.inf


@pytest.mark.parametrize(
    ("text", "x", "said"),
    [("x2", 1.3, "'x2' takes x1, x2, got 1.3"), ("x", [1, 2], "'x' takes a number, got 1,2")],
)
def test_number_that_is_no_input_is_refused(text, x, said):
    with pytest.raises(InputError, match=said):
        Expression(text)(x)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x**0.5", "a power of a number that is not above 0"),
        ("log(x)", "log of a number"),
        ("sqrt(x)", "sqrt of a number below 0"),
        ("acos(x - 0.5)", "asin or acos of a number beyond -1 to 1"),
    ],
)
def test_interval_without_a_value_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        Expression(text)(iv.mpf([-2, -1]))
    assert Expression(text)(iv.mpf([-2, 1])).delta == math.inf


def test_power_of_an_interval_at_0_is_0():
    for text in ("max(x, 0)**0.5", "max(x, 0)**1.5"):
        assert Expression(text)(iv.mpf([-2, -1])) == 0
        assert Expression(text)(iv.mpf([-2, 1])) == iv.mpf([0, 1])
