import numpy as np
import pytest
from torch import nn

from mlpzoo import (
    GateDataModule,
    InputError,
    LinearDataModule,
    MinMaxDataModule,
    SequentialMLP,
    certify,
    get_exercise,
    get_pretrained,
    load_pretrained,
)
from mlpzoo.data import ExpressionDataModule


@pytest.mark.parametrize("name", ["sin", "square"])
def test_manifest_has_what_is_proved_of_functions(name):
    record = get_pretrained(name)
    proved = certify(load_pretrained(name), get_exercise(name))["y"]
    assert proved.bound == pytest.approx(record.proved["max_error"], rel=1e-9)
    assert record.errors["max_error"] < proved.bound  # the grid misses the worst place
    assert 0 < proved.rounding < 0.02 * proved.bound


def test_heads_are_proved_by_their_names():
    proved = certify(load_pretrained("minmax-exact"), MinMaxDataModule(low=-5.0, high=8.0))
    assert set(proved) == {"max", "min"}
    assert all(one.bound < 1e-10 and one.complete for one in proved.values())


def test_rows_of_a_gate_are_proved_by_their_bits():
    net = load_pretrained("xor-lecture")
    rows = certify(net, GateDataModule(gate="xor"))
    assert list(rows) == ["00", "01", "10", "11"]
    logits = [-20.511928, 16.647582, 16.649724, -20.509445]  # the lecture's
    wrong = 1 / (1 + np.exp(np.abs(logits)))
    np.testing.assert_allclose([row.bound for row in rows.values()], wrong, rtol=1e-5)
    others = certify(net, GateDataModule(gate="xnor"))
    assert all(row.attained > 0.999 for row in others.values())


def test_what_a_network_gives_may_be_said():
    net = SequentialMLP(in_features=2, hidden_features=(), initialization="zeros")
    rows = certify(net, GateDataModule(gate="and"), gives="logit")
    assert [row.bound for row in rows.values()] == pytest.approx([0.5] * 4)


def test_another_function_and_range_may_be_given():
    net = SequentialMLP(hidden_features=(), initialization="zeros")
    assert certify(net, "exp(x)", low=-1, high=1)["y"].bound == pytest.approx(np.e, rel=0.01)
    narrow = certify(load_pretrained("sin"), get_exercise("sin").data(), low=-1, high=1)["y"]
    assert narrow.bound < get_pretrained("sin").proved["max_error"]


def test_data_of_a_function_have_a_range_for_each_input():
    data = ExpressionDataModule(function="max(x1, x2)**2", ranges=((0, 1), (0, 2)))
    net = SequentialMLP(in_features=2, hidden_features=(4,), activation="tanh", in_range=(0, 2))
    found = certify(net, data)["y"]
    x, y = data.rows_of("test")
    sampled = (net.double()(x.double()) - y).abs().max().item()
    assert sampled * (1 - 1e-6) <= found.bound <= 1.01 * found.attained
    assert 0 < found.rounding < 1e-5
    narrow = certify(net, data, ranges=((0, 1), (0, 1)))["y"]
    assert narrow.bound < found.bound / 2


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_below_answers_a_question_alone(activation):
    net = SequentialMLP(hidden_features=(8, 8), activation=activation, in_range=(-3, 3), seed=2)
    full = certify(net, "sin(3*x)", low=-3, high=3, gap=1e-6)["y"]
    for limit in (1.3 * full.bound, 0.7 * full.bound):
        found = certify(net, "sin(3*x)", low=-3, high=3, below=limit)["y"]
        assert found.complete
        assert (found.bound <= limit) == (limit > full.bound)
        assert (found.attained > limit) == (limit < full.bound)
        assert found.attained <= full.bound
        assert full.attained <= found.bound


@pytest.mark.parametrize(
    ("net", "function", "given", "said"),
    [
        ("linear", LinearDataModule(), {}, "LinearDataModule has no function that is known here"),
        ("sin", "sin(x)", {}, "give the range of x in sin"),
        ("sin", "sin(x)", {"low": 1, "high": 0}, "low=1 high=0"),
        ("sin", "sin(x)", {"low": 0, "high": 1, "gap": 0}, "gap must be above 0, got 0"),
        ("sin", "sin(x)", {"low": 0, "high": 1, "limit_s": -1}, "limit_s must be above 0, got -1"),
        ("sin", "sun(x)", {"low": 0, "high": 1}, "sun"),
        ("minmax", "x", {"low": 0, "high": 1}, "one input, not of 2"),
        ("minmax", "x1", {"low": 0, "high": 1}, "one output, and the network has 2"),
        ("sin", "sin(x)", {"ranges": [(0, 1), (0, 2)]}, "one input, and there are ranges of 2"),
        ("xor", "x1*x2", {"ranges": [(0, 1)]}, "2 inputs, and there are ranges of 1"),
        ("sin", "sin(x)", {"ranges": [(0, 1)], "low": 0}, "ranges, or low and high"),
        ("sin", "sin(x)", {"ranges": [(1, 0)]}, "low=1 high=0"),
        ("minmax", MinMaxDataModule(), {"ranges": [(0, 1), (0, 2)]}, "over one range for both"),
        ("xor", GateDataModule(), {"below": 0.1}, "below goes with a function that is known as"),
        ("sin", "sin(x)", {"low": 0, "high": 1, "below": 0}, "below must be above 0, got 0"),
        ("sin", MinMaxDataModule(), {}, "two heads"),
        (
            nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.Linear(2, 1)),
            GateDataModule(),
            {"gives": "logit"},
            "activation gelu",
        ),
        (nn.Sequential(nn.Linear(3, 1)), GateDataModule(table="00000001"), {}, "1 or 2 inputs"),
    ],
)
def test_what_cannot_be_proved_is_refused_by_name(net, function, given, said):
    net = load_pretrained(net) if isinstance(net, str) else net
    with pytest.raises(InputError, match=said):
        certify(net, function, **given)
