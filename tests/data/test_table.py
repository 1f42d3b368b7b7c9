"""Tables: what is read, what is refused, and which rows test, validate and train."""

import csv
import hashlib
import math
import pickle
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpzoo.checks import InputError
from mlpzoo.data import TableDataModule, TableSamples
from mlpzoo.data.rows import read
from mlpzoo.data.rows.write import table_of
from mlpzoo.exercises.arguments import typed_arguments

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(60, 3)).astype(np.float32)
NAMES = ["a", "b", "y"]


def as_csv(rows=None, names=NAMES, between=","):
    rows = VALUES.tolist() if rows is None else rows
    return "".join(between.join(map(str, row)) + "\n" for row in [names, *rows])


@pytest.fixture
def table(tmp_path):
    """Write a table and build its samples; keeps nothing of earlier ones."""
    read.read_columns.cache_clear()

    def build(content=None, *, of=TableSamples, **arguments):
        content = as_csv() if content is None else content
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return of(path=str(path), **arguments)

    return build


def with_cells(*changes, rows=12):
    """Return a table in which cells (line, column) have other texts."""
    found = [list(map(str, row)) for row in [NAMES, *VALUES[:rows].tolist()]]
    for line, column, text in changes:
        found[line - 1][column] = text
    return as_csv(found[1:], found[0])


def whole(column, text, rows=12):
    return with_cells(*((line, column, text) for line in range(2, rows + 2)))


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (as_csv(), 2),
        (as_csv(between=";"), 2),
        (as_csv(between="\t"), 2),
        (b"\xef\xbb\xbf" + as_csv().encode(), 2),
        (as_csv().replace("\n", "\r\n"), 2),
        ("\n\n" + as_csv().replace("\n", "\n\n"), 5),
        (as_csv() + " \n\n", 2),
        (as_csv(between=", ").replace("a, b", '"a", "b"'), 2),
        (as_csv(between='","').replace("\n", '"\n"').join(['"', ""])[:-1], 2),
    ],
)
def test_numbers_are_those_of_the_file(table, content, first):
    data = table(content)
    assert (data.inputs, data.targets, data.num_rows) == (("a", "b"), ("y",), 60)
    assert np.array_equal(data.x.numpy(), VALUES[:, :2])
    assert np.array_equal(data.y.numpy(), VALUES[:, 2:])
    assert data.lines[0] == first
    assert data.title == "t.csv: y"


