"""Optimizers say what they need, and no other room knows one by its name."""

from pathlib import Path

import pytest
from torch import optim

import mlpzoo
from mlpzoo import InputError, LevenbergMarquardt
from mlpzoo.optim.factory import OPTIMIZERS, needs_of
from mlpzoo.optim.needs import Needs, declared_needs

SOURCE = Path(mlpzoo.__file__).parent


def test_no_code_outside_the_room_asks_for_the_name_of_an_optimizer():
    named = (
        '== "levenberg"',
        '!= "levenberg"',
        '"lbfgs"',
        '"adafactor"',
        "LBFGS",
        "isinstance(opt",
    )
    for path in SOURCE.rglob("*.py"):
        if path.parent.name != "optim":
            assert not any(name in path.read_text() for name in named), path


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_optimizer_of_torch_needs_nothing_but_gradients(name):
    if name != "levenberg":
        needs = needs_of(name)
        assert needs.gradients
        assert not needs.module
        assert needs.lr is None
        assert needs.blocks == (name != "lbfgs")


def test_what_a_class_declares_is_believed():
    class Own(optim.SGD):
        needs = Needs(blocks=False)

    assert not declared_needs(Own).blocks
    assert declared_needs(optim.SGD).blocks
    assert declared_needs(LevenbergMarquardt).module


def test_unknown_optimizer_is_named():
    with pytest.raises(InputError, match="did you mean 'adam'"):
        needs_of("adm")
