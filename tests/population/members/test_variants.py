"""Members of several settings in one population are those of a population of each."""

import pytest
import torch
from lightning.pytorch import Callback, Trainer

from mlpzoo import (
    GateDataModule,
    InputError,
    LinearDataModule,
    LitGate,
    LitPerceptron,
    LitSequentialMLP,
    Population,
    SinDataModule,
)
from mlpzoo.optim.kernels.lanes import LaneSteps
from mlpzoo.population.members.kinds import SeparateMembers, StackedMembers
from mlpzoo.population.members.variants import Variant, may_join

SETTINGS = {
    "sgd": ("cosine", [{"lr": 0.5}, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}]),
    "adam": ("onecycle", [{"lr": 0.01, "beta2": 0.9}, {"lr": 0.1, "weight_decay": 0.1}]),
    "adamw": ("linear", [{"lr": 0.1, "weight_decay": 0.5}, {"lr": 0.02, "beta2": 0.99}]),
}
STARTS = [{"initialization": "uniform"}, {"initialization": "centred"}]
DATA = [{"shuffle": True}, {"gate": "and"}]
KERNELS = ["numba", "torch"]
SEEDS = [range(3), range(2, 19)]  # of which the second fills more than a vector


def variant(seeds, kernel="torch", data=None, make=LitGate, **settings):
    def module(seed):
        made = make(seed=seed, **settings)
        made.kernel = kernel
        return made

    return Variant(
        module, lambda seed: GateDataModule(seed=seed, block_steps=7, **data or {}), seeds, True
    )


def variants(optimizer, kernel, make=LitGate, **settings):
    schedule, own = SETTINGS[optimizer]
    settings |= {"optimizer": optimizer, "schedule": schedule}
    return [
        variant(seeds, kernel, data, make, **settings, **start, **each)
        for seeds, data, start, each in zip(SEEDS, DATA, STARTS, own, strict=True)
    ]


def fit(population, quiet, steps=40, **settings):
    Trainer(max_steps=steps, val_check_interval=20, **quiet, **settings).fit(
        population.module, population.data
    )
    return population


def flat(module):
    return torch.cat([p.detach().flatten() for p in module.net.parameters()])


def wide(**settings):
    return LitGate(hidden_features=(64, 64), **settings)


@pytest.mark.parametrize(
    ("optimizer", "kernel", "make", "kind"),
    [
        *((name, kernel, LitGate, StackedMembers) for name in SETTINGS for kernel in KERNELS),
        ("adam", "torch", wide, SeparateMembers),
    ],
)
def test_member_is_that_of_a_population_of_its_setting(optimizer, kernel, make, kind, quiet):
    if kernel == "numba":
        pytest.importorskip("numba")
    every = variants(optimizer, kernel, make)
    joined, at = fit(Population.of(every), quiet), 0
    assert isinstance(joined.module.members, kind)
    assert len(joined) == sum(map(len, SEEDS))
    for each in every:
        alone = Population(each.make_module, each.make_data, each.seeds, alike=True)
        fit(alone, quiet)
        for index in (0, len(each.seeds) - 1):
            ours, theirs = (
                p.member(i, best=False) for p, i in ((joined, at + index), (alone, index))
            )
            assert ours.lr == theirs.lr
            if kernel == "numba" or kind is SeparateMembers:
                assert torch.equal(flat(ours), flat(theirs))
            else:
                torch.testing.assert_close(flat(ours), flat(theirs), rtol=1e-4, atol=1e-5)
            assert not torch.equal(flat(ours), flat(each.make_module(each.seeds[index])))
        at += len(each.seeds)


class Saves(Callback):
    """Saves a checkpoint in the middle of a fit."""

    def __init__(self, path):
        self.path = path

    def on_validation_end(self, trainer, module):
        if trainer.global_step == 20:
            trainer.save_checkpoint(self.path, weights_only=False)


