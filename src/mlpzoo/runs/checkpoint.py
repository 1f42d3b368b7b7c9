"""Checkpoint files: sealed with a checksum, written whole, and read without running code.

A checkpoint is what torch.save makes, a zip archive, with a seal in the archive's comment: the
SHA-256 of all bytes before it. So torch and Lightning read the file as any other, and a bit that
has changed anywhere in it is noticed here.
"""

import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import CheckpointIO
from lightning.fabric.utilities.types import _PATH
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.files import load_plain, write_whole

BEST, LAST, PREVIOUS, START = "best.ckpt", "last.ckpt", "previous.ckpt", "start.ckpt"
RECORD = "mlpzoo"  # the key in a checkpoint under which its provenance stands
FORMAT = 2
_SEAL = b"mlpzoo sha256 "
_SEAL_LENGTH = len(_SEAL) + hashlib.sha256().digest_size * 2
_END_OF_ARCHIVE, _END_LENGTH = b"PK\x05\x06", 22  # a zip's last record, its comment's length last


class WholeFileIO(CheckpointIO):
    """Writes and reads a Trainer's checkpoints as this module does.

    Args:
        folder: The run folder, which is not made again once it is gone; others are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._written: set[Path] = set()

    @override
    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any = None
    ) -> None:
        path = Path(path)
        if path.parent.resolve() != self.folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, pack(checkpoint))
        self._written.add(path)

    @override
    def load_checkpoint(
        self, path: _PATH, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return read_checkpoint(path)

    @override
    def remove_checkpoint(self, path: _PATH) -> None:
        """Remove what was written here, and nothing else: a path may come from a file."""
        if Path(path) in self._written:
            Path(path).unlink(missing_ok=True)


def pack(checkpoint: dict[str, Any]) -> bytes:
    """Return the content of a checkpoint file; equal checkpoints give equal bytes.

    Example:
        >>> from mlpzoo.runs.checkpoint import unpack
        >>> unpack(pack({"step": 3}))
        {'step': 3}
    """
    buffer = io.BytesIO()
    torch.save(_canonical(checkpoint), buffer)
    archive = bytearray(buffer.getvalue())
    assert archive[-_END_LENGTH:].startswith(_END_OF_ARCHIVE)
    archive[-2:] = _SEAL_LENGTH.to_bytes(2, "little")
    return bytes(archive) + _seal(archive)


def unpack(content: bytes) -> Any:
    """Return what `pack` was given, on the CPU.

    Raises:
        InputError: The bytes are not what `pack` returned, or hold more than plain data.
    """
    archive, seal = content[:-_SEAL_LENGTH], content[-_SEAL_LENGTH:]
    if not seal.startswith(_SEAL):
        raise InputError("it was not written by mlpzoo's train, or its end is missing")
    if seal != _seal(archive):
        raise InputError("it is damaged: its checksum differs")
    return load_plain(content)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Load a checkpoint that `mlpzoo train` wrote, on the CPU, without running code.

    Raises:
        InputError: No such file, a damaged one, not a checkpoint, or one of a newer format.
    """
    path = Path(str(path))
    try:
        checkpoint: dict[str, Any] = unpack(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"checkpoint {path} does not exist") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; name a file in it, such as {BEST}") from error
    except OSError as error:
        raise InputError(f"checkpoint {path} cannot be read: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path} is not a checkpoint that can be used: {error}") from error
    record = checkpoint.get(RECORD) if isinstance(checkpoint, dict) else None
    written = record.get("format") if isinstance(record, dict) else None
    if not isinstance(written, int):
        raise InputError(f"{path} has no record of an exercise; it is not of mlpzoo's train")
    if written > FORMAT:
        raise InputError(
            f"{path} is of format {written}, and this mlpzoo reads {FORMAT}; take a newer mlpzoo"
        )
    return checkpoint


def best_of(folder: Path) -> Path:
    """Return the checkpoint of a run to measure: the best, else the last good one.

    Args:
        folder: The run folder.
    """
    return next((p for name in (BEST, LAST, START) if (p := folder / name).exists()), folder / BEST)


def is_whole(path: Path) -> bool:
    """Tell whether a file is a checkpoint that can be used."""
    try:
        return bool(read_checkpoint(path))
    except InputError:
        return False


def _canonical(value: Any) -> Any:
    """Return plain data in new containers, equal strings as one: pickle tells such things apart.

    Interned, they are one with those that torch writes itself, such as "cpu".
    """
    if isinstance(value, dict):
        return {_canonical(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_canonical(entry) for entry in value])
    return sys.intern(value) if type(value) is str else value


def _seal(archive: bytes | bytearray) -> bytes:
    return _SEAL + hashlib.sha256(archive).hexdigest().encode()
