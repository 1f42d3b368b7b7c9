"""Members that are diagnosed together fail for the reasons that each fails for alone."""

import math

import pytest
import torch
from torch import nn

from mlpzoo import (
    GateDataModule,
    LinearDataModule,
    LitPerceptron,
    LitSequentialMLP,
    Population,
    SinDataModule,
    diagnose,
)
from mlpzoo.population.members import failures as room
from mlpzoo.population.members.kinds import SeparateMembers, StackedMembers

PLATEAUS = [(-5, 5, 0, 0), (-5, 0.69, 0.69, 0.69), (0, 0, 0, 0), (-3, 2, 1, -1), (5, 0, 0, -5)]


def gate(seed, **settings):
    given = {"in_features": 2, "hidden_features": (8,), "activation": "tanh", "task": "gate"}
    return LitSequentialMLP(**{**given, "loss": "bcewithlogits", "seed": seed, **settings})


def on_plateau(seed, **settings):
    """A network whose last layer is solved for the logits of a plateau; every sixth is spoilt."""
    module = gate(seed, **settings)
    first, _, last = module.net.layers
    with torch.no_grad():
        hidden = first(GateDataModule().grid(2)[0]).tanh()
        logits = torch.tensor(PLATEAUS[seed % len(PLATEAUS)])
        last.weight.copy_(torch.linalg.lstsq(hidden, (logits - last.bias).unsqueeze(1))[0].T)
        if seed % 6 == 5:
            last.bias.fill_(math.nan)
    return module


def spoilt(module, name, value):
    with torch.no_grad():
        module.get_parameter(name).fill_(value)
    return module


def deep(seed):
    return gate(seed, hidden_features=(2,) * 10, activation="sigmoid")


def line(seed, **settings):
    given = {"hidden_features": (), "optimizer": "sgd", "reduction": "sum", "lr": 1e-3}
    return LitSequentialMLP(**{**given, "seed": seed, **settings})


def points(seed):
    return LinearDataModule(seed=seed, num_samples=20, batch_size=6)


def wave(seed, **settings):
    return LitSequentialMLP(hidden_features=(6, 6), seed=seed, **settings)


def stalled(seed):
    module = line(seed, lr=1e-12)
    a, b = points(seed).least_squares()
    return spoilt(spoilt(module, "net.layers.0.weight", a), "net.layers.0.bias", b)


def resting(seed):
    return spoilt(spoilt(LitPerceptron(seed=seed), "net.linear.weight", 1), "net.linear.bias", -1.5)


def xor(seed):
    return GateDataModule()


def drawn(seed):
    """Batches of which some members have more than others that are distinct."""
    return GateDataModule(shuffle=True, batch_size=1, seed=seed)


CASES = {
    "two patterns merged": (60, on_plateau, xor),
    "nothing learned": (12, lambda s: gate(s, initialization="zeros"), drawn),
    "learning rate too small": (12, lambda s: gate(s, lr=1e-7), drawn),
    "vanishing gradient": (10, deep, xor),
    "saturated sigmoids": (10, lambda s: spoilt(gate(s), "net.layers.0.bias", 30), xor),
    "dead ReLU units": (10, lambda s: spoilt(wave(s), "net.layers.0.bias", -99), SinDataModule),
    "wrong loss": (20, lambda s: line(s, loss="l1"), points),
    "learning rate too large": (20, lambda s: line(s, lr=1.0), points),
    "float32 stall": (10, stalled, points),
    "not finished": (10, wave, lambda seed: SinDataModule(seed=seed)),
    "diverged": (10, lambda s: spoilt(wave(s), "net.layers.0.bias", math.nan), SinDataModule),
    "not linearly separable": (10, lambda s: LitPerceptron(seed=s), xor),
    "at rest": (10, resting, lambda seed: GateDataModule(gate="and")),
}


def alone(population, index):
    step = int(population.module.lost_step[index])
    data = population.datasets[index]
    return diagnose(population.member(index), data, step=None if step < 0 else step).kind


@pytest.mark.parametrize("kind", CASES)
def test_members_fail_together_for_the_reason_that_each_fails_for_alone(kind, monkeypatch):
    count, make, data = CASES[kind]
    made = (lambda seed: data()) if data is SinDataModule else data
    population = Population(make, made, range(count))
    assert isinstance(population.module.members, StackedMembers)
    population.module.lost_step[count - 1] = 7
    monkeypatch.setattr(room, "diagnose", None)  # nobody is diagnosed alone
    found = population.failures(range(count))
    assert kind in found
    assert found == [alone(population, index) for index in range(count)]
    some = range(count - 1, 0, -3)
    monkeypatch.setattr(room, "_NUMBERS", 50_000)  # a few at a time
    assert population.failures(some) == [found[index] for index in some]


def test_members_side_by_side_are_diagnosed_one_by_one():
    population = Population(lambda seed: gate(seed, hidden_features=(70, 70)), xor, range(3))
    assert isinstance(population.module.members, SeparateMembers)
    assert population.failures(range(3)) == [alone(population, index) for index in range(3)]


class Scalar(LitSequentialMLP):
    """A user's own whose loss is one for all members."""

    def losses(self, output, y):
        return {"loss": (output - y).square().sum()}


def test_members_without_losses_of_their_own_are_diagnosed_one_by_one():
    population = Population(
        lambda seed: Scalar(hidden_features=(4,), seed=seed), lambda seed: SinDataModule(), range(3)
    )
    assert isinstance(population.module.members, StackedMembers)
    assert population.failures([2]) == [alone(population, 2)]
    assert population.failures(range(3)) == [alone(population, index) for index in range(3)]


class Hidden(LitSequentialMLP):
    """A user's own that cannot be measured on a grid."""

    def answer(self, x):
        if x.shape[-2] > 50:
            raise RuntimeError("too many\nrows")
        return super().answer(x)


def test_member_that_cannot_be_diagnosed_says_why():
    population = Population(
        lambda seed: Hidden(hidden_features=(4,), seed=seed), lambda seed: SinDataModule(), range(2)
    )
    assert population.failures([0, 1]) == ["not diagnosed: too many rows"] * 2


def test_diagnosis_leaves_members_as_they_are():
    population = Population(on_plateau, xor, range(12))
    before = [each.clone() for each in population.module.best.parameters()]
    population.failures(range(12))
    for ours, theirs in zip(population.module.best.parameters(), before, strict=True):
        assert torch.equal(ours.nan_to_num(), theirs.nan_to_num())
        assert isinstance(ours, nn.Parameter)
        assert ours.grad is None
