"""Many runs at once in one folder, and a disk that fills up."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlpzoo.runs.checkpoint import read_checkpoint
from scripts.fault_injection.kills import digests
from scripts.fault_injection.processes import Command

SIN = "train sin --recipe lecture --max-steps 600 --val-every 50 --no-plots --out runs"
SMALL, LARGE = "2300k", "40m"  # less, and more, than the four checkpoints of a run of sin take


def crowd(count: int) -> list[str]:
    """Start so many runs at once in one folder, each with a seed of its own.

    Returns:
        What went wrong, a line each: fewer folders than runs, or a result that is not its seed's.
    """
    with tempfile.TemporaryDirectory() as scratch:
        together, alone = Path(scratch, "together"), Path(scratch, "alone")
        line = "train perceptron --no-plots --seed {} --out {}"
        for folder in (together, alone):
            folder.mkdir()
        at_once = [
            _start(line.format(seed, "runs"), together, f"log-{seed}") for seed in range(count)
        ]
        faults = [f"exit code {c}" for each in at_once if (c := each.end()) != 0]
        for seed in range(count):
            _start(line.format(seed, seed), alone, f"log-{seed}").end()
        expected = {_digest(run) for run in alone.glob("*/perceptron/version_0")}
        runs = list(together.glob("runs/perceptron/*"))
        names = {run.name for run in runs}
        if names != {f"version_{n}" for n in range(count)}:
            faults.append(f"the folders are {sorted(names)}")
        found = [_digest(run) for run in runs]
        if sorted(found) != sorted(expected):
            faults.append(f"{len(set(found) & expected)} of {count} results are right")
    return faults


def full_disk() -> list[str]:
    """Train on a file system that is too small, then go on with it when there is room.

    Returns:
        What went wrong, a line each.
    """
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch, "whole")
        whole.mkdir()
        _start(SIN, whole, "log").end()
        expected = digests(whole / "runs/sin/version_0")
        with _small_disk(Path(scratch, "disk")) as (disk, enlarge):
            failed = _start(SIN, disk, "log", logs=Path(scratch))
            code, said = failed.end(), failed.output()
            if code != 2 or os.strerror(errno.ENOSPC) not in said or "Traceback" in said:
                faults.append(f"exit code {code}: {said[-300:]}")
            run = disk / "runs/sin/version_0"
            for path in run.glob("*.ckpt"):
                read_checkpoint(path)
            if not list(run.glob("*.ckpt")):
                faults.append("no checkpoint is left")
            enlarge()
            _start("train sin --resume --out runs", disk, "again", logs=Path(scratch)).end()
            if digests(run) != expected:
                faults.append("the run that went on does not end as the undisturbed one")
    return faults


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Yield a file system of a few megabytes, and what makes it larger.

    Raises:
        OSError: It cannot be mounted here: that needs root.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(done.stderr.strip())

    def enlarge() -> None:
        subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(folder)], check=True)

    try:
        yield folder, enlarge
    finally:
        with suppress(OSError):
            subprocess.run(["umount", str(folder)], check=False)


def _start(line: str, folder: Path, log: str, *, logs: Path | None = None) -> Command:
    return Command(line.split(), folder=folder, log=(logs or folder) / log, cold=False)


def _digest(run: Path) -> str:
    return repr(sorted(digests(run).items()))
