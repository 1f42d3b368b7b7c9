"""Runs that are killed or stopped at random moments, and must end as if nothing had happened."""

import hashlib
import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mlpzoo.checks import InputError
from mlpzoo.runs.checkpoint import read_checkpoint
from scripts.fault_injection.processes import Command

CASES = {
    "xor": "train xor --no-early-stop --max-steps 4000 --val-every 500 --kernel torch",
    "xor in lanes": "train xor --no-early-stop --max-steps 40000 --val-every 500 --kernel numba",
    "sin": "train sin --recipe lecture --max-steps 800 --val-every 100 --plot-every 2",
    "minmax": "train minmax --no-early-stop --max-steps 300 --val-every 60",
    "population": "population xor --members 100 --no-early-stop --max-steps 1500 --val-every 300"
    " --kernel torch",
    "population in lanes": "population xor --members 1000 --no-early-stop --max-steps 6000"
    " --val-every 300 --kernel numba",
}
MOMENTS = ("start", "step", "write", "plot", "end")
KILLS_A_RUN, COLD_EVERY = 3, 5
_RESULTS = ("result.json", "population.json")
_TIMED = (*_RESULTS, "part.json")
_ENDS = {".csv": b"\n", ".gif": b";", ".png": b"IEND\xaeB`\x82"}  # of whole files
_OWN_TO_A_RUN = ("seconds", "us_a_member_step")  # of a result: what the clock says


@dataclass
class Tally:
    """The result of a series of kills.

    Attributes:
        signals: How many ended a process: one that comes before it heeds signals, or when it has
            done its work, does not count.
        runs: How many runs were resumed until they were done.
        identical: How many of them ended with the bits of the run that nobody stopped.
        moments: How many signals came at which moment.
        codes: Exit codes of the processes that got a signal.
        faults: What went wrong, a line each.
        most_lost: The longest time from the last state to a kill, in ordinary use, in seconds.
    """

    signals: int = 0
    runs: int = 0
    identical: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    most_lost: float = 0.0

    def add(self, other: "Tally") -> None:
        """Take in another series."""
        self.signals, self.runs = self.signals + other.signals, self.runs + other.runs
        self.identical += other.identical
        self.moments += other.moments
        self.codes += other.codes
        self.faults += other.faults
        self.most_lost = max(self.most_lost, other.most_lost)


