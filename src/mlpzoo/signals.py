"""Stopping by signal: Ctrl-C and SIGTERM end a run after the step in hand, with its state saved."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from mlpzoo.place import DEVICES, place


def no_traceback() -> None:
    """Let Ctrl-C end this process as it ends any other, where Python would raise an exception."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def at_once() -> AbstractContextManager[object]:
    """End the process with one line at a signal, as a command does while it has no run to save.

    Within a run, `StopRequest` takes the first signal.
    """
    return _handled_by(_end)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[dict[int, Any]]:
    """Take the signals for a while, and yield who had them before.

    Only the main thread can take one, and one that is ignored stays so, as in a job that a script
    has put in the background.
    """
    main = threading.current_thread() is threading.main_thread()
    before: dict[int, Any] = {}
    try:
        for signum in (signal.SIGINT, signal.SIGTERM) if main else ():
            if signal.getsignal(signum) is not signal.SIG_IGN:
                before[signum] = signal.signal(signum, handler) or signal.SIG_DFL
        yield before
    finally:
        for taken, had in before.items():
            signal.signal(taken, had)


def _end(signum: int, frame: FrameType | None) -> None:
    word = "interrupted" if signum == signal.SIGINT else "terminated"
    if place().speaks:
        os.write(2, f"\nmlpzoo: {word}\n".encode())
    os._exit(128 + signum)


class StopTraining(Exception):
    """Leaves a Trainer's fit after a signal, once the state is saved."""


class Interrupted(KeyboardInterrupt):
    """A run was stopped by Ctrl-C; the message says how to go on with it."""

    exit_code = 128 + signal.SIGINT


class Terminated(SystemExit):
    """A run was stopped by SIGTERM; the message says how to go on with it.

    Args:
        message: As said.
    """

    exit_code = 128 + signal.SIGTERM

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = self.exit_code


class StopRequest:
    """Notes the first SIGINT or SIGTERM; the second goes to whoever handled them before.

    Attributes:
        signum: The signal that came; None for none.
        advice: Returns what a second signal prints before it stops all at once.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self.advice: Callable[[], str] | None = None
        self._before: dict[int, Any] = {}
        self._around: StopRequest | None = None

    @contextmanager
    def listening(self) -> Iterator["StopRequest"]:
        """Take the signals for a while, where this is the main thread.

        What comes to this one, or has come to one that listens around it, has come to both.
        """
        with _handled_by(self._note) as self._before:
            outer = (getattr(had, "__self__", None) for had in self._before.values())
            self._around = next((each for each in outer if isinstance(each, StopRequest)), None)
            self.signum = self._around.signum if self._around else None
            yield self

    def release(self) -> None:
        """Leave the signals to whoever had them before."""
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def listen(self) -> None:
        """Take the signals again, after someone else has taken them."""
        for signum in self._before:
            signal.signal(signum, self._note)

    def raise_if_requested(self, message: str) -> None:
        """Stop the program, where a signal has come, in the way that the signal asks for.

        Args:
            message: How to go on.

        Raises:
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        if self.signum is not None:
            raise (Interrupted if self.signum == signal.SIGINT else Terminated)(message)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.signum is None:
            self.signum = signum
            if self._around:
                self._around._note(signum, frame)
            return
        if place().launcher == DEVICES:  # a terminal sends it too, and who started this one waits
            return
        if self.advice:
            os.write(2, f"\nmlpzoo: {self.advice()}\n".encode())  # print may be interrupted itself
        signal.signal(signum, self._before.get(signum, signal.SIG_DFL))
        signal.raise_signal(signum)
