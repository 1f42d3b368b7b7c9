"""Two processes on the CPU; Lightning starts the second by running the command again."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
import yaml
from lightning.pytorch.utilities import rank_zero_only

import mlpzoo
from mlpzoo import InputError, SinDataModule

SCRIPT = """
import torch
from lightning.pytorch import Callback, Trainer
import mlpzoo
from mlpzoo import LitSequentialMLP, SinDataModule

class Seen(Callback):
    def __init__(self):
        self.first = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.first.append(batch[0][0].item())

seen = Seen()
module = LitSequentialMLP(hidden_features=(8,), optimizer="sgd", lr=0.1)
trainer = Trainer(
    accelerator="cpu", devices=2, strategy="ddp", max_steps=4, logger=False, callbacks=[seen],
    enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    num_sanity_val_steps=0,
)
trainer.fit(module, datamodule=SinDataModule())
weights = torch.cat([p.detach().flatten() for p in module.parameters()])
torch.save({"first": seen.first, "weights": weights}, f"rank{trainer.global_rank}.pt")
for name in ("linear", "xor"):
    mlpzoo.train(name, out="runs", plots=False, progress=False, accelerator="cpu", devices=2)
"""


@pytest.fixture
def linear(tmp_path):
    """Train the line for a few steps with further settings."""

    def fit(**settings):
        short = {"max_steps": 4, "val_every": 2, "plots": False, "progress": False}
        return mlpzoo.train("linear", out=tmp_path, **{**short, **settings})

    return fit


def test_one_device_is_alone_whatever_rank_the_environment_gives_it(linear, monkeypatch):
    job = {"RANK": "1", "LOCAL_RANK": "1", "SLURM_PROCID": "1", "SLURM_NTASKS": "2",
           "SLURM_JOB_NAME": "job", "SLURM_LOCALID": "1", "SLURM_NODEID": "0"}  # fmt: skip
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(rank_zero_only, "rank", 1)  # which Lightning takes from RANK at its import
    folder = linear().folder
    assert (folder / "result.json").exists()
    assert len((folder / "metrics.csv").read_text().splitlines()) > 1


def test_processes_of_torchrun_are_taken_or_refused_before_training(linear, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(InputError, match="started 2 processes for a run in 1; give --devices 2"):
        linear()
    assert not list(tmp_path.iterdir())


def test_devices_that_this_process_would_not_hear_from_are_refused(linear):
    strategy = {"strategy": "ddp_spawn"}  # a notebook has the like of it
    with pytest.raises(InputError, match="devices 2 would train in copies of this process"):
        linear(devices=2, accelerator="cpu", trainer=strategy)


def test_devices_may_be_left_to_lightning(tmp_path):
    settings = {"max_steps": 2, "plots": False, "progress": False, "out": tmp_path}
    assert mlpzoo.train("sin", devices="auto", accelerator="cpu", **settings).steps == 2


def run(*command, cwd):
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def from_outside(tmp_path_factory):
    """Where a script wrote that was started from outside, in two processes."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "script.py").write_text(SCRIPT)
    run("-m", "torch.distributed.run", "--nproc_per_node=2", "script.py", cwd=folder)
    return folder


def test_two_processes_see_different_batches_and_keep_equal_weights(from_outside):
    ranks = [torch.load(from_outside / f"rank{rank}.pt", weights_only=True) for rank in range(2)]
    assert torch.equal(ranks[0]["weights"], ranks[1]["weights"])
    data = SinDataModule()
    for rank, seen in enumerate(ranks):
        expected = [data.train_batch(2 * step + rank)[0][0].item() for step in range(4)]
        assert seen["first"] == expected


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """What a command that trains two exercises on two devices printed, and where it wrote."""
    out = tmp_path_factory.mktemp("two")
    printed = run("-m", "mlpzoo", "train", "linear", "perceptron", "--devices", "2",
                  "--accelerator", "cpu", "--max-steps", "100", "--no-early-stop", "--no-plots",
                  "--out", str(out), cwd=out)  # fmt: skip
    return printed, out


def test_train_on_two_devices_writes_one_run_folder_an_exercise(two_runs):
    printed, out = two_runs
    assert printed.count("passed") == 1
    for name in ("linear", "perceptron"):
        (folder,) = (out / name).iterdir()
        result = json.loads((folder / "result.json").read_text())
        assert (result["exercise"], result["passed"]) == (name, True)
        assert yaml.safe_load((folder / "config.yaml").read_text())["devices"] == 2


def test_run_on_two_devices_goes_on(two_runs, tmp_path):
    folder = shutil.copytree(two_runs[1] / "linear/version_0", tmp_path / "linear/version_0")
    run("-m", "mlpzoo", "train", "linear", "--resume", str(folder), "--max-steps", "150",
        cwd=tmp_path)  # fmt: skip
    result = json.loads((folder / "result.json").read_text())
    assert (result["steps"], result["passed"]) == (150, True)
    rows = (folder / "metrics.csv").read_text().splitlines()
    assert len(rows) == len(set(rows))


def test_processes_started_from_outside_share_one_run_folder(from_outside):
    folders = sorted((from_outside / "runs").glob("*/*"))
    assert [str(path.relative_to(from_outside)) for path in folders] == [
        "runs/linear/version_0", "runs/xor/version_0",
    ]  # fmt: skip
    for folder in folders:
        assert json.loads((folder / "result.json").read_text())["passed"]
