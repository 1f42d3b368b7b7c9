"""Puts the pieces of a population or a sweep on a Ray cluster. Needs the extra `ray`."""

import logging
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import torch

import mlpzoo
from mlpzoo.checks import InputError, cause
from mlpzoo.files import Held, alone_in, write_whole
from mlpzoo.signals import StopRequest

LIMIT = 10.0  # seconds within which a cluster must answer
RETRIES = 5  # of a task whose process or machine dies
_PAUSE = 1.0  # seconds
Piece = Any  # a dataclass that can be pickled: folder, run, finished, train()
Files = dict[str, bytes]  # by their paths in the folder of a piece


def share_out(
    pieces: Sequence[Piece],
    *,
    cores: int = 1,
    gpus: int = 0,
    told: Callable[[], object] = lambda: None,
    advice: str = "the same command goes on",
) -> None:
    """Train every piece that is not finished as a task of Ray, and keep its files as they come.

    The cluster is the one that this process is connected to, else that of RAY_ADDRESS or of this
    machine, else one that is started here for so long. A task is given what there is of its piece,
    trains in a temporary folder of its machine and returns the files. Where its process or machine
    dies, Ray tries again. A piece that another process is at work on is left to it.

    Args:
        pieces: The pieces. All machines need the same versions of mlpzoo and torch.
        cores: CPU cores that a task takes.
        gpus: GPUs that a task takes, 0 or 1.
        told: Called whenever a piece has been finished.
        advice: How to go on after a signal.

    Raises:
        InputError: Ray does not start, its machines have too few cores or other
            versions, or a piece cannot be trained.
        Interrupted: After Ctrl-C. What was finished is kept.
        Terminated: The same after SIGTERM.
    """
    left = [piece for piece in pieces if not piece.finished]
    if not left:
        return
    with _cluster() as ray, StopRequest().listening() as stop:
        _check_room(ray.nodes(), {"CPU": cores, "GPU": gpus})
        task = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=RETRIES)(_trained)
        running: dict[Any, Piece] = {}
        while left or running:
            for piece in left:
                if (sent := _pickled(ray, piece)) is not None:
                    running[task.remote(*sent, gpus, _versions())] = piece
            begun = {id(piece) for piece in running.values()}
            left = [piece for piece in left if not (id(piece) in begun or piece.finished)]
            done = ray.wait([*running], timeout=_PAUSE)[0] if running else []
            time.sleep(0 if running else _PAUSE)
            stop.raise_if_requested(f"stopped; {advice}")
            for each in done:
                piece = running.pop(each)
                if not _kept(piece, _got(ray, each, piece)):
                    left.append(piece)
                told()


@contextmanager
def _cluster() -> Iterator[Any]:
    """Yield Ray, connected to a cluster."""
    try:
        import ray

        if ours := not ray.is_initialized():
            quietly = {"log_to_driver": False, "logging_level": logging.ERROR}
            ray.init(_address(), include_dashboard=False, **quietly)
    except InputError:
        raise
    except Exception as error:  # of many kinds, as many things may be amiss
        raise InputError(f"Ray does not start: {cause(error)}") from error
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _address() -> str | None:
    """Return where the cluster is; None for where Ray finds it, "local" where none answers here.

    Ray itself would wait for a quarter of an hour.
    """
    asked = os.environ.get("RAY_ADDRESS", "")
    noted = Path(os.environ.get("RAY_TMPDIR", gettempdir()), "ray/ray_current_cluster")
    address = asked or (noted.read_text().strip() if noted.is_file() else "")
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or "/" in host:
        return None
    try:
        socket.create_connection((host.strip("[]"), int(port)), LIMIT).close()
    except OSError as error:
        if asked:
            fault = f"no Ray cluster answers at RAY_ADDRESS {asked!r}: {cause(error)}"
            raise InputError(fault) from error
        return "local"  # a head that was killed has left its address
    return None


def _check_room(nodes: Sequence[Mapping[str, Any]], wanted: Mapping[str, int]) -> None:
    """Refuse tasks that no machine has room for: Ray would wait for one for ever."""
    rooms = [node["Resources"] for node in nodes if node["Alive"]]
    for what, least in wanted.items():
        most = max((room.get(what, 0) for room in rooms), default=0)
        if most < least:
            raise InputError(
                f"a piece takes {least} {what}s, and no machine of the Ray cluster has more than "
                f"{most:g}; set threads or accelerator"
            )


def _pickled(ray: Any, piece: Piece) -> tuple[bytes, Files] | None:
    """Return a piece and what there is in its folder; None while another process holds it."""
    try:
        content: bytes = ray.cloudpickle.dumps(piece)
    except Exception as error:  # whatever an object of the user's raises
        raise InputError(f"its settings cannot be sent to Ray: {cause(error)}") from error
    piece.make_folder()
    with suppress(Held), alone_in(piece.folder):
        return content, _files(piece.folder)
    return None


def _files(folder: Path) -> Files:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _versions() -> dict[str, str]:
    """Return the versions that bits depend on."""
    return {"mlpzoo": mlpzoo.__version__, "torch": str(torch.__version__)}


def _trained(
    pickled: bytes, files: Files, gpus: int, wanted: Mapping[str, str]
) -> Files | InputError:
    """Train a piece in a temporary folder, from the files that there are on, and return its files.

    What it is refused for is returned too: Ray would make several lines of it.
    """
    if (found := _versions()) != wanted:
        return InputError(f"a machine of the Ray cluster has {found}, this one {dict(wanted)}")
    if not gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # else it would take the one of others
    piece = pickle.loads(pickled)
    with TemporaryDirectory(prefix="mlpzoo-") as here:
        own = replace(piece, run=Path(here), folder=here / piece.folder.relative_to(piece.run))
        own.folder.mkdir(parents=True, exist_ok=True)
        _write(own.folder, files)
        try:
            own.train()
        except InputError as error:
            return InputError(str(error).replace(here, str(piece.run)))
        return _files(own.folder)


def _got(ray: Any, task: Any, piece: Piece) -> Files:
    """Return what a task gave.

    Raises:
        InputError: Nothing: it was refused, or its process died again and again.
    """
    try:
        files: Files | InputError = ray.get(task)
    except ray.exceptions.RayTaskError as error:
        if "ModuleNotFoundError" not in str(error):
            raise
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"a machine of the Ray cluster lacks a package: {reason}") from error
    except ray.exceptions.RayError as error:
        raise InputError(
            f"the task of {piece.folder} died {RETRIES + 1} times on Ray "
            f"({type(error).__name__}); the same command goes on"
        ) from error
    if isinstance(files, InputError):
        raise files
    return files


def _kept(piece: Piece, files: Files) -> bool:
    """Tell whether a piece is finished, having made its folder what a task returned."""
    with suppress(Held), alone_in(piece.folder):
        if not piece.finished:
            _write(piece.folder, files)
        return True
    return False


def _write(folder: Path, files: Files) -> None:
    """Make a folder what it was elsewhere, so that a kill meanwhile costs nothing but steps.

    The log is there before the states that go with it, and the result, a .json, comes last.
    """
    for name in _files(folder).keys() - files.keys():
        (folder / name).unlink()
    for name in sorted(files, key=lambda n: (n.endswith(".json"), n.endswith(".ckpt"))):
        (folder / name).parent.mkdir(exist_ok=True)
        write_whole(folder / name, files[name])
