"""What others may bring to a run: exercises, callbacks, loggers, arguments of the Trainer."""

import pickle
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import (
    EarlyStopping,
    LearningRateMonitor,
    ModelCheckpoint,
    TQDMProgressBar,
)
from lightning.pytorch.loggers import CSVLogger

import mlpzoo
from mlpzoo import InputError, build_trainer, get_exercise, load_module, train, train_population
from mlpzoo.cli import main
from mlpzoo.runs.folder import read_config
from mlpzoo.training._lightning import quiet_lightning

QUICK = {"max_steps": 20, "val_every": 10, "early_stop": False, "plots": False, "progress": False}


class Counts(Callback):
    def __init__(self):
        self.batches = 0

    def on_train_batch_end(self, *_):
        self.batches += 1


@pytest.fixture
def line():
    """An exercise that is known to nobody."""
    return replace(get_exercise("linear"), name="own-line")


def test_exercise_of_ones_own_is_trained_and_loaded(line, tmp_path):
    result = train(line, out=tmp_path, **QUICK)
    assert result.folder == (tmp_path / "own-line/version_0").resolve()
    with pytest.raises(InputError, match="unknown exercise 'own-line'"):
        load_module(result.folder / "best.ckpt")
    module, _ = load_module(result.folder / "best.ckpt", exercise=line)
    assert torch.equal(module.net.layers[0].weight, result.module.net.layers[0].weight)
    again = train(line, resume=result.folder, progress=False)
    assert again.finished_before
    many = train_population(line, members=2, out=tmp_path, **QUICK)
    assert len(many.members) == 2


def test_registered_exercise_is_known_by_name(line, tmp_path, monkeypatch):
    from mlpzoo import exercises

    monkeypatch.setattr(exercises, "_registered", {})
    assert mlpzoo.register(line) is line
    assert "own-line" in mlpzoo.list_exercises()
    assert get_exercise("Own_Line") is line
    assert exercises.summary("own-line").startswith("A straight line")
    result = train("own-line", out=tmp_path, **QUICK)
    assert load_module(result.folder / "best.ckpt")[1].low == -10


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda e: mlpzoo.register(replace(e, name="sin")), "is an exercise of mlpzoo"),
        (lambda e: mlpzoo.register(replace(e, name="x_or")), "is an exercise of mlpzoo"),
        (lambda e: train(replace(e, name="linear")), "is an exercise of mlpzoo"),
        (lambda e: replace(e, name="all"), "means something else"),
        (lambda e: replace(e, name="a-population"), "means something else"),
        (lambda e: replace(e, mode="least"), "mode must be min or max"),
        (lambda e: mlpzoo.Threshold("bce", "=<", 1), "sense must be one of"),
        (lambda e: replace(e, name="a/b"), "'a/b'"),
        (lambda e: replace(e, recipes={"mine": e.recipe()}), "needs a recipe named default"),
        (lambda e: mlpzoo.register("sin"), "an Exercise is needed"),
    ],
)
def test_what_cannot_be_an_exercise_is_refused(line, make, part):
    with pytest.raises(InputError, match=part):
        make(line)


def test_callbacks_loggers_and_trainer_arguments_add_to_ours(tmp_path):
    counts, logger = Counts(), CSVLogger(tmp_path / "own")
    result = train(
        "linear", out=tmp_path, callbacks=[counts, LearningRateMonitor()], logger=logger,
        trainer={"gradient_clip_val": 0.5}, **QUICK,
    )  # fmt: skip
    assert counts.batches == 20
    assert result.trainer.gradient_clip_val == 0.5
    assert (result.folder / "metrics.csv").exists()
    assert list((tmp_path / "own").rglob("metrics.csv"))
    assert "lr-SGD" in (result.folder / "metrics.csv").read_text()
    config = read_config(result.folder / "config.yaml")
    assert config["trainer"] == {"gradient_clip_val": 0.5}
    assert config["callbacks"][1] == {
        "object": "lightning.pytorch.callbacks.lr_monitor.LearningRateMonitor"
    }


def test_checkpoints_of_ones_own_stand_beside_ours(tmp_path):
    own = ModelCheckpoint(tmp_path / "own", monitor="val_rmse", save_top_k=1)
    same = EarlyStopping("val_coefficient_error")  # as ours does
    twin = ModelCheckpoint(tmp_path / "twin", monitor="val_coefficient_error")
    callbacks = [own, EarlyStopping("val_rmse"), TQDMProgressBar(), same, twin]
    result = train("linear", out=tmp_path, callbacks=callbacks, **QUICK)
    assert result.folder == (tmp_path / "linear/version_0").resolve()
    assert (result.folder / "result.json").exists()
    assert len(list((tmp_path / "own").iterdir())) == 1


