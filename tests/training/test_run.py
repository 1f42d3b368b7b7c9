import csv
import json
import logging
import multiprocessing
import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from lightning.pytorch import Callback

from mlpzoo import (
    InputError,
    LitSequentialMLP,
    get_exercise,
    list_exercises,
    train,
    train_population,
)
from mlpzoo.cli import main
from mlpzoo.exercises.threshold import judged_on
from mlpzoo.runs.folder import give_name, new_folder, read_config
from mlpzoo.training.plan import from_config
from mlpzoo.training.settings import TrainSettings


def weights(module):
    return torch.cat([p.detach().cpu().flatten() for p in module.parameters()])


def quick(name, tmp_path, **settings):
    defaults = {"max_steps": 30, "val_every": 10, "early_stop": False}
    if name == "minmax":
        defaults["data"] = {"val_points": 21, "test_points": 31}  # else 160,801 points a test
    if name in ("sin", "square"):
        defaults["data"] = {"batch_size": 50}  # else each step solves for hundreds of points
    return train(
        name,
        out=tmp_path,
        plots=False,
        progress=False,
        accelerator="cpu",
        **{**defaults, **settings},
    )


@pytest.mark.parametrize("name", list_exercises())
def test_same_seed_gives_the_same_bits_and_another_seed_others(name, tmp_path):
    first, second, other = (quick(name, tmp_path, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(weights(first.module), weights(second.module))
    assert first.metrics == second.metrics
    assert not torch.equal(weights(first.module), weights(other.module))


@pytest.mark.parametrize("name", ["linear", "perceptron", "xor"])  # `mlpzoo verify` trains all
def test_default_recipe_meets_the_bar(name, tmp_path):
    result = train(name, out=tmp_path, plots=False, progress=False)
    assert result.passed, result.metrics
    assert result.steps <= get_exercise(name).recipe().max_steps


@pytest.mark.parametrize("gate", ["and", "or", "nand", "nor"])
def test_perceptron_learns_the_separable_gates(gate, tmp_path):
    for recipe in ("default", "lecture"):
        result = train(
            "perceptron", recipe=recipe, data={"gate": gate}, max_steps=200, out=tmp_path,
            plots=False, progress=False,
        )  # fmt: skip
        assert result.metrics["accuracy"] == 1
        assert result.diagnosis == ""


@pytest.mark.parametrize("gate", ["xor", "xnor"])
@pytest.mark.parametrize("seed", range(3))
def test_perceptron_reports_xor_as_not_separable_with_3_of_4(gate, seed, tmp_path):
    result = train(
        "perceptron", seed=seed, data={"gate": gate}, max_steps=100, out=tmp_path, plots=False,
        progress=False,
    )  # fmt: skip
    assert (result.passed, result.steps) == (False, 100)
    assert result.metrics["accuracy"] == 0.75
    assert "not linearly separable: 3 of 4 right" in result.diagnosis


def test_linear_lecture_ends_where_float32_stalls(stalled_line):
    result = stalled_line
    assert result.steps == 10_000
    assert f"{result.metrics['a']:.4f} {result.metrics['b']:.4f}" == "0.6072 3.4999"
    assert result.metrics["a"] == pytest.approx(0.60715842, abs=1e-7)
    assert "0.607142857142886 3.4999999999998286" in result.remark


def test_linear_lecture_diverges_above_the_stable_rate(tmp_path):
    every = {"max_steps": 2500, "val_every": 500}
    apart = quick(
        "linear", tmp_path, recipe="lecture", module={"lr": 0.0116, "initialization": "zeros"},
        **every,
    )  # fmt: skip
    last = torch.load(apart.folder / "last.ckpt", weights_only=True)["state_dict"]
    assert last["net.layers.0.weight"].abs() > 1e3
    near = quick(
        "linear", tmp_path, recipe="lecture", module={"lr": 0.01158, "initialization": "zeros"},
        **every,
    )  # fmt: skip
    last = torch.load(near.folder / "last.ckpt", weights_only=True)["state_dict"]
    assert last["net.layers.0.weight"].item() == pytest.approx(17 / 28, abs=1.0)


def test_divergence_is_reported_and_does_not_pass(tmp_path):
    result = quick("linear", tmp_path, recipe="lecture", module={"lr": 1.0}, max_steps=2000)
    assert not result.passed
    assert f"not finite at step {result.steps}" in result.diagnosis
    written = json.loads((result.folder / "result.json").read_text())
    assert written["passed"] is False
    assert written["diagnosis"] == result.diagnosis


def test_early_stop_can_be_switched_off(tmp_path):
    assert quick("linear", tmp_path, max_steps=500, early_stop=True).steps < 500
    assert quick("linear", tmp_path, max_steps=500, early_stop=False).steps == 500


def test_lecture_recipe_uses_its_whole_budget(tmp_path):
    result = quick("perceptron", tmp_path, recipe="lecture", early_stop=None)
    assert result.steps == 30


def test_every_interval_and_the_last_step_are_validated_and_logged(tmp_path):
    result = quick("sin", tmp_path, max_steps=25, val_every=10)
    with (result.folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows if row.get("val_max_error")] == [10, 20, 25]
    assert [int(row["step"]) for row in rows if row.get("train_loss")] == [10, 20, 25]


def test_result_is_of_the_best_checkpoint(tmp_path):
    result = quick("sin", tmp_path, max_steps=60)
    best = torch.load(result.folder / "best.ckpt", weights_only=True)
    saved = torch.cat([best["state_dict"][name].flatten() for name, _ in
                       result.module.named_parameters()])  # fmt: skip
    assert torch.equal(saved, weights(result.module))


def test_config_of_a_run_repeats_it(tmp_path):
    first = quick("sin", tmp_path, seed=7, data={"batch_size": 30}, module={"lr": 0.004})
    config = read_config(first.folder / "config.yaml")
    settings = from_config(get_exercise("sin"), config, TrainSettings)
    again = train("sin", out=tmp_path, progress=False, **settings)
    assert torch.equal(weights(first.module), weights(again.module))
    assert yaml.safe_load((again.folder / "config.yaml").read_text()) == config


def test_plots_are_drawn_every_few_validations_if_asked(tmp_path):
    result = train(
        "linear", out=tmp_path, max_steps=40, val_every=10, early_stop=False, plot_every=2,
        progress=False,
    )  # fmt: skip
    names = sorted(path.name for path in (result.folder / "figures").iterdir())
    assert names == [
        "descent.png", "linear.png", "linear_step_000020.png", "linear_step_000040.png",
        "loss.png", "network.png",
    ]  # fmt: skip


def test_pictures_and_a_film_that_are_asked_for_are_drawn_without_the_others(tmp_path):
    result = train("linear", out=tmp_path, max_steps=20, val_every=10, plots=False, film=True,
                   plot_every=1, progress=False)  # fmt: skip
    names = sorted(path.name for path in (result.folder / "figures").iterdir())
    assert names == ["film.gif", "linear_step_000010.png", "linear_step_000020.png"]


def test_whatever_drawing_or_a_remark_raises_costs_that_only(tmp_path):
    def broken(*_):
        raise RuntimeError("no latex\nhere")

    exercise = replace(
        get_exercise("perceptron"),
        name="mine",
        view=broken,
        remark=broken,
        pictures={"inner": broken},
    )
    result = train(exercise, out=tmp_path, plot_every=1, progress=False)
    assert result.passed
    assert "mine.png, inner.png in" in result.unwritten
    assert result.unwritten.endswith("no latex here")
    assert (result.folder / "figures/loss.png").exists()
    assert json.loads((result.folder / "result.json").read_text())["remark"].endswith("latex here")


def test_threads_that_train_at_once_leave_loggers_and_filters_as_they_were(tmp_path):
    log = logging.getLogger("lightning.pytorch")
    before = log.level, list(warnings.filters)
    inside = threading.Barrier(2)

    class Meet(Callback):
        def on_fit_start(self, trainer, pl_module):
            inside.wait(30)

    def one(seed):
        train("perceptron", seed=seed, out=tmp_path, plots=False, progress=False,
              callbacks=[Meet()])  # fmt: skip

    threads = [threading.Thread(target=one, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (log.level, list(warnings.filters)) == before


def test_another_default_dtype_is_named(tmp_path):
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(InputError, match=r"default is torch\.float64"):
            train("sin", out=tmp_path)
    finally:
        torch.set_default_dtype(torch.float32)


def test_lines_of_progress_name_step_and_loss(tmp_path, capsys):
    train("linear", out=tmp_path, max_steps=40, early_stop=False, plots=False, progress=True)
    printed = capsys.readouterr().err
    assert "linear: step 40/40  train_loss" in printed
    assert "val_coefficient_error" in printed


def claim(parent, queue):
    queue.put(give_name(new_folder(parent, {"seed": 0})).name)


def test_runs_that_start_together_get_different_folders(tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=claim, args=(tmp_path, queue)) for _ in range(20)]
    for worker in workers:
        worker.start()
    names = {queue.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join()
    assert names == {f"version_{n}" for n in range(20)}


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"recipe": "lectures"}, "did you mean 'lecture'"),
        ({"max_steps": 0}, "max_steps must be 1 or more, got 0"),
        ({"val_every": -5}, "val_every must be 1 or more, got -5"),
        ({"seed": -1}, "-1"),
        ({"accelerator": "gqu"}, "'gqu'"),
        ({"devices": 0}, "devices must be 1 or more"),
        ({"module": {"lr": 0}}, "lr must be above 0, got 0"),
        ({"data": {"low": 4.0, "high": 4.0}}, "low=4 high=4"),
        ({"module": {"learning_rate": 0.1}}, "learning_rate"),
    ],
)
def test_bad_setting_is_named_before_a_folder_is_made(settings, part, tmp_path):
    with pytest.raises(InputError) as caught:
        train("sin", out=tmp_path / "runs", progress=False, **settings)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_out_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another --out"):
        train("sin", out=tmp_path / "file", progress=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", list_exercises())
def test_gpu_run_meets_the_bar(name, tmp_path):
    result = train(name, out=tmp_path, accelerator="gpu", plots=False, progress=False)
    assert result.passed, result.metrics


def test_numbers_of_numpy_are_taken_and_written_plainly(tmp_path):
    result = quick(
        "linear", tmp_path, module={"lr": np.float64(0.1)},
        seed=np.int64(5),
        early_stop=np.bool_(False),
        data={"points": np.array([[0.0, 1.0], [1.0, 3.0]])},
    )  # fmt: skip
    config = yaml.safe_load((result.folder / "config.yaml").read_text())
    assert config["module"]["lr"] == 0.1
    assert config["data"]["points"] == [[0.0, 1.0], [1.0, 3.0]]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"lr": 3}, "unknown argument of train 'lr'"),
        ({"sed": 3}, "did you mean 'seed'"),
        ({"max_steps": 2.5}, "max_steps must be a whole number, got 2.5"),
        ({"seed": None}, "None"),
        ({"seed": 1.5}, "1.5"),
        ({"module": {"in_range": (1, 2, 3)}}, "pair"),
        ({"module": {"lr": object()}}, "module.lr must be a number"),
        ({"module": "lr=1"}, "module must map names to values"),
        ({"data": {"low": None}}, "a number is needed, got None"),
        ({"plots": "no"}, "plots must be True or False, got 'no'"),
        ({"module": {"optimizer": "l-bfgs"}, "data": {"block_steps": 9}}, "lbfgs"),
        ({"devices": 2, "accelerator": "cpu", "data": {"block_steps": 9}}, "one device"),
    ],
)
def test_wrong_use_from_python_is_an_input_error(settings, part, tmp_path):
    with pytest.raises(InputError) as caught:
        train("sin", out=tmp_path / "runs", **settings)
    assert part in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_library_is_quiet_and_leaves_logging_as_it_was(tmp_path, capfd):
    import logging

    level = logging.getLogger("lightning.pytorch").level
    quick("linear", tmp_path)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("lightning.pytorch").level == level