def test_columns_are_chosen_by_name_in_any_order(table):
    data = table(target="a", inputs=("y", "b"))
    assert np.array_equal(data.x.numpy(), VALUES[:, [2, 1]])
    assert table(target="a,y").targets == table(target=("a", "y")).targets == ("a", "y")
    text = with_cells((1, 0, "note"), *((line, 0, '"a\nnote"') for line in range(2, 14)))
    data = table(text, inputs="b")  # a column that nobody takes may hold anything
    assert data.lines.tolist() == list(range(3, 27, 2))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "t.csv is empty"),
        ("\n\n", "t.csv is empty"),
        (as_csv([]), "t.csv has no row below its names; 10 are needed"),
        (as_csv(VALUES[:9].tolist()), "t.csv has 9 rows; 10 are needed"),
        ("1,2\n3,4\n", "has no names above its columns; add a first line such as x,y"),
        (as_csv(names=["a", "a", "y"]), "1 name above more than one column: 'a'"),
        (as_csv(names=["", "b", "y"]), "column 1 has the name ''"),
        (as_csv(between=" "), "t.csv has no column beside 'a b y'; put commas between them"),
        (whole(0, "7"), "1 column of one value in all of its 12 rows: 'a' ('a' is 7); "
                        "take --inputs b"),
        (whole(2, "7"), "'y' ('y' is 7); name another --target"),
        (as_csv([[a, a, y] for a, _, y in VALUES.tolist()]), "columns 'a' and 'b' have the same "),
        (as_csv([[a, y, y] for a, _, y in VALUES.tolist()]), "leave one out: --inputs a"),
        (with_cells((4, 0, "abc")), "column 'a' has 1 cell that is no number, the first 'abc' in "
                                    "line 4; correct that, or take --inputs b"),
        (whole(2, "x"), "column 'y' has 12 cells that are no numbers, the first 'x' in line 2; "),
        (with_cells((3, 0, ""), (4, 1, "NA"), (4, 0, "nan")), "t.csv has 3 missing cells, the first"
         " in line 3, in 2 columns: 'a', 'b'; leave out 2 rows with --drop-missing"),
        (as_csv() + ",,\n , ,\n", "t.csv has 6 missing cells, the first in line 62"),
        (as_csv() + ",\n", "line 62 has 2 cells, the first line 3: ','"),
        (as_csv(names=["1", "NA", "3"]), "has no names above its columns; add a first line such"),
        (as_csv(names=["5.1", "3", "rose"]), "t.csv: the first line has no names: '5.1', '3' are "
                                             "numbers; put names above the columns"),
        (whole(0, "1_000"), "column 'a' has 12 cells that are no numbers, the first '1_000'"),
        (with_cells((4, 1, "١٢")), "column 'b' has 1 cell that is no number, the first '١٢'"),
        (with_cells((3, 0, "inf"), (4, 0, "-1e39")), "has 2 numbers beyond 1e+18, the first inf in "
                                                     "line 3"),
        (as_csv().replace(",", ";").replace(".", ","), "write decimals with a point, not a comma"),
        (as_csv() + "1,2\n1,2,3,4\n", "line 62 has 2 cells (and 1 more such lines), the first line "
                                      "3: '1,2'"),
        (with_cells((3, 0, '"1')), "unexpected end of data"),
        (with_cells((3, 0, "\x00")), "column 'a' has 1 cell that is no number, the first '\\x00'"),
        ("µ".encode("latin-1") + as_csv().encode(), "t.csv is not text in UTF-8"),
        (as_csv().encode("utf-16"), "t.csv is not text in UTF-8"),
        ("a,b\n" + "1," * 600_000, "has a line of over 1,000,000 characters"),
        ("a" * 2_000_000, "has a line of over 1,000,000 characters"),
    ],
)  # fmt: skip
def test_table_that_cannot_be_used_is_refused_in_one_line(table, content, said):
    with pytest.raises(InputError) as refused:
        table(content)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"target": "z"}, "unknown target 'z'"),
        ({"inputs": ("a", "bb")}, "unknown input 'bb'; did you mean 'b'?"),
        ({"inputs": ("a", "y")}, "'y' is a target and among the inputs"),
        ({"inputs": ("a", "a")}, "input 'a' is named twice"),
        ({"target": 3}, "target must be names of columns, got 3"),
        ({"batch_size": 43}, "batch_size must be 42 or less, got 43"),
        ({"test_share": 0.9}, "60 rows are too few for test_share 0.9 and val_share 0.15"),
        ({"test_share": 1.0}, "test_share must be above 0 and below 1, got 1"),
        ({"val_share": math.nan}, "val_share must be 0 or more"),
        ({"folds": 1}, "folds must be 2 or more"),
        ({"folds": 52}, "60 rows are too few for test_share 0.15 and 52 folds"),
        ({"rmse": 0.0}, "rmse must be above 0"),
        ({"drop_missing": "yes"}, "drop_missing must be True or False"),
        ({"sha256": "0" * 64}, "and that of the table that was trained on with 000000000000"),
    ],
)
def test_argument_that_does_not_fit_is_named(table, arguments, said):
    with pytest.raises(InputError) as refused:
        table(**arguments)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [("gone.csv", "there is no file"), (".", "is a folder"), ("", "path must name a file"),
     ("/dev/null", "is no file that can be read twice"), ("a\0b", "cannot be read")],
)  # fmt: skip
def test_path_that_is_no_file_is_refused(path, said):
    with pytest.raises(InputError, match=said):
        TableSamples(path=path)


def test_rows_with_missing_cells_are_dropped_and_counted(table):
    data = table(with_cells((3, 0, ""), (4, 1, "?"), (4, 0, "N/A")), drop_missing=True)
    assert (data.dropped, data.num_rows) == (2, 10)
    assert data.lines.tolist() == [2, *range(5, 14)]
    assert np.array_equal(data.x.numpy(), np.delete(VALUES[:12, :2], [1, 2], axis=0))


