"""Files that are whole at every instant: written beside their target, synced, renamed."""

import io
import json
import math
import os
import stat
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_UNFINISHED = ".unfinished"  # how the name of a file ends that is being written


class Held(InputError):
    """A folder is worked in by another process."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, finds the old content or the new one.

    A file that is there keeps its mode, a link to it stays one, and a device or a pipe gets the
    content as any program would give it.

    Args:
        path: The file; its folder must exist.
        content: All of it.

    Raises:
        OSError: It cannot be written; what was there before still is.
    """
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        path.write_bytes(content)  # a folder says that it is one
        return
    target = path.resolve() if path.is_symlink() else path
    with _unfinished(target) as beside, beside.open("wb") as file:
        if mode is not None:
            beside.chmod(stat.S_IMODE(mode))
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(target.parent)


def keep_as(path: Path, other: Path) -> None:
    """Give a file a second name, which stays with its content when the first is written again.

    Raises:
        OSError: There is no such file, or its folder cannot be written to.
    """
    with _unfinished(other) as beside:
        try:
            os.link(path, beside)
        except OSError:  # a file system without hard links
            write_whole(beside, path.read_bytes())


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Yield a free name beside a file; what then has it takes the file's place."""
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{_UNFINISHED}")
    beside.unlink(missing_ok=True)  # a killed process of this number may have left a hard link
    try:
        yield beside
        os.replace(beside, path)
    finally:
        with suppress(OSError):
            beside.unlink()  # also after a replacement by the same content, which does nothing


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where the system can."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what a killed process left unfinished in a folder and the folders in it.

    Raises:
        OSError: The folder cannot be written to.
    """
    for left in folder.rglob(f".*{_UNFINISHED}"):
        left.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder against other processes; the hold ends with the process, however it ends.

    Args:
        folder: The folder.
        shared: Whether others may hold it too, who share it as well.

    Raises:
        Held: Another process holds it.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Held(
                f"the run in {folder} is going on in another process; wait for it, or stop it"
            ) from error
        except OSError:  # a file system that knows no locks
            pass
        yield
    finally:
        os.close(handle)


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain data as YAML, keys in the order given.

    Raises:
        OSError: See `write_whole`.
    """
    import yaml  # which torch.hub's users need not have

    write_whole(path, yaml.safe_dump(dict(content), sort_keys=False).encode())


def as_json(content: object) -> str:
    """Return plain data as indented JSON; numbers that are not finite become null.

    Example:
        >>> print(as_json([1.0, float("nan")]))
        [
          1.0,
          null
        ]
    """
    return json.dumps(_finite(content), indent=2, allow_nan=False)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain data as `as_json` has it.

    Raises:
        OSError: See `write_whole`.
    """
    write_whole(path, f"{as_json(content)}\n".encode())


def load_plain(content: bytes) -> Any:
    """Return what torch.save wrote, on the CPU; no code is run, and no bomb unpacked.

    Args:
        content: All of the file.

    Raises:
        InputError: The bytes are something else, or hold more than plain data.
    """
    import torch  # which most files here do without

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as entries:
            sizes = [entry.file_size for entry in entries.infolist()]
        if sum(sizes) > len(content):
            raise InputError("it would unpack to more than it holds")
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # the bytes may be anything: none of it may be a traceback
        raise InputError(f"it holds more than numbers and names ({type(error).__name__})") from None


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
