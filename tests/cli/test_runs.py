"""`mlpzoo runs` and `mlpzoo compare` as their user meets them."""

import json
import os
import shutil

import pytest
from PIL import Image

from mlpzoo import sweep, train, train_population
from mlpzoo.files import alone_in


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Two runs of a line, three of sin: one short, one unfinished, one damaged; a population."""
    out = tmp_path_factory.mktemp("out")
    quick = {"out": out, "plots": False, "progress": False}
    train("linear", **quick)
    train("linear", seed=4, module={"lr": 0.2}, **quick)
    unfinished = train("sin", max_steps=3, val_every=1, module={"hidden_features": (4,)}, **quick)
    shutil.copytree(unfinished.folder, out / "sin/version_1")
    (out / "sin/version_1/result.json").unlink()
    shutil.copytree(unfinished.folder, out / "sin/version_2")
    (out / "sin/version_2/result.json").write_text('{"bars": 3}')
    train_population("perceptron", members=3, **quick)
    runs = ["linear/version_0", "linear/version_1", "sin/version_0", "sin/version_1",
            "sin/version_2", "perceptron-population/version_0"]  # fmt: skip
    for age, name in enumerate(runs):
        os.utime(out / name / "config.yaml", (10**9 + age, 10**9 + age))
    return out


def test_runs_are_listed_the_newest_first_with_state_and_key_metric(cli, out):
    runs = json.loads(cli("runs", "--out", out, "--json")[1])
    folders = [run["folder"].removeprefix(f"{out}/") for run in runs]
    assert folders == [
        "perceptron-population/version_0", "sin/version_2", "sin/version_1", "sin/version_0",
        "linear/version_1", "linear/version_0",
    ]  # fmt: skip
    states = [run["state"] for run in runs]
    assert states == ["finished", "damaged", "resumable", "finished", "finished", "finished"]
    assert [run["passed"] for run in runs] == [True, None, None, False, True, True]
    assert runs[0]["members"] == 3
    assert runs[0]["metrics"] == {"success_rate": 1.0}
    assert runs[2]["steps"] == 3
    assert list(runs[2]["metrics"]) == ["val_loss"]
    result = json.loads((out / "linear/version_1/result.json").read_text())
    assert runs[4]["seed"] == 4
    assert runs[4]["steps"] == result["steps"]
    key = "coefficient_error"
    assert runs[4]["metrics"] == {key: result["metrics"][key]}
    code, table, _ = cli("runs", "linear", "--out", out)
    assert code == 0
    assert len(table.splitlines()) == 3
    assert f"{key} {result['metrics'][key]:.4g}  finished" in table


def test_run_that_another_process_is_in_is_running(cli, out):
    with alone_in(out / "sin/version_1"):
        runs = json.loads(cli("runs", "sin", "--out", out, "--json")[1])
    assert [run["state"] for run in runs] == ["damaged", "running", "finished"]


def test_sweep_is_listed_by_its_best_setting_and_refused_where_a_run_is_meant(cli, tmp_path):
    quick = {"members": 2, "max_steps": 2, "val_every": 1, "accelerator": "cpu", "plots": False}
    over = {"module.lr": (0.01, 0.1)}
    folder = sweep("perceptron", over=over, out=tmp_path, progress=False, **quick).folder
    best = json.loads((folder / "sweep.json").read_text())["success_rate"]
    for command, part in {
        "page": "is of a sweep, which has no page",
        "test": "is of a sweep; train one of its settings by itself",
        "train --config": "is of a sweep; see `mlpzoo sweep --help`",
    }.items():
        path = folder / "config.yaml" if "config" in command else folder
        code, _, err = cli(*command.split(), path)
        assert (code, err.count("\n")) == (2, 1)
        assert part in err
    (run,) = json.loads(cli("runs", "--out", tmp_path, "--json")[1])
    assert (run["state"], run["members"], run["steps"], run["passed"]) == ("finished", 2, 2, None)
    assert run["metrics"] == {"best_success_rate": best}
    (folder / "sweep.json").unlink()
    (run,) = json.loads(cli("runs", "--out", tmp_path, "--json")[1])
    assert (run["state"], run["metrics"]) == ("resumable", {"parts_finished": 1})


def test_no_runs_are_an_empty_list(cli, tmp_path):
    assert cli("runs", "--out", tmp_path)[1] == ""
    assert json.loads(cli("runs", "--out", tmp_path, "--json")[1]) == []


def test_compare_tells_what_differs_and_draws_both(cli, out, tmp_path):
    pair = [out / "linear/version_0", out / "linear/version_1/result.json"]
    picture = tmp_path / "both.png"
    code, text, err = cli("compare", *pair, "--out", picture)
    assert (code, err) == (0, "")
    settings, metrics, path = text.split("\n\n")
    assert [line.split() for line in settings.splitlines()] == [
        ["setting", "version_0", "version_1"], ["seed", "0", "4"], ["module.lr", "0.3", "0.2"],
    ]  # fmt: skip
    assert path.strip() == str(picture)
    with Image.open(picture) as image:
        assert image.height > image.width * 0.9  # an axis for each of two curves
    compared = json.loads(cli("compare", *pair, "--out", picture, "--json")[1])
    assert compared["settings"] == {"seed": [0, 4], "module.lr": [0.3, 0.2]}
    for place in (0, 1):
        result = json.loads((out / f"linear/version_{place}/result.json").read_text())
        for name, value in result["metrics"].items():
            assert compared["metrics"][name][place] == value
            assert f"{value:.6g}" in metrics


def test_unfinished_run_is_compared_by_its_last_validation(cli, out, tmp_path):
    pair = [out / "sin/version_0", out / "sin/version_1"]
    code, text, _ = cli("compare", *pair, "--out", tmp_path / "c.png", "--json")
    compared = json.loads(text)
    assert code == 0
    assert compared["settings"] == {}
    assert compared["metrics"]["steps"] == [3, 3]
    first, second = compared["metrics"]["val_max_error"]
    assert first == second > 0


def test_runs_without_a_curve_are_compared_without_a_picture(cli, out, tmp_path):
    pair = [shutil.copytree(out / f"linear/version_{n}", tmp_path / f"bare_{n}") for n in (0, 1)]
    for folder in pair:
        (folder / "metrics.csv").unlink()
    code, text, err = cli("compare", *pair, "--out", tmp_path / "c.png")
    assert (code, err) == (0, "")
    assert text.endswith("neither has logged a curve yet\n")
    assert not (tmp_path / "c.png").exists()


@pytest.mark.parametrize(
    ("first", "second", "more", "part"),
    [
        ("linear/version_0", "linear/version_0", [], "name two runs"),
        ("linear/version_0", "nowhere", [], "is not the folder of a run"),
        ("linear/version_0", "perceptron-population/version_0", [], "is of a population"),
        ("linear/version_0", "linear/version_1", ["--out", "/nowhere/at/all.png"], "another --out"),
        ("linear/version_0", "linear/version_1", ["--out", "x.tuv"], "another --out"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    cli, out, first, second, more, part, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, text, err = cli("compare", out / first, out / second, *more)
    assert (code, text, err.count("\n")) == (2, "", 1)
    assert part in err
    assert not list(tmp_path.iterdir())
