"""Commands as processes of their own, which can be killed at any moment."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

LOADED = (
    "mlpzoo.population.training",
    "scripts.fault_injection.processes",
    "mlpzoo.plotting.views",
    "matplotlib.figure",
)
SECONDS_BETWEEN_STATES = 0.2  # in a warm process: 15 times as often as in ordinary use


class Command:
    """A running command line of mlpzoo.

    Args:
        arguments: What follows `mlpzoo`.
        folder: The current folder.
        log: Where its output goes.
        cold: Start an interpreter of its own, as a user does; else fork one that has loaded all it
            needs, which saves seconds, and have it save its state 15 times as often.
        environment: Variables that it has beside those of this process.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        log: Path,
        cold: bool,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log, given = log, dict(environment or {})
        self.began = time.time()
        self._process: Any
        if cold:
            with log.open("w") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "mlpzoo", *arguments],
                    cwd=folder, stdout=output, stderr=subprocess.STDOUT,
                    env={**os.environ, **given},
                    preexec_fn=_heed_signals,
                )  # fmt: skip
        else:
            self._process = _context().Process(
                target=_run, args=(list(arguments), str(folder), str(log), given)
            )
            self._process.start()

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal that killed it; None while it runs."""
        process = self._process
        code: int | None = (
            process.poll() if isinstance(process, subprocess.Popen) else process.exitcode
        )
        return code

    def send(self, signum: int) -> None:
        """Send a signal, if it still runs, and not before it is mlpzoo that gets it."""
        self.wait(self.log.exists)
        if self.code is None:
            os.kill(self._process.pid, signum)

    def wait(self, until: Callable[[], bool] | None = None, *, seconds: float = 300) -> None:
        """Wait until it ends, or something else is the case, or so many seconds have gone by."""
        end = time.monotonic() + seconds
        pause = 0.02 if until is None else 0.001  # what is waited for may last a moment
        while self.code is None and not (until and until()) and time.monotonic() < end:
            time.sleep(min(pause, max(0, end - time.monotonic())))

    def end(self) -> int:
        """Wait until it ends and return its exit code.

        Raises:
            TimeoutError: It has not ended after 5 minutes.
        """
        self.wait()
        code = self.code
        if code is None:
            self.send(signal.SIGKILL)
            raise TimeoutError(f"no end within 5 minutes: {self.log}")
        return code

    def output(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


def _context() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def _heed_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # not ignored, as in a job in the background


def _run(arguments: list[str], folder: str, log: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    from mlpzoo.cli import main
    from mlpzoo.training import state_checkpoint

    _heed_signals()
    state_checkpoint.SECONDS = SECONDS_BETWEEN_STATES
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = sys.stderr = os.fdopen(output, "w", buffering=1)
    sys.exit(main(arguments))
