"""Runs that go on: from every state that is saved, to the bits of the run that nobody stopped."""

import csv
import hashlib
import json
import shutil
import sys

import pytest
import torch
import yaml

from mlpzoo import InputError, list_exercises, train, train_population
from mlpzoo.runs.checkpoint import pack, read_checkpoint
from mlpzoo.runs.metrics_csv import read_metrics
from mlpzoo.runs.state import latest_resumable
from mlpzoo.signals import Interrupted
from mlpzoo.training import pictures
from mlpzoo.training import state_checkpoint as keeper
from mlpzoo.training.resume import differences
from scripts.fault_injection.kills import digests

SMALL = {"hidden_features": (8, 8)}
NARROW = {
    "sin": SMALL, "square": SMALL, "minmax": {"trunk_features": (8,), "head_features": (8,)},
}  # fmt: skip
COARSE = {"val_points": 21, "test_points": 31, "batch_size": 50}
LINE = {"name": "linear", "max_steps": 40, "val_every": 10, "early_stop": False, "plots": False}
SIN = {"name": "sin", "recipe": "lecture", "max_steps": 60, "val_every": 25,
       "module": {**SMALL, "schedule": "cosine"}, "plots": False}  # fmt: skip


@pytest.fixture
def every_state(monkeypatch, tmp_path):
    """Run something while every state that can be saved is; gives its folder and copies of it."""

    def run(function, name, **settings):
        copies, save = [], keeper.StateCheckpoint._save

        def save_and_copy(self, trainer):
            save(self, trainer)
            out = tmp_path / f"copy-{len(copies)}"
            shutil.copytree(self.folder, out / self.folder.parent.name / self.folder.name)
            copies.append(out)

        with monkeypatch.context() as patch:
            patch.setattr(keeper, "SECONDS", 0)
            patch.setattr(keeper, "MOST_SECONDS", 0)
            patch.setattr(keeper.StateCheckpoint, "_save", save_and_copy)
            whole = function(name, out=tmp_path / "whole", progress=False, **settings)
        return whole.folder, copies

    return run


def stopped(monkeypatch, step, function=train, **settings):
    """Stop a run as Ctrl-C does, at the first moment for it from a step on; gives its folder."""
    due = keeper.StateCheckpoint._is_due

    def stop(self, trainer):
        if trainer.global_step >= step:
            self.stop.signum = 2
        return due(self, trainer)

    with monkeypatch.context() as patch:
        patch.setattr(keeper.StateCheckpoint, "_is_due", stop)
        with pytest.raises(Interrupted, match="go on with: mlpzoo"):
            function(progress=False, **settings)
    return max(settings["out"].glob("*/version_*"))


@pytest.fixture(scope="module")
def line_runs(tmp_path_factory):
    """Folders of a short run that nobody stopped, and of the same one stopped half way."""
    out = tmp_path_factory.mktemp("line")
    whole = train(out=out / "whole", progress=False, **LINE)
    with pytest.MonkeyPatch.context() as patch:
        return whole.folder, stopped(patch, 20, out=out, **LINE)


@pytest.fixture
def whole_line(line_runs):
    return line_runs[0]


@pytest.fixture
def half_line(line_runs, tmp_path):
    return shutil.copytree(line_runs[1], tmp_path / "linear/version_0")


@pytest.fixture(scope="module")
def solved_perceptron(tmp_path_factory):
    out = tmp_path_factory.mktemp("perceptron")
    return train("perceptron", out=out, plots=False, progress=False).folder


@pytest.fixture
def perceptron(solved_perceptron, tmp_path):
    """The folder of a finished run, which may be spoiled."""
    return shutil.copytree(solved_perceptron, tmp_path / "perceptron/version_0")


@pytest.fixture(scope="module")
def solved_population(tmp_path_factory):
    out = tmp_path_factory.mktemp("population")
    return train_population("perceptron", members=4, out=out, plots=False, progress=False)


@pytest.fixture
def population(solved_population, tmp_path):
    """The folder of a finished population, which may be spoiled."""
    return shutil.copytree(solved_population.folder, tmp_path / "perceptron-population/version_0")


