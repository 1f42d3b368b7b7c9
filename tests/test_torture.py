"""A share of what scripts/torture.py does, which runs all of it and prints the counts."""

import os
import signal

import pytest

from mlpzoo.torture.crowd import crowd, full_disk
from mlpzoo.torture.damage import damaged, hostile
from mlpzoo.torture.kills import torment
from mlpzoo.torture.nonsense import nonsense


@pytest.mark.parametrize(
    ("signum", "count", "cases"),
    [
        (signal.SIGKILL, 6, ("xor", "sin", "minmax", "population")),
        (signal.SIGTERM, 3, ("xor", "population")),
        (signal.SIGINT, 3, ("xor", "population")),
    ],
)
def test_runs_end_as_if_nobody_had_stopped_them(signum, count, cases):
    tally = torment(signum, count, cases=cases, seed=1)
    assert tally.faults == []
    assert tally.identical == tally.runs
    assert tally.signals >= count


def test_damaged_checkpoints_are_refused_or_harmless():
    ends, faults = damaged(100, seed=1)
    assert faults == []
    assert ends.total() == 100


def test_no_code_in_a_checkpoint_runs():
    ends, faults = hostile()
    assert faults == []
    assert ends["refused"] == 20


def test_nonsense_is_refused_in_one_line():
    assert nonsense(60) == []


def test_runs_started_at_once_have_a_folder_each():
    assert crowd(6) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_full_disk_leaves_the_old_state():
    try:
        assert full_disk() == []
    except OSError as error:
        pytest.skip(f"no file system can be mounted here: {error}")
