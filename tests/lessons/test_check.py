"""`mlpzoo.check`: what it says of answers that are none, whatever the exercise."""

import dataclasses
import itertools
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import mlpzoo
from mlpzoo.lessons import EXERCISES

OPEN = "Put your answer in place of the three dots."
WEIGHTS = torch.tensor([-0.5, -0.5, 0.75], requires_grad=True)
WRITTEN = EXERCISES[:12]  # whose checks are tested here; the others' stand with them


def test_a_verdict_is_its_text_and_true_where_the_answer_is_right(capsys):
    right, wrong = mlpzoo.check("rates-1", 0.2), mlpzoo.check("rates-1", 0.4)
    assert (bool(right), repr(right), right.text) == (True, "Right.", "Right.")
    assert not wrong
    assert repr(wrong) == wrong.text != "Right."
    assert capsys.readouterr().out == ""
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrong.right = True


@pytest.mark.parametrize("name", ["one_line-1", "one-line-1", "One_Line-1", "oneline1"])
def test_a_name_is_found_however_it_is_spelled(name):
    assert mlpzoo.check(name, 14)


@pytest.mark.parametrize("name", ["gates-3", "gate-1", "", "neurons", None, 3])
def test_an_unknown_exercise_is_refused_with_those_there_are(name):
    with pytest.raises(mlpzoo.InputError, match=r"unknown exercise .*gates-1.*seeds-2") as refusal:
        mlpzoo.check(name, 1)
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize("answer", [(), (...,), ((0.5, ...),), ([[1, ...], 2],)])
def test_three_dots_are_no_answer_yet(answer):
    assert repr(mlpzoo.check("gates-1", *answer)) == OPEN


def test_more_answers_than_asked_for_are_told():
    said = repr(mlpzoo.check("gates-1", -0.5, -0.5, 0.75))
    assert said == "Give one answer, its numbers in brackets, after the name (weights), not 3."


class Hostile:
    def __array__(self, *_, **__):
        raise RuntimeError("first line\nsecond line")


NO_ANSWERS = (
    None, "", "abc", "0.5 0.5", {}, {"w": 1}, [], [[]], [[1, 2], 3], 1j, float("nan"), float("inf"),
    [None, None], 10**400, print, Hostile(), np.zeros((3, 3, 3)), object, torch.tensor([]), b"1",
    [1] * 9, True,
)  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_an_answer_that_is_none_gets_one_plain_sentence(name):
    for answer in NO_ANSWERS:
        verdict = mlpzoo.check(name, answer)
        assert not verdict, answer
        assert 10 < len(verdict.text) < 520, answer
        assert "\n" not in verdict.text
        assert "Traceback" not in verdict.text


FORMS = {
    "list": [-0.5, -0.5, 0.75],
    "uneven": ((-0.5, -0.5), 0.75),
    "array": np.array([-0.5, -0.5, 0.75]),
    "tensor": WEIGHTS,
    "its entries": [*WEIGHTS],
    "some of them": (*WEIGHTS[:2], 0.75),
    "its parts": [WEIGHTS[:2], WEIGHTS[2]],
    "bfloat16": WEIGHTS.bfloat16(),
    "float16": [np.float16(-0.5), np.float16(-0.5), 1],
    "fractions": (Fraction(-1, 2), Decimal("-0.5"), np.longdouble(0.75)),
    "generator": (weight for weight in (-0.5, -0.5, 0.75)),
    "map": map(torch.nn.Parameter, WEIGHTS.detach()),
    "values": {"w1": -1, "w2": -1, "b": 2}.values(),
}


@pytest.mark.parametrize("answer", FORMS.values(), ids=FORMS)
def test_numbers_may_come_in_any_form(answer):
    assert mlpzoo.check("gates-1", answer)


def test_layers_may_hold_numbers_of_any_form():
    distance = [[(Fraction(1), -1, 0), torch.tensor([-1.0, 1, 0], requires_grad=True)], [[1, 1, 0]]]
    assert mlpzoo.check("minmax-1", distance)
    assert mlpzoo.check("minmax-1", iter(distance))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (0.2 + 0j, "(0.2+0j)"),
        (np.array([0.2 + 0j]), "[(0.2+0j)]"),
        (torch.tensor(0.5 + 0j), "(0.5+0j)"),
        (itertools.repeat(0.2), "[0.2, 0.2, "),
        ({0.2}, "{0.2}"),
        ({0.2: 1}, "{0.2: 1}"),
    ],
)
def test_what_is_no_real_number_is_refused_without_a_warning(answer, told, recwarn):
    said = repr(mlpzoo.check("rates-1", answer))
    assert said.startswith(f"Give one number (the rate), not {told}")
    assert not recwarn.list


@pytest.mark.parametrize("answer", ["0.2", ["0.2"], np.array(["0.2"])])
def test_texts_are_no_numbers(answer):
    said = repr(mlpzoo.check("rates-1", answer))
    assert said.startswith("Give one number (the rate), without quotes, not ")


@pytest.mark.parametrize("offset", [0.001, -0.001, 1e-9, torch.tensor(0.01)])
@pytest.mark.parametrize(("name", "count"), [("one_line-1", 14), ("square-2", 71), ("seeds-1", 13)])
def test_counts_are_exact(name, count, offset):
    assert mlpzoo.check(name, count)
    assert mlpzoo.check(name, torch.tensor(float(count)))
    assert "a whole number of " in repr(mlpzoo.check(name, count + offset))


def test_plain_numbers_load_no_torch():
    code = (
        "import sys, mlpzoo; mlpzoo.check; from mlpzoo.lessons._answers import numbers;"
        "numbers([1, 2.5], 'a', 'b'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