RUNS = {
    **{name: (train, name, {"max_steps": 34, "val_every": 12})
       for name in list_exercises() if name != "square"},  # which goes as sin does
    "pictures": (train, "linear", {"max_steps": 36, "val_every": 12, "plot_every": 2,
                                   "data": {"block_steps": 12}}),
    "film": (train, "linear", {"max_steps": 6, "val_every": 4, "film": True,
                               "data": {"block_steps": 5}}),
    "early stop": (train, "perceptron", {}),
    "epochs": (train, "sin", {"max_steps": 34, "val_every": 12, "data": {"steps_per_epoch": 15}}),
    "growing batches": (train, "sin", {"max_steps": 20, "val_every": 9,
                                       "data": {"growth": ((5, 10), (8, 20))}}),
    "each logged": (train, "linear", {"max_steps": 5, "val_every": 1}),
    "one step left": (train, "linear", {"max_steps": 8, "val_every": 8}),
    "logged between": (train, "linear", {"max_steps": 230, "val_every": 150,
                                         "data": {"block_steps": 50}}),
    "ordinary steps": (train, "linear", {"max_steps": 8, "val_every": 3,
                                         "data": {"block_steps": 1}}),
    "lbfgs": (train, "sin", {"max_steps": 5, "val_every": 2,
                             "module": {"optimizer": "lbfgs", "schedule": "constant"}}),
    "onecycle": (train, "sin", {"max_steps": 24, "val_every": 9,
                                "module": {"schedule": "onecycle"}}),
    "population": (train_population, "xor", {"members": 8, "max_steps": 34, "val_every": 12}),
    "lanes": (train, "xor", {"max_steps": 120, "val_every": 60, "recipe": "lecture",
                             "kernel": "numba", "data": {"block_steps": 25}}),
    "wide": (train, "sin", {"max_steps": 120, "val_every": 60, "recipe": "lecture",
                            "kernel": "numba", "data": {"block_steps": 25},
                            "module": {"hidden_features": (40,)}}),
    "members in lanes": (train_population, "xor", {"members": 5, "max_steps": 20,
                                                   "val_every": 10, "kernel": "numba"}),
    "restarts": (train_population, "xor", {"members": 5, "max_steps": 60, "val_every": 20,
                                           "recipe": "lecture", "restart_after": 20,
                                           "data": {"block_steps": 15}}),
    "side by side": (train_population, "minmax", {"members": 2, "max_steps": 6, "val_every": 3}),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNS)
def test_run_goes_on_from_every_state_to_the_same_bits(case, every_state, monkeypatch):
    monkeypatch.setattr(pictures, "LEAST", 1)  # a film of two frames: each takes long to draw
    function, name, settings = RUNS[case]
    data = {} if name in ("xor", "perceptron") else dict(COARSE)
    data |= {"block_steps": 1 if case == "lbfgs" else 7, **settings.get("data", {})}
    narrow = {} if case == "side by side" else NARROW.get(name, {})
    module = {**narrow, **settings.get("module", {})}
    plots = {"plots": "plot_every" in settings}
    whole, copies = every_state(
        function, name, **{**settings, **plots, "data": data, "module": module}
    )
    assert copies
    expected = digests(whole)
    for copy in copies:
        result = function(name, resume=True, out=copy, progress=False)
        assert digests(result.folder) == expected, copy


