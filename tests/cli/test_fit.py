"""`mlpzoo fit`: what it prints, its exit codes, and what it refuses."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mlpzoo.cli.entry import main

QUICK = ["--no-plots", "--no-progress"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(here):
    a, b = np.random.default_rng(0).normal(size=(2, 60))
    np.savetxt("t.csv", np.stack([a, b, a - b * b], 1), delimiter=",", header="a,b,y", comments="")
    return here / "t.csv"


def test_a_function_that_begins_with_a_minus_is_fitted_and_reported(here, capsys):
    code = main(["fit", "-x**2", "--range", "-1e0", "1", "--hidden", "4", *QUICK])
    out = capsys.readouterr().out
    assert code == 0
    assert "-x**2: 1-4-1, 13 weights" in out
    rmse = {
        name: float(value) for name, value in re.findall(r"^([a-z ]+?)  +([\d.e-]+) ", out, re.M)
    }
    assert rmse["network"] < 0.01 < rmse["linear regression"]
    assert "proved: no error above" in out
    assert Path(out.strip().splitlines()[-1]).is_dir()


def test_a_table_is_fitted_and_its_rows_are_predicted_by_name(table, capsys):
    code = main(
        ["fit", "t.csv", "--hidden", "4", "--module.weight_decay", "1e-3", "--json", *QUICK]
    )
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {"passed", "rows", "errors", "worst", "tried", "folder"} <= told.keys()
    Path("rows.csv").write_text("b,a\n0.5,0.25\n")
    table.unlink()  # what answers needs no table
    assert main(["predict", "--run", told["folder"], "rows.csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header == "b,a,y_predicted"
    assert float(row.split(",")[2]) == pytest.approx(0.25 - 0.25, abs=0.4)


def test_a_limit_that_is_missed_ends_with_1(here, capsys):
    command = ["fit", "sin(9*x)", "--range", "-3", "3", "--within", "1e-6", "--hidden", "2"]
    assert main([*command, "--max-steps", "10", *QUICK]) == 1
    assert "no network tried is below 1e-06" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["foo(x)"], "unknown function 'foo'"),
        (["x", "--within", "0"], "within must be above 0"),
        (["x", "--rnge", "0", "1"], "did you mean --range?"),
        (["1/x", "--range", "-1", "1"], "is not finite at x=0"),
        (["t.csv", "--target", "z"], "unknown target 'z'"),
        (["t.csv", "--within", "1"], "within"),
        (["t.csv", "--hidden", "4,x"], "hidden must be whole numbers"),
        (["t.csv", "--ensemble", "1"], "ensemble must be 2 or more"),
        (["x", "--ensemble", "5"], "ensemble"),
        (["none.csv"], "none.csv"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_no_folder(arguments, said, table, capsys):
    assert main(["fit", *arguments, *QUICK]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""
    assert not Path("checkpoints").exists()
