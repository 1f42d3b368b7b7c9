import json
import os
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mlpzoo import get_exercise
from mlpzoo.cli.parser import build_parser
from scripts.benchmark import comparisons
from scripts.benchmark import contestants as contestants_module
from scripts.benchmark.comparisons import step_costs, times_to_accuracy, whole_processes
from scripts.benchmark.contestants import contestants
from scripts.benchmark.lecture import TASKS, PlainLoop
from scripts.benchmark.peers import PEERS
from scripts.benchmark.scale import RATES

SCRIPT = Path(__file__).parents[2] / "scripts/benchmark/__main__.py"
FIELD = contestants()
ALWAYS = ("plain loop", "plain loop, fused Adam", "Lightning by default", "mlpzoo")


@pytest.fixture
def few():
    """The contestants that need no extra package."""
    return {name: FIELD[name] for name in ALWAYS}


@pytest.mark.parametrize("name", ["xor", "sin", "minmax"])
def test_every_contestant_is_timed_against_the_plain_loop(name, few):
    rows = step_costs(name, few, steps=4, repetitions=1)
    assert [row["contestant"] for row in rows] == list(ALWAYS)
    assert rows[0]["over plain loop"] == 1
    assert all(row["us a step"] > 0 for row in rows)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_lectures_recipe_is_that_of_the_exercise(name):
    exercise, task = get_exercise(name), TASKS[name]
    recipe = exercise.recipe("lecture")
    data = exercise.data(recipe="lecture")
    module = exercise.module(data, recipe="lecture")
    layers, expected = (
        [tuple(p.shape) for p in net.parameters()] for net in (task.net(), module.net)
    )
    assert layers == expected
    x, y = data.train_batch(0)
    assert task.inputs(task.batch).shape == x.shape
    torch.testing.assert_close(task.target(x), y)
    torch.testing.assert_close(task.loss(module(x), y), module.objective(x, y)[0])
    assert (task.lr, task.steps) == (module.lr, recipe.max_steps)


def test_whole_processes_take_seconds_and_memory(few):
    few["plain loop"] = few.pop("plain loop, fused Adam")  # whose words have a flag among them
    rows = whole_processes("xor", few, steps=2, repetitions=1)
    assert {row["contestant"] for row in rows} == {"plain loop", "mlpzoo"}
    assert all(row["seconds"] > 0.1 and row["MB"] > 10 for row in rows)


def test_process_that_fails_is_reported():
    with pytest.raises(RuntimeError, match="KeyError: 'nothing'"):
        comparisons._run(("scripts.benchmark.lecture",), "nothing", 1)


def test_time_to_accuracy_ends_where_the_error_is_reached(few, monkeypatch):
    monkeypatch.setattr(contestants_module, "CHECK_EVERY", 100)
    monkeypatch.setitem(TASKS, "square", replace(TASKS["square"], steps=200))
    rows = times_to_accuracy("square", few, repetitions=1)
    assert [row["contestant"] for row in rows] == ["the lecture's recipe to its end", *ALWAYS]
    assert rows[0]["over the lecture's"] == 1
    assert rows[-1]["reached"] == "1 of 1"
    assert all(row["steps"] <= 200 for row in rows)


def test_script_writes_markdown_and_json(tmp_path, capsys, monkeypatch, few):
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None, raising=False)
    main = runpy.run_path(str(SCRIPT))["main"]
    main.__globals__["contestants"] = lambda: {"plain loop": few["plain loop"]}
    main(["steps"], repetitions=1, steps=2, whole=2, out=str(tmp_path / "rows"))
    rows = json.loads((tmp_path / "rows.json").read_text())["steps"]
    assert [row["exercise"] for row in rows] == ["xor", "sin", "minmax"]
    table = (tmp_path / "rows.md").read_text()
    assert table.startswith("| exercise | contestant | us a step |")
    assert table in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")  # of other packages
@pytest.mark.parametrize("name", sorted(TASKS))
@pytest.mark.parametrize("who", [name for name in PEERS if name != "scikit-learn"])
def test_peer_starts_as_the_lecture_and_learns_the_same(who, name):
    if who not in FIELD:
        pytest.skip("needs the extra bench")
    task = TASKS[name]
    x = task.inputs(40)[:40]
    peer, plain = PEERS[who](task, 3), PlainLoop(task, 3)
    if (who, name) != ("skorch", "xor"):  # whose predictions are classes
        torch.testing.assert_close(peer.predict(x), plain.predict(x))
    peer.advance(300)
    before = plain.predict(x)
    plain.advance(300)
    if name != "xor":
        errors = [(each.predict(x) - task.target(x)).square().mean() for each in (peer, plain)]
        assert 0.2 < errors[0] / errors[1] < 5
        assert errors[0] < 0.5 * (before - task.target(x)).square().mean()


@pytest.mark.parametrize("line", RATES.values(), ids=RATES)
def test_populations_whose_rate_is_taken_are_of_several_pieces(line):
    parser = build_parser()
    given = vars(parser.parse_args(["population", *line.split()]))
    assert given["members"] > (given.get("part") or 1024)
