"""Which of several processes this is, from what torchrun, srun and --devices leave behind."""

import os
import signal
import subprocess
import sys

import pytest

import mlpzoo.place as place_module
from mlpzoo.place import Place, place

BATCH = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
STEP = {**BATCH, "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1"}
TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Place()),
        (BATCH, Place()),  # a script, or a shell of salloc: nobody else is started
        ({**BATCH, "SLURM_STEP_NUM_TASKS": "1"}, Place()),
        ({**STEP, "SLURM_PTY_PORT": "4711"}, Place()),
        (STEP, Place("srun", 3, 4, 1)),
        ({"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}, Place()),  # left by somebody
        (TORCHRUN, Place("torchrun", 3, 4, 1)),
        ({**STEP, **TORCHRUN, "RANK": "0", "LOCAL_RANK": "0"}, Place("torchrun", 0, 4, 0)),
        (
            {"MLPZOO_STARTED_BY": "99", "LOCAL_RANK": "1", "WORLD_SIZE": "2"},
            Place("--devices", 1, 2, 1, main=99),
        ),
    ],
)
def test_place_is_that_of_who_has_started_the_processes(given, expected):
    assert place_module._place(given) == expected


@pytest.mark.parametrize("wrong", [{"RANK": "4"}, {"RANK": "one"}, {"WORLD_SIZE": ""}])
def test_place_that_is_none_says_so(wrong):
    ((name, value),) = wrong.items()
    assert f"{name}='{value}'" in place_module._place({**TORCHRUN, **wrong}).fault


def test_processes_that_a_process_starts_itself_have_places_of_their_own(monkeypatch):
    monkeypatch.setenv("MLPZOO_STARTED_BY", "99")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    watched = []
    monkeypatch.setattr(place_module, "_stop_without", watched.append)
    assert place.__wrapped__().rank == 1
    assert place.__wrapped__() == Place()
    assert watched == [99]


def test_process_ends_at_once_with_the_one_that_has_started_it(tmp_path):
    """Here its parent is not the process that the environment names."""
    wait = "import sys, time; from mlpzoo.place import place; place(); time.sleep(20)"
    given = {**os.environ, "MLPZOO_STARTED_BY": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
    done = subprocess.run([sys.executable, "-c", wait], env=given, timeout=10)
    assert done.returncode == -signal.SIGTERM
