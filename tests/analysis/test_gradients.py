import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import (
    InputError,
    SequentialMLP,
    backpropagate,
    from_weights,
    load_pretrained,
)
from mlpzoo.analysis.by_hand.chain import chain_of
from mlpzoo.analysis.by_hand.slopes import IN_WORDS
from tests.published import HIDDEN, INPUTS, LOGITS

POINTS = [[2], [4], [8]], [4, 7, 8]
XOR = INPUTS.numpy(), [0, 1, 1, 0]
NINE = ["w11", "w21", "b1", "w12", "w22", "b2", "v1", "v2", "b"]


def test_lectures_line():
    found = backpropagate(from_weights([0, 0], steps_out=False), *POINTS)
    gradients = {name: one.gradient for name, one in found.parameters.items()}
    assert (found.cost, gradients) == (129, {"a": -200, "b": -38})
    after = found.step(0.001)
    assert [one.value for one in after.parameters.values()] == [0.2, 0.038]
    assert after.cost == pytest.approx(91.133132, abs=1e-9)


def test_published_hidden_outputs_and_logits():
    found = backpropagate(load_pretrained("xor-lecture"), *XOR)
    np.testing.assert_allclose(np.swapaxes(found.h[:-1], 0, 1), HIDDEN, atol=6e-7)
    np.testing.assert_allclose(found.output, LOGITS, atol=2e-6)


@pytest.mark.parametrize("activation", IN_WORDS)
@pytest.mark.parametrize("hidden", [(), (2,), (11,), (3, 2), (2, 11, 2)])
@pytest.mark.parametrize(("scaled", "reduction"), [(False, "sum"), (True, "mean")])
def test_gradients_are_those_of_autograd_and_the_products_of_their_factors(
    activation, hidden, scaled, reduction
):
    ranges = {"in_range": ((-1, 5), (0, 3)), "out_range": (-2, 7)} if scaled else {}
    net = SequentialMLP(
        in_features=2, hidden_features=hidden, activation=activation,
        out_activation=activation if scaled else "identity", seed=len(hidden), **ranges,
    ).double()  # fmt: skip
    x, y = np.random.default_rng(1).normal(size=(2, 6, 2))
    found = backpropagate(net, x, y[:, 0], reduction=reduction)
    loss = nn.MSELoss(reduction=reduction)(net(torch.tensor(x))[:, 0], torch.tensor(y[:, 0]))
    loss.backward()
    linear = [part for part in net.modules() if isinstance(part, nn.Linear)]
    rows = [torch.column_stack([each.weight.grad, each.bias.grad]) for each in linear]
    theirs = torch.cat([each.flatten() for each in rows]).numpy()
    ours = [one.gradient for one in found.parameters.values()]
    np.testing.assert_allclose(ours, theirs, atol=1e-12 * max(1, abs(theirs).max()))
    assert found.difference <= 1e-12 * max(1, abs(theirs).max())
    assert found.cost == pytest.approx(loss.item())
    products = [np.prod([*chain_of(found, n).values()], axis=0).sum() for n in found.parameters]
    np.testing.assert_allclose(products, ours, atol=1e-12 * max(1, abs(theirs).max()))
    assert len(found.parameters) == found.layers.size


def test_cross_entropy_of_a_logit_and_its_step():
    net = load_pretrained("xor-lecture").double()
    found = backpropagate(net, *XOR)
    loss = nn.BCEWithLogitsLoss()(net(INPUTS.double())[:, 0], torch.tensor(XOR[1]).double())
    assert found.cost == pytest.approx(loss.item(), rel=1e-12)
    loss.backward()
    assert found.parameters["b"].gradient == pytest.approx(net.output_layer.bias.grad.item())
    assert found.step(1.0).cost < found.cost


def test_symbols_are_the_lectures():
    net = SequentialMLP(in_features=2, hidden_features=(2,), activation="sigmoid")
    found = backpropagate(net, *XOR)
    assert list(found.parameters) == NINE
    assert list(chain_of(found, "b")) == ["d cost/d y", "d y/d b"]
    assert list(chain_of(found, "W21")) == [
        "d cost/d y", "d y/d h1", "d h1/d z1", "d z1/d w21",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("net", "rows", "given", "said"),
    [
        (load_pretrained("minmax-exact"), XOR, {}, "one output, and this network has 2"),
        (nn.Sequential(nn.Linear(2, 1), nn.GELU()), XOR, {}, "slope of gelu is not known here"),
        (nn.Linear(2, 1), XOR, {}, "Linear are not known"),
        (from_weights([1, 1, 1]), POINTS, {}, r"x must be \(rows, 2\), .* got \(3, 1\) and 3"),
        (from_weights([1, 1]), ([["a"]], [1]), {}, "rows must be numbers"),
        (from_weights([1, 1]), ([], []), {}, r"x must be \(rows, 1\)"),
        (from_weights([1, 1]), POINTS, {"loss": "l1"}, "unknown loss 'l1'"),
        (from_weights([1, 1]), POINTS, {"loss": "bcewithlogits"}, "takes a logit"),
        (from_weights([1, 1], steps_out=False), ([[1e300]], [1]), {}, "the cost is not finite"),
    ],
)
def test_what_cannot_be_told_is_one_line(net, rows, given, said):
    with pytest.raises(InputError, match=said):
        backpropagate(net, *rows, **given)


@pytest.mark.parametrize("lr", [0, -1, np.nan])
def test_rate_must_be_above_0(lr):
    with pytest.raises(InputError, match="lr must be above 0"):
        backpropagate(from_weights([1, 1]), *POINTS).step(lr)