@pytest.mark.parametrize("folds", [0, 4])
def test_each_row_tests_validates_or_trains(table, folds):
    kinds = [table(folds=folds, seed=seed) for seed in range(8)]
    for data in kinds:
        rows = torch.cat([data.test, data.val, data.train])
        assert torch.equal(rows.sort().values, torch.arange(60))
        assert torch.equal(data.test, kinds[0].test)
        assert torch.equal(data.rows_of("val")[0], data.x[data.val])
        assert torch.equal(data.grid(7)[1], data.y[data.test])
    assert not torch.equal(table(test_seed=1, folds=folds).test, kinds[0].test)
    if folds:  # each other row validates once, in parts of one size
        assert {len(data.val) for data in kinds} == {(60 - 9) // 4}
        assert len({*torch.cat([data.val for data in kinds[:4]]).tolist()}) == 4 * 12
        assert torch.equal(kinds[4].val, kinds[0].val)
    else:
        assert {(len(data.test), len(data.val)) for data in kinds} == {(9, 9)}
        assert len({tuple(data.val.tolist()) for data in kinds}) == 8


def sides(data):
    """Return which of 0, 1, 2 each row tests, validates or trains in."""
    found = torch.empty(data.num_rows, dtype=torch.int64)
    for side, rows in enumerate((data.test, data.val, data.train)):
        found[rows] = side
    return found


@pytest.mark.parametrize("folds", [0, 4])
def test_equal_rows_are_on_one_side(table, folds):
    copies = [15, 9, 8, *[3] * 12, *[2] * 20, *[1] * 92]
    wholes = RANDOM.normal(size=(len(copies), 3))
    places = RANDOM.permutation(np.repeat(np.arange(len(copies)), copies))
    content = as_csv(wholes[places].tolist())
    sizes = []
    for seed in range(4):
        data = table(content, folds=folds, seed=seed, test_seed=seed // 2)
        side = sides(data)
        for each in range(len(copies)):
            assert len({*side[places == each].tolist()}) == 1
        sizes.append(side.bincount().tolist())
    assert sizes == [[30, 42 if folds else 30, 128 if folds else 140]] * 4


def test_one_group_of_equal_rows_is_cut_where_sizes_cannot_be_met(table):
    content = as_csv(VALUES[:50].tolist() * 2)
    side = sides(table(content)).view(2, 50)
    assert side.flatten().bincount().tolist() == [15, 15, 70]
    assert int((side[0] != side[1]).sum()) == 1  # a row of the test is one of the validation


def test_split_of_distinct_rows_is_the_same_as_ever(table):
    data = table(test_seed=3, seed=5)
    assert data.test.tolist() == [2, 12, 25, 29, 33, 47, 49, 54, 58]
    assert data.val.tolist() == [0, 1, 4, 5, 13, 21, 36, 43, 55]
    assert table(test_seed=3, seed=5, folds=4).val.tolist() == [
        4,
        7,
        8,
        9,
        10,
        21,
        22,
        23,
        24,
        39,
        45,
        46,
    ]


def test_pass_takes_each_training_row_at_most_once_and_blocks_are_their_steps(table):
    data = table(batch_size=10, seed=3)
    assert len(data.train) == 42
    x, y = data.train_block(torch.arange(8))  # two passes of four batches
    for step in range(8):
        assert torch.equal(x[step], data.train_batch(step)[0])
    for turn in (x[:4], x[4:]):
        assert len({*map(tuple, turn.reshape(-1, 2).tolist())}) == 40
    assert not torch.equal(x[0], x[4])
    assert not torch.equal(x[0], table(batch_size=10, seed=4).train_batch(0)[0])
    places = {tuple(row): place for place, row in enumerate(data.x.tolist())}
    found = [places[tuple(row)] for row in x.reshape(-1, 2).tolist()]
    assert {*found} <= {*data.train.tolist()}
    assert torch.equal(data.y[found].flatten(), y.flatten())


def test_all_training_rows_are_a_batch_where_no_size_is_given(table):
    data = table()
    assert (data.batch_size, data.arguments["batch_size"]) == (42, None)
    assert torch.equal(data.train_batch(5)[0], data.x[data.train])


def test_scales_and_bar_are_those_of_the_training_rows(table):
    data = table()
    train, val = VALUES[data.train].astype("f8"), VALUES[data.val].astype("f8")
    mean, std = train.mean(axis=0), train.std(axis=0)
    assert np.allclose(data.in_scale, np.stack([mean - std, mean + std], axis=1)[:2])
    assert np.allclose(data.out_scale, [mean[2] - std[2], mean[2] + std[2]])
    assert np.allclose(data.ranges, np.stack([train.min(axis=0), train.max(axis=0)], axis=1)[:2])
    assert data.bars["rmse"] == pytest.approx(np.sqrt(np.mean((val[:, 2] - mean[2]) ** 2)))
    assert table(rmse=0.25).bars == {"rmse": 0.25}
    assert len(table(target=("a", "y")).out_scale) == 2


def column(of, where=0, rows=200):
    """Return a table whose first or last column is a function of the row's number."""
    values = RANDOM.normal(size=(rows, 3)).tolist()
    for number, row in enumerate(values):
        row[where] = of(number)
    return as_csv(values)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (column(lambda n: 1_700_000_000 + 10 * n), "column 'a' has numbers as large as 1.7e+09, "
         "which are 128 apart in float32, and their spread (std) is 577; subtract a "
         "constant, such as 1700000995, from"),
        (column(lambda n: 100_000_000 + n), "as large as 1e+08, which are 8 apart"),
        (column(lambda n: 1e9 + n / 200), "as large as 1e+09, which are 64 apart"),
        (column(lambda n: 1e6 + 0.1 * math.sin(n), 2), "column 'y' has numbers as large as 1e+06"),
        (column(lambda n: 1e6 + n % 2 / 16, 2), "column 'y' has numbers as large as 1e+06"),
    ],
)  # fmt: skip
def test_column_whose_differences_float32_loses_is_refused(table, content, said):
    with pytest.raises(InputError) as refused:
        table(content)
    assert said in str(refused.value)


