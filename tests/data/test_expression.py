import math
import pickle

import pytest
import torch
from mpmath import iv
from mpmath.ctx_iv import MPIntervalContext

from mlpzoo import Expression, InputError

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
        ("x1 + 1", "unknown name 'x1'"),
        ("y + 1", "unknown name 'y'; known: x, pi, e, in 'y \\+ 1'"),
        ("sni(x)", "did you mean 'sin'"),
        ("x^2", r"write \*\* for \^"),
        ("2x", "not a formula at character 1; write it as 2"),
        ("", "not a formula"),
        ("x\0", "not a formula"),
        ("min(x)", "min takes 2 arguments, got 1"),
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
    ("text", "said"), [("log(x)", "log of a number"), ("sqrt(x)", "sqrt of a number below 0")]
)
def test_interval_without_a_value_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        Expression(text)(iv.mpf([-2, -1]))
    assert Expression(text)(iv.mpf([-2, 1])).delta == math.inf
