"""Processes that `--devices N` starts: the command once more, N - 1 times."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.strategies.launchers import _SubprocessScriptLauncher
from typing_extensions import override

import __main__
from mlpzoo.checks import InputError
from mlpzoo.place import PAUSE, SECONDS_TO_STOP, STARTED_BY


class _Here(LightningEnvironment):
    """This machine, whatever the environment was left with by others.

    Args:
        port: Where this process, the first, listens.
    """

    creates_processes_externally = False
    main_address = "127.0.0.1"
    main_port = 0

    def __init__(self, port: int) -> None:
        super().__init__()
        self.main_port = port

    @override
    def local_rank(self) -> int:
        return 0

    @override
    def node_rank(self) -> int:
        return 0


class Children:
    """The processes that this one has started; one that dies is told of, and nobody else stops.

    Args:
        count: How many processes there are, with this one.
        port: Where this one listens.

    Raises:
        InputError: There is no script or command that could be run again.
    """

    def __init__(self, count: int, port: int) -> None:
        _check_script(count)
        launcher = _SubprocessScriptLauncher(_Here(port), num_processes=count, num_nodes=1)
        os.environ[STARTED_BY] = str(os.getpid())
        try:
            launcher._call_children_scripts()
        finally:
            self._processes: list[subprocess.Popen[Any]] = launcher.procs
            del os.environ[STARTED_BY]
        self._stopping = False
        atexit.register(self._end)
        threading.Thread(target=self._watch, args=(count,), daemon=True).start()

    def stop(self) -> None:
        """Have all of them save their states and end; return once they have."""
        self._stopping = True
        for process in self._processes:
            process.terminate()
        end = time.monotonic() + SECONDS_TO_STOP
        for process in self._processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _end(self) -> None:
        """Give those that are at their end too the time for it."""
        end = time.monotonic() + SECONDS_TO_STOP
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
        self.stop()

    def _watch(self, count: int) -> None:
        running = dict(enumerate(self._processes, start=1))
        while running and not self._stopping:
            time.sleep(PAUSE)
            for rank, process in list(running.items()):
                if process.poll() is not None:
                    del running[rank]
                    if process.returncode and not self._stopping:
                        _tell(rank, count, process.returncode)


def _check_script(count: int) -> None:
    path = getattr(__main__, "__file__", None)
    again = __main__.__spec__ is not None or (
        path is not None and Path(sys.argv[0]).is_file() and not hasattr(sys, "ps1")
    )
    if not again:
        raise InputError(
            f"devices {count} runs the script again in processes of their own, and here is none; "
            "put it in a file, use the command line, or leave devices out"
        )


def _tell(rank: int, count: int, code: int) -> None:
    how = f"ended with exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = f"was stopped by {signal.Signals(-code).name}"
    with suppress(OSError):
        print(
            f"mlpzoo: process {rank} of {count} {how}; the others take over its part",
            file=sys.stderr, flush=True,
        )  # fmt: skip
