"""One door for show, plot, predict, test and export: names, runs, checkpoints, exported files."""

import json

import pytest
import torch

from mlpzoo import export, list_pretrained, load_pretrained, train
from mlpzoo.pretrained.find import find_network


@pytest.fixture(scope="module")
def or_run(tmp_path_factory):
    """A run of another gate than its exercise's own."""
    out = tmp_path_factory.mktemp("runs")
    return train("perceptron", data={"gate": "or"}, out=out, plots=False, progress=False)


@pytest.mark.parametrize("name", [name for name in list_pretrained() if name != "minmax"])
def test_network_of_the_package_meets_its_bar_and_can_be_shown(cli, name):
    code, out, err = cli("test", name, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["passed"]
    assert name in cli("show", name)[1]


@pytest.mark.parametrize("where", ["", "best.ckpt", "json", "pt", "safetensors"])
def test_a_run_is_the_same_network_by_its_folder_its_checkpoint_and_its_exports(
    cli, or_run, where, tmp_path
):
    path = or_run.folder / where if where in ("", "best.ckpt") else tmp_path / f"net.{where}"
    if path.name.startswith("net."):
        assert cli("export", or_run.folder, "--out", path)[0] == 0
    assert cli("predict", path, "0", "1")[1] == "1\n"
    assert cli("predict", "perceptron", "--ckpt", path, "0", "0")[1] == "0\n"
    code, out, _ = cli("test", path, "--json")
    measured = json.loads(out)
    assert (code, measured["passed"], measured["source"]) == (0, True, str(find_network(path).path))
    of_run = where in ("", "best.ckpt")
    expected = {name: v for name, v in or_run.metrics.items() if of_run or name != "loss"}
    assert ("loss" in measured["metrics"]) == of_run  # a loss is of a training
    assert measured["metrics"].items() >= expected.items()
    shown = json.loads(cli("show", path, "--json")[1])
    assert (shown["network"], shown["data"]["gate"]) == ("2-1 step", "or")
    code, out, _ = cli("plot", path, "--out", tmp_path / "pictures")
    assert code == 0
    assert (tmp_path / "pictures/perceptron.png").stat().st_size > 5000


def test_logit_of_a_network_that_gives_probabilities_is_theirs():
    logits = find_network("xor-exact").module.logit(torch.tensor([0.0, 0.5, 0.9, 1.0]))
    assert logits.tolist() == pytest.approx([-27.6310, 0, 2.1972, 27.6310], abs=1e-3)


def test_plot_of_a_name_is_its_newest_run_or_else_the_networks_of_the_package(cli, tmp_path):
    code, out, err = cli("plot", "linear")
    assert (code, out.splitlines()[0]) == (0, "figures/linear.png")
    assert err == "mlpzoo: no run of linear here; its network of the package:\n"
    run = train("linear", max_steps=2, plots=False, progress=False)
    drawn = cli("plot", "LINEAR")[1].splitlines()[0]
    assert drawn.endswith("checkpoints/linear/version_0/figures/linear.png")
    assert run.folder.is_relative_to(tmp_path)


def test_pictures_of_a_network_of_the_package_have_its_name(cli, monkeypatch):
    titles = []
    keep = "mlpzoo.plotting.figure.save"
    monkeypatch.setattr(keep, lambda figure, _: titles.append(figure.get_suptitle()))
    assert cli("plot", "xor-lecture")[0] == 0
    assert titles == ["xor-lecture", "xor-lecture", "xor-lecture, 27 parameters", "xor-lecture"]


def test_file_without_an_exercise_answers_and_is_measured_once_one_is_named(cli):
    export(load_pretrained("xor-exact"), "net.json", output="probability")
    assert cli("predict", "net.json", "0", "1")[1] == "1\n"
    code, out, err = cli("test", "net.json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "name that, and --ckpt net.json" in err
    assert cli("test", "xor", "--ckpt", "net.json")[0] == 0
    assert cli("test", "sin", "--ckpt", "net.json")[0] == 2


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("test nowhere.json", "nowhere.json does not exist"),
        ("test nowhere/version_0", "nowhere/version_0 does not exist"),
        ("test .", ". is not the folder of a run"),
        ("show xor-exactt", "did you mean 'xor-exact'"),
        ("test xor --ckpt sin.json", "sin.json is of exercise 'sin', not of 'xor'"),
    ],
)
def test_what_is_no_network_is_one_line(cli, line, part):
    export(load_pretrained("sin"), "sin.json", exercise="sin")
    code, out, err = cli(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err


def test_train_prints_one_document_with_what_is_in_result_json(cli, tmp_path):
    code, out, err = cli("train", "perceptron", "sin", "--max-steps", "3", "--no-plots", "--json")
    results = json.loads(out)
    assert (code, [r["exercise"] for r in results]) == (1, ["perceptron", "sin"])
    for result in results:
        folder = tmp_path / result.pop("folder")
        assert json.loads((folder / "result.json").read_text()) == result
    assert "perceptron: step 3/3" in err


def test_json_of_a_run_that_diverged_has_null_for_what_is_not_finite(cli):
    line = ("train", "linear", "--recipe", "lecture", "--module.lr", "1e30", "--max-steps", "20")
    code, out, _ = cli(*line, "--no-plots", "--json")
    (result,) = json.loads(out, parse_constant=pytest.fail)
    assert code == 1
    assert result["lost_step"]


def test_show_of_an_exercise_as_json_has_every_argument(cli):
    shown, printed = json.loads(cli("show", "xor", "--json")[1]), cli("show", "xor")[1]
    assert {"xor", "xor-exact", "xor-lecture"} <= set(shown["pretrained"])
    assert shown["recipes"]["lecture"]["max_steps"] == 30_000
    arguments = [row["argument"] for row in shown["arguments"]]
    assert "--module.lr" in arguments
    assert all(argument in printed for argument in arguments)


def test_show_leaves_out_no_zero_and_no_verdict(cli, or_run):
    rows = dict(line.split(maxsplit=1) for line in cli("show", or_run.folder)[1].splitlines())
    assert (rows["seed"], rows["passed"]) == ("0", "yes")
    assert "arguments" not in cli("show", "xor-lecture")[1]


def test_empty_name_and_folder_for_rows_are_named_as_typed(cli):
    assert "unknown name or path ''" in cli("show", "")[2]
    assert cli("predict", "sin", ".")[2] == "mlpzoo: '.' cannot be read: Is a directory\n"


def test_export_and_plot_take_a_run_of_the_exercise_that_is_named(cli, or_run, tmp_path):
    out = tmp_path / "net.json"
    assert cli("export", "perceptron", "--ckpt", or_run.folder, "--out", out)[0] == 0
    assert cli("predict", out, "0", "1")[1] == "1\n"
    code, _, err = cli("export", "xor", "--ckpt", or_run.folder, "--format", "json")
    assert code == 2
    assert "is of exercise 'perceptron', not of 'xor'" in err