def test_stop_is_resumed_and_finished_run_is_left_alone(monkeypatch, tmp_path, capfd):
    settings = {**SIN, "data": COARSE}
    whole = train(out=tmp_path / "whole", progress=False, **settings)
    folder = stopped(monkeypatch, 30, out=tmp_path, **settings)
    result = train("sin", resume=folder, progress=False)
    assert digests(result.folder) == digests(whole.folder)
    assert "goes on from step" in capfd.readouterr().err
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = train("sin", resume=folder / "last.ckpt", progress=False)
    assert again.finished_before
    assert (again.metrics, again.steps, again.passed) == (
        result.metrics, result.steps, result.passed,
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert "is finished, at step 60" in capfd.readouterr().err


def test_finished_population_is_left_alone(population, solved_population, tmp_path, capfd):
    first, before = solved_population, digests(population)
    again = train_population("perceptron", resume=True, out=tmp_path, progress=False)
    assert (again.solved, again.steps, again.members) == (4, first.steps, first.members)
    assert digests(population) == before
    assert "is finished" in capfd.readouterr().err


def test_run_that_met_its_bar_is_not_changed_without_training(tmp_path):
    first = train("linear", out=tmp_path, plots=False, progress=False)
    assert first.steps < 500
    kept = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    settings = {"resume": first.folder, "progress": False}
    for changes in ({"max_steps": 600}, {"module": {"lr": 0.01}, "change": ["module.lr"]}):
        with pytest.raises(InputError, match=r"met its bar and stopped at step .* --no-early-stop"):
            train("linear", **settings, **changes)
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == kept
    on = train("linear", max_steps=600, early_stop=False, change=["early_stop"], **settings)
    assert on.steps == 600


def test_moved_run_goes_on(half_line, whole_line, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(half_line, moved)
    assert digests(train("linear", resume=moved, progress=False).folder) == digests(whole_line)


@pytest.fixture(scope="module")
def often_saved(tmp_path_factory):
    """The result of a run that nobody stopped, and the folder of it stopped among its states."""
    out = tmp_path_factory.mktemp("often")
    settings = {**LINE, "max_steps": 60, "val_every": 25, "data": {"block_steps": 7}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "SECONDS", 0)
        patch.setattr(keeper, "MOST_SECONDS", 0)
        whole = train(out=out / "whole", progress=False, **settings)
        return whole, stopped(patch, 51, out=out, **settings)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (("last.ckpt",), "step 50"),
        (("last.ckpt", "previous.ckpt"), "best.ckpt"),
        (("best.ckpt",), "its start"),
        (("last.ckpt", "previous.ckpt", "best.ckpt", "start.ckpt"), "its start"),
    ],
)
def test_damaged_files_are_named_and_the_run_goes_on_from_an_older_state(
    damage, said, often_saved, tmp_path, capfd
):
    whole, saved = often_saved
    folder = shutil.copytree(saved, tmp_path / "linear/version_0")
    for name in damage:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
    capfd.readouterr()
    result = train("linear", resume=folder, progress=False)
    printed = capfd.readouterr().err
    assert all(str(folder / name) in printed for name in damage if name != "start.ckpt")
    assert said in printed.splitlines()[-1]
    found, expected = digests(folder), digests(whole.folder)
    assert result.passed == whole.passed
    assert found == expected


def test_other_settings_are_refused_by_name_and_allowed_by_name(monkeypatch, tmp_path):
    folder = stopped(monkeypatch, 30, out=tmp_path, data=COARSE, **SIN)
    before = digests(folder)
    for settings, named in [
        ({"module": {"lr": 0.5}}, "module.lr is 0.001"),
        ({"data": {"batch_size": 7}}, "data.batch_size is 50"),
        (
            {"data": {"low": -1.0}, "change": ["max_steps"]},
            "data.low .* that needs a run of its own",
        ),
        ({"max_steps": 20, "change": ["max_steps"]}, "max_steps 20 is below step"),
        ({"max_steps": 50}, "max_steps is 60 in .* would be 50"),
        ({"val_every": 10}, "val_every"),
        ({"seed": 4}, "seed is 0 in .* would be 4; that needs a run of its own"),
        ({"module": {"optimizer": "sgd"}}, "module.optimizer"),
        ({"module": {"lr": 0.5}, "change": ["module.lrr"]}, "did you mean 'module.lr'"),
    ]:
        with pytest.raises(InputError, match=named):
            train("sin", resume=folder, progress=False, **settings)
    assert digests(folder) == before
    result = train("sin", resume=folder, progress=False, module={"lr": 0.5}, change=["module.lr"])
    (change,) = result.changes
    assert change["settings"] == {"module.lr": [0.001, 0.5]}
    assert yaml.safe_load((folder / "config.yaml").read_text())["module"]["lr"] == 0.5
    state = read_checkpoint(folder / "last.ckpt")
    assert state["optimizer_states"][0]["param_groups"][0]["initial_lr"] == 0.5


