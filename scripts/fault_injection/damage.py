"""Checkpoints that are damaged, forged or hostile: refused in one line, their code never run."""

import io
import os
import pickle
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch

from mlpzoo.cli import main
from mlpzoo.runs.checkpoint import _SEAL_LENGTH, RECORD, _seal, pack, read_checkpoint
from scripts.fault_injection.processes import Command

MOST_SECONDS = 20  # for one file


def damaged(count: int, *, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Damage a checkpoint in so many ways and have `mlpzoo test` read each.

    A fifth get a checksum that fits the damage, so that what lies behind it is tried too.

    Returns:
        How many ended how, and what went wrong, a line each.
    """
    chance, ends, faults = random.Random(seed), Counter[str](), []
    with _checkpoint() as path:
        whole = path.read_bytes()
        weights = read_checkpoint(path)["state_dict"]
        for number in range(count):
            kind, content = _damage(whole, chance)
            if number % 5 == 0 and len(content) > _SEAL_LENGTH:
                kind, content = f"{kind}, sealed", _sealed(content)
            path.write_bytes(content)
            code, said = _tested(path)
            if code == 2 and said.count("\n") == 1 and said.startswith("mlpzoo: "):
                ends[f"{kind}: refused"] += 1
            elif code in (0, 1) and (kind.endswith("sealed") or _same(path, weights)):
                ends[f"{kind}: harmless"] += 1
            else:
                faults.append(f"{number}, {kind}: exit code {code}: {said[-300:]}")
    return ends, faults


def hostile() -> tuple[Counter[str], list[str]]:
    """Have `mlpzoo test` read files that would run code if they were trusted.

    Returns:
        How many ended how, and what went wrong, a line each.
    """
    ends, faults = Counter[str](), []
    with _checkpoint() as path:
        whole, ran = read_checkpoint(path), path.parent / "ran"
        for name, write in _payloads(whole, ran).items():
            write(path)
            code, said = _tested(path)
            if ran.exists():
                faults.append(f"{name}: its code ran")
                ran.unlink()
            elif code == 2 and said.count("\n") == 1:
                ends["refused"] += 1
            else:
                faults.append(f"{name}: exit code {code}: {said[-300:]}")
    return ends, faults


class Payload:
    """Runs code when it is unpickled by someone who trusts it.

    Args:
        function: What is called.
        arguments: With what.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.function, self.arguments


def _payloads(whole: dict[str, Any], ran: Path) -> dict[str, Callable[[Path], object]]:
    """Return writers of hostile files: five payloads, each in four kinds of file or place."""
    code = f"open({str(ran)!r}, 'w').close()"
    payloads = {
        "os.system": Payload(os.system, f"touch {ran}"),
        "eval": Payload(eval, code),
        "exec": Payload(exec, code),
        "nested reducers": Payload(getattr, Payload(eval, f"{code} or 0"), "real"),
        "open": Payload(open, str(ran), "w"),
    }  # fmt: skip

    def writers(name: str, payload: Payload) -> Iterator[tuple[str, Callable[[Path], object]]]:
        settings = {**whole, "hyper_parameters": {**whole["hyper_parameters"], "lr": payload}}
        record = {**whole, RECORD: payload}
        yield f"{name} as a hyperparameter", lambda path: path.write_bytes(pack(settings))
        yield f"{name} as the record", lambda path: path.write_bytes(pack(record))
        yield f"{name}, torch's file", lambda path: torch.save(payload, path)
        yield f"{name}, bare pickle", lambda path: path.write_bytes(pickle.dumps(payload))

    return {
        title: write
        for name, payload in payloads.items()
        for title, write in writers(name, payload)
    }


def _damage(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    kind = chance.choice(("bits", "bits", "cut", "swapped", "zeros", "grown", "noise", "empty"))
    content, size = bytearray(whole), len(whole)
    first, second = sorted(chance.sample(range(size), 2))
    if kind == "bits":
        for _ in range(chance.choice((1, 1, 1, 2, 8))):
            content[chance.randrange(size)] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del content[first:]
    elif kind == "swapped":
        length = min(second - first, size - second, chance.choice((16, 256, 4096)))
        content[first : first + length], content[second : second + length] = (
            content[second : second + length], content[first : first + length],
        )  # fmt: skip
    elif kind == "zeros":
        content[first:second] = bytes(second - first)
    elif kind == "grown":
        content[first:first] = chance.randbytes(chance.randrange(1, 100))
    elif kind == "noise":
        content = bytearray(chance.randbytes(chance.randrange(1, 2 * size)))
    else:
        content.clear()
    return kind, bytes(content)


def _sealed(content: bytes) -> bytes:
    archive = content[:-_SEAL_LENGTH]
    return archive + _seal(archive)


def _tested(path: Path) -> tuple[int, str]:
    """Return exit code and stderr of `mlpzoo test`; a hang ends in an exit code of its own."""
    said = io.StringIO()

    def hung(*_: Any) -> None:
        raise TimeoutError("no end")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(MOST_SECONDS)
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            return main(["test", "xor", "--ckpt", str(path)]), said.getvalue()
    except BaseException as error:  # any that gets here would be a traceback
        return 99, f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _same(path: Path, weights: dict[str, Any]) -> bool:
    loaded = read_checkpoint(path)["state_dict"]
    return all(torch.equal(loaded[name], weights[name]) for name in weights)


@contextmanager
def _checkpoint() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        line = "train xor --max-steps 300 --no-plots"
        Command(line.split(), folder=folder, log=folder / "log", cold=False).end()
        yield folder / "checkpoints/xor/version_0/best.ckpt"