@pytest.mark.parametrize("optimizer", SETTINGS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_members_of_several_settings_go_on_from_a_checkpoint(kernel, optimizer, quiet, tmp_path):
    if kernel == "numba":
        pytest.importorskip("numba")
    whole, resumed = (Population.of(variants(optimizer, kernel)) for _ in range(2))
    path = tmp_path / "half.ckpt"
    fit(whole, quiet, callbacks=[Saves(path)])
    assert torch.load(path, weights_only=True)["global_step"] == 20
    trainer = Trainer(max_steps=40, val_check_interval=20, **quiet)
    trainer.fit(resumed.module, resumed.data, ckpt_path=path)
    for ours, theirs in zip(resumed.module.parameters(), whole.module.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def sin(seed=0, **settings):
    return LitSequentialMLP(hidden_features=(4,), seed=seed, **settings)


def rows(seed=0, **settings):
    return SinDataModule(batch_size=8, seed=seed, **settings)


@pytest.mark.parametrize(
    ("ours", "theirs", "joins"),
    [
        ((sin(), rows()), (sin(3, lr=0.1, beta2=0.5), rows(3)), True),
        ((sin(), rows()), (sin(initialization="xavier"), rows(sampling="closed")), True),
        ((sin(), rows()), (sin(schedule="cosine"), rows()), False),
        ((sin(), rows()), (sin(optimizer="adamw"), rows()), False),
        ((sin(), rows()), (sin(activation="tanh"), rows()), False),
        ((sin(), rows()), (sin(loss="l1"), rows()), False),
        ((sin(), rows()), (sin(out_range=(0.0, 2.0)), rows()), False),
        ((sin(), rows()), (sin(), rows(high=9.0)), False),
        ((sin(), rows()), (sin(), rows(growth=((5, 4),))), False),
        ((sin(), rows()), (sin(), rows(val_points=7)), False),
        ((sin(optimizer="rprop"), rows()), (sin(3, optimizer="rprop"), rows()), True),
        ((sin(optimizer="rprop"), rows()), (sin(optimizer="rprop", lr=0.1), rows()), False),
    ],
)
def test_settings_join_where_starts_batches_and_rates_are_all_that_differs(ours, theirs, joins):
    pairs = list(zip(ours, theirs, strict=True))
    assert may_join(*pairs[0], *pairs[1]) == joins
    frozen = theirs[0]
    frozen.net.layers[0].weight.requires_grad_(False)
    assert not may_join(ours[0], frozen, ours[1], theirs[1])


def test_lines_with_more_or_less_noise_join():
    every = [LinearDataModule(noise_std=noise) for noise in (0.1, 0.5)]
    assert may_join(sin(), sin(), *every)
    population = Population.of(
        [Variant(lambda seed: sin(seed), lambda seed, d=data: d, range(2)) for data in every]
    )
    drawn = population.data.train_block(torch.arange(2))[1]
    for index, data in enumerate((every[0], every[0], every[1], every[1])):
        assert torch.equal(drawn[:, index], data.train_block(torch.arange(2))[1])


def test_variants_that_may_not_join_are_refused():
    narrow, other = variant(range(2)), variant(range(2), hidden_features=(3,))
    with pytest.raises(InputError, match="variant 1 differs from the first in more than"):
        Population.of([narrow, other])
    with pytest.raises(InputError, match="at least one seed"):
        Population.of([])


def test_members_are_diagnosed_with_the_settings_of_their_variant():
    population = Population.of(
        [variant(range(4), initialization="uniform", lr=lr) for lr in (1e-9, 1.0)]
    )
    kinds = population.failures([5, 0, 7, 3])
    assert [kind == "learning rate too small" for kind in kinds] == [False, True, False, True]


@pytest.mark.parametrize("kernel", KERNELS)
def test_new_start_is_one_of_the_members_variant(kernel, quiet):
    if kernel == "numba":
        pytest.importorskip("numba")
    every = [
        variant(range(2), kernel, initialization="zeros", lr=1e-3),
        variant(range(2), kernel, initialization="uniform", lr=1e-9),
    ]
    population = Population.of(every, restart_after=20)
    fit(population, quiet)
    started = population.module.restarts.started.tolist()
    assert min(started) >= 1
    assert flat(population.member(1, best=False)).abs().max() < 0.1
    start = every[1].make_module(population.module.restarts.seed(3, started[3]))
    torch.testing.assert_close(flat(population.member(3, best=False)), flat(start))


class Own(LitPerceptron):
    """A user's own optimizer, whose settings are not known."""

    def build_optimizer(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr, eps=1e-3)


def test_modules_with_an_optimizer_of_their_own_do_not_join_at_other_rates():
    data = GateDataModule(gate="and")
    assert may_join(Own(lr=0.1), Own(lr=0.1, seed=3), data, data)
    assert not may_join(Own(lr=0.1), Own(lr=0.2), data, data)


@pytest.mark.parametrize("restart_after", [None, 15])
def test_members_at_rest_are_left_out_and_what_is_kept_stays_the_same(restart_after, quiet):
    pytest.importorskip("numba")
    settings = {"stop_at": 0.3, "monitor": "bce", "restart_after": restart_after}
    asked = []

    def fitted(leave_out):
        def take(self, block, rates, told, chosen=None):
            asked.append(None if chosen is None else len(chosen))
            losses = plain(self, block, rates, told, chosen if leave_out else None)
            if leave_out and chosen is not None:
                others = torch.ones(self.members).bool().index_fill(0, chosen, False)
                assert losses["loss"][:, others].isnan().all()
                assert losses["loss"][:, chosen].isfinite().all()
            return losses

        every = [variant(range(20), "numba", {"gate": gate}, lr=0.03) for gate in ("and", "xor")]
        plain = LaneSteps.take
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LaneSteps, "take", take)
            return fit(Population.of(every, **settings), quiet, 120).module

    whole, left_out = fitted(False), fitted(True)
    assert 0 < asked[-1] < len(whole.best_step)
    for name in ("best_value", "best_step", "solved_step", "stopped_step", "lost_step"):
        assert torch.equal(getattr(whole, name), getattr(left_out, name))
    for ours, theirs in zip(left_out.best.parameters(), whole.best.parameters(), strict=True):
        assert torch.equal(ours, theirs)
