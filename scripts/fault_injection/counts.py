"""What is tried, how often, and what is said of it."""

from collections.abc import Callable
from signal import SIGINT, SIGKILL, SIGTERM

from scripts.fault_injection.cost import cost_of_saving
from scripts.fault_injection.crowd import crowd, full_disk
from scripts.fault_injection.damage import damaged, hostile
from scripts.fault_injection.kills import torment
from scripts.fault_injection.nonsense import nonsense
from scripts.fault_injection.shared import shared

Trial = Callable[[int], tuple[str, list[str]]]
COUNTS = {
    "kill": 100,
    "sigterm": 50,
    "sigint": 50,
    "shared": 50,
    "damaged": 2000,
    "hostile": 1,
    "nonsense": 500,
    "disk": 1,
    "crowd": 20,
    "cost": 1,
}


def _signals(signum: int) -> Trial:
    def trial(count: int) -> tuple[str, list[str]]:
        tally = torment(signum, count)
        parts = [
            f"{tally.signals} signals",
            f"{tally.identical} of {tally.runs} runs ended with the bits of the undisturbed one",
            f"moments {dict(tally.moments)}",
            f"exit codes {dict(tally.codes)}",
            f"at most {tally.most_lost:.1f} s lost",
        ]
        return "; ".join(parts), tally.faults

    return trial


def _shared(count: int) -> tuple[str, list[str]]:
    tally = shared(count)
    text = (
        f"{tally.signals} of one, two or three processes killed, {dict(tally.moments)}; "
        f"{tally.identical} of {tally.runs} runs ended with the bits of one process"
    )
    return text, tally.faults


def _damaged(count: int) -> tuple[str, list[str]]:
    ends, faults = damaged(count)
    return f"{ends.total()} files; {dict(sorted(ends.items()))}", faults


def _hostile(count: int) -> tuple[str, list[str]]:
    ends, faults = hostile()
    return f"{ends.total()} files, none of whose code ran; {dict(ends)}", faults


def _nonsense(count: int) -> tuple[str, list[str]]:
    return f"{count} command lines and configs, each refused in one line", nonsense(count)


def _disk(count: int) -> tuple[str, list[str]]:
    return "a disk that fills up during a checkpoint, and a run that goes on after", full_disk()


def _crowd(count: int) -> tuple[str, list[str]]:
    return f"{count} runs started at once in one folder", crowd(count)


def _cost(count: int) -> tuple[str, list[str]]:
    return f"time spent on saving: {cost_of_saving()}", []


TRIALS: dict[str, Trial] = {
    "kill": _signals(SIGKILL),
    "sigterm": _signals(SIGTERM),
    "sigint": _signals(SIGINT),
    "shared": _shared,
    "damaged": _damaged,
    "hostile": _hostile,
    "nonsense": _nonsense,
    "disk": _disk,
    "crowd": _crowd,
    "cost": _cost,
}