def test_bar_that_a_constant_meets_is_a_tenth_of_what_the_constant_has(tmp_path, capsys):
    """The square on [0, 0.5] is within 0.125 of 0.125, and the bar is 1."""
    constant = {"hidden_features": (), "optimizer": "sgd", "lr": 1e-9, "initialization": "zeros"}
    result = train(
        "square", data={"low": 0.0, "high": 0.5}, module=constant, max_steps=2, plots=False,
        progress=False, out=tmp_path,
    )  # fmt: skip
    assert result.metrics["max_error"] == pytest.approx(0.125)
    assert result.bars == ("max_error < 0.0125",)
    assert not result.passed
    assert result.diagnosis
    assert main(["test", "square", "--ckpt", str(result.folder / "best.ckpt")]) == 1
    assert "bar: max_error < 0.0125: not passed" in capsys.readouterr().out
    many = train_population(
        "square", members=2, data={"low": 0.0, "high": 0.5}, max_steps=2, plots=False,
        module={**constant, "optimizer": "sgd"}, progress=False, out=tmp_path,
    )  # fmt: skip
    assert (many.solved, many.bars) == (0, ("max_error < 0.0125",))


@pytest.mark.parametrize("name", list_exercises())
def test_bars_of_the_ordinary_ranges_are_the_exercises(name):
    exercise = get_exercise(name)
    data = exercise.data()
    assert judged_on(data, exercise, exercise.module(data)) is exercise


def test_descent_by_hand_is_told_of_the_lectures_own_settings_alone():
    exercise = get_exercise("linear")
    data, own = exercise.data(recipe="lecture"), exercise.recipe("lecture").module
    others = ({"lr": 0.005}, {"reduction": "mean"}, {"optimizer": "adam"})
    for changes, told in (({}, True), ({"seed": 3}, True), *((other, False) for other in others)):
        module = LitSequentialMLP(**{**own, **changes})
        said = exercise.remark(module, data, {"a": 0.6072, "b": 3.4999})
        by_hand = "by hand in float64, 100000 steps at 0.001: 0.607142857142886 3.4999999999998286"
        assert (by_hand in said) == told
        assert ("by hand" in said) == told
