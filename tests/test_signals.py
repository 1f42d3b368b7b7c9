"""Signals and failing disks, as a user of the command line meets them."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlpzoo import train
from mlpzoo.cli import main
from mlpzoo.runs.checkpoint import read_checkpoint
from mlpzoo.signals import Interrupted, StopRequest, Terminated, at_once
from mlpzoo.training import state_checkpoint as keeper
from scripts.fault_injection.processes import Command

LONG = ["--no-early-stop", "--max-steps", "100000", "--val-every", "100", "--no-plots"]


def start(*arguments, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "mlpzoo", *arguments], cwd=cwd, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # jobs with & ignore it
    )  # fmt: skip


def forked(*arguments, cwd):
    """Start a command in a process that has loaded all it needs, which saves ten seconds."""
    return Command(arguments, folder=cwd, log=cwd / "log", cold=False)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_saves_says_how_to_go_on_and_sets_the_exit_code(signum, code, tmp_path):
    run = forked("train", "linear", *LONG, cwd=tmp_path)
    run.wait(lambda: "\n" in run.output())
    run.send(signum)
    assert run.end() == code
    err, folder = run.output(), tmp_path / "checkpoints/linear/version_0"
    last = err.strip().splitlines()[-1]
    assert last.endswith(f"go on with: mlpzoo train linear --resume {folder}")
    step = read_checkpoint(folder / "last.ckpt")["global_step"]
    assert f"stopped after step {step};" in last
    assert "Traceback" not in err


def test_population_is_stopped_likewise(tmp_path):
    run = forked("population", "xor", "--members", "5", *LONG, cwd=tmp_path)
    run.wait(lambda: "\n" in run.output())
    run.send(signal.SIGTERM)
    assert run.end() == 143
    assert "mlpzoo population xor --resume" in run.output()


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc")
def test_signal_before_training_ends_at_once_in_one_line(tmp_path):
    run = start("train", "linear", *LONG, cwd=tmp_path)
    maps = Path(f"/proc/{run.pid}/maps")
    while "torch" not in maps.read_text():
        time.sleep(0.01)  # it is loading
    run.send_signal(signal.SIGTERM)
    _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (143, "\nmlpzoo: terminated\n")
    assert not list(tmp_path.iterdir())


def test_second_signal_goes_to_the_handler_before():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append("before"))
    try:
        with StopRequest().listening() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert (stop.signum, seen) == (signal.SIGINT, [])
            os.kill(os.getpid(), signal.SIGINT)
            assert seen == ["before"]
        os.kill(os.getpid(), signal.SIGINT)
        assert seen == ["before"] * 2
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("signum", "kind", "code"),
    [(signal.SIGINT, Interrupted, 130), (signal.SIGTERM, Terminated, 143)],
)
def test_request_is_raised_as_what_the_signal_means(signum, kind, code):
    stop = StopRequest()
    stop.raise_if_requested("nothing has come")
    stop.signum = signum
    with pytest.raises(kind, match="go on") as caught:
        stop.raise_if_requested("go on")
    assert caught.value.exit_code == code


def test_signals_are_left_alone_in_other_threads_and_where_they_are_ignored():
    def run():
        with StopRequest().listening(), at_once():
            pass

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopRequest().listening() as stop, at_once():
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.signum is None
    finally:
        signal.signal(signal.SIGINT, before)


def failing(monkeypatch, function, *, from_call=1, error=None):
    """Make a function of the keeper's module fail from a call on."""
    calls, real = [], getattr(keeper, function)

    def fail(*arguments):
        calls.append(1)
        if len(calls) >= from_call:
            raise error or OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(keeper, function, fail)


