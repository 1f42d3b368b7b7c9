"""What the notes print and what is right: numbers from outside the code."""

import pytest
import torch

from mlpzoo.cli.by_hand.slips import slips_of
from tests.published import INPUTS, LOGITS, WEIGHTS

EXPECTED = [
    ("XOR is defined", (1, 0, 0, 1), (0, 1, 1, 0)),
    ("The line through", (1, 3, 3), (1, 2, 0)),
    ("The listing subtracts", (0.8648, 2.2703, 3.0275), (17 / 28, 3.5, 25 / 14)),
    ("The pseudo-code", (19 / 17, 19 / 17, 6.6505), (17 / 28, 3.5, 25 / 14)),
    ("The slope of the sigmoid", (0.5, 1 / 16), (0.25, 1 / 256)),
    ("d cost/d b1", (3.136408,), (0.971665,)),
    ("The listing writes", (100 / 6**0.5,), (0.0054343,)),
]  # fmt: skip


@pytest.fixture(scope="module")
def slips():
    return slips_of()


@pytest.mark.parametrize(("begins", "printed", "right"), EXPECTED)
def test_numbers_of_both(slips, begins, printed, right):
    (slip,) = [slip for slip in slips if slip.what.startswith(begins)]
    assert slip.printed_values == pytest.approx(printed, abs=1e-4)
    assert slip.right_values == pytest.approx(right, abs=1e-4)


def test_uniform_weights_are_no_xavier(slips):
    (slip,) = [slip for slip in slips if "xavier" in slip.what]
    (low, high, negative), xavier = slip.printed_values, slip.right_values
    assert 0 <= low < 0.02
    assert 0.98 < high <= 1
    assert negative == 0
    assert xavier == pytest.approx((-(2**0.5), 2**0.5, 0.5), abs=0.06)  # sqrt(6 / 3) at the output


def test_a_layer_left_out_changes_the_logits_alone(slips):
    (slip,) = [slip for slip in slips if slip.what.startswith("A forward pass")]
    assert slip.right_values == pytest.approx(LOGITS, abs=1e-5)
    h = INPUTS.double()
    for weight, bias in WEIGHTS[:3]:
        h = (h @ torch.tensor(weight).double().T + torch.tensor(bias).double()).sigmoid()
    weight, bias = WEIGHTS[4]
    logits = h @ torch.tensor(weight[0]).double() + bias[0]
    assert slip.printed_values == pytest.approx(logits.tolist(), abs=1e-5)
    assert "truth table is still right" in slip.printed


def test_each_exercise_has_its_own(slips):
    assert len(slips) == 9
    assert [len(slips_of(name)) for name in ("perceptron", "minmax", "sin")] == [1, 1, 0]