@pytest.mark.parametrize("schedule", ["constant", "cosine", "linear", "onecycle", "exponential"])
def test_longer_budget_ends_at_the_rate_of_a_run_that_had_it_from_the_start(schedule, tmp_path):
    run = {"name": "sin", "recipe": "lecture", "val_every": 20, "plots": False, "progress": False,
           "module": {**SMALL, "schedule": schedule}, "data": COARSE}  # fmt: skip
    train(out=tmp_path / "short", max_steps=40, **run)
    longer = train("sin", out=tmp_path / "short", resume=True, max_steps=80, progress=False)
    whole = train(out=tmp_path / "whole", max_steps=80, **run)
    assert (longer.steps, longer.folder.parent) == (80, (tmp_path / "short/sin").resolve())
    ends = [read_checkpoint(r.folder / "last.ckpt") for r in (longer, whole)]
    rates = [end["optimizer_states"][0]["param_groups"][0]["lr"] for end in ends]
    assert rates[0] == pytest.approx(rates[1], abs=1e-12)
    if schedule == "constant":
        for name, value in ends[1]["state_dict"].items():
            assert torch.equal(ends[0]["state_dict"][name], value)
        assert read_metrics(longer.folder / "metrics.csv") == read_metrics(
            whole.folder / "metrics.csv"
        )


def test_rewind_begins_from_the_same_weights_with_another_rate(tmp_path):
    first = train("sin", recipe="lecture", seed=3, max_steps=20, module=SMALL, out=tmp_path,
                  plots=False, progress=False)  # fmt: skip
    second = train("sin", rewind=True, module={"lr": 0.02}, out=tmp_path, progress=False)
    assert second.folder != first.folder
    starts = [read_checkpoint(run.folder / "start.ckpt") for run in (first, second)]
    for name, value in starts[0]["state_dict"].items():
        assert torch.equal(starts[1]["state_dict"][name], value)
    config = yaml.safe_load((second.folder / "config.yaml").read_text())
    assert (config["module"]["lr"], config["seed"], config["max_steps"]) == (0.02, 3, 20)
    third = train("sin", rewind=second.folder, module={"optimizer": "sgd"}, out=tmp_path,
                  progress=False)  # fmt: skip
    assert "SGD" in str(third.module.build_optimizer())


def test_rewind_takes_the_weights_of_the_file_and_not_of_the_seed(tmp_path):
    first = train("linear", max_steps=20, out=tmp_path, plots=False, progress=False)
    start = read_checkpoint(first.folder / "start.ckpt")
    start["state_dict"]["net.layers.0.weight"].fill_(7.0)
    (first.folder / "start.ckpt").write_bytes(pack(start))
    second = train("linear", rewind=first.folder, out=tmp_path, progress=False)
    begun = read_checkpoint(second.folder / "start.ckpt")["state_dict"]["net.layers.0.weight"]
    assert begun.item() == 7.0


def test_run_that_is_going_on_cannot_be_resumed(half_line):
    from mlpzoo.files import alone_in

    with alone_in(half_line), pytest.raises(InputError, match="in another process"):
        train("linear", resume=half_line, progress=False)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"resume": True}, "there is no run in"),
        ({"resume": "nowhere"}, "nowhere is not the folder of a run"),
        ({"change": ["module.lr"]}, "change goes with resume"),
        ({"resume": True, "rewind": True}, "choose one"),
    ],
)
def test_wrong_use_is_an_input_error(settings, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=part):
        train("sin", **settings)
    assert not list(tmp_path.iterdir())


def test_loss_that_is_not_finite_stops_at_its_step_and_keeps_the_last_good_state(tmp_path):
    result = train(
        "linear", recipe="lecture", module={"lr": 1.0}, max_steps=200, val_every=100,
        out=tmp_path, plots=False, progress=False,
    )  # fmt: skip
    assert 5 < result.lost_step == result.steps < 30
    assert f"not finite at step {result.lost_step}" in result.diagnosis
    assert "largest stable rate" in result.diagnosis
    assert not result.passed
    for path in result.folder.glob("*.ckpt"):
        weights = read_checkpoint(path)["state_dict"]
        assert all(value.isfinite().all() for value in weights.values())
    assert json.loads((result.folder / "result.json").read_text())["lost_step"] == result.lost_step


def test_step_that_is_not_finite_does_not_depend_on_the_size_of_blocks(tmp_path):
    steps = [
        train("linear", recipe="lecture", module={"lr": 1.0}, max_steps=200, val_every=100,
              data={"block_steps": size}, out=tmp_path, plots=False, progress=False).lost_step
        for size in (1, 7, 100)
    ]  # fmt: skip
    assert len(set(steps)) == 1


