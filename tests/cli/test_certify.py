import json

import pytest

from mlpzoo import get_pretrained


def test_table_has_functions_then_gates(cli):
    code, out, err = cli("certify", "xor-exact", "square")
    assert (code, err) == (0, "")
    functions, gates = out.split("\n\n")
    assert functions.splitlines()[1].split()[:4] == ["square", "y", "0.3077487", "0.3077486"]
    rows = [line.split() for line in gates.splitlines()[1:]]
    assert [row[1] for row in rows] == ["00", "01", "10", "11"]


def test_json_has_bounds_and_radius(cli):
    code, out, _ = cli("certify", "xor", "--json")
    rows = json.loads(out)
    assert code == 0
    assert min(row["radius"] for row in rows) == get_pretrained("xor").proved["radius"]
    assert all(row["bound"] >= row["attained"] and row["complete"] for row in rows)


def test_exported_file_is_compared_with_a_function_of_ones_own(cli):
    cli("export", "sin", "--out", "sin.json")
    code, out, _ = cli("certify", "--ckpt", "sin.json", "--function", "sin(x) + 1", "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert 1 < row["bound"] < 1.02


def test_time_that_is_over_is_exit_code_1_with_a_valid_bound(cli):
    code, out, _ = cli("certify", "minmax", "--limit-s", "0.01", "--json")
    rows = json.loads(out)
    proved = get_pretrained("minmax").proved
    assert code == 1
    assert [row["complete"] for row in rows] == [False, False]
    assert all(row["bound"] > proved[f"{row['output']}_head_max_error"] for row in rows)


@pytest.mark.parametrize(("below", "code"), [("30", 0), ("1", 1)])
def test_each_input_has_its_range_and_a_limit_is_held_or_not(below, code, cli):
    asked = ("certify", "xor", "--function", "x1 + x2", "--range", 0, 1, "--range", 0, 2)
    status, out, err = cli(*asked, "--below", below, "--json")
    (row,) = json.loads(out)
    assert (status, err) == (code, "")
    assert row["complete"]
    assert (row["bound"] <= float(below)) == (code == 0)
    assert 0 <= row["where"][0] <= 1 <= 2 >= row["where"][1] >= 0


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("certify", "name a network, such as sin, or give --ckpt"),
        ("certify sin xor --ckpt a.ckpt", "--ckpt a.ckpt is of one exercise, got sin, xor"),
        ("certify linear", "what linear should compute is not known here; give --function"),
        ("certify sin --function=", "not a formula"),
        ("certify sin --gap 0", "gap must be above 0, got 0"),
        ("certify sin --function 1/x", "1/x"),
        ("certify sin --range 0 1 --range 0 2 --function x", "there are ranges of 2"),
        ("certify sin --range 0 1 --low 0", "give ranges, or low and high"),
        ("certify sinn", "did you mean 'sin'"),
    ],
)
def test_bad_certify_is_one_line_and_exit_code_2(line, part, cli):
    code, out, err = cli(*line.split())
    assert (code, out) == (2, "")
    assert part in err
    assert err.count("\n") == 1
