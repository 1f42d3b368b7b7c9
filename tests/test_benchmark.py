import json
import runpy
from pathlib import Path

import pytest
import torch

from mlpzoo import get_exercise
from mlpzoo.benchmark import CONTESTANTS, TASKS, compare

SCRIPT = Path(__file__).parents[1] / "scripts/benchmark.py"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_contestant_is_timed_against_the_plain_loop(name):
    rows = compare(name, steps=4, repetitions=1)
    assert [row["contestant"] for row in rows] == list(CONTESTANTS)
    assert rows[0]["over plain loop"] == 1
    assert all(row["us a step"] > 0 for row in rows)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_contestants_work_on_the_same_network_and_batch_as_the_exercise(name):
    exercise = get_exercise(name)
    data = exercise.data(recipe="lecture")
    module = exercise.module(data, recipe="lecture")
    task = TASKS[name]
    ours, theirs = (sum(p.numel() for p in net.parameters()) for net in (module.net, task.net()))
    assert ours == theirs
    for column, expected in zip(task.draw(), data.train_batch(0), strict=True):
        assert column.shape == expected.shape
    x, y = data.train_batch(0)
    torch.testing.assert_close(task.loss(module(x), y), module.objective(x, y)[0])
    assert task.lr == module.lr


def test_script_writes_rows_as_json(tmp_path, capsys):
    main = runpy.run_path(str(SCRIPT))["main"]
    main(["xor"], steps=2, repetitions=1, json=str(tmp_path / "rows.json"))
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert len(rows) == len(CONTESTANTS)
    assert "us a step" in capsys.readouterr().out
