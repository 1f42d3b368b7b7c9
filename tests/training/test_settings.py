"""The fields of settings: options, arguments, config.yaml and help follow from them."""

from collections import UserDict, UserList
from dataclasses import fields

import pytest

from mlpzoo import InputError, PopulationSettings, TrainSettings, train, train_population
from mlpzoo.cli.parser import build_parser
from mlpzoo.exercises.arguments import meanings
from mlpzoo.training.resume import changeable, differences
from mlpzoo.training.settings import GROUPS

KINDS = {"train": TrainSettings, "population": PopulationSettings}


@pytest.mark.parametrize("command", KINDS)
def test_every_field_is_explained_and_is_an_option_if_text_can_say_it(command, capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    shown = capsys.readouterr().out
    texts = meanings(KINDS[command])
    for each in fields(KINDS[command]):
        assert texts[each.name].endswith((".", ")", "repeatable.")), each.name
        is_option = f"--{each.name.replace('_', '-')} " in shown
        is_option = is_option or f"--{each.name.replace('_', '-')}," in shown
        assert is_option == (each.metadata["typed"] and each.name not in GROUPS), each.name


@pytest.mark.parametrize("command", KINDS)
def test_options_reach_the_settings_with_their_types(command):
    line = [command, "sin", "--max-steps", "30", "--no-plots", "--resume", "--out", "here"]
    given = vars(build_parser().parse_args(line))
    own = {each.name for each in fields(KINDS[command])}
    settings = KINDS[command](**{name: value for name, value in given.items() if name in own})
    assert (settings.max_steps, settings.plots, settings.resume, settings.out) == (
        30, False, True, "here",
    )  # fmt: skip


def test_what_is_saved_repeats_the_settings_and_leaves_out_what_is_of_one_call():
    settings = TrainSettings(seed=3, film=True, module={"hidden_features": (3, 3)}, out="x")
    saved = settings.saved()
    assert (saved["seed"], saved["film"], saved["module"]) == (3, True, {"hidden_features": [3, 3]})
    assert not {"out", "resume", "progress", "callbacks", "trainer", "start"} & set(saved)
    assert "trainer" in TrainSettings(trainer={"deterministic": True}).saved()


def test_setting_that_older_runs_do_not_have_counts_as_its_default():
    now = TrainSettings().saved()
    before = {name: value for name, value in now.items() if name != "film"}
    assert differences(before, now) == {}
    assert differences(before, TrainSettings(film=True).saved()) == {"film": (False, True)}


def test_what_a_resumed_run_may_change_is_said_by_the_fields():
    assert {"max_steps", "film", "module.lr", "data.batch_size"} < set(changeable(TrainSettings))
    assert not {"seed", "recipe", "module.optimizer", "data.low"} & set(changeable(TrainSettings))
    assert "film" not in set(changeable(PopulationSettings))


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: TrainSettings(seed=-1), "seed must be from 0"),
        (lambda: TrainSettings(plots=1), "plots must be True or False, got 1"),
        (lambda: TrainSettings(trainer={"devices": 2}), "give devices as a setting"),
        (lambda: TrainSettings(data={"low": object()}), "data.low must be a number"),
        (lambda: PopulationSettings(first_seed=2**63 - 5), "seed must be from 0"),
        (lambda: PopulationSettings(members=0), "members must be 1 or more"),
    ],
)
def test_value_that_cannot_be_used_is_named(make, part):
    with pytest.raises(InputError, match=part):
        make()


def test_any_mapping_and_any_sequence_are_taken_as_plain_data():
    module = UserDict(hidden_features=UserList([8, 8]), in_range=range(2))
    settings = TrainSettings(module=module, change=UserList(["module.lr"]))
    assert settings.module == {"hidden_features": (8, 8), "in_range": (0, 1)}
    assert settings.saved()["module"] == {"hidden_features": [8, 8], "in_range": [0, 1]}
    with pytest.raises(InputError, match=r"module.activation must be .* got b'relu'"):
        TrainSettings(module={"activation": b"relu"})
    with pytest.raises(InputError, match="out cannot be ''"):
        TrainSettings(out="")


@pytest.mark.parametrize("call", [train, train_population])
def test_call_without_an_exercise_is_told_what_is_amiss(call):
    with pytest.raises(InputError, match=f"{call.__name__} needs the name of an exercise, first"):
        call()
    with pytest.raises(
        InputError, match=r"unknown argument of .* 'max_stepps'; did you mean 'max_s"
    ):
        call(max_stepps=3)