def test_run_goes_on_with_the_same_callbacks_only(tmp_path):
    run = {"out": tmp_path, "trainer": {"log_every_n_steps": 5}, "data": {"block_steps": 1}}
    folder = train("linear", callbacks=[Counts()], **run, **QUICK).folder
    with pytest.raises(InputError, match=r"callbacks is .*Counts.* a run goes on with the same"):
        train("linear", resume=folder, max_steps=40, progress=False)
    result = train("linear", resume=folder, max_steps=40, callbacks=[Counts()], progress=False)
    assert (result.steps, result.trainer.log_every_n_steps) == (40, 5)


def test_config_with_callbacks_is_not_repeated_without_them(tmp_path, capsys):
    folder = train("linear", callbacks=[Counts()], out=tmp_path, **QUICK).folder
    assert main(["train", "--config", str(folder / "config.yaml"), "--out", str(tmp_path)]) == 2
    assert "has callbacks that only Python can give" in capsys.readouterr().err
    assert not (tmp_path / "linear/version_1").exists()


class Interrupts(Callback):
    def on_train_batch_end(self, *_):
        raise KeyboardInterrupt


def test_run_is_rewound_and_advised_with_its_callbacks(tmp_path):
    run = {"out": tmp_path, "progress": False}
    folder = train("linear", callbacks=Counts(), **QUICK, out=tmp_path).folder
    with pytest.raises(InputError, match="has callbacks that no file can hold"):
        train("linear", rewind=folder, **run)
    assert train("linear", rewind=folder, callbacks=[], **run).steps == 20
    with pytest.raises(KeyboardInterrupt, match=r"mlpzoo.train\(..., resume='.*'\), with the same"):
        train("linear", callbacks=Interrupts(), **QUICK, out=tmp_path)


def test_settings_are_given_by_name():
    with pytest.raises(InputError, match="settings are given by name, got 3"):
        train("xor", 3)


def test_population_takes_callbacks_too(tmp_path):
    counts = Counts()
    train_population("xor", members=2, callbacks=[counts], out=tmp_path, **QUICK)
    assert counts.batches > 0


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"trainer": {"max_steps": 3}}, "give max_steps as a setting"),
        ({"trainer": {"callbacks": []}}, "give callbacks as a setting"),
        ({"trainer": {"max_epochs": 3}}, "give max_steps as a setting"),
        ({"trainer": {"max_stepz": 3}}, "max_stepz"),
        ({"trainer": {"limit_val_batches": 0}}, "a run is judged"),
        ({"trainer": {"fast_dev_run": True}}, "give max_steps as a setting"),
        ({"trainer": None}, "trainer cannot be None"),
        ({"out": None}, "out cannot be None"),
        ({"callbacks": ["bar"]}, "callbacks must be Lightning's"),
        ({"logger": "csv"}, "logger must be Lightning's"),
    ],
)
def test_what_a_trainer_does_not_take_is_named_before_a_folder_is_made(settings, part, tmp_path):
    with pytest.raises(InputError, match=part):
        train("linear", **{"out": tmp_path / "runs", **settings}, **QUICK)
    assert not (tmp_path / "runs").exists()


def test_trainer_built_by_hand_makes_its_folder_and_checkpoints_that_load(tmp_path):
    exercise = get_exercise("sin")
    data = exercise.data(seed=4, batch_size=20, low=-2.0)
    module = exercise.module(data, hidden_features=(5,))
    with quiet_lightning():
        trainer = build_trainer(
            "sin", folder=str(tmp_path / "a/b"), max_steps=10, val_every=5, progress=False,
            accelerator="cpu", detect_anomaly=False,
        )  # fmt: skip
        trainer.fit(module, datamodule=data)
    for name in ("best.ckpt", "last.ckpt", "start.ckpt"):
        loaded, its_data = load_module(tmp_path / "a/b" / name)
        assert (its_data.low, its_data.batch_size, its_data.seed) == (-2.0, 20, 4)
        assert loaded.hparams.hidden_features == (5,)


def test_results_can_be_pickled_and_say_in_a_line_what_they_are(short_run):
    result = short_run("xor")
    text = repr(result)
    assert "\n" not in text
    assert len(text) < 300
    assert "xor" in text
    assert "<table>" in result._repr_html_()
    again = pickle.loads(pickle.dumps(result))
    assert again.metrics == result.metrics
    x = torch.zeros(4, 2)
    assert torch.equal(again.module(x), result.module(x))
    assert again.trainer is None
