"""Processes of one command: from the environment, or started here."""

import socket
import subprocess
import sys
import time

import pytest
import torch
from lightning.pytorch.utilities import rank_zero_only
from torch.distributed import HashStore

import mlpzoo
from mlpzoo import InputError
from mlpzoo.place import Place
from mlpzoo.population.work import children
from mlpzoo.population.work import processes as processes_module
from mlpzoo.population.work.processes import (
    _joined,
    _of_attempt,
    _Step,
    _store,
    processes,
)
from mlpzoo.training.many import PopulationSettings


@pytest.fixture
def in_use():
    """A port of this machine at which somebody listens, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_alone_it_is_the_first_of_one_whatever_rank_lightning_has_read(monkeypatch):
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    with processes(PopulationSettings()) as group:
        assert (group.rank, group.count, group.device, rank_zero_only.rank) == (0, 1, 1, 0)
    assert rank_zero_only.rank == 1


def test_port_that_is_in_use_is_one_line(in_use):
    with pytest.raises(InputError, match=f"meet at port {in_use} of .*, which another"):
        _store("127.0.0.1", in_use, hosts=True)


def test_first_process_that_does_not_listen_is_one_line(monkeypatch):
    monkeypatch.setattr(processes_module, "LIMIT", 0.1)
    with pytest.raises(InputError, match="did not come to port 1 of"):
        _store("127.0.0.1", 1, hosts=False)


def test_program_that_accepts_and_says_nothing_is_one_line(in_use, monkeypatch):
    monkeypatch.setattr(processes_module, "LIMIT", 0.1)
    monkeypatch.setattr(torch.distributed, "TCPStore", lambda *_, **__: time.sleep(2))
    with pytest.raises(InputError, match=f"meet at port {in_use} of .*, which another"):
        _store("127.0.0.1", in_use, hosts=False)


def test_port_that_cannot_be_is_one_line(monkeypatch):
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", "99999")
    with pytest.raises(InputError, match="MASTER_PORT is 99999; set it to a free port"):
        _joined(Place("torchrun", 1, 2, 1))


def test_words_of_an_attempt_of_torchrun_are_not_those_of_the_one_before():
    store = HashStore()
    attempts = [
        _of_attempt({"TORCHELASTIC_RESTART_COUNT": count, "WORLD_SIZE": size}, store)
        for count, size in (("0", "2"), ("1", "2"), ("1", "3"))
    ]
    for number, attempt in enumerate(attempts):
        assert not attempt.check(["0/word"]), number
        attempt.set("0/word", "")


def test_environment_that_gives_no_place_is_one_line(monkeypatch):
    monkeypatch.setattr(processes_module, "_KNOWN", [])
    monkeypatch.setattr(processes_module, "place", lambda: Place("srun", fault="srun gives no"))
    with pytest.raises(InputError, match="srun gives no"), processes(PopulationSettings()):
        pass


def test_tasks_of_a_step_meet_at_its_first_node_and_a_port_of_its_own(monkeypatch):
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    monkeypatch.delenv("MASTER_PORT", raising=False)
    for name in ("SLURM_NODELIST", "SLURM_STEP_NODELIST"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="srun gives no address to meet at: SLURM_STEP_NODELIST"):
        _joined(Place("srun", 0, 2))
    monkeypatch.setenv("SLURM_NODELIST", "gpu[01-04]")
    monkeypatch.setenv("SLURM_JOB_ID", "123456")
    assert _Step().main_address == "gpu01"
    monkeypatch.setenv("SLURM_STEP_NODELIST", "gpu[03-04]")
    assert _Step().main_address == "gpu03"
    ports = set()
    for step in "012":
        monkeypatch.setenv("SLURM_STEP_ID", step)
        ports.add(_Step().main_port)
    assert len(ports) == 3
    assert all(1024 < port < 2**15 for port in ports)
    monkeypatch.setenv("MASTER_PORT", "4711")
    assert _Step().main_port == 4711


def test_devices_are_refused_where_there_is_no_script_to_run_again(monkeypatch):
    monkeypatch.setattr(children.__main__, "__spec__", None)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    with pytest.raises(InputError, match="devices 2 runs the script again"):
        mlpzoo.train_population("perceptron", members=2, devices=2)


SCRIPT = """
import mlpzoo
alone = mlpzoo.train_population(
    "perceptron", members=4, max_steps=20, out="alone", plots=False, progress=False
)
print(alone.folder.name, len(alone.members))
for members in (30, 20):
    result = mlpzoo.train_population(
        "xor", members=members, part=10, max_steps=300, val_every=100, early_stop=False,
        out="two", plots=False, devices=2,
    )
print(result.solved, len(result.members))
"""


def test_two_processes_make_the_files_of_one(tmp_path, capfd):
    """Those of --devices, for two populations in turn; torchrun's are in fault injection."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    settings = {"part": 10, "max_steps": 300, "val_every": 100, "early_stop": False}
    one = mlpzoo.train_population(
        "xor", members=30, **settings, out=tmp_path / "one", plots=False, threads=1
    )
    two = tmp_path / "two/xor-population/version_0"
    for name in ("members.csv", *(f"parts/000{n}/last.ckpt" for n in range(3))):
        assert (two / name).read_bytes() == (one.folder / name).read_bytes(), name
    said = set(done.stdout.splitlines())  # by both, unless the second came when all was done
    assert said == {"version_0 4", f"{one.members[:20].solved_count} 20"}
    assert [each.name for each in (tmp_path / "alone").glob("*/*")] == ["version_0"]
    assert done.stderr.count("pieces") <= 2 * 3  # those of the first process alone