def test_disk_that_fills_up_is_one_line_and_the_state_before_is_whole(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(keeper, "SECONDS", 0)
    monkeypatch.setattr(keeper, "MOST_SECONDS", 0)
    failing(monkeypatch, "keep_as", from_call=2)
    line = "train linear --no-early-stop --max-steps 100 --val-every 20 --no-plots --out"
    assert main([*line.split(), str(tmp_path)]) == 2
    err = capsys.readouterr().err.strip().splitlines()[-1]
    folder = tmp_path / "linear/version_0"
    assert "No space left on device; its state of step 40 is whole" in err
    assert f"mlpzoo train linear --resume {folder}" in err
    assert read_checkpoint(folder / "last.ckpt")["global_step"] == 40
    monkeypatch.undo()
    assert main(["train", "--resume", str(folder)]) == 0


def test_folder_deleted_in_training_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(keeper, "SECONDS", 0)

    def delete(last, previous):
        shutil.rmtree(last.parent)
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(keeper, "keep_as", delete)
    line = "train linear --no-early-stop --max-steps 100 --val-every 20 --no-plots --out"
    assert main([*line.split(), str(tmp_path)]) == 2
    assert "linear/version_0 is gone" in capsys.readouterr().err.strip().splitlines()[-1]


def test_deleted_folder_does_not_come_back_as_pictures(monkeypatch, tmp_path, capsys):
    from mlpzoo.callbacks import FigureWriter

    draw = FigureWriter.on_validation_end

    def delete_and_draw(self, trainer, pl_module):
        shutil.rmtree(tmp_path / "linear/version_0", ignore_errors=True)
        draw(self, trainer, pl_module)

    monkeypatch.setattr(FigureWriter, "on_validation_end", delete_and_draw)
    line = "train linear --no-early-stop --max-steps 100 --val-every 20 --plot-every 1 --out"
    assert main([*line.split(), str(tmp_path)]) == 2
    assert "linear/version_0 is gone" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "linear/version_0").exists()


def test_training_goes_on_when_the_reader_of_its_progress_has_gone(tmp_path):
    os.mkfifo(tmp_path / "log")
    run = forked("train", "perceptron", "--no-plots", cwd=tmp_path)
    os.close(os.open(tmp_path / "log", os.O_RDONLY))  # as soon as it is open for writing
    run.end()
    assert (tmp_path / "checkpoints/perceptron/version_0/result.json").exists()


def test_name_that_is_too_long_is_one_line(capsys):
    for line in (["train", "sin", "--resume"], ["train", "--resume"], ["test", "sin", "--ckpt"]):
        assert main([*line, "a" * 5000]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_spaces_in_a_path_stay_in_the_command_that_goes_on(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(keeper, "SECONDS", 0)
    monkeypatch.setattr(keeper, "MOST_SECONDS", 0)
    failing(monkeypatch, "keep_as", from_call=2)
    line = "train linear --no-early-stop --max-steps 100 --val-every 20 --no-plots --out"
    assert main([*line.split(), str(tmp_path / "a  b")]) == 2
    assert f"'{tmp_path}/a  b/linear/version_0'" in capsys.readouterr().err


@pytest.mark.parametrize("every", [0, 1])
def test_figures_that_cannot_be_written_cost_no_result(every, tmp_path, capsys, monkeypatch):
    from mlpzoo.plotting import figure as basics

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(basics, "write_whole", full)
    line = f"train perceptron --plot-every {every} --out {tmp_path}"
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    folder = (tmp_path / "perceptron/version_0").resolve()
    assert f"later: mlpzoo plot perceptron --ckpt {folder}/best.ckpt" in err
    assert "sin" not in err
    assert err.count("\nmlpzoo: cannot write") + err.startswith("mlpzoo: cannot write") == 1 + every
    assert (folder / "result.json").exists()


def test_exit_code_is_1_where_a_loss_was_not_finite(tmp_path, capsys):
    line = "train linear --recipe lecture --module.lr 1 --max-steps 100 --no-plots --out"
    assert main([*line.split(), str(tmp_path)]) == 1
    assert "not finite at step" in capsys.readouterr().out


def test_library_raises_what_a_program_expects(tmp_path, monkeypatch):
    due = keeper.StateCheckpoint._is_due

    def stop(self, trainer):
        self.stop.signum = signal.SIGTERM
        return due(self, trainer)

    monkeypatch.setattr(keeper.StateCheckpoint, "_is_due", stop)
    with pytest.raises(SystemExit) as caught:
        train("linear", out=tmp_path, max_steps=50, val_every=20, plots=False, progress=False)
    assert caught.value.code == 143
    assert "--resume" in str(caught.value)


def test_signal_that_came_to_the_request_around_stops_the_inner_one_too():
    with StopRequest().listening() as outer:
        signal.raise_signal(signal.SIGTERM)
        with StopRequest().listening() as inner:
            assert inner.signum == signal.SIGTERM
    assert outer.signum == signal.SIGTERM


def test_signal_of_the_inner_request_is_known_around_it_and_the_second_goes_past_both():
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append("past"))
    try:
        with StopRequest().listening() as outer:
            with StopRequest().listening():
                signal.raise_signal(signal.SIGTERM)
                assert (outer.signum, came) == (signal.SIGTERM, [])
                signal.raise_signal(signal.SIGTERM)
            assert came == ["past"]
    finally:
        signal.signal(signal.SIGTERM, before)