def test_state_knows_what_it_needs(tmp_path):
    result = train("linear", max_steps=40, val_every=20, early_stop=False, out=tmp_path,
                   plots=False, progress=False)  # fmt: skip
    assert latest_resumable(result.folder).step == 40
    (result.folder / "best.ckpt").unlink()
    state = latest_resumable(result.folder)
    assert (state.path, state.step) == (None, 0)
    assert "best.ckpt, which last.ckpt needs, is missing" in state.notes[0]


def test_differences_name_settings_and_not_spelling():
    assert differences({"a": (1, 2), "m": {"x": 1}}, {"a": [1, 2], "m": {"x": 1}}) == {}


def test_run_keeps_its_kernel_or_says_what_it_needs(monkeypatch, tmp_path):
    assert differences({}, {"kernel": "numba"}) == {"kernel": ("torch", "numba")}  # of before
    folder = stopped(
        monkeypatch, 20, out=tmp_path, name="xor", max_steps=40, val_every=20, kernel="numba",
        plots=False, data={"block_steps": 10},
    )  # fmt: skip
    with pytest.raises(InputError, match=r"kernel is numba in .* --change kernel"):
        train("xor", resume=folder, kernel="torch", progress=False)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "mlpzoo.optim.kernels._steps", None)
        with pytest.raises(InputError, match=r"needs numba .*mlpzoo\[fast\].*take kernel torch"):
            train("xor", resume=folder, progress=False)
    again = train("xor", resume=folder, kernel="torch", change="kernel", progress=False)
    assert again.steps == 40
    assert again.changes[0]["settings"]["kernel"] == ["numba", "torch"]


def test_change_holds_though_the_run_is_killed_before_its_next_state(monkeypatch, tmp_path):
    folder = stopped(monkeypatch, 26, out=tmp_path, data={"block_steps": 7}, **SIN)
    before = latest_resumable(folder).step

    def killed(*_):
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(keeper.StateCheckpoint, "on_train_batch_end", killed)
        with pytest.raises(SystemError):
            train("sin", resume=folder, progress=False, max_steps=90, module={"lr": 0.5},
                  change=["module.lr"])  # fmt: skip
    assert latest_resumable(folder).step == before
    result = train("sin", resume=folder, progress=False)
    assert result.steps == 90
    (change,) = result.changes
    assert change == {
        "step": before, "settings": {"max_steps": [60, 90], "module.lr": [0.001, 0.5]},
    }  # fmt: skip
    group = read_checkpoint(folder / "last.ckpt")["optimizer_states"][0]["param_groups"][0]
    assert group["initial_lr"] == 0.5


def test_best_weights_that_are_newer_than_the_state_are_gone_on_from(tmp_path):
    result = train("linear", max_steps=60, val_every=20, early_stop=False, out=tmp_path,
                   plots=False, progress=False)  # fmt: skip
    start = (result.folder / "start.ckpt").read_bytes()
    best = read_checkpoint(result.folder / "best.ckpt")["global_step"]
    for name in ("last.ckpt", "previous.ckpt"):
        (result.folder / name).write_bytes(start)
    state = latest_resumable(result.folder)
    assert (state.path.name, state.step) == ("best.ckpt", best)


def test_change_that_does_not_fit_leaves_a_finished_population_whole(population):
    before = digests(population)
    with pytest.raises(InputError, match=r"restart_after is null .* that needs a run of its own"):
        train_population("perceptron", resume=population, restart_after=5, progress=False)
    assert digests(population) == before


def test_finished_run_is_left_alone_whatever_is_to_be_drawn(tmp_path):
    first = train("perceptron", out=tmp_path, progress=False)
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    assert train("perceptron", out=tmp_path, resume=True, plots=False, progress=False).passed
    after = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize(
    "content",
    [
        "exercise: linear\nzz: 3\n",
        "exercise: linear\nname: sin\n",
        "exercise: linear\nmax_steps: [1]\n",
        "exercise: linear\ndata: null\nmodule: null\n",
        "exercise: linear\n",
        "exercise: [1]\n",
        "seed: 1\n",
        "- 1\n",
        "exercise: linear\nmax_steps: x\n",
        "exercise: linear\nmembers: x\n",
        "exercise: linear\nmodule: {lr: {a: 1}}\n",
    ],
)
def test_odd_settings_in_a_run_folder_are_an_input_error(content, half_line):
    (half_line / "config.yaml").write_text(content)
    for settings in ({}, {"max_steps": 100}, {"change": ["module.lr"], "module": {"lr": 0.1}}):
        with pytest.raises(InputError):
            train("linear", resume=half_line, progress=False, **settings)
    with pytest.raises(InputError):
        train_population("linear", resume=half_line, progress=False)


