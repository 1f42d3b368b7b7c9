"""What processes agree on; here each is a thread."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from torch.distributed import HashStore

from mlpzoo.checks import InputError
from mlpzoo.place import Place, SaidElsewhere
from mlpzoo.population.work import group as group_module
from mlpzoo.population.work.group import Group


@pytest.fixture
def groups():
    """Three processes that speak to each other."""
    store = HashStore()
    return [Group(Place("torchrun", rank, 3, rank), store=store) for rank in range(3)]


def at_once(function, groups):
    """Call a function of each group at the same time."""
    with ThreadPoolExecutor(len(groups)) as pool:
        return [pool.submit(function, group) for group in groups]


def test_all_get_what_the_first_makes_each_time(groups, tmp_path):
    name = "\udcff of bytes that are no text"
    for folder in (tmp_path / "a", tmp_path / name):
        made = at_once(lambda group, folder=folder: group.agree(lambda: folder, {}), groups)
        assert [each.result() for each in made] == [folder] * 3


def test_only_the_first_makes_it(groups, tmp_path):
    made = at_once(lambda group: group.agree(lambda: tmp_path / str(group.rank), {}), groups)
    assert {each.result() for each in made} == {tmp_path / "0"}


def test_the_first_keeps_its_word_until_all_have_heard_it(groups, tmp_path):
    first, *others = groups
    for other in others:
        other._come()
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(first.agree, lambda: tmp_path, {})
        time.sleep(0.3)
        assert not made.done()
        assert [other.agree(refuse, {}) for other in others] == [tmp_path] * 2
        assert made.result() == tmp_path


def refuse():
    raise InputError("there is no room")


def in_block(group, make):
    """Do what `processes` does where a process ends by an error."""
    try:
        return group.agree(make, {})
    except InputError as error:
        group.leave(error)
        raise


def test_an_error_of_the_first_is_told_by_it_alone(groups):
    failed = at_once(lambda group: in_block(group, refuse), groups)
    errors = [each.exception() for each in failed]
    assert [type(error) for error in errors] == [InputError, SaidElsewhere, SaidElsewhere]
    assert {str(error) for error in errors} == {"there is no room"}


def test_an_error_before_they_agree_is_told_by_the_first_or_by_whom_it_concerns(groups):
    def all_fail(group):
        return group.leave(InputError("nobody can"))

    errors = [each.exception() for each in at_once(all_fail, groups)]
    assert [type(error) for error in errors] == [type(None), SaidElsewhere, SaidElsewhere]

    def one_fails(group):
        group.agreed = False
        return group.leave(InputError("I cannot")) if group.rank == 2 else group.agree(Path, {})

    assert at_once(one_fails, groups)[2].result() is None


def test_what_stops_all_of_them_after_they_have_agreed_is_told_by_the_first_alone(groups):
    def fails(group, what):
        group.agree(Path, {})
        return group.leave(InputError(what))

    errors = [e.exception() for e in at_once(lambda group: fails(group, "no GPU"), groups)]
    assert [type(error) for error in errors] == [type(None), SaidElsewhere, SaidElsewhere]
    own = at_once(lambda group: fails(group, f"the disk of {group.rank} is full"), groups)
    assert [each.exception() for each in own] == [None] * 3


def test_process_with_other_settings_than_the_first_is_refused(groups, tmp_path):
    def with_own_rate(group):
        lr = 0.1 + (group.rank == 1)
        return group.agree(lambda: tmp_path, {"module": {"lr": lr, "size": (8, 8)}})

    first, other, last = at_once(with_own_rate, groups)
    assert first.result() == last.result() == tmp_path
    with pytest.raises(InputError, match=r"process 1 has another module\.lr than process 0"):
        other.result()


def test_others_hear_what_the_first_has_done_before_it_started_them(tmp_path):
    alone = Group(Place())
    alone.begin()
    assert alone.agree(lambda: tmp_path / "alone", {"members": 3}) == tmp_path / "alone"
    alone.begin()
    with pytest.raises(InputError):
        in_block(alone, refuse)
    alone.begin()
    alone.agree(lambda: tmp_path / "fails later", {})
    alone.leave(InputError("it has"))
    store = HashStore()
    first = Group(Place("--devices", 0, 2), store=store, past=alone.past)
    first.children = object()  # which nobody waits for
    first.begin()
    first.agree(lambda: tmp_path / "together", {})
    child = Group(Place("--devices", 1, 2), store=store)
    child.begin()
    assert (child.agree(refuse, {"members": 3}), child.count) == (tmp_path / "alone", 1)
    for _ in range(2):
        child.begin()
        with pytest.raises(SaidElsewhere, match=r"there is no room|it has"):
            child.agree(refuse, {})
    child.begin()
    assert (child.agree(refuse, {}), child.count) == (tmp_path / "together", 2)


def test_processes_that_do_not_come_are_named_in_time(groups, monkeypatch):
    monkeypatch.setattr(group_module, "LIMIT", 0.2)
    first, other = at_once(lambda group: in_block(group, Path), groups[:2])
    with pytest.raises(InputError, match="3 processes, and of these 2 did not come within"):
        first.result()
    with pytest.raises(SaidElsewhere):
        other.result()


def test_first_process_that_does_not_come_is_named_in_time(groups, monkeypatch):
    monkeypatch.setattr(group_module, "LIMIT", 0.2)
    with pytest.raises(InputError, match="process 0 of 3 did not come within"):
        groups[1].agree(Path, {})


def test_devices_must_be_what_there_is(groups):
    groups[0].check(None)
    groups[0].check(3)
    with pytest.raises(InputError, match="devices 2, but torchrun has started 3 processes"):
        groups[0].check(2)


def test_one_or_several_have_one_thread_each_and_only_the_first_shows_how_it_goes(groups):
    assert Group(Place()).own({"members": 3}) == {"members": 3, "threads": 1}
    assert groups[0].own({"members": 3}) == {"members": 3, "threads": 1}
    assert groups[1].own({"threads": 2}) == {"threads": 2, "progress": False}
    assert groups[0].own({"resume": True}) == {"resume": True}
