import csv
import json

import pytest

import mlpzoo
from mlpzoo import InputError
from mlpzoo.cli.entry import main

SHORT = {"plots": False, "progress": False}
OVER = {"module.lr": (0.003, 0.03), "module.initialization": ("rotation", "uniform")}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep")
    return mlpzoo.sweep("xor", over=OVER, members=4, first_seed=50, max_steps=400, out=out, **SHORT)


def test_each_setting_is_what_its_own_population_is(swept, tmp_path):
    for one in swept.settings:
        module = {name.partition(".")[2]: value for name, value in one.setting.items()}
        alone = mlpzoo.train_population(
            "xor", module=module, members=4, first_seed=50, max_steps=400, out=tmp_path, **SHORT
        )
        assert [m.seed for m in one.members] == [m.seed for m in alone.members]
        assert [m.solved for m in one.members] == [m.solved for m in alone.members]
        assert one.interval == alone.interval
        for ours, theirs in zip(one.members, alone.members, strict=True):
            assert ours.metrics["bce"] == pytest.approx(theirs.metrics["bce"], rel=2e-3)


def test_the_table_has_a_row_for_each_setting_in_order(swept):
    with (swept.folder / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    settings = [(row["module.lr"], row["module.initialization"]) for row in rows]
    assert settings == [
        (lr, start) for lr in ("0.003", "0.03") for start in ("rotation", "uniform")
    ]
    assert [int(row["solved"]) for row in rows] == [one.solved for one in swept.settings]
    failed = [name for name in rows[0] if name.startswith("failed: ")]
    for row in rows:
        assert sum(int(row[name]) for name in failed) == 4 - int(row["solved"])
    assert json.loads((swept.folder / "sweep.json").read_text())["over"] == {
        "module.lr": [0.003, 0.03], "module.initialization": ["rotation", "uniform"],
    }  # fmt: skip


def test_the_best_is_the_one_with_most_solved_in_the_fewest_steps(swept):
    assert swept.best.setting == {"module.lr": 0.03, "module.initialization": "rotation"}
    assert swept.compare(2, 2).p_value == 1
    with pytest.raises(InputError, match=r"from 0 to 3, .* got 4"):
        swept.compare(0, 4)


def test_a_network_of_another_size_is_a_population_of_its_own(tmp_path):
    result = mlpzoo.sweep(
        "xor", over={"module.hidden_features": ((2,), (3,)), "recipe": ("default", "lecture")},
        module={"activation": "tanh"}, members=3, max_steps=50, out=tmp_path, **SHORT,
    )  # fmt: skip
    assert [len(one.members) for one in result.settings] == [3] * 4


def test_the_command_prints_a_table_and_draws(tmp_path, capsys):
    line = "sweep xor --module.lr 0.003,0.03 --recipe default,lecture --members 4 --max-steps 200"
    assert main([*line.split(), "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "lr     recipe   solved" in out
    folder = tmp_path / "xor-sweep" / "version_0"
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "map.png", "steps.png", "success.png",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"part": 16}, "part is null in .* and would be 16; that needs a sweep of its own"),
        ({"keep": "none"}, "keep is all in .* and would be none; that needs a sweep of its own"),
        ({"out": "elsewhere"}, "goes on in its own folder; leave out --out"),
    ],
)
def test_a_finished_sweep_is_left_whole_by_what_does_not_fit(swept, given, message):
    before = {path: path.read_bytes() for path in swept.folder.rglob("*.*") if path.is_file()}
    with pytest.raises(InputError, match=message):
        mlpzoo.sweep("xor", resume=swept.folder, progress=False, **given)
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sweep xor", "nothing differs"),
        ("sweep xor --module.lr 0.1", "nothing differs"),
        ("sweep xor --module.lr 0.1:0.01:3", "a range runs from low to high"),
        ("sweep xor --module.lrr 0.1,1", "did you mean 'lr'"),
        ("sweep xor --module.lr 0,1", "lr must be above 0, got 0"),
        ("sweep xor --module.lr 0.1,1 --members 1000000", "take fewer"),
        ("sweep xor --resume", "there is no run in"),
        ("sweep --module.lr 0.1,1", "name an exercise"),
    ],
)
def test_bad_input_is_one_line(line, message, tmp_path, capsys):
    assert main([*line.split(), "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
