"""A share of what scripts/fault_injection does, which runs all of it and prints the counts."""

import math
import os
import signal

import pytest

from scripts.fault_injection import kills
from scripts.fault_injection.crowd import crowd, full_disk
from scripts.fault_injection.damage import damaged, hostile
from scripts.fault_injection.nonsense import nonsense
from scripts.fault_injection.shared import shared

SMALLER = {
    "xor": "--no-early-stop --max-steps 1500 --val-every 300 --no-plots",
    "sin": "--no-early-stop --max-steps 600 --val-every 100 --plot-every 3"
    " --module.hidden_features 16,16 --data.batch_size 50 --data.val_points 51"
    " --data.test_points 101",
    "minmax": "--no-early-stop --max-steps 300 --val-every 60 --no-plots"
    " --module.trunk_features 32 --module.head_features 32 --data.val_points 21"
    " --data.test_points 31",
    "population": "--members 20 --no-early-stop --max-steps 900 --val-every 300 --no-plots",
}


@pytest.mark.parametrize(
    ("signum", "count", "cases"),
    [
        (signal.SIGKILL, 4, ("sin", "population")),
        (signal.SIGTERM, 2, ("minmax", "population")),
        (signal.SIGINT, 1, ("xor",)),
    ],
)
def test_runs_end_as_if_nobody_had_stopped_them(signum, count, cases, monkeypatch):
    for case, arguments in SMALLER.items():
        command = kills.CASES[case].split()[:2]
        monkeypatch.setitem(kills.CASES, case, " ".join([*command, arguments]))
    if signum != signal.SIGKILL:
        monkeypatch.setattr(kills, "COLD_EVERY", math.nan)  # never: the tests of stopping do so
    tally = kills.torment(signum, count, cases=cases, seed=1, workers=len(cases))
    assert tally.faults == []
    assert tally.identical == tally.runs
    assert tally.signals >= count


def test_run_that_processes_share_ends_as_that_of_one_whichever_are_killed():
    line = "population perceptron --members 12 --part 3 --no-early-stop --max-steps 300"
    tally = shared(1, line=line, kills=1)
    assert tally.faults == []
    assert tally.identical == tally.runs


def test_damaged_checkpoints_are_refused_or_harmless():
    ends, faults = damaged(50, seed=1)
    assert faults == []
    assert ends.total() == 50


def test_no_code_in_a_checkpoint_runs():
    ends, faults = hostile()
    assert faults == []
    assert ends["refused"] == 20


def test_nonsense_is_refused_in_one_line():
    assert nonsense(45) == []


def test_runs_started_at_once_have_a_folder_each():
    assert crowd(4) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_full_disk_leaves_the_old_state():
    try:
        assert full_disk() == []
    except OSError as error:
        pytest.skip(f"no file system can be mounted here: {error}")
