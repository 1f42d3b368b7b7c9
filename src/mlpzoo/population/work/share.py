"""The pieces of a job, each trained by whoever comes to it first."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from mlpzoo.checks import InputError
from mlpzoo.files import Held
from mlpzoo.population.work.group import Group
from mlpzoo.population.work.making import on_gpu
from mlpzoo.signals import StopRequest
from mlpzoo.training.many import RAY, PopulationSettings

LOOK_AGAIN, LOOK_AGAIN_AT_MOST, SAY_AGAIN = 0.2, 1.0, 2.0  # seconds


class Work(Protocol):
    """What `share_out` asks of a piece."""

    @property
    def finished(self) -> bool:
        """Whether its result is on disk."""

    def train(self, devices: Any) -> None:
        """Finish it, or raise `Held` where another process is at work on it."""


def share_out(
    pieces: Sequence[Work],
    group: Group,
    settings: PopulationSettings,
    *,
    name: str = "",
    advice: str = "the same command goes on",
) -> None:
    """Train every piece that nobody else trains, until all are finished.

    Whoever trains a piece holds its folder. What a process holds that dies is free at once, and
    goes to the next that looks.

    Args:
        pieces: The same ones in all processes.
        group: This process among them.
        settings: Whether the first process says how many pieces are finished, and whether they
            are trained on Ray.
        name: How a line of progress begins.
        advice: How to go on, where a signal stops one that only waits.

    Raises:
        InputError: A file cannot be read or written.
        Interrupted: After Ctrl-C, with the state saved; the message says how to go on.
        Terminated: The same after SIGTERM.
    """
    report = _Report(name, pieces, shown=settings.progress and group.first)
    if settings.on == RAY:
        _on_ray(pieces, group, settings, report, advice)
        return
    if group.first and len(pieces) == group.count == 1:
        pieces[0].train(group.device)  # says who holds it, where somebody does
        return
    begin = group.rank * len(pieces) // group.count
    left, pause = [*pieces[begin:], *pieces[:begin]], LOOK_AGAIN
    with StopRequest().listening() as stop:
        if group.rank >= len(pieces):
            time.sleep(LOOK_AGAIN_AT_MOST)  # the first of them shows how the only one goes on
        while left:
            trained = False
            for piece in left:
                trained = _trained(piece, group) or trained
                stop.raise_if_requested(f"stopped; {advice}")
                report.say()
            left = [piece for piece in left if not piece.finished]
            pause = LOOK_AGAIN if trained else min(1.5 * pause, LOOK_AGAIN_AT_MOST)
            time.sleep(pause if left else 0)


def _on_ray(
    pieces: Sequence[Work],
    group: Group,
    settings: PopulationSettings,
    report: "_Report",
    advice: str,
) -> None:
    from mlpzoo.population.work import on_ray

    if group.count > 1:
        raise InputError(f"on ray needs one process, not {group.count}; Ray starts the others")
    needs = {"cores": settings.threads or 1, "gpus": int(on_gpu(settings.accelerator))}
    on_ray.share_out(pieces, **needs, told=report.say, advice=advice)


def _trained(piece: Work, group: Group) -> bool:
    """Train a piece, unless it is finished or another process is at it, and say whether it was."""
    if piece.finished:
        return False
    try:
        piece.train(group.device)
    except Held:
        return False
    return True


class _Report:
    """Lines that say how many pieces are finished.

    Args:
        name: How a line begins.
        pieces: All of them.
        shown: Whether there are lines.
    """

    def __init__(self, name: str, pieces: Sequence[Work], *, shown: bool) -> None:
        self._name, self._pieces, self._shown = name, pieces, shown
        self._said, self._at = -1, -SAY_AGAIN

    def say(self) -> None:
        """Say it, where more are finished than at the last line, some seconds ago."""
        if not self._shown or time.monotonic() < self._at + SAY_AGAIN:
            return
        self._at = time.monotonic()
        finished, pieces = sum(piece.finished for piece in self._pieces), len(self._pieces)
        if finished != self._said:
            self._said = finished
            with suppress(BrokenPipeError):  # the reader has gone; the work has not
                line = f"{self._name}: {finished} of {pieces} pieces"
                print(line, file=sys.stderr, flush=True)
