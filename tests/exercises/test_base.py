import inspect
import json
import sys
from pathlib import Path

import pytest
import torch
import yaml

import mlpzoo
from mlpzoo import Bar, InputError, get_exercise, list_exercises, load_module
from mlpzoo.data.gate import is_linearly_separable
from mlpzoo.exercises import summary
from mlpzoo.exercises.linear import LECTURE_POINTS, descend_by_hand
from mlpzoo.plotting.views import pictures_of

LECTURES = ("linear", "minmax", "perceptron", "sin", "square", "xor")
RUNS = [*((name, "default") for name in list_exercises()), ("sin", "lecture"), ("xor", "lecture")]


def test_the_six_of_the_lectures_are_there_with_their_recipes():
    for name in LECTURES:
        recipes = get_exercise(name).recipes
        assert set(recipes) == {"default", "lecture"}
        assert recipes["default"].max_steps <= recipes["lecture"].max_steps
    assert sorted(list_exercises()) == list_exercises()


@pytest.mark.parametrize("name", list_exercises())
def test_exercise_is_described(name):
    exercise = get_exercise(name)
    assert exercise.name == name
    text = inspect.getdoc(sys.modules[f"mlpzoo.exercises.{name}"])
    assert text.startswith(summary(name))


@pytest.mark.parametrize("name", list_exercises())
def test_module_and_data_fit_each_other(name):
    exercise = get_exercise(name)
    data = exercise.data()
    x, y = data.train_batch(0)
    assert exercise.module(data)(x).shape == y.shape


def test_ranges_follow_the_data():
    exercise = get_exercise("sin")
    module = exercise.module(exercise.data(low=-3.0, high=5.0))
    assert module.hparams.in_range == (-3.0, 5.0)
    module = exercise.module(exercise.data(low=-3.0, high=5.0), in_range=(0.0, 1.0))
    assert module.hparams.in_range == (0.0, 1.0)


@pytest.mark.parametrize(("name", "recipe"), RUNS)
def test_run_folder_is_complete_and_true(name, recipe, short_run):
    plots = recipe == "default"  # pictures take ten times as long as steps
    result = short_run(name, recipe, plots=plots)
    folder = result.folder
    assert (folder.parent.name, folder.name) == (name, "version_0")
    written = {path.name for path in folder.rglob("*") if path.is_file()}
    pictures = {*pictures_of(result.module, result.datamodule), *get_exercise(name).pictures}
    assert written - {"previous.ckpt"} == {
        *("config.yaml", "metrics.csv", "result.json", "best.ckpt", "last.ckpt", "start.ckpt"),
        *(f"{picture}.png" for picture in (name, "loss", *pictures) if plots),
    }
    written = json.loads((folder / "result.json").read_text())
    assert written["metrics"] == dict(result.metrics)
    assert written["passed"] == result.passed
    assert written["seed"] == 0
    assert written["device"] == ("cpu" if not torch.cuda.is_available() else written["device"])
    assert set(written["versions"]) >= {"mlpzoo", "torch", "lightning", "python"}
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert (config["exercise"], config["recipe"], config["max_steps"]) == (name, recipe, 20)


@pytest.mark.parametrize(("name", "recipe"), RUNS)
def test_last_checkpoint_is_of_the_last_step(name, recipe, short_run):
    result = short_run(name, recipe)
    last = torch.load(result.folder / "last.ckpt", weights_only=True)
    assert last["global_step"] == result.steps
    module, _ = load_module(result.folder / "best.ckpt", exercise=name)
    for value, expected in zip(module.parameters(), result.module.parameters(), strict=True):
        assert torch.equal(value, expected.cpu())


def test_bar_is_not_met_by_nan_or_absence():
    assert not Bar("rmse", "<", 1.0).met(float("nan"))
    assert not get_exercise("sin").passed({})


def test_unknown_exercise_is_named_with_the_nearest():
    with pytest.raises(InputError, match="unknown exercise 'squar'; did you mean 'square'"):
        get_exercise("squar")


def test_unknown_argument_is_named_with_the_nearest():
    with pytest.raises(InputError, match="'bacth_size'; did you mean 'batch_size'"):
        get_exercise("sin").data(bacth_size=3)


def test_hand_descent_prints_the_notes_digits():
    assert " ".join(map(str, descend_by_hand())) == "0.607142857142886 3.4999999999998286"


def test_first_step_by_hand_and_by_torch_is_the_notes():
    assert descend_by_hand(steps=1) == (0.2, 0.038)
    exercise = get_exercise("linear")
    data = exercise.data(recipe="lecture")
    module = exercise.module(data, recipe="lecture", initialization="zeros")
    optimizer = module.configure_optimizers()
    x, y = data.train_batch(0)
    module.losses(module(x), y)["loss"].backward()
    weight, bias = module.net.parameters()
    assert (weight.grad.item(), bias.grad.item()) == (-200, -38)
    optimizer.step()
    assert weight.item() == pytest.approx(0.2, abs=1e-7)
    assert bias.item() == pytest.approx(0.038, abs=1e-8)
    cost = module.losses(module(x), y)["loss"].item()
    assert cost == pytest.approx(91.133132, abs=1e-5)


def test_hand_descent_converges_at_01158_and_diverges_at_0116():
    a, b = descend_by_hand(lr=0.01158, steps=300_000)
    assert (a, b) == pytest.approx((17 / 28, 3.5), abs=1e-9)
    a, b = descend_by_hand(lr=0.0116, steps=20_000)
    assert abs(a) > 1e6


def test_lecture_points_are_those_of_the_notes():
    assert LECTURE_POINTS == ((2, 4), (4, 7), (8, 8))


@pytest.mark.parametrize("gate", ["and", "or", "nand", "nor", "xor", "xnor"])
def test_separability_agrees_with_a_search_over_lines(gate):
    from mlpzoo.data.gate import GATES

    table = torch.tensor(GATES[gate]).bool()
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    angles = torch.linspace(0, 2 * torch.pi, 73)[:-1]
    directions = torch.stack([angles.cos(), angles.sin()])
    biases = torch.linspace(-2, 2, 81)
    outputs = (x @ directions).unsqueeze(-1) + biases > 0
    right = (outputs == table.view(4, 1, 1)).sum(dim=0)
    assert right.max() == (4 if is_linearly_separable(GATES[gate]) else 3)


def test_public_names_resolve_and_match_the_type_stubs():
    for name in mlpzoo.__all__:
        assert getattr(mlpzoo, name) is not None
    stub = Path(mlpzoo.__file__).with_suffix(".pyi").read_text()
    declared = {line.split(" as ")[1] for line in stub.splitlines() if line.startswith("from ")}
    assert declared == set(mlpzoo.__all__)
    assert set(dir(mlpzoo)) >= declared
    with pytest.raises(AttributeError, match="Nothing"):
        _ = mlpzoo.Nothing