def test_column_of_large_numbers_that_float32_holds_is_taken(table):
    ids = [10_000_000 + n for n in range(200)]
    assert table(column(lambda n: ids[n])).x[:, 0].tolist() == ids
    assert table(column(lambda n: 1990 + n / 12, 2)).num_rows == 200


def test_targets_of_unlike_spread_are_refused(table):
    rows = [[a, 1e3 + 30 * b, y] for a, b, y in VALUES.tolist()]
    spread = np.std(rows, axis=0)
    with pytest.raises(InputError) as refused:
        table(as_csv(rows), target="b,y")
    said = f"targets 'b' and 'y' have spreads (std) of {spread[1]:.3g} and {spread[2]:.3g}"
    assert said in str(refused.value)
    assert "scale them, or fit them one by one: --target b" in str(refused.value)
    assert table(as_csv(rows), target="a,y").targets == ("a", "y")
    assert table(as_csv(rows), target="y").inputs == ("a", "b")


@pytest.mark.parametrize("odd", ["1", "-1e8", "0"])
def test_scale_of_a_column_that_hardly_varies_can_be_divided_by(table, odd):
    usual = "100000000" if odd == "0" else "0"
    rows = [[usual, *row[1:]] for row in VALUES.tolist()]
    rows[int(table().test[0])][0] = odd  # the only other value is of a test row
    ((low, high), _) = table(as_csv(rows)).in_scale
    assert np.float32(low) < np.float32(high)


