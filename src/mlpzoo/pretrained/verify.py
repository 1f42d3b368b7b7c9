"""Checks what is shipped: every exercise trained from a fresh seed, every network measured anew."""

import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mlpzoo.analysis.proof.certificate import GAP
from mlpzoo.checks import InputError, check_seed, resolve_name
from mlpzoo.data import Samples
from mlpzoo.exercises import get_exercise, list_exercises
from mlpzoo.pretrained.manifest import Pretrained, load_exported, read_manifest
from mlpzoo.pretrained.measure import data_of, errors_of, proved_of
from mlpzoo.signals import Interrupted, Terminated

# How far a measured error may be from the manifest's: sums are rounded in another order on another
# processor, a few float32 steps of the largest target.
RELATIVE, OF_LARGEST = 1e-3, 1e-6


@dataclass(frozen=True, kw_only=True)
class Check:
    """The result of one check.

    Attributes:
        name: The exercise or the network.
        what: "trained" or "shipped".
        seed: The seed of start and data; None where nothing was drawn.
        measured: The metrics that the exercise's bars ask for.
        proved: Of a shipped network, what is proved of it (see `Pretrained`).
        asked: The bars, and for a shipped network what the manifest has.
        passed: Whether all of it is so.
        verdict: "passed", or what is not so.
        seconds: Time taken.
    """

    name: str
    what: str
    seed: int | None
    measured: Mapping[str, float]
    proved: Mapping[str, float] = field(default_factory=dict)
    asked: str
    passed: bool
    verdict: str
    seconds: float = 0.0


def verify(
    names: str | Sequence[str] = (),
    *,
    trained: bool = True,
    shipped: bool = True,
    seed: int | None = None,
    folder: str | Path | None = None,
    report: Callable[[Check], None] = lambda check: None,
) -> list[Check]:
    """Train exercises from a fresh seed and measure shipped networks.

    An exercise's default recipe must meet its bars. A shipped network must have the SHA-256 of the
    manifest, meet its exercise's bars, and measure what the manifest says within 0.001 of it and
    a millionth of the exercise's largest target. What the manifest has as proved is proved anew.
    Nothing is left on the disk.

    Args:
        names: Exercises, which are both trained and shipped, or shipped networks, one or several;
            none for all.
        trained: Train the exercises.
        shipped: Measure the shipped networks.
        seed: Train from this one; None to draw one for each from the operating system.
        folder: Where weights and manifest are; None for those of the package.
        report: Called with each check when it is done.

    Returns:
        The checks, the shipped networks last.

    Raises:
        InputError: An unknown name, a seed out of range, a bad manifest, or nothing to check.
        Interrupted: After Ctrl-C.
        Terminated: After SIGTERM.
    """
    records, exercises = read_manifest(folder), list_exercises()
    there = list(dict.fromkeys([*exercises, *sorted(records)]))
    given = (names,) if isinstance(names, str) else names
    if not isinstance(given, Sequence):
        raise InputError(f"names must be a list of names, got {names!r}")
    named = (resolve_name("exercise or network", name, there) for name in given)
    chosen = list(dict.fromkeys(named)) or there
    if seed is not None:
        check_seed("seed", seed)
    work = [partial(_train, n, seed) for n in chosen if trained and n in exercises]
    work += [partial(_measure, records[n], folder) for n in chosen if shipped and n in records]
    if not work:
        kind = "an exercise" if trained else "a shipped network"
        raise InputError(f"none of {', '.join(chosen)} is {kind}; there are {', '.join(there)}")
    checks = []
    for check in work:
        began = time.perf_counter()
        checks.append(replace(check(), seconds=round(time.perf_counter() - began, 1)))
        report(checks[-1])
    return checks


def _train(name: str, seed: int | None) -> Check:
    from mlpzoo.training.run import train  # Lightning, which shipped networks do without

    exercise = get_exercise(name)
    seed = secrets.randbelow(2**31) if seed is None else seed
    with TemporaryDirectory() as out:
        try:
            result = train(name, seed=seed, out=out, plots=False, progress=False)
        except (Interrupted, Terminated) as stop:  # its advice is to go on with a run in there
            raise type(stop)(f"stopped while {name} was trained; nothing is left of it") from stop
    return Check(
        name=name,
        what="trained",
        seed=seed,
        measured={bar.metric: result.metrics[bar.metric] for bar in exercise.bars},
        asked=", ".join(result.bars),
        passed=result.passed,
        verdict="passed" if result.passed else f"misses the bar: {result.diagnosis}",
    )


def _measure(record: Pretrained, folder: str | Path | None) -> Check:
    check = partial(Check, name=record.name, what="shipped", seed=record.seed)
    try:
        exported = load_exported(record.name, folder=folder)
        data = data_of(record)
        errors, proved = errors_of(exported, data), proved_of(exported, data)
    except InputError as error:  # damaged: the other networks are to be checked as well
        return check(measured={}, asked="", passed=False, verdict=str(error))
    fault = _fault(record, errors, proved, data)
    bars = get_exercise(record.exercise).bars
    then = (f"{record.errors.get(bar.metric, math.nan):.4g}" for bar in bars)
    return check(
        measured={bar.metric: errors[bar.metric] for bar in bars},
        proved=proved,
        asked=f"{', '.join(map(str, bars))}; manifest {', '.join(then)}",
        passed=not fault,
        verdict=fault or "passed",
    )


def _fault(
    record: Pretrained,
    errors: Mapping[str, float],
    proved: Mapping[str, float],
    data: Samples,
) -> str:
    """Return what is not as the manifest or the bars have it, or ""."""
    least = OF_LARGEST * max(1.0, data.rows_of("val")[1].abs().max().item())
    for what, found, recorded, share in (
        ("", errors, record.errors, RELATIVE),
        ("proved ", proved, record.proved, GAP),
    ):
        for name in {**found, **recorded}:
            now, then = found.get(name, math.nan), recorded.get(name, math.nan)
            if not abs(now - then) <= share * abs(then) + least:
                return f"differs from the manifest: {what}{name} is {now}, there {then}"
    missed = [bar for bar in get_exercise(record.exercise).bars if not bar.met(errors[bar.metric])]
    return f"misses the bar: {', '.join(map(str, missed))}" if missed else ""