def put(folder, name, change):
    """Change a checkpoint of a run and seal it again."""
    content = read_checkpoint(folder / name)
    change(content)
    (folder / name).write_bytes(pack(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: [c.pop(key) for key in list(c) if key != "mlpzoo"],
        lambda c: c.pop("global_step"),
        lambda c: c.update(global_step="x"),
        lambda c: c.update(callbacks=[]),
        lambda c: c.update(loops=None),
        lambda c: c["mlpzoo"].pop("log"),
        lambda c: c["mlpzoo"].update(config=3),
        lambda c: c["loops"].clear(),
        lambda c: c["optimizer_states"][0].clear(),
        lambda c: c["state_dict"].clear(),
        lambda c: c.update(state_dict={"a": 1}),
    ],
)
def test_odd_states_are_gone_around_or_an_input_error(change, half_line, whole_line):
    put(half_line, "last.ckpt", change)
    try:
        result = train("linear", resume=half_line, progress=False)
    except InputError as refused:
        said = str(refused)
    else:
        assert digests(result.folder) == digests(whole_line)
        said = "last.ckpt"
    assert "last.ckpt" in said


@pytest.mark.parametrize(
    "content",
    ["{", "{}", "[]", '{"seed": 1, "bars": 3}', "[" * 10**5, "", '{"metrics": "x"}', "null"],
)
def test_odd_results_are_an_input_error(content, perceptron):
    (perceptron / "result.json").write_text(content)
    with pytest.raises(InputError, match="remove it, then resume"):
        train("perceptron", resume=perceptron, progress=False)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text + "0,1,2,3,4,5,6,7,8,9,10\n",
        lambda text: text.replace("10,0,", "zz,0,"),
        lambda text: text.replace("10,0,", "9,0,"),
        lambda text: text + "1" * 200_000,
        lambda text: text.replace(".", "x"),
        lambda text: "",
        lambda text: text[: len(text) // 2],
    ],
)
def test_damaged_metrics_are_put_aside_and_cost_no_training(damage, half_line, whole_line, capfd):
    table = half_line / "metrics.csv"
    table.write_text(damage(table.read_text()))
    train("linear", resume=half_line, progress=False)
    assert "is put aside" in capfd.readouterr().err
    assert (half_line / "metrics.csv.damaged").exists()
    ends = [read_checkpoint(folder / "last.ckpt") for folder in (half_line, whole_line)]
    for name, value in ends[1]["state_dict"].items():
        assert torch.equal(ends[0]["state_dict"][name], value)
    rows = [(run / "metrics.csv").read_text().splitlines()[1:] for run in (half_line, whole_line)]
    assert rows[0] == rows[1][-len(rows[0]) :]
    assert train("linear", resume=half_line, progress=False).finished_before


def as_before(folder):
    """Make a run what it was when metrics.csv began with the epoch and numbered steps from 0."""
    header, *rows = csv.reader((folder / "metrics.csv").read_text().splitlines())
    lines = [["epoch", "step", *header[2:]]]
    lines += [[epoch, str(int(step) - 1), *values] for step, epoch, *values in rows]
    text = "".join(",".join(line) + "\n" for line in lines)
    (folder / "metrics.csv").write_text(text)
    for path in folder.glob("*.ckpt"):
        state = read_checkpoint(path)
        until = [line for line in lines[1:] if int(line[1]) < state["global_step"]]
        content = "".join(",".join(line) + "\n" for line in [lines[0], *until])
        state["mlpzoo"]["log"] = hashlib.sha256(content.encode()).hexdigest()
        path.write_bytes(pack(state))


def test_run_whose_metrics_were_numbered_from_0_goes_on_numbered_from_1(
    half_line, whole_line, capfd
):
    now = read_metrics(half_line / "metrics.csv")
    as_before(half_line)
    assert (half_line / "metrics.csv").read_text().splitlines()[1].startswith("0,9,")
    assert read_metrics(half_line / "metrics.csv") == now
    train("linear", resume=half_line, progress=False)
    assert "is put aside" not in capfd.readouterr().err
    assert (half_line / "metrics.csv").read_bytes() == (whole_line / "metrics.csv").read_bytes()
    steps = [line.split(",")[0] for line in (half_line / "metrics.csv").read_text().splitlines()]
    assert steps[-1] == "40"  # as the progress says