def test_later_builds_read_nothing_until_rows_are_asked_for(table, monkeypatch):
    first = table(of=TableDataModule, target="y", seed=2)
    digest = hashlib.sha256(as_csv().encode()).hexdigest()
    arguments = dict(first.hparams)
    assert (arguments["sha256"], arguments["inputs"]) == (digest, ("a", "b"))
    assert type(arguments["target"]) is str
    monkeypatch.setattr(read, "open_source", lambda *_: pytest.fail("read again"))
    for seed in range(1000):
        member = TableDataModule(**{**arguments, "seed": seed})
    assert torch.equal(member.x, first.x)
    read.read_columns.cache_clear()
    monkeypatch.undo()
    (again := pickle.loads(pickle.dumps(first))).train_batch(0)
    assert again.hparams == first.hparams
    read.read_columns.cache_clear()
    (path := arguments["path"])
    with open(path, "w") as file:
        file.write("nothing")
    gone = TableDataModule(**arguments)
    assert (gone.in_features, gone.ranges, gone.batch_size) == (2, first.ranges, 42)
    assert gone.example.shape == (2, 2)
    with pytest.raises(InputError) as refused:
        gone.train_batch(0)
    now = hashlib.sha256(b"nothing").hexdigest()
    assert f"{path} has changed: its SHA-256 begins with {now[:12]}" in str(refused.value)
    assert digest[:12] in str(refused.value)


@pytest.mark.parametrize("name", ["y", "2010", "x (m)", "a: b", "[a]", "null", "1e3"])
def test_typed_name_of_a_column_stays_as_it_is(name):
    given = {"target": name, "inputs": name}
    found = typed_arguments(TableSamples, given, group="data", of="table")
    assert found == {"target": name, "inputs": (name,)}
    plain = {"target": ("a", "b"), "inputs": ["a", "b,c"], "input_ranges": [[0, 1], [1, 2]]}
    found = typed_arguments(TableSamples, plain, group="data", of="table")
    assert found == {**plain, "inputs": ("a", "b,c"), "input_ranges": ((0, 1), (1, 2))}


def test_other_rows_have_no_right_answer(table):
    with pytest.raises(InputError, match="a table has no right answer, y, for other rows"):
        table().target(torch.zeros(1, 2))


CELLS = ["", "abc", "nan", "inf", "1e400", "-1e39", '"', '"1', "\0", "1,5", "1;5", "\t", "\n", "\r",
         "٣", "1_0", "0x10", "µ", " ", "1e-320", "=A1", "9" * 400, "\ufeff", "a", "y"]  # fmt: skip
CHANGES = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.sampled_from(CELLS)), max_size=4
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=CHANGES,
    between=st.sampled_from([",", ";", "\t", " ", ", "]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    cut=st.none() | st.integers(0, 200),
    bytes_=st.binary(max_size=3),
)
def test_malformed_table_is_refused_in_one_line_or_gives_finite_numbers(
    table, changes, between, encoding, cut, bytes_
):
    rows = [list(map(str, row)) for row in [NAMES, *VALUES[:12].tolist()]]
    for row, column, text in changes:
        rows[row][column] = text
    content = as_csv(rows[1:], rows[0], between).encode(encoding, "replace")
    content = content if cut is None else content[:cut] + bytes_ + content[cut:]
    try:
        data = table(content)
    except InputError as error:
        data, said = None, str(error)
    if data is None:
        assert len(said.splitlines()) == 1
        return
    for part in (data.x, data.y, torch.tensor([data.in_scale]), torch.tensor(data.bars["rmse"])):
        assert part.isfinite().all()
    for row, line in zip(data.x.tolist(), data.lines.tolist(), strict=True):
        assert len(row) == data.in_features
        assert line > 1


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=40))
def test_arrays_come_back_bit_for_bit(rows):
    values = np.array(rows, dtype=np.float32)
    text = table_of(torch.from_numpy(values[:, 0]), values[:, 1:].astype("f8")).decode()
    header, *lines = csv.reader(text.splitlines())
    assert header == ["x", "y"]
    again = np.array([list(map(float, line)) for line in lines]).astype(np.float32)
    assert np.array_equal(again.view("u4"), values.view("u4"))


class Frame:
    """As much of a frame as is asked for."""

    columns = ("a b", "c,d")

    def to_numpy(self):
        return np.array([[1, True], [np.nan, 0.1]], dtype=object)


def test_frame_keeps_its_names_and_what_is_missing():
    assert table_of(Frame(), np.array([3, 4])) == b'"a b","c,d","y"\n"1",1.0,3\nnan,0.1,4\n'


