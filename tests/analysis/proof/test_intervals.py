from fractions import Fraction

import numpy as np
import pytest
import torch
from mpmath import mp

from mlpzoo import InputError, SequentialMLP, load_pretrained
from mlpzoo.analysis.layers import layers_of
from mlpzoo.analysis.proof._elementary import exp_below_zero
from mlpzoo.analysis.proof.intervals import spans_of

from ..exact import CURVED, STRAIGHT, value


def test_exp_against_mpmath():
    x = -np.concatenate([10.0 ** np.linspace(-18, 2.83, 3000), np.log(2) / 2 * np.arange(1, 1900)])
    with mp.workdps(40):
        off = [
            abs(mp.mpf(e) / mp.exp(mp.mpf(v)) - 1)
            for v, e in zip(x, exp_below_zero(x), strict=True)
        ]
    assert max(off) < 4 * 2**-53  # it states 8
    assert exp_below_zero(np.array([0.0, -0.0])).tolist() == [1, 1]
    assert 0 < exp_below_zero(np.array([-700.0, -1e300])).max() < 1e-299


@pytest.mark.parametrize("activation", [*STRAIGHT, *CURVED])
@pytest.mark.parametrize("width", [0, 1e-15, 0.3])
def test_spans_hold_the_exact_value(activation, width):
    for seed in (0, 3):
        net = SequentialMLP(
            in_features=2, hidden_features=(3, 3), activation=activation, out_activation=activation,
            in_range=((-3, 10), (0, 1)) if seed % 2 else None,
            out_range=(0, 0.1) if seed % 2 else None,
        )  # fmt: skip
        torch.manual_seed(seed)
        for p in net.parameters():
            torch.nn.init.normal_(p, std=3.0**seed / 3)
        layers, draw = layers_of(net), np.random.default_rng(seed)
        low = draw.uniform(-3, 3, (8, 2)) * 3.0 ** draw.integers(-5, 5)
        high = low + width * np.abs(low)
        last = spans_of(layers, low, high)[-1]
        for place, x in enumerate(draw.uniform(low, high)):
            with mp.workdps(60):
                y = value(layers, [Fraction(v) for v in x.tolist()])["y"]
                assert last.low[place, 0] <= y <= last.high[place, 0]
        if activation != "step" and not width:
            np.testing.assert_allclose(last.low, last.high, rtol=1e-11, atol=1e-11)


def test_coarse_numbers_are_exact():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0.25]])
    last = spans_of(layers_of(load_pretrained("xor-exact")), x, x)[-1]
    assert last.low[:, 0].tolist() == last.high[:, 0].tolist() == [0, 1, 1, 0, 0.75]


def test_activation_that_is_not_known_is_named():
    layers = layers_of(SequentialMLP(in_features=2, activation="mish"))
    with pytest.raises(InputError, match="activation mish; it may be identity, step"):
        spans_of(layers, np.zeros((1, 2)), np.ones((1, 2)))