def test_start_and_folder_do_not_go_with_resume(perceptron, tmp_path):
    with pytest.raises(InputError, match="start goes with a new run"):
        train("perceptron", resume=perceptron, start=perceptron / "start.ckpt")
    with pytest.raises(InputError, match="leave out --out"):
        train("perceptron", resume=perceptron, out=tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"metrics": {}}, {"metrics": "x"}, {"metrics": {"accuracy": "x"}}, {"seconds": "a"},
     {"seconds": None}, {"bars": 1}, {"steps": "x"}],
)  # fmt: skip
def test_result_with_odd_values_is_an_input_error(change, perceptron):
    path = perceptron / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match="remove it, then resume"):
        train("perceptron", resume=perceptron, progress=False)


def test_no_path_in_a_checkpoint_is_removed(half_line, tmp_path):
    victim = tmp_path / "victim.txt"
    victim.write_text("kept")

    def mislead(checkpoint):
        for name, state in checkpoint["callbacks"].items():
            if name.startswith("ModelCheckpoint"):
                path, worst = "./../../victim.txt", torch.tensor(99.0)
                state.update(best_k_models={path: worst}, kth_best_model_path=path, kth_value=worst)
                state.update(best_model_path=path, best_model_score=worst)

    put(half_line, "last.ckpt", mislead)
    train("linear", resume=half_line, progress=False)
    assert victim.read_text() == "kept"


def test_run_that_diverges_at_its_first_validation_keeps_its_start_and_can_be_changed(tmp_path):
    run = {"max_steps": 9, "val_every": 1, "plots": False, "progress": False, "data": COARSE}
    first = train("sin", recipe="lecture", module={**SMALL, "lr": 1e30}, out=tmp_path, **run)
    assert first.lost_step == 1
    assert not (first.folder / "best.ckpt").exists()
    again = train("sin", resume=first.folder, progress=False)
    assert again.finished_before
    mended = train("sin", resume=first.folder, module={"lr": 0.001}, change=["module.lr"],
                   progress=False)  # fmt: skip
    assert (mended.lost_step, mended.steps) == (None, 9)


def test_change_of_a_finished_run_is_not_lost_to_a_full_disk(monkeypatch, tmp_path):
    from mlpzoo.training import open_run as opening

    first = train("linear", max_steps=40, val_every=20, early_stop=False, out=tmp_path,
                  plots=False, progress=False)  # fmt: skip
    before = digests(first.folder)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "write_yaml", full)
        with pytest.raises(InputError, match="No space left"):
            train("linear", resume=first.folder, max_steps=60, progress=False)
    assert digests(first.folder) == before
    assert train("linear", resume=first.folder, progress=False).finished_before


def test_rewound_run_needs_only_its_own_folder(monkeypatch, tmp_path):
    origin = train(out=tmp_path / "a", progress=False, **LINE)
    start = read_checkpoint(origin.folder / "start.ckpt")
    start["state_dict"]["net.layers.0.weight"].fill_(7.0)
    (origin.folder / "start.ckpt").write_bytes(pack(start))
    whole = train("linear", rewind=origin.folder, out=tmp_path / "b", progress=False)
    folder = stopped(monkeypatch, 20, name="linear", rewind=origin.folder, out=tmp_path / "c")
    shutil.rmtree(origin.folder)
    for name in ("last.ckpt", "previous.ckpt", "best.ckpt"):
        (folder / name).unlink(missing_ok=True)
    assert digests(train("linear", resume=folder, progress=False).folder) == digests(whole.folder)
    (folder / "config.yaml").rename(folder / "kept.yaml")
    from mlpzoo.cli import main

    config = whole.folder / "config.yaml"
    main(["train", "--config", str(config), "--out", str(tmp_path / "d")])
    (again,) = (tmp_path / "d").glob("linear/version_0")
    assert digests(again) == digests(whole.folder)


def test_finished_population_with_a_damaged_state_is_mended(population, solved_population):
    before = digests(population)
    last = population / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-9])
    again = train_population("perceptron", resume=population, progress=False)
    assert again.solved == solved_population.solved
    assert digests(population) == before
