import pytest
import torch
from lightning.pytorch import Trainer

from mlpzoo import GateDataModule, LitGate, Population, get_exercise, list_exercises
from mlpzoo.nets.initialization import INITIALIZATIONS, ROTATION_GAINS, initialize
from mlpzoo.population.data import data_of_seeds
from mlpzoo.population.members.kinds import StackedMembers
from mlpzoo.population.members.starts import Starts

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
    counted, asked = made(lambda seed: LitGate(initialization=initialization, gain=3.0, seed=seed))
    check_equal(Starts(counted, SEEDS, alike=True), counted)
    assert len(asked) == 2 + len(SEEDS)  # two of its own


@pytest.mark.parametrize("hidden", [None, (70, 33)])
@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_starts_that_are_drawn_at_once_are_those_of_single_modules(initialization, hidden, gain):
    def make(seed):
        given = {"initialization": initialization, "hidden_features": hidden, "gain": gain}
        return LitGate(**given, seed=seed)

    seeds = range(5, 105)
    together = Starts(make, seeds, alike=True).weights()
    for index in (0, 1, 50, 99):
        own = dict(make(seeds[index]).named_parameters())
        assert own.keys() == together.keys()
        for name, value in own.items():
            assert torch.equal(together[name][index], value)


@pytest.mark.parametrize("shape", [(2, 2), (1, 70), (70, 33)])
def test_rotation_starts_as_torch_draws_an_orthogonal_matrix(shape):
    net, expected = torch.nn.Linear(*shape[::-1]), torch.empty(shape)
    for seed in (0, 3):
        initialize(net, "rotation", seed)
        generator = torch.Generator().manual_seed(seed)
        torch.nn.init.orthogonal_(expected, gain=ROTATION_GAINS[0], generator=generator)
        assert torch.equal(net.weight, expected)


@pytest.mark.parametrize(
    ("settings", "made"), [({}, 8), ({"shuffle": True}, 100), ({"gate": "and"}, 8)]
)
def test_data_whose_seed_changes_nothing_is_made_once_for_all(settings, made):
    count = []

    def make(seed):
        count.append(seed)
        return GateDataModule(seed=seed, **settings)

    data = data_of_seeds(make, range(100))
    of_all = {id(data(seed)) for seed in range(100)}
    assert len(of_all) == (1 if made < 100 else 100)
    assert len(set(count)) <= made + 1
    if made == 100:
        assert [data(seed).seed for seed in range(100)] == [*range(100)]


def test_frozen_layer_of_stacked_members_stays_as_it_was(quiet):
    def make(seed):
        module = LitGate(seed=seed)
        module.net.layer2.requires_grad_(False)
        return module

    population = Population(make, lambda seed: GateDataModule(block_steps=10), range(3))
    assert isinstance(population.module.members, StackedMembers)
    Trainer(max_steps=20, **quiet).fit(population.module, datamodule=population.data)
    for seed in range(3):
        ours, start = population.member(seed, best=False), make(seed)
        assert torch.equal(ours.net.layer2.weight, start.net.layer2.weight)
        assert not torch.equal(ours.net.layer1.weight, start.net.layer1.weight)


@pytest.mark.parametrize("gain", [0.25, 16.0, 100.0])
def test_members_are_stacked_whatever_the_size_of_their_weights(gain):
    population = Population(
        lambda seed: LitGate(gain=gain, seed=seed), lambda seed: GateDataModule(), range(3)
    )
    assert isinstance(population.module.members, StackedMembers)


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
