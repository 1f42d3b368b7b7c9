"""`mlpzoo population` as its user meets it."""

import json

import pytest

from mlpzoo.cli import main


@pytest.fixture
def population(cli):
    """Run `mlpzoo population` with the rest of a line."""
    return lambda line: cli("population", *line.split())


def test_report_says_how_many_are_solved_and_where_it_is_written(population, tmp_path):
    code, out, _ = population("perceptron --members 30 --first-seed 4 --no-plots")
    assert code == 0
    assert "30 of 30 solved, 100.0% (95% interval 88.65% to 100.00%)" in out
    folder = tmp_path / out.splitlines()[-1]
    assert {path.name for path in folder.iterdir()} - {"previous.ckpt"} == {
        "best.ckpt", "config.yaml", "last.ckpt", "members.csv", "metrics.csv", "population.json",
        "start.ckpt",
    }  # fmt: skip


def test_failures_are_counted_by_class_and_exit_code_is_1(population, tmp_path):
    code, out, _ = population(
        "perceptron --members 10 --data.gate xor --max-steps 60 --no-plots --json"
    )
    assert code == 1
    assert json.loads(out)["failures"] == {"not linearly separable": 10}
    (written,) = tmp_path.rglob("population.json")
    assert json.loads(written.read_text()) == json.loads(out)


def test_arguments_reach_every_member(population, tmp_path):
    line = (
        "sin --members 3 --max-steps 20 --module.hidden_features 5,5 --data.batch_size 7 --no-plots"
    )
    assert population(line)[0] == 1
    (config,) = tmp_path.rglob("config.yaml")
    text = config.read_text()
    assert "members: 3" in text
    assert "batch_size: 7" in text


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("xr", "did you mean 'xor'"),
        ("xor --members 0", "members must be 1 or more, got 0"),
        ("xor --members 1e9", "--members must be a whole number, got '1e9'"),
        ("xor --members 99999999", "members must be 1048576 or less"),
        ("xor --first-seed -1", "seed must be from 0"),
        ("xor --restart-after 0", "restart_after must be 1 or more, got 0"),
        ("xor --recipe lecure", "did you mean 'lecture'"),
        ("xor --module.lr fast", "module.lr must be a number, got 'fast'"),
        ("xor --members 2 --module.optimizer lbfgs", "would couple the members"),
        (
            "xor --seed 3",
            "unknown option --seed; did you mean --first-seed? see `mlpzoo population",
        ),
        ("xor --threads 0", "threads must be 1 or more"),
        ("", "name an exercise"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(population, line, part, tmp_path):
    code, out, err = population(line)
    assert code == 2
    assert part in err
    assert len(err.splitlines()) == 1
    assert not out
    assert not list(tmp_path.iterdir())


def test_checkpoint_of_a_population_is_refused_where_a_module_is_asked_for(
    population, tmp_path, capsys
):
    population("perceptron --members 3 --no-plots")
    (last,) = tmp_path.rglob("last.ckpt")
    assert main(["test", "perceptron", "--ckpt", str(last)]) == 2
    assert "is of a population" in capsys.readouterr().err
