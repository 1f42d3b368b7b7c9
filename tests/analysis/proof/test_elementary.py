import numpy as np
import pytest
from mpmath import mp

from mlpzoo.analysis.proof import _elementary as of

UNIT = 2.0**-53
WIDE = np.concatenate([sign * 10.0 ** np.linspace(-18, 2.8, 700) for sign in (-1, 1)])
TURNS = np.concatenate([WIDE * 1000, np.pi / 4 * np.arange(-600, 600), [-1048575.9, 0.0]])


@pytest.mark.parametrize(
    ("ours", "exact", "x", "size", "limit"),
    [
        (of.exp, mp.exp, WIDE[np.abs(WIDE) < 690], 0, 16),
        (of.sigmoid, lambda x: 1 / (1 + mp.exp(-x)), WIDE, 0, 16),
        (of.tanh, mp.tanh, WIDE, 1, 16),
        (lambda x: of.sin_cos(x)[0], mp.sin, TURNS, 1, 8),
        (lambda x: of.sin_cos(x)[1], mp.cos, TURNS, 1, 8),
        (of.log, mp.log, np.exp(np.linspace(-600, 600, 2001)), 1, 80),
        (of.atan, mp.atan, WIDE, 1, 80),
    ],
    ids=["exp", "sigmoid", "tanh", "sin", "cos", "log", "atan"],
)  # fmt: skip
def test_values_against_mpmath(ours, exact, x, size, limit):
    with mp.workdps(40):
        pairs = [(exact(mp.mpf(float(v))), y) for v, y in zip(x, ours(x), strict=True)]
        off = max(abs(mp.mpf(float(y)) - true) / (abs(true) + size) for true, y in pairs)
    assert off < limit * UNIT  # half of what they state, or less


def test_what_has_no_value_is_none():
    with np.errstate(all="ignore"):
        assert np.isnan(of.log(np.array([-1.0, 0.0, np.nan]))).all()
        assert np.isnan(of.sin_cos(np.array([1e7, np.inf, np.nan]))).all()
        assert of.exp(np.array([691.0, np.inf])).tolist() == [np.inf] * 2
        assert np.isnan(of.exp(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("near", "exact"),
    [
        (of.near_tanh, mp.tanh),
        (of.near_softplus, lambda x: mp.log(1 + mp.exp(x))),
        (of.near_exp, mp.exp),
        (of.near_log, mp.log),
        (of.near_sqrt, mp.sqrt),
        (of.near_inverse, lambda x: 1 / x),
        (of.near_atan, mp.atan),
        (lambda z: of.near_wave(False, z), mp.sin),
        (lambda z: of.near_wave(True, z), mp.cos),
    ],
)
@pytest.mark.parametrize("ends", [(-3, -2.5), (-1, 0.25), (0.5, 0.75), (1, 4), (2, 2)])
def test_derivatives_against_mpmath(near, exact, ends):
    low, high = ends
    if (low < 0 and exact in (mp.log, mp.sqrt)) or (low * high < 0 and near is of.near_inverse):
        pytest.skip("it has no value there")
    z = np.array([low, (low + high) / 2, high])
    found = near(z)
    for order, value in enumerate(found.taylor):
        assert value == pytest.approx(float(mp.diff(exact, z[1], order)) / mp.factorial(order))
    at = np.linspace(low, high, 41)
    third = [abs(float(mp.diff(exact, x, 3))) / 6 for x in at]
    assert max(third) * (1 - 1e-9) <= found.third <= 3 * max(third) + 0.34
    slopes = [float(mp.diff(exact, x)) for x in at]
    assert all(0 <= found.slope / slope <= 1 + 1e-9 for slope in slopes if found.slope)
