"""The table of members says what the members say one by one."""

import math
import random
from collections import Counter

import pytest

from mlpzoo import InputError
from mlpzoo.population.work.table import Member, MemberTable


def some(count, seed=0):
    """Members of all kinds."""
    chance = random.Random(seed)
    made = []
    for index in range(count):
        solved = chance.random() < 0.5
        at = chance.choice([None, 100, 200, 300])
        made.append(
            Member(
                seed=2**62 + index, solved=solved, solved_step=at or (100 if solved else None),
                best_step=chance.choice([None, 100]), restarts=chance.choice([0, 2]),
                metrics={"bce": chance.choice([0.1 + index, math.nan]), "accuracy": 0.75},
                failure="" if solved else chance.choice(["not finished", 'odd, "one"']),
            )
        )  # fmt: skip
    return made


def same(first, second):
    """Compare members, of which NaN is one."""
    return repr(list(first)) == repr(list(second))


@pytest.mark.parametrize("count", [1, 57])
def test_table_gives_back_its_members_and_their_counts(count):
    members = some(count)
    table = MemberTable.of(members)
    assert same(table, members)
    assert len(table) == count
    assert table[-1].seed == members[-1].seed
    assert same(table[3:9], members[3:9])
    assert table.solved_count == sum(each.solved for each in members)
    assert table.solved_steps == [each.solved_step if each.solved else None for each in members]
    failed = Counter(each.failure for each in members if not each.solved)
    assert list(table.failures.items()) == failed.most_common()
    with pytest.raises(IndexError):
        table[count]


def test_tables_are_joined_in_their_order():
    first, second = some(5), some(7, seed=3)
    joined = MemberTable.joined([MemberTable.of(first), MemberTable.of(second)])
    assert same(joined, first + second)


def test_table_is_read_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr("mlpzoo.population.work.table._ROWS", 10)
    table = MemberTable.of(some(57))
    path = tmp_path / "members.csv"
    path.write_text(table.as_csv())
    again = MemberTable.read(path)
    assert same(again, table)
    assert again == table
    assert again.as_csv() == table.as_csv()
    assert again != MemberTable.of(some(56))


@pytest.mark.parametrize(
    "content",
    ["", "seed,solved\n", "seed,solved,solved_step,best_step,restarts,failure,bce\n",
     "seed,solved,solved_step,best_step,restarts,failure,bce\n1,2,,,0,,0.5\n",
     "seed,solved,solved_step,best_step,restarts,failure,bce\n1,1,,,0,\n",
     "seed,solved,solved_step,best_step,restarts,failure,bce\n1,1,,,0,,x\n"],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_a_line(content, tmp_path):
    path = tmp_path / "members.csv"
    path.write_text(content)
    with pytest.raises(
        InputError, match=r"members.csv is not a table of members, or it is damaged$"
    ):
        MemberTable.read(path)
    with pytest.raises(InputError, match="No such file"):
        MemberTable.read(tmp_path / "none.csv")
