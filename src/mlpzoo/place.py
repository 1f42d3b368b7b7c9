"""Which of the processes of one command this is; nothing heavy is imported."""

import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mlpzoo.checks import InputError

STARTED_BY = "MLPZOO_STARTED_BY"  # in the environment of a process that --devices has started
SECONDS_TO_STOP = 10.0  # a state is saved within a second or two
PAUSE = 0.2
TORCHRUN, SRUN, DEVICES = "torchrun", "srun", "--devices"


class SaidElsewhere(InputError):
    """What another process of the same work cannot use, and tells."""


@dataclass(frozen=True)
class Place:
    """Where a process stands among those that were started for the same work.

    Attributes:
        launcher: What started them; "" where this one is alone.
        rank: Its number, from 0.
        count: How many there are.
        local_rank: Its number on its machine.
        main: The process that started it with --devices; 0 for none.
        fault: Why the environment, which speaks of several, does not say where; "" where it does.
    """

    launcher: str = ""
    rank: int = 0
    count: int = 1
    local_rank: int = 0
    main: int = 0
    fault: str = ""

    @property
    def speaks(self) -> bool:
        """Whether it is the one that says how the work goes on."""
        return self.rank == 0


@cache
def place() -> Place:
    """Return the place of this process; a process that it starts itself does not inherit it.

    One that --devices has started ends with the one that has started it, from this call on.
    """
    found = _place(os.environ)
    if found.launcher:  # torch, which is imported later, writes of lost connections at length
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    if found.main:
        _stop_without(found.main)
    os.environ.pop(STARTED_BY, None)
    return found


def _stop_without(parent: int) -> None:
    """Stop this process, its state saved, when the one that has started it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PAUSE)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SECONDS_TO_STOP)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _place(given: Mapping[str, str]) -> Place:
    """Return what an environment says.

    A job of SLURM has variables for each of its tasks also where a script, or a shell, is the only
    process: only a step that srun has started has a number of tasks of its own.
    """
    if STARTED_BY in given:
        return _of(given, DEVICES, "LOCAL_RANK", "WORLD_SIZE", "LOCAL_RANK", main=STARTED_BY)
    if "TORCHELASTIC_RUN_ID" in given:
        return _of(given, TORCHRUN, "RANK", "WORLD_SIZE", "LOCAL_RANK")
    shell = "SLURM_PTY_PORT" in given  # srun --pty: a shell, in which one command is typed
    if given.get("SLURM_STEP_NUM_TASKS", "1") != "1" and not shell:
        return _of(given, SRUN, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID")
    return Place()


def _of(
    given: Mapping[str, str], launcher: str, rank: str, count: str, local: str, main: str = ""
) -> Place:
    names = [rank, count, local, main or rank]
    try:
        own, of, here, by = (int(given[name]) for name in names)
        clear = 0 <= here <= own < of
    except (KeyError, ValueError):
        clear = False
    if not clear:
        shown = ", ".join(f"{name}={given.get(name, '')!r}" for name in dict.fromkeys(names))
        fault = f"{launcher} gives no place among its processes: {shown}; unset them"
        return Place(launcher, fault=fault)
    return Place(launcher, own, of, here, by if main else 0)
