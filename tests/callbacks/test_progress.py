"""Progress bars: all reach their end however long blocks are; ours moves while steps are slow."""

import os
import re
import subprocess
import sys
import termios
import time

import pytest
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import RichProgressBar, TQDMProgressBar

from mlpzoo import LitSequentialMLP, Population, SinDataModule, StepProgressBar, train
from mlpzoo.callbacks import progress


class Ends(Callback):
    """Notes how far a bar has come at the end of each epoch, and how far it was to come."""

    def __init__(self, bar):
        self.bar, self.seen = bar, []

    def on_train_epoch_end(self, trainer, pl_module):
        shown = self.bar.train_progress_bar
        self.seen.append((getattr(shown, "n", None) or shown.completed, shown.total))


def module(seed=0):
    return LitSequentialMLP(hidden_features=(4,), seed=seed)


def data(seed=0, block_steps=9):
    return SinDataModule(steps_per_epoch=25, block_steps=block_steps, seed=seed, val_points=5)


@pytest.mark.parametrize("kind", [TQDMProgressBar, RichProgressBar, lambda: StepProgressBar("sin")])
@pytest.mark.parametrize("what", [1, 9, 50, "population"])
def test_bar_ends_at_100_percent(kind, what, quiet):
    if kind is RichProgressBar:
        pytest.importorskip("rich")
    if what == "population":
        population = Population(module, data, range(2))
        trained, batches = population.module, population.data
    else:
        trained, batches = module(), data(block_steps=what)
    bar = kind()
    ends = Ends(bar)
    arguments = {**quiet, "enable_progress_bar": True}
    trainer = Trainer(max_steps=35, max_epochs=-1, callbacks=[bar, ends], **arguments)
    trainer.fit(trained, datamodule=batches)
    assert ends.seen == [(25, 25), (10, 10)]


def on_a_terminal(arguments, folder):
    """Run a command line on a terminal; gives what came with the second at which it came."""
    terminal, its_end = os.openpty()
    termios.tcsetwinsize(terminal, (40, 130))
    began, came = time.perf_counter(), []
    process = subprocess.Popen(
        [sys.executable, "-m", "mlpzoo", *arguments],
        cwd=folder, stdin=its_end, stdout=its_end, stderr=its_end,
    )  # fmt: skip
    os.close(its_end)
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not text:
            break
        came.append((time.perf_counter() - began, text.decode()))
    os.close(terminal)
    process.wait(timeout=60)
    return came


def test_first_word_comes_before_torch_and_the_bar_moves_and_shows_the_metric(tmp_path):
    small = "--module.hidden_features 8 --data.batch_size 50 --data.test_points 101"
    came = on_a_terminal(["train", "sin", "--max-steps", "20", *small.split()], tmp_path)
    text = "".join(part for _, part in came)
    assert came[0][1].startswith("mlpzoo: loading torch ...")
    assert came[0][0] < 5  # measured: 0.2 s
    assert text.count("loading torch") == 1
    steps = [int(step) for step in re.findall(r"sin: .*?(\d+)/20 \[", text)]
    assert steps == sorted(steps)
    assert steps[-1] == 20
    assert "val_max_error=" in text
    assert "sin: drawing ..." in text
    assert "Testing" not in text


@pytest.mark.parametrize("line", ["list", "train sinn", "train sin --lr 3", "help train"])
def test_what_needs_no_torch_says_nothing_of_it(line, tmp_path):
    came = on_a_terminal(line.split(), tmp_path)
    assert "loading" not in "".join(part for _, part in came)


def test_blocks_are_as_long_as_half_a_second_and_bits_are_the_same(monkeypatch, tmp_path, capsys):
    small = {"hidden_features": (8,)}
    settings = {"max_steps": 20, "plots": False, "module": small, "accelerator": "cpu"}
    plain = train("sin", out=tmp_path, progress=False, **settings)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_MOVES", 1e-9)  # every step takes longer
    bar = StepProgressBar("sin", ("val_max_error",))
    counts = []
    move = bar.on_train_batch_end

    def on_train_batch_end(trainer, *arguments):
        move(trainer, *arguments)
        counts.append(trainer.global_step)

    bar.on_train_batch_end = on_train_batch_end
    shown = train("sin", out=tmp_path, callbacks=[bar], **settings)
    assert sorted({*counts}) == list(range(1, 21))
    assert "val_max_error=" in capsys.readouterr().out
    for name, weights in plain.module.state_dict().items():
        assert torch.equal(weights, shown.module.state_dict()[name])


def test_fast_steps_stay_in_whole_blocks(monkeypatch):
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    bar = StepProgressBar("sin")
    assert bar.next_step(0) > 1000
    bar._seconds_per_step = 0.1
    assert [bar.next_step(step) for step in (0, 10)] == [4, 14]
    bar._seconds_per_step = 3.0
    assert bar.next_step(7) == 8
