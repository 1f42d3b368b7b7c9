"""A result can be sent to another process, and says in a line what the population came to."""

import pickle
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Trainer

from mlpzoo import (
    InputError,
    LitFourLayerXOR,
    LitSequentialMLP,
    Population,
    XORDataModule,
    train_population,
)
from mlpzoo.population.members.kinds import SeparateMembers, StackedMembers


def weights(module):
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


@pytest.mark.parametrize("settings", [{}, {"restart_after": 20}])
@pytest.mark.parametrize("name", ["xor", "linear", "sin"])
def test_result_is_the_same_after_pickling(name, settings, tmp_path):
    settings = settings | {"module": {"optimizer": "adam", "schedule": "cosine"}}
    result = train_population(
        name, members=3, max_steps=40, val_every=20, plots=False, progress=False,
        accelerator="cpu", out=tmp_path, **settings,
    )  # fmt: skip
    again = pickle.loads(pickle.dumps(result))
    assert again.trainer is None
    assert again.as_json() == result.as_json()
    assert again.as_csv() == result.as_csv()
    assert torch.equal(weights(again.best()), weights(result.best()))
    measured = again.population.module.measured(again.population.data)
    for key, values in measured.items():
        expected = torch.tensor([member.metrics[key] for member in result.members])
        torch.testing.assert_close(values.float(), expected.float(), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(("width", "kind"), [(3, StackedMembers), (70, SeparateMembers)])
@pytest.mark.parametrize("fitted", [False, True])
def test_pickled_population_is_trained_as_the_one_it_was_made_of(width, kind, fitted, quiet):
    population = Population(
        lambda seed: LitSequentialMLP(
            in_features=2, hidden_features=(width, width), task="gate", loss="bcewithlogits",
            seed=seed,
        ),
        lambda seed: XORDataModule(shuffle=True, seed=seed, block_steps=10),
        range(3),
    )  # fmt: skip
    assert isinstance(population.module.members, kind)
    if fitted:
        Trainer(max_steps=20, **quiet).fit(population.module, datamodule=population.data)
    again = pickle.loads(pickle.dumps(population))
    for each in (population, again):
        Trainer(max_steps=20, **quiet).fit(each.module, datamodule=each.data)
    for index in range(3):
        ours, theirs = (weights(each.member(index, best=False)) for each in (again, population))
        assert torch.equal(ours, theirs)


def test_pickled_population_says_that_it_starts_no_member_anew(quiet):
    again = pickle.loads(
        pickle.dumps(
            Population(
                lambda seed: LitFourLayerXOR(seed=seed, lr=1e-9),
                lambda seed: XORDataModule(block_steps=10),
                range(3),
                restart_after=10,
            )
        )
    )
    with pytest.raises(InputError, match="pickled cannot start members anew"):
        Trainer(
            max_steps=60, val_check_interval=10, check_val_every_n_epoch=None, **quiet
        ).fit(again.module, datamodule=again.data)  # fmt: skip


def test_result_says_in_a_line_what_it_came_to(tmp_path):
    result = train_population(
        "perceptron", members=20, plots=False, progress=False, accelerator="cpu", out=tmp_path
    )
    said = repr(result)
    assert "\n" not in said
    for part in ("perceptron", "default", "20 of 20", "83.89% to 100.00%", str(result.folder)):
        assert part in said
        assert part in result._repr_html_()
    table = replace(result, recipe="<b>&")._repr_html_()
    assert "&lt;b&gt;&amp;" in table
    assert "<b>" not in table