def test_text_of_a_frame_is_kept_and_what_is_not_asked_for_may_be_any(tmp_path):
    pandas = pytest.importorskip("pandas")
    read.read_columns.cache_clear()
    frame = pandas.DataFrame(VALUES.astype("f8"), columns=NAMES)
    frame["a;b;c;d"] = 'text, "quoted"\n'
    frame["when"] = pandas.date_range("2020", periods=60)
    frame["a"] = frame["a"].astype("Float64")
    frame.loc[3, "a"] = pandas.NA
    frame["flag"] = frame["b"] > 0
    (path := tmp_path / "t.csv").write_bytes(table_of(frame))

    def build(inputs, target="y", drop=True):
        return TableSamples(path=str(path), inputs=inputs, target=target, drop_missing=drop)

    data = build(("a", "b", "flag"))
    assert data.dropped == 1
    right = np.delete(np.c_[VALUES[:, :2], VALUES[:, 1] > 0], 3, axis=0)
    assert np.array_equal(data.x.numpy(), right)
    with pytest.raises(InputError, match="1 missing cell, the first in line 5, in 1 column: 'a'"):
        build(("a", "b"), drop=False)
    with pytest.raises(InputError, match="column 'when' has 60 cells that are no numbers"):
        build(("b", "when"))
    (path := tmp_path / "when.csv").write_bytes(table_of(frame[["when"]], frame["y"]))
    with pytest.raises(InputError, match="column 'when' has 60 cells that are no numbers"):
        build(("when",))


def test_answers_in_another_order_than_the_rows_are_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(VALUES.astype("f8"), columns=NAMES)
    other = frame["y"].iloc[::-1]
    with pytest.raises(InputError, match=r"y has other row labels than x; give y.loc\[x.index\]"):
        table_of(frame[["a", "b"]], other)
    assert table_of(frame[["a", "b"]], other.loc[frame.index]) == table_of(frame)


def test_array_whose_differences_float32_loses_is_refused(tmp_path):
    x = np.c_[1e6 + 0.1 * np.sin(np.arange(60.0)), VALUES[:, 0]]
    (path := tmp_path / "t.csv").write_bytes(table_of(x, VALUES[:, 2]))
    with pytest.raises(InputError, match="column 'x1' has numbers as large as 1e\\+06"):
        TableSamples(path=str(path))


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((3, 2)), np.zeros(2), "x has 3 rows and y 2"),
        ([["a"]], None, "x must hold numbers alone, got 'a'"),
        (np.zeros((3, 2)), np.zeros(3, dtype="M8[s]"), "y must hold numbers alone, got '1970"),
        (np.array([1 + 2j]), None, "x must hold numbers alone, got '\\(1\\+2j\\)'"),
        ([[1, "a"], [None, 2j]], None, "x must hold numbers alone, got 'a'"),
        (np.zeros((2, 2, 2)), None, "x must be \\(rows, columns\\), got 3 axes"),
        (3.0, None, "x must be \\(rows, columns\\), got 0 axes"),
    ],
)
def test_what_is_no_table_is_refused(x, y, said):
    with pytest.raises(InputError, match=said):
        table_of(x, y)


def test_parquet_is_read_as_the_same_csv(table, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(VALUES.astype("f8"), columns=NAMES)
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    data = TableSamples(path=str(path))
    assert torch.equal(data.x, table().x)
    assert (data.lines[0], data.place_of(3)) == (1, "row 4")
    assert table().place_of(3) == "line 5"
    frame.insert(0, "name", "text")
    frame.loc[4, "b"] = None
    frame.to_parquet(path)
    with pytest.raises(InputError, match="column 'name' has 60 cells that are no numbers"):
        TableSamples(path=str(path))
    with pytest.raises(InputError, match="1 missing cell, the first in row 5, in 1 column: 'b'"):
        TableSamples(path=str(path), inputs=("a", "b"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        TableSamples(path=str(path))


def test_parquet_without_pandas_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    (path := tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        InputError, match=r"needs pandas and pyarrow .*pip install 'mlpzoo\[data\]'"
    ):
        TableSamples(path=str(path))
