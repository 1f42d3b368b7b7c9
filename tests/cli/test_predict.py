"""`mlpzoo predict` on rows: CSV in, CSV out."""

import io
import json
import math
import subprocess
import sys

import pytest

from mlpzoo import InputError, export, load_pretrained
from mlpzoo.cli import main
from mlpzoo.cli.commands.predict import columns_of
from mlpzoo.cli.csv_rows import Asked
from mlpzoo.data.rows.source import TextSource


@pytest.fixture
def predict(capsys, tmp_path, monkeypatch):
    """Ask for rows of a file or of stdin; gives exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*given, of="rows.csv"):
        """Take the name of a network, unless options name it, the text, options."""
        cut = next((n for n, each in enumerate(given) if str(each).startswith("--")), len(given))
        *name, text = given[:cut]
        options = given[cut:]
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "rows.csv").write_bytes(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = main(["predict", *name, of, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize("of", ["rows.csv", "-"])
def test_rows_come_back_with_their_answers(predict, of):
    code, out, err = predict("sin", "1.57\n-2\n", of=of)
    assert (code, err) == (0, "")
    rows = [list(map(float, line.split(","))) for line in out.splitlines()]
    assert [x for x, _ in rows] == [1.57, -2.0]
    assert all(y == pytest.approx(math.sin(x), abs=1e-3) for x, y in rows)


def test_header_is_kept_and_columns_may_be_several(predict):
    assert predict("xor-exact", "a,b\n0,1\n1,1\n")[1] == "a,b,y\n0,1,1.0\n1,1,0.0\n"
    header, row = predict("minmax-exact", '"p","q"\r\n3,8\r\n')[1].splitlines()
    assert header == "p,q,max_head,min_head"
    assert row == "3,8,8.0,3.0"
    assert predict("xor-exact", "0,1\n")[1] == "0,1,1.0\n"


def test_byte_order_mark_and_blank_lines_are_no_rows(predict):
    assert predict("or-exact", b"\xef\xbb\xbfa,b\r\n\r\n0,1\r\n")[1] == "a,b,y\n0,1,1.0\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1\n2\n\nabc\n", "rows.csv, line 4: an input must be a finite number, got 'abc'"),
        ("x\n1\ninf\n", "line 3: an input must be a finite number, got 'inf'"),
        ("1\n1e39\n", "line 2: an input must be a finite number, got '1e39'"),
        ("1\n\n2,3\n", "rows.csv, line 3 has 2 cells, the first line 1: '2,3'"),
        ("1\n\n  \n2\n", "rows.csv, line 3: an input must be a finite number, got ''"),
        ("NA\n1\n", "rows.csv, line 1: an input must be a finite number, got 'NA'"),
        ("1_0\n", "rows.csv, line 1: an input must be a finite number, got '1_0'"),
        ("", "rows.csv is empty"),
        ("x\n", "rows.csv has no row of numbers"),
        (b"\xff\xfe\n", "rows.csv is not text in UTF-8"),
        ("a,z\n1,2\n", "rows.csv: sin takes 1 input, got 2: a, z"),
        ('"1\n2', "line 2: unexpected end of data"),
    ],
)
def test_bad_row_is_named_in_one_line_and_nothing_is_printed(predict, text, part):
    code, out, err = predict("sin", text)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err


def test_line_of_separators_alone_is_a_row_without_numbers(predict):
    code, out, err = predict("xor-exact", "a,b\n0,1\n\n,\n1,1\n")
    assert (code, out) == (2, "")
    assert "rows.csv, line 4: an input must be a finite number, got ''" in err


def test_rows_of_a_parquet_file_come_back_with_their_answers(predict, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"note": ["a", "b", "c"], "x1": [1, 0, 1], "x2": [2.0, 1.0, 0.5]})
    frame.to_parquet(tmp_path / "rows.parquet")
    code, out, err = predict("", *UNIT, of="rows.parquet")
    assert (code, err) == (0, "")
    assert out == "note,x1,x2,y\na,1,2.0,21.5\nb,0,1.0,10.5\nc,1,0.5,6.5\n"


def test_rows_outside_the_trained_range_are_counted(predict):
    code, _, err = predict("sin", "1\n50\n-60\n")
    assert code == 0
    assert err == (
        "mlpzoo: rows.csv, line 2: 50 lies outside the trained range [-10, 10] (and 1 more)\n"
    )


UNIT = ("--weights", "1,10,0.5", "--activation", "identity")


def test_columns_with_the_names_of_the_inputs_stand_anywhere_and_beside_others(predict):
    expected = "y;x2;note;x1;y\n7;2;a;1;21.5\n"
    assert predict("y;x2;note;x1\n7;2;a;1\n", *UNIT) == (0, expected, "")
    assert predict("1,2\n", *UNIT)[1] == "1,2,21.5\n"
    assert predict("p,q\n1,2\n", *UNIT)[1] == "p,q,y\n1,2,21.5\n"
    code, out, err = predict("x2,x1,x1\n2,1,1\n", *UNIT)
    assert (code, out) == (2, "")
    assert "rows.csv has 2 columns 'x1', an input of the network" in err


class Trained:
    """What a network of a table was trained on."""

    targets, names, ranges = ("y",), ("a", "2010"), ((0.1, 1.0), (-1.0, 1.0))


def asked(text, **kwargs):
    source = TextSource(io.BytesIO(text), "t.csv", Trained.names)
    return Asked(source, Trained.names, Trained, of="a net", **kwargs)


def test_columns_of_a_table_are_taken_by_name_and_one_that_is_missing_is_named():
    ask = asked(b"2010,y,a\n0.5,9,0.1\n3,9,-2\n-4,9,0.5\n")
    ((_, values),) = ask
    assert values.tolist() == [[0.1, 0.5], [-2.0, 3.0], [0.5, -4.0]]  # 0.1 is in as float32
    assert list(ask.outside) == [
        "t.csv, line 3: a = -2 lies outside the trained range [0.1, 1]",
        "t.csv, line 3: 2010 = 3 lies outside the trained range [-1, 1] (and 1 more)",
    ]
    with pytest.raises(InputError, match=r"t.csv has no column '2010', an input of the network"):
        asked(b"a,b\n1,2\n")


def test_answers_of_a_table_are_called_after_their_target():
    found = type("Found", (), {"data": Trained})
    assert columns_of(found, 1) == ["y_predicted"]


def test_bad_cell_in_a_late_line_leaves_no_half_output(predict, tmp_path):
    text = "1\n" * 40_000 + "x\n" * 2
    code, out, err = predict("sin", text)
    assert (code, out) == (2, "")
    assert "line 40001: an input must be a finite number, got 'x' (and 1 more)" in err


def test_run_is_another_word_for_ckpt(predict, tmp_path):
    export(load_pretrained("xor-exact"), tmp_path / "net.json", exercise="xor")
    assert predict("a,b\n0,1\n", "--run", "net.json")[1] == "a,b,y\n0,1,1.0\n"


def test_many_rows_are_those_that_were_given(predict, tmp_path):
    rows = [f"{n},{n % 7}" for n in range(40_000)]  # of several chunks
    code, out, _ = predict("x1,x2\n" + "\n".join(rows), *UNIT)
    header, *lines = out.splitlines()
    assert (code, header) == (0, "x1,x2,y")
    assert lines == [f"{row},{n + 10 * (n % 7) + 0.5}" for n, row in enumerate(rows)]


def test_json_has_the_same_numbers(predict):
    _, table, _ = predict("sin", "1.57\n-2\n")
    code, out, err = predict("sin", "1.57\n-2\n", "--json")
    answered = json.loads(out)
    assert (code, err) == (0, "")
    assert answered["exercise"] == "sin"
    assert answered["x"] == [[1.57], [-2.0]]
    expected = [float(line.split(",")[1]) for line in table.splitlines()]
    assert [y for (y,) in answered["y"]] == pytest.approx(expected, rel=1e-7)


def test_reader_that_has_gone_is_no_traceback(tmp_path):
    (tmp_path / "rows.csv").write_text("0,1\n" * 30_000)  # more than a pipe holds
    line = f"{sys.executable} -m mlpzoo predict xor-exact rows.csv | head -1"
    done = subprocess.run(
        line, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.stdout == "0,1,1.0\n"
    assert done.stderr == ""
