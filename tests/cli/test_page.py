"""`mlpzoo page`: where it writes, what it takes, and one line where it cannot."""

import os

import pytest

from mlpzoo import SequentialMLP, export


def test_network_of_the_package_is_written_here(cli):
    assert cli("page", "xor-lecture") == (0, "xor-lecture.html\n", "")
    with open("xor-lecture.html", encoding="utf-8") as file:
        before = file.read()
    assert "<title>xor-lecture</title>" in before
    code, out, _ = cli("page", "xor-lecture", "--out", "new.html")
    assert (code, out) == (0, "new.html\n")
    with open("new.html", encoding="utf-8") as file:
        assert file.read() == before


def test_stdout_gets_the_whole_page(cli):
    code, out, err = cli("page", "or-exact", "--out", "-")
    assert (code, err) == (0, "")
    assert out.startswith("<!doctype html>")
    assert out.endswith("</html>\n")


def test_run_has_its_page_in_its_folder(cli, short_run):
    folder = short_run("linear").folder
    code, out, _ = cli("page", folder)
    assert (code, out) == (0, f"{folder}/linear-version_0.html\n")
    assert cli("page", "linear", "--ckpt", folder)[1] == out
    assert cli("page", "--ckpt", folder / "best.ckpt")[1] == f"{folder}/best.html\n"
    other = short_run("linear", "lecture").folder
    assert cli("page", folder, other)[:2] == (0, "compare.html\n")


def test_typed_weights_and_files_have_one(cli):
    assert cli("page", "--weights", "-1,-1,1.5")[:2] == (0, "weights.html\n")
    assert cli("page", "xor", "--weights", "[[[1,1,-0.5],[-1,-1,1.5]],[[1,1,-1.5]]]")[0] == 0
    assert os.path.exists("xor.html")
    export(SequentialMLP(in_features=2, hidden_features=(3,)), "net.json")
    code, _, err = cli("page", "net.json")
    assert (code, err.count("\n")) == (2, 1)
    assert "give ranges, such as -1,1 for all 2 inputs" in err
    assert cli("page", "net.json", "--ranges", "-1,1")[:2] == (0, "net.html\n")
    assert cli("page", "net.json", "--ranges", "(-1,1),(0,5)")[0] == 0


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("xor --out none/x.html", "cannot write none/x.html: No such file or directory"),
        ("xor --out .", "cannot write .: Is a directory"),
        ("xor --ranges 1", "ranges must be two numbers, such as -1,1"),
        ("xor --ranges 1,0", "ranges must run from low to high"),
        ("xor sin", "xor is not the folder of a run"),
        ("xorr", "did you mean 'xor'?"),
        ("none/version_0", "none/version_0 does not exist"),
        ("a/b c --activation relu", "a page of two takes the folders of two runs"),
    ],
)
def test_bad_input_is_one_line(cli, line, part):
    code, out, err = cli("page", *line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err
