"""What the notes print and what is right: every number is computed anew."""

import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import FourLayerXOR, get_exercise, get_pretrained
from mlpzoo.cli.by_hand.slips import slips_of
from tests.published import INPUTS, LOGITS, WEIGHTS

POINTS = ((2, 4), (4, 7), (8, 8))
STEPS, LR = 50_000, 0.001


def told(begins):
    (slip,) = [slip for slip in slips_of() if slip.what.startswith(begins)]
    return slip


def cost(a, b, points=POINTS):
    return sum((a * x + b - y) ** 2 for x, y in points)


def test_xor_is_1_where_the_inputs_differ():
    slip, rows = told("XOR"), [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert slip.printed.startswith("".join(str(int(a == b)) for a, b in rows))
    assert slip.right.startswith("".join(str(a ^ b) for a, b in rows))


def test_the_line_through_three_points():
    slip, points = told("The line through"), [(3, 5), (4, 6), (5, 7)]
    for line, b in ((slip.printed, 3), (slip.right, 2)):
        assert line == f"y = x + {b}, whose sum of squares is {cost(1, b, points)}"


def listing(a, b):
    gradient_a = gradient_b = 0.0
    for x, y in POINTS:
        gradient_a += 2 * (a * x + b - y) * x
        gradient_b += 2 * (a * x + b - y)
        a -= LR * gradient_a  # within the loop over the points
    return a, b - LR * gradient_b


def pseudo_code(a, b):
    gradient_b = sum(2 * (a * x + b - y) for x, y in POINTS)
    return a - LR * gradient_b, b - LR * gradient_b


def right(a, b):
    gradient_a = sum(2 * (a * x + b - y) * x for x, y in POINTS)
    return a - LR * gradient_a, pseudo_code(a, b)[1]


@pytest.mark.parametrize(
    ("begins", "slipped"), [("The listing subtracts", listing), ("The pseudo-code", pseudo_code)]
)
def test_where_the_descents_end(begins, slipped):
    for said, step in ((told(begins).printed, slipped), (told(begins).right, right)):
        # a step is an affine map of a, b, so that all together are a power of its matrix
        origin, *units = (np.array([*step(*at), 1]) for at in ((0, 0), (1, 0), (0, 1)))
        matrix = np.column_stack([*(unit - origin for unit in units), origin])
        a, b, _ = np.linalg.matrix_power(matrix, STEPS)[:, 2]
        end = f"a = {a:.4f}, b = {b:.4f} after {STEPS} steps at {LR}, cost {cost(a, b):.4f}"
        assert said == end


def test_slope_of_the_sigmoid():
    z = torch.linspace(-9, 9, 1001, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(z.sigmoid().sum(), z)
    for said, bound in ((told("The slope").printed, 0.5), (told("The slope").right, slopes.max())):
        assert said.startswith(f"{bound:.4g}")
        assert f"four layers leave {bound**4:.4f} of" in said


def test_gradient_of_b1():
    weights, b1 = torch.tensor([[1.0, 1], [1, -1]]).double(), torch.zeros(2, requires_grad=True)
    h = (INPUTS.double() @ weights.T + b1.double()).sigmoid()
    off = h.sum(dim=1) - torch.tensor([0, 1, 1, 0])
    (gradient,) = torch.autograd.grad(off.square().sum(), b1)
    slip = told("d cost/d b1")
    assert f"= {gradient[0]:.6f}," in slip.right
    assert f"= {(2 * off * h[:, 0] ** 2).sum():.6f} " in slip.printed


def test_uniform_weights_are_no_xavier():
    slip = told("Weights and biases")
    for said, name in ((slip.printed, "uniform"), (slip.right, "xavier")):
        nets = [FourLayerXOR(initialization=name, seed=seed) for seed in range(50)]
        drawn = torch.cat([p.flatten() for net in nets for p in net.parameters() if p.ndim > 1])
        share = f"{(drawn < 0).float().mean():.0%} of them negative"
        assert said.startswith(f"weights from {drawn.min():.2f} to {drawn.max():.2f}, {share}")


def test_a_layer_left_out_changes_the_logits_alone():
    h, slip = INPUTS.double(), told("A forward pass")
    for weight, bias in WEIGHTS[:3]:
        h = nn.functional.linear(h, *(torch.tensor(v).double() for v in (weight, bias))).sigmoid()
    without = nn.functional.linear(h, *(torch.tensor(v).double() for v in WEIGHTS[4])).flatten()
    for said, logits in ((slip.printed, without.tolist()), (slip.right, LOGITS)):
        assert said.startswith("logits " + ", ".join(f"{logit:.3f}" for logit in logits))
        assert [logit > 0 for logit in logits] == [False, True, True, False]


def test_targets_of_max_written_over():
    data, slip = get_exercise("minmax").data(), told("The listing writes")
    off = (data.high - data.low) / 6**0.5  # E (x1 - x2)^2 of two uniform numbers is width^2 / 6
    assert slip.printed.endswith(f"RMSE {off:.2f}")
    assert slip.right.endswith(f" {get_pretrained('minmax').errors['max_head_rmse']:.2g}")


def test_each_exercise_has_its_own():
    assert [len(slips_of(name)) for name in ("", "perceptron", "minmax", "sin")] == [9, 0, 1, 0]
