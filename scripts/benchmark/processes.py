"""What whole processes take: seconds, seconds of the processor, memory."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mlpzoo.cli.tables import Row

ROOT = Path(__file__).parents[2]  # where `python -m scripts.benchmark...` works
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
COMMANDS = (  # of users who wait for them to start, and of whom they stand on
    "-c import torch",
    "-c from lightning.pytorch import Trainer",
    "-m mlpzoo predict sin 1.57",
    "-m mlpzoo export sin --out {}/sin.json",
    "-m mlpzoo show sin",
    "-m mlpzoo plot xor --out {}",
    "-m mlpzoo tarin xor",
    "-m mlpzoo train xor --out {} --no-plots",
    "-m mlpzoo train xor --out {}",
)
# A process's peak counts what it shared with the one that started it: so a small one starts it.
_STARTER = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "w"), stderr=subprocess.STDOUT)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
print(os.waitstatus_to_exitcode(status))
"""
_ON_CORE = """
import os, runpy, sys
if core := sys.argv.pop(1):
    os.sched_setaffinity(0, {int(core)})
runpy.run_module("mlpzoo", run_name="__main__", alter_sys=True)
"""


class Usage(NamedTuple):
    """What a process took, and the most memory that it held."""

    seconds: float
    processor_seconds: float
    megabytes: float


def used_by(
    *arguments: str,
    accepted: tuple[int, ...] = (0, 1),
    environment: Mapping[str, str] | None = None,
) -> Usage:
    """Run Python with arguments to its end.

    Args:
        *arguments: As on a command line.
        accepted: Exit codes; 1 is of a run that misses its bar.
        environment: Variables that it has beside those of this process.

    Raises:
        RuntimeError: Another one; it holds what the process wrote.
    """
    with tempfile.NamedTemporaryFile() as output:
        told = subprocess.check_output(
            [sys.executable, "-c", _STARTER, output.name, sys.executable, *arguments],
            text=True, cwd=ROOT, env={**os.environ, **(environment or {})},
        )  # fmt: skip
        *usage, code = told.split()
        text = Path(output.name).read_text(encoding="utf-8")
    if int(code) not in accepted or "Traceback" in text:
        raise RuntimeError(text)
    return Usage(*map(float, usage))


def used_together(*arguments: str, count: int) -> list[Usage]:
    """Run a command in several processes, as torchrun starts them, each on a core of its own.

    Args:
        *arguments: What follows `python -m mlpzoo`.
        count: How many.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}

    def run(rank: int) -> Usage:
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "TORCHELASTIC_RUN_ID": "benchmark"}
        core = str(CORES[-1 - rank]) if CORES else ""
        start = ("-c", _ON_CORE, core, *arguments)
        return used_by(*start, environment={**shared, **own} if count > 1 else None)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def starts(_: str, __: object = None, *, repetitions: int) -> list[Row]:
    """Return seconds of the processor that whole commands take, in turn, medians.

    Args:
        repetitions: How often each runs.
    """
    found: dict[str, list[Usage]] = {command: [] for command in COMMANDS}
    for _turn in range(repetitions):
        for command, usages in found.items():
            with tempfile.TemporaryDirectory() as folder:
                flag, _space, rest = command.format(folder).partition(" ")
                words = [rest] if flag == "-c" else rest.split()
                usages.append(used_by(flag, *words, accepted=(0, 2)))
    return [
        {
            "python": command.replace("-m mlpzoo", "mlpzoo")
            .replace(" --out {}/", " --out ")
            .replace(" --out {}", ""),
            "s of the processor": round(statistics.median(u.processor_seconds for u in usages), 2),
            "MB": round(statistics.median(u.megabytes for u in usages)),
        }
        for command, usages in found.items()
    ]
