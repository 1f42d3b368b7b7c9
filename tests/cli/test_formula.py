"""`mlpzoo formula`: texts on stdout that run as they are, all else on stderr."""

import pytest

from mlpzoo import export, load_pretrained


@pytest.mark.parametrize("form", ["text", "latex", "python", "numpy", "c"])
def test_text_is_on_stdout_and_what_is_said_of_it_on_stderr(cli, form):
    code, out, err = cli("formula", "xor-lecture", "--as", form, "--digits", 3, "--names", "a,b")
    assert (code, err.count("\n")) == (0, 1)
    assert "its output is the logit" in err
    assert "rounding to 3 digits changes the output by up to 0.04" in err
    if form in ("python", "numpy"):
        exec(out, there := {})
        assert there["network"](0, 1) == pytest.approx(16.65, abs=0.05)
    else:
        assert {"text": "-10.3 a + 14.4 b", "latex": r"-10.3\,a + 14.4\,b",
                "c": "double network(double a, double b)"}[form] in out  # fmt: skip


def test_all_digits_of_a_value_leave_nothing_to_be_said(cli):
    code, out, err = cli("formula", "linear", "--as", "c", "--real", "float")
    assert (code, err) == (0, "")
    assert "float network(float x)" in out


def test_file_without_an_exercise_gets_it_by_name(cli):
    export(load_pretrained("linear"), "net.json")
    code, out, err = cli("formula", "net.json")
    assert (code, out) == (0, "output\n  y = 1.996 x + 0.9215\n")
    assert "name its exercise, and --ckpt net.json" in err
    assert "4 digits" in cli("formula", "linear", "--ckpt", "net.json")[2]


def test_wide_network_of_one_input_is_written_as_its_pieces(cli):
    code, out, err = cli("formula", "sin")
    assert (code, err.count("\n")) == (0, 1)
    assert out.startswith("pieces from -10 to 10: 355, of at most 66,049\n")
    assert "double network(double x)" in cli("formula", "sin", "--as", "c")[1]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("minmax", "a formula of 264,450 weights"),
        ("sin --as python", "sin is too wide for --as python; take text, numpy or c"),
        ("xor --digits 0", "digits must be 1 or more, got 0"),
        ("xor --names a,for", "'for' is a word of"),
        ("xor --real float", "--real float goes with --as c"),
        ("xor --as tex", "invalid choice: 'tex'"),
    ],
)
def test_bad_input_is_one_line(cli, line, part):
    code, out, err = cli("formula", *line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err
