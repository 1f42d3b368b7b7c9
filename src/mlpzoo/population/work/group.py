"""The processes that share the pieces of a job, as one of them sees them."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.place import DEVICES, Place, SaidElsewhere
from mlpzoo.population.work.children import Children
from mlpzoo.training.resume import flat

LIMIT, PAUSE = 60.0, 0.05  # seconds: within which all must have come, and between looks for them
HEARD, ALIKE = 10.0, 3.0  # seconds: until all have heard the first, or know that all say the same


class Group:
    """The processes that share the pieces of one job, seen from one of them.

    Nothing is synchronised but the run folder, on which they agree before they begin.

    Args:
        here: The place of this process.
        device: What its Trainers get as devices.
        store: One of torch's, where they leave words for each other; None where this one is alone.
        past: What this one has said while it was alone, for others that do all once more.

    Attributes:
        rank: The number of this process.
        count: How many there are for the work in hand.
        device: 1, or the index of its GPU where there are several.
        children: Those that it has started itself; None for none.
        past: What it has said while it was alone.
    """

    def __init__(
        self,
        here: Place,
        device: int | list[int] = 1,
        store: Any = None,
        past: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.rank, self.count, self.device = here.rank, here.count, device
        self._here, self._words = here, store
        self.children: Children | None = None
        self.past = list[Mapping[str, Any]]()
        self._round, self.agreed = 0, False
        for word in past:
            self._come()
            self._words.set(self._key("word"), json.dumps({**word, "past": True}))
            self._round += 1

    @property
    def first(self) -> bool:
        """Whether this is process 0, which speaks for all."""
        return self.rank == 0

    def begin(self) -> None:
        """Begin a piece of work: the first may have done it before it started the others."""
        self.agreed, self.count = False, self._here.count
        if self._here.launcher == DEVICES and not self.first:
            with _gone("process 0"):
                key = self._key("word")
                if self._words.check([key]) and "past" in json.loads(self._words.get(key)):
                    self.count = 1

    def own(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings as this process takes them.

        It has one thread, whether it is alone or not: bits may differ by them, and the threads of
        several hinder each other.

        Args:
            given: Settings by name.
        """
        threads = {} if given.get("resume") or given.get("threads") else {"threads": 1}
        return {**given, **threads, **({} if self.first else {"progress": False})}

    def agree(self, make: Callable[[], Path], config: Mapping[str, Any]) -> Path:
        """Return what the first process makes, to all.

        Args:
            make: Called in the first process, once all have come.
            config: The settings of the work, which must be those of all.

        Raises:
            InputError: Not all came within `LIMIT` seconds; or what `make` raises, to all; or this
                process has other settings than the first.
        """
        settings = {name: repr(value) for name, value in flat(config)}
        if not self.first:
            word = self._hear()
            theirs = word["settings"]
            others = [n for n in {**theirs, **settings} if theirs.get(n) != settings.get(n)]
            if others:
                raise InputError(
                    f"process {self.rank} has another {', '.join(others)} than process 0; start "
                    "all with the same settings"
                )
            return Path(word["folder"])
        if self._words is not None:
            self._come()
            self._await_all()
        path = make()
        self._say(folder=str(path), settings=settings)
        return path

    def check(self, devices: int | None) -> None:
        """Refuse another number of devices than there are processes.

        Raises:
            InputError: As said.
        """
        if devices not in (None, self.count):
            what = "this script" if self._here.launcher == DEVICES else self._here.launcher
            have = "processes" if self.count > 1 else "process"
            raise InputError(
                f"devices {devices}, but {what} has started {self.count} {have}; leave devices out"
            )

    def leave(self, error: BaseException) -> None:
        """Have nobody wait for this process, which an error ends.

        Raises:
            SaidElsewhere: The first process ends by an error of its own, or the same, and tells it.
        """
        if self.children:
            self.children.stop()  # which tell nothing themselves
        if self._words is None:
            self.past[len(self.past) - self.agreed :] = [{"refused": str(error)}]
        elif isinstance(error, SaidElsewhere):
            return
        elif self.agreed:
            if isinstance(error, InputError) and self._told(str(error)):
                raise SaidElsewhere(str(error))
        elif self.first:
            with suppress(InputError):
                self._come()
                self._say(refused=str(error))
        elif isinstance(error, InputError):
            self._hear()

    def _told(self, fault: str) -> bool:
        """Whether the first tells what has stopped this process after they have agreed."""
        with suppress(InputError), _gone("process 0"):
            if self.first:
                self._words.set(self._key("fault"), json.dumps(fault))
                self._missing("same ", ALIKE)
            elif self._wait("fault", ALIKE):
                self._words.set(self._key(f"same {self.rank}"), "")
                return bool(json.loads(self._words.get(self._key("fault"))) == fault)
        return False

    def _key(self, what: str) -> str:
        return f"{self._round}/{what}"

    def _say(self, **word: Any) -> None:
        if self._words is None:
            self.past.append(word)
            self.agreed = True
            return
        with _gone("torchrun"):
            self._words.set(self._key("word"), json.dumps(word))
        self._missing("heard ", min(HEARD, LIMIT))  # the word may go with this process
        self._round, self.agreed = self._round + 1, True

    def _hear(self) -> dict[str, Any]:
        with _gone("process 0"):
            self._come()
            if not (self._wait("0", LIMIT) and self._wait("word", 2 * LIMIT)):
                raise InputError(
                    f"process 0 of {self.count} did not come within {LIMIT:.0f} s; start them all"
                )
            word: dict[str, Any] = json.loads(self._words.get(self._key("word")))
            self._words.set(self._key(f"heard {self.rank}"), "")
        self._round, self.agreed = self._round + 1, True
        if "folder" not in word:
            raise SaidElsewhere(word["refused"])
        return word

    def _await_all(self) -> None:
        if missing := self._missing("", LIMIT):
            names = ", ".join(map(str, missing[:8])) + ("" if len(missing) <= 8 else ", ...")
            raise InputError(
                f"{self._here.launcher} speaks of {self.count} processes, and of these {names} did "
                f"not come within {LIMIT:.0f} s; start all of them"
            )

    def _missing(self, done: str, seconds: float) -> list[int]:
        """Return the other processes that have not left a word within so many seconds.

        Those of our own are not waited for: they join in when they can.
        """
        with _gone("torchrun"):
            end, missing = time.monotonic() + seconds, list(range(1, self.count))
            while missing and not self.children and time.monotonic() < end:
                missing = [r for r in missing if not self._words.check([self._key(f"{done}{r}")])]
                time.sleep(PAUSE if missing else 0)
        return [] if self.children else missing

    def _come(self) -> None:
        with _gone("torchrun"):
            self._words.set(self._key(str(self.rank)), "")

    def _wait(self, what: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not self._words.check([self._key(what)]):
            if time.monotonic() > end:
                return False
            time.sleep(PAUSE)
        return True


@contextmanager
def _gone(who: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # the other end of the connection is closed
        raise InputError(f"{who} has ended; start all processes again") from error
