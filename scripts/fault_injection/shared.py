"""Runs that several processes share, of which some are killed, and that others go on with."""

import random
import signal
import socket
import tempfile
import time
from pathlib import Path

from scripts.fault_injection.kills import Tally, digests, is_done, run_folder
from scripts.fault_injection.processes import Command

LINE = "population xor --members 120 --part 15 --no-early-stop --max-steps 1500 --val-every 300"
KILLS_A_RUN, MOST_PROCESSES, SHARE_AT_WORK = 3, 3, 0.9


def shared(count: int, *, line: str = LINE, kills: int = KILLS_A_RUN, seed: int = 0) -> Tally:
    """Kill so many processes, one of two, three or one, and go on with another number of them.

    Half of the time the others are killed too, as when their machine is gone; else they have to
    come to an end by themselves. In the end each run must have the bits of that of one process.

    Args:
        count: How many must be killed.
        line: The command, of a run of several pieces.
        kills: How many of a run.
        seed: Of the moments.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        whole, began = Path(scratch, "whole"), time.monotonic()
        (alone,) = _start(line, whole, 1, 0)
        if alone.end() not in (0, 1):
            raise RuntimeError(f"it does not even run undisturbed: {alone.output()}")
        seconds, expected = time.monotonic() - began, digests(run_folder(whole))
        while tally.signals < count:
            folder, chance = Path(scratch, str(tally.runs)), random.Random(f"{seed} {tally.runs}")
            own = Tally(runs=1)
            for attempt in range(kills + 1):
                processes = 1 + (1 + tally.runs + attempt) % MOST_PROCESSES
                commands = _start(line, folder, processes, attempt)
                if attempt < kills:
                    own.add(_one_kill(commands, folder, chance, seconds))
                own.faults += _ended(commands, f"{folder.name}.{attempt}")
            found = digests(run_folder(folder))
            wrong = [n for n in {**found, **expected} if found.get(n) != expected.get(n)]
            own.identical = not wrong and is_done(folder)
            own.faults += [f"{folder.name}: {name} differs" for name in wrong]
            tally.add(own)
    return tally


def _start(line: str, folder: Path, count: int, attempt: int) -> list[Command]:
    """Start processes as torchrun does, for a run that may have been begun."""
    folder.mkdir(exist_ok=True)
    words = line.split()
    arguments = [*words[:2], "--resume"] if run_folder(folder) else [*words, "--no-plots"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    group = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        Command(
            arguments, folder=folder, log=folder / f"log-{attempt}-{rank}", cold=False,
            environment={**group, "RANK": str(rank), "LOCAL_RANK": str(rank),
                         "TORCHELASTIC_RUN_ID": port} if count > 1 else {},
        )
        for rank in range(count)
    ]  # fmt: skip


def _one_kill(
    commands: list[Command], folder: Path, chance: random.Random, seconds: float
) -> Tally:
    """Kill one of the processes at a random moment, and perhaps the others.

    Seldom before the first piece is begun: the others wait for it then, for a minute.
    """
    tally, (victim, *others) = Tally(), chance.sample(commands, len(commands))
    if chance.random() < SHARE_AT_WORK:
        victim.wait(lambda: any(folder.glob("checkpoints/*/*/parts/*")))
    victim.wait(seconds=chance.uniform(0, seconds / len(commands)))
    for command in (victim, *(others if chance.random() < 0.5 else ())):
        if command.code is None:
            command.send(signal.SIGKILL)
            tally.signals += command is victim
    tally.moments[f"of {len(commands)}"] += tally.signals
    return tally


def _ended(commands: list[Command], what: str) -> list[str]:
    """Return what is wrong with the way in which processes ended, once all have."""
    codes = [command.end() for command in commands]
    wanted = (0, 1) if -signal.SIGKILL not in codes else (0, 1, 2, -signal.SIGKILL)
    said = " ".join(command.output() for command in commands)
    wrong = [f"exit codes {codes}: {said[-300:]}"] if not {*codes} <= {*wanted} else []
    wrong += [f"a traceback: {said[-300:]}"] if "Traceback" in said else []
    return [f"{what}: {each}" for each in wrong]
