import hashlib
import json
import shutil
from functools import partial

import pytest

import mlpzoo
from mlpzoo import InputError, list_pretrained, load_pretrained, verify
from mlpzoo.cli import main
from mlpzoo.pretrained import FOLDER
from tests.manifests import edit


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Be in an empty folder, and find it empty at the end."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    yield
    assert not list(here.iterdir())


@pytest.fixture
def folder(tmp_path):
    """A copy of weights and manifest, to be falsified."""
    return shutil.copytree(FOLDER, tmp_path / "weights")


def test_all_that_is_shipped_is_as_the_manifest_says(capsys):
    assert main(["verify", "--shipped", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in rows} == set(list_pretrained())
    assert {row["what"] for row in rows} == {"shipped"}
    assert all(row["passed"] and row["verdict"] == "passed" for row in rows)


def test_an_exercise_is_trained_from_a_fresh_seed_and_its_network_measured(capsys):
    assert main(["verify", "perceptron"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == [
        "name", "what", "seed", "measured", "proved", "asked", "verdict", "seconds"
    ]  # fmt: skip
    assert [line.split()[:2] for line in lines] == [
        ["perceptron", "trained"], ["perceptron", "shipped"]
    ]  # fmt: skip
    seeds = {verify(["perceptron"], shipped=False)[0].seed for _ in range(3)}
    assert len(seeds) == 3  # by chance not so once in 700 million


def test_one_name_is_not_taken_apart_into_letters():
    assert [check.name for check in verify("xor", trained=False)] == ["xor"]
    with pytest.raises(InputError, match="names must be a list of names, got True"):
        verify(True)


def test_a_seed_is_repeated():
    first, second = (verify(["linear"], shipped=False, seed=7)[0] for _ in range(2))
    assert (first.seed, first.measured) == (7, second.measured)


def test_an_exercise_that_misses_its_bar_is_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr("mlpzoo.training.run.train", partial(mlpzoo.train, max_steps=1))
    assert main(["verify", "linear", "--trained", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["verdict"].startswith("misses the bar: ")


def other_weights(folder):
    net = load_pretrained("or-exact")
    net.linear.bias.data.fill_(-0.75)  # AND: 3 of 4
    path = folder / "or-exact.safetensors"
    mlpzoo.export(net, path, exercise="perceptron")
    edit(folder, "or-exact", sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def worse_but_honest(folder):
    other_weights(folder)
    edit(folder, "or-exact", errors={"accuracy": 0.5, "bce": 50.0}, proved={"radius": 0.0})


@pytest.mark.parametrize(
    ("falsify", "part"),
    [
        (lambda f: edit(f, "or-exact", errors={"accuracy": 0.99, "bce": 0.0}), "differs from the"),
        (lambda f: edit(f, "or-exact", errors={"accuracy": 1.0}), "differs from the manifest: bce"),
        (lambda f: edit(f, "or-exact", errors={}), "differs from the manifest"),
        (lambda f: edit(f, "or-exact", proved={"radius": 0.3}), "proved radius is 0.2499"),
        (lambda f: edit(f, "or-exact", proved={}), "proved radius is 0.2499"),
        (lambda f: edit(f, "or-exact", data={"gate": "and"}), "differs from the manifest"),
        (lambda f: edit(f, "or-exact", data={"gates": "and"}), "did you mean 'gate'"),
        (lambda f: edit(f, "or-exact", exercise="sin"), "another network than its manifest says"),
        (lambda f: edit(f, "or-exact", sha256="0" * 64), "is damaged"),
        (lambda f: (f / "or-exact.safetensors").write_bytes(b"x"), "is damaged"),
        (lambda f: (f / "or-exact.safetensors").unlink(), "does not exist"),
        (other_weights, "differs from the manifest"),
        (worse_but_honest, "misses the bar: accuracy >= 1"),
    ],
)
def test_falsified_manifest_or_weights_are_exit_code_1(falsify, part, folder, capsys):
    falsify(folder)
    line = ["verify", "--shipped", "--folder", str(folder), "or-exact", "perceptron", "--json"]
    assert main(line) == 1
    wrong, right = json.loads(capsys.readouterr().out)
    assert part in wrong["verdict"]
    assert (wrong["passed"], right["passed"]) == (False, True)


def test_error_may_differ_by_rounding_alone(folder):
    errors = dict(mlpzoo.get_pretrained("sin").errors)
    errors["max_error"] *= 1.0005
    edit(folder, "sin", errors=errors)
    assert verify(["sin"], trained=False, folder=folder)[0].passed
    errors["max_error"] += 1e-3
    edit(folder, "sin", errors=errors)
    assert not verify(["sin"], trained=False, folder=folder)[0].passed


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("verify sinn", "did you mean 'sin'"),
        ("verify --trained --shipped", "not allowed with"),
        ("verify xor-lecture --trained", "xor-lecture is an exercise"),
        ("verify linear --seed -1", "-1"),
        ("verify --folder nowhere", "cannot be read"),
    ],
)
def test_bad_verify_is_one_line_and_exit_code_2(line, part, capsys):
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert part in err
    assert err.count("\n") == 1
