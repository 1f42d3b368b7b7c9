"""`mlpzoo predict` on rows: CSV in, CSV out."""

import io
import json
import math
import subprocess
import sys
import time

import pytest

from mlpzoo.cli import main
from mlpzoo.cli.csv_rows import read_rows


@pytest.fixture
def predict(capsys, tmp_path, monkeypatch):
    """Ask for rows of a file or of stdin; gives exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(name, text, *options, of="rows.csv"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "rows.csv").write_bytes(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = main(["predict", name, of, *options])
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
        ("1\n\n2,3\n", "line 3: sin takes 1 input, got 2: 2, 3"),
        ("", "rows.csv has no row of numbers"),
        ("x\n", "rows.csv has no row of numbers"),
        (b"\xff\xfe\n", "rows.csv is not text in UTF-8"),
        ("x,z\n1\n", "names: sin takes 1 input, got 2: x, z"),
        ('"1\n2', "line 2: unexpected end of data"),
    ],
)
def test_bad_row_is_named_in_one_line_and_nothing_is_printed(predict, text, part):
    code, out, err = predict("sin", text)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert part in err


def test_rows_outside_the_trained_range_are_counted(predict):
    code, _, err = predict("sin", "1\n50\n-60\n")
    assert code == 0
    assert err == (
        "mlpzoo: rows.csv, line 2: 50 lies outside the trained range [-10, 10] (and 1 more)\n"
    )


def test_json_has_the_same_numbers(predict):
    _, table, _ = predict("sin", "1.57\n-2\n")
    code, out, err = predict("sin", "1.57\n-2\n", "--json")
    answered = json.loads(out)
    assert (code, err) == (0, "")
    assert answered["exercise"] == "sin"
    assert answered["x"] == [[1.57], [-2.0]]
    expected = [float(line.split(",")[1]) for line in table.splitlines()]
    assert [y for (y,) in answered["y"]] == pytest.approx(expected, rel=1e-7)


def test_thousands_of_rows_take_less_than_a_second(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("".join(f"{n / 1000}\n" for n in range(10_000)))
    began = time.perf_counter()
    rows = read_rows([str(path)])
    values = rows.values(1, of="sin")
    assert time.perf_counter() - began < 2  # measured: 0.03 s
    assert rows.of_file
    assert values[-1] == [9.999]


def test_reader_that_has_gone_is_no_traceback(tmp_path):
    (tmp_path / "rows.csv").write_text("0,1\n" * 30_000)  # more than a pipe holds
    line = f"{sys.executable} -m mlpzoo predict xor-exact rows.csv | head -1"
    done = subprocess.run(
        line, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.stdout == "0,1,1.0\n"
    assert done.stderr == ""
