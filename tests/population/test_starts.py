import pytest
import torch

from mlpzoo import GateDataModule, LitGate, Population, get_exercise, list_exercises
from mlpzoo.nets.initialization import INITIALIZATIONS
from mlpzoo.population.starts import Starts

SEEDS = [3, 0, 7, 12]


def made(make):
    """A maker of modules, and the seeds that it was asked for."""
    asked = []

    def each(seed):
        asked.append(seed)
        return make(seed)

    return each, asked


def check_equal(starts, make):
    for started, seed in zip(starts, SEEDS, strict=True):
        built = make(seed)
        assert started.hparams == built.hparams
        for name, value in built.state_dict().items():
            assert torch.equal(started.state_dict()[name], value)


@pytest.mark.parametrize("name", list_exercises())
def test_a_module_that_is_started_again_is_the_one_that_is_built(name):
    def make(seed):
        return get_exercise(name).module(seed=seed)

    counted, asked = made(make)
    check_equal(Starts(counted, SEEDS, alike=True), make)
    assert asked == [SEEDS[0], SEEDS[-1]]


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_every_start_is_drawn_as_the_constructor_does(initialization):
    def make(seed):
        return LitGate(initialization=initialization, seed=seed)

    check_equal(Starts(make, SEEDS, alike=True), make)


class Own(LitGate):
    def __init__(self, seed=0):
        super().__init__(seed=seed)
        torch.nn.init.constant_(self.net.layer1.bias, 0.5)


@pytest.mark.parametrize(
    ("make", "alike"),
    [
        (lambda seed: LitGate(seed=seed, lr=0.01 + seed), False),
        (lambda seed: LitGate(seed=0), True),  # of which the seed is not the member's
        (lambda seed: Own(seed=seed), True),  # which does more than draw a start
    ],
)
def test_others_are_built_one_by_one(make, alike):
    counted, asked = made(make)
    check_equal(Starts(counted, SEEDS, alike=alike), make)
    assert asked[-len(SEEDS) + 1 :] == SEEDS[1:]


def test_members_are_diagnosed_with_their_own_settings():
    rates = [1e-9, 1.0]
    population = Population(
        lambda seed: LitGate(initialization="uniform", lr=rates[seed], seed=seed),
        lambda seed: GateDataModule(),
        range(2),
    )
    assert [population.failure(index) == "learning rate too small" for index in (0, 1)] == [
        True,
        False,
    ]