def torment(
    signum: int, count: int, *, cases: Sequence[str] = tuple(CASES), seed: int = 0, workers: int = 2
) -> Tally:
    """Send a signal so many times to runs at random moments, and resume each run until it is done.

    Args:
        signum: SIGKILL, SIGTERM or SIGINT.
        count: How many signals must end a process.
        cases: Names of `CASES`, taken in turn.
        seed: Of the moments.
        workers: How many runs go on at once.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        wholes = dict(zip(cases, pool.map(lambda c: _whole(c, Path(scratch)), cases), strict=True))
        number = 0
        while tally.signals < count:
            batch = range(number, number + workers)
            number += workers
            jobs = [
                pool.submit(_one_run, cases[i % len(cases)], signum, Path(scratch), i, seed, wholes)
                for i in batch
            ]
            for job in jobs:
                tally.add(job.result())
    return tally


@dataclass(frozen=True)
class _Whole:
    digests: dict[str, str]
    seconds: float


def _whole(case: str, scratch: Path) -> _Whole:
    folder = scratch / f"whole-{case}"
    folder.mkdir()
    began = time.monotonic()
    command = Command(CASES[case].split(), folder=folder, log=folder / "log", cold=False)
    if command.end() not in (0, 1):
        raise RuntimeError(f"{case} does not even run undisturbed: {command.output()}")
    return _Whole(digests(run_folder(folder)), time.monotonic() - began)


def _one_run(
    case: str, signum: int, scratch: Path, number: int, seed: int, wholes: dict[str, _Whole]
) -> Tally:
    chance, tally = random.Random(f"{seed} {signum} {number}"), Tally(runs=1)
    folder = scratch / f"{case}-{signum}-{number}"
    folder.mkdir()
    for attempt in range(KILLS_A_RUN + 1):
        arguments, there = CASES[case].split(), run_folder(folder)
        if there is not None:
            arguments = [*arguments[:2], "--resume"]
        cold = (number + attempt) % COLD_EVERY == 0
        log = folder / f"log-{attempt}"
        command = Command(arguments, folder=folder, log=log, cold=cold)
        if attempt < KILLS_A_RUN:
            moment = chance.choice(MOMENTS)
            _await(moment, command, folder, chance, wholes[case].seconds, cold=cold)
            if command.code is None:
                command.send(signum)
                lost = _lost(folder, since=command.began) if cold else 0.0
                tally.most_lost = max(tally.most_lost, lost)
        code = command.end()
        tally.faults += [f"{case} {number}.{attempt}: {fault}" for fault in _faults(folder)]
        tally.faults += _misbehaved(f"{case} {number}.{attempt}", code, signum, command, folder)
        if attempt < KILLS_A_RUN and code not in (0, 1):
            tally.signals += 1
            tally.moments[moment] += 1
            tally.codes[code] += 1
        if is_done(folder) and code in (0, 1):
            break
    found, expected = digests(run_folder(folder)), wholes[case].digests
    wrong = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
    tally.identical += not wrong
    tally.faults += [f"{case} {number}: {name} differs" for name in wrong]
    return tally


def _await(
    moment: str, command: Command, folder: Path, chance: random.Random, whole: float, *, cold: bool
) -> None:
    start_up = 6.0 if cold else 0.2
    if moment == "start":
        command.wait(seconds=chance.uniform(0, start_up))
    elif moment == "step":
        command.wait(lambda: _there(folder, "start.ckpt"))
        command.wait(seconds=chance.uniform(0, whole))
    elif moment == "write":
        command.wait(seconds=chance.uniform(0, start_up + 0.5 * whole))
        command.wait(lambda: _there(folder, ".*.ckpt.*.unfinished"))
    elif moment == "plot":
        command.wait(lambda: _there(folder, "figures/.*.png.*.unfinished"))
    else:
        command.wait(seconds=start_up + chance.uniform(0.6, 1.1) * whole)


def _there(folder: Path, pattern: str) -> bool:
    with suppress(FileNotFoundError):  # what is being renamed
        return any(folder.glob(f"checkpoints/*/version_0/{pattern}"))
    return False


def _misbehaved(what: str, code: int, signum: int, command: Command, folder: Path) -> list[str]:
    """Return what is wrong with the way a process ended."""
    output, wanted = command.output(), 128 + signum
    faults = []
    if "Traceback" in output and "mlpzoo" in output:
        faults.append(f"{what}: a traceback: {output[-300:]}")
    if code not in (0, 1, -signum) and (code != wanted or signum == signal.SIGKILL):
        faults.append(f"{what}: exit code {code}: {output[-300:]}")
    if code in (0, 1) and not is_done(folder):
        faults.append(f"{what}: exit code {code} without a result: {output[-300:]}")
    return faults


def _faults(folder: Path) -> list[str]:
    """Return a line for each file of a run that cannot be read."""
    faults = []
    for path in folder.rglob("version_*/**/*"):
        try:
            if path.suffix == ".ckpt":
                read_checkpoint(path)
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".yaml":
                yaml.safe_load(path.read_text())["seed"]
            elif path.suffix in _ENDS and not path.read_bytes().endswith(_ENDS[path.suffix]):
                faults.append(f"{path} is cut off")
        except (InputError, ValueError, TypeError, KeyError) as error:
            faults.append(f"{path}: {error}")
    return faults


def digests(folder: Path | None) -> dict[str, str]:
    """Return the SHA-256 of every file of a run that must not depend on how often it was stopped.

    That is all but the state before the last, and, in the results, the times taken.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_dir() or path.name == "previous.ckpt":
            continue
        content = path.read_bytes()
        if path.name in _TIMED:
            result = json.loads(content)
            content = repr([result[k] for k in sorted(result) if k not in _OWN_TO_A_RUN]).encode()
        found[str(path.relative_to(folder or path))] = hashlib.sha256(content).hexdigest()
    return found


def run_folder(folder: Path) -> Path | None:
    """Return the run folder that a command has made in its current folder; None for none."""
    return next(iter(folder.glob("checkpoints/*/version_0")), None)


def is_done(folder: Path) -> bool:
    """Tell whether the run of a current folder has its result."""
    return any(path.name in _RESULTS for path in folder.rglob("*.json"))


def _lost(folder: Path, *, since: float) -> float:
    """Return how old the newest state of a run that is training is, in seconds.

    It is 0 where this process, started at `since`, has saved none yet.
    """
    now, run = time.time(), run_folder(folder)
    saved = folder.glob("checkpoints/*/version_0/*.ckpt")
    newest = max(saved, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None or run is None or newest.stat().st_mtime < since:
        return 0.0
    budget = yaml.safe_load((run / "config.yaml").read_text())["max_steps"]
    done = read_checkpoint(newest)["global_step"] >= budget
    return 0.0 if done else now - newest.stat().st_mtime
