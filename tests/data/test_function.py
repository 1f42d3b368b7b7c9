import math

import pytest
import torch

from mlpzoo import InputError
from mlpzoo.data import ExpressionDataModule, ExpressionSamples, SinSamples
from mlpzoo.data.sampling import SAMPLINGS

TWO = {"function": "max(x1, x2)**2", "ranges": ((0, 1), (-2, 2))}
THREE = {"function": "x1*x2 - exp(x3)", "ranges": ((0, 1), (0, 2), (-3, 3))}


def test_function_as_text_is_sampled_as_that_of_the_exercise():
    text, own = ExpressionSamples(seed=3), SinSamples(seed=3)
    assert text.names == ("x",)
    assert (text.low, text.high, text.title, text.expression) == (-10, 10, "sin(x)", "sin(x)")
    assert (text.val_points, text.test_points) == (own.val_points, own.test_points)
    for here, there in (
        (text.train_batch(5), own.train_batch(5)),
        (text.rows_of("test"), own.rows_of("test")),
    ):
        assert torch.equal(here[0], there[0])
        torch.testing.assert_close(here[1], there[1])


def test_defaults_of_samples_are_what_they_were():
    own = SinSamples(low=1, high=2)
    assert (own.ranges, own.names, own.title, own.bars) == (((1.0, 2.0),), ("x",), "", {})
    assert own.example.tolist() == [[1.0], [2.0]]
    for stage, points in (("val", own.val_points), ("test", own.test_points)):
        assert torch.equal(own.rows_of(stage)[0], own.grid(points)[0])


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("given", [TWO, THREE])
def test_each_input_fills_its_own_range(given, sampling):
    data = ExpressionDataModule(**given, sampling=sampling, batch_size=1000)
    low, high = torch.tensor(data.ranges).T
    x, y = data.train_batch(0)
    unit = (x - low) / (high - low)
    assert unit.min() >= 0
    assert unit.max() <= 1
    assert unit.amin(dim=0).max() < 0.01
    assert unit.amax(dim=0).min() > 0.99
    if sampling in ("closed", "even", "near"):
        assert torch.equal(torch.stack([x.amin(dim=0), x.amax(dim=0)]), torch.stack([low, high]))
    assert y.shape == (1000, 1)
    right = [max(a, b) ** 2 for a, b in x.tolist()] if given is TWO else [
        a * b - math.exp(c) for a, b, c in x.tolist()
    ]  # fmt: skip
    torch.testing.assert_close(y[:, 0], torch.tensor(right))


def test_grid_of_two_inputs_has_both_ends_of_each():
    x, y = ExpressionSamples(**TWO).grid(3)
    assert x[:, 0].tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1]
    assert x[:, 1].tolist() == [-2, 0, 2] * 3
    assert y[:, 0].tolist() == [0, 0, 4, 0.25, 0.25, 4, 1, 1, 4]


def test_many_inputs_are_validated_and_tested_on_other_rows():
    data = ExpressionSamples(**THREE)
    val, test = data.rows_of("val")[0], data.rows_of("test")[0]
    assert (len(val), len(test)) == (2**14, 2**16)
    for rows in (val, test):
        assert rows.amin(dim=0).tolist() == [0, 0, -3]
        assert rows.amax(dim=0).tolist() == [1, 2, 3]
    assert len(torch.cat([val, test]).unique(dim=0)) > 2**14 + 2**16 - 10
    few = ExpressionSamples(**THREE, val_points=4)
    assert len(few.rows_of("val")[0]) == 64


def test_bar_is_what_is_asked_or_a_hundredth_of_the_spread():
    assert ExpressionSamples(**TWO).bars == {"max_error": 0.04}
    assert ExpressionSamples(**TWO, within=1e-3).bars == {"max_error": 1e-3}


def test_data_module_is_built_again_from_what_it_keeps():
    data = ExpressionDataModule(**TWO, within=0.1)
    assert data.hparams.val_points is None
    again = ExpressionDataModule(**data.hparams)
    assert again.hparams == data.hparams
    assert torch.equal(again.train_batch(3)[1], data.train_batch(3)[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"function": "1/x"}, "'1/x' is not finite at x=0; change its ranges"),
        ({"function": "log(x1*x2)", "ranges": ((0, 1), (1, 2))}, "not finite at x1=0, x2=1;"),
        ({"function": "x**90", "ranges": (0, 100)}, "not finite at"),
        ({"function": "x**2", "ranges": ((0, 1), (0, 2))}, "is of x, and the ranges are of x1 and"),
        ({"function": "x1*x3", "ranges": ((0, 1),) * 3}, "of x1 and x3, and the ranges are of x1"),
        ({"function": "x1*x2"}, "is of x1 and x2, and the ranges are of x;"),
        ({"function": "3"}, "'3' is of no input"),
        ({"function": "x - x"}, "the same everywhere"),
        ({"ranges": 5}, "ranges must be pairs low,high, one an input, got 5"),
        ({"ranges": ((0, 1), 2)}, "each of ranges must be a pair low,high, got 2"),
        ({"ranges": (1, 0)}, "low=1 high=0"),
        ({"within": 0}, "within must be above 0, got 0"),
    ],
)
def test_what_cannot_be_learnt_is_named(given, said):
    with pytest.raises(InputError, match=said) as caught:
        ExpressionSamples(**given)
    assert "\n" not in str(caught.value)
