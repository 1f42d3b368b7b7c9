"""What is to be fitted: a function as text or as Python's, a table as a file, arrays or a frame."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlpzoo.checks import InputError, as_typed, check_ordered
from mlpzoo.data.rows.files import SUFFIXES
from mlpzoo.data.rows.read import header_of
from mlpzoo.data.rows.write import table_of
from mlpzoo.data.sampling import latin_hypercube
from mlpzoo.files import write_whole

Ranges = Sequence[tuple[float, float]]
_DRAWN = 2000  # rows of a Python function, for each input
_STEP = torch.tensor([0])


@dataclass(frozen=True, kw_only=True)
class Given:
    """An exercise, and the arguments of its data.

    Attributes:
        exercise: "function" or "table".
        data: The arguments.
    """

    exercise: str
    data: dict[str, Any]


def is_table(source: object) -> bool:
    """Tell whether a text means a file of rows: it is one, or ends like one.

    Args:
        source: What was given.
    """
    if isinstance(source, Path):
        return True
    if not isinstance(source, str):
        return False
    path = Path(source)
    return path.suffix.lower() in SUFFIXES or (len(source) < 255 and path.exists())


def understood(
    source: Any, y: Any = None, *, ranges: Ranges = (), out: str | Path, **data: Any
) -> Given:
    """Return what is meant by what `mlpzoo.fit` was given.

    Rows that are not in a file are written to one, `<out>/table/rows-<digest>.csv`, so that a run
    can go on, and be looked at, in another process.

    Args:
        source: See `mlpzoo.fit`.
        y: See `mlpzoo.fit`.
        ranges: See `mlpzoo.fit`.
        out: The folder of runs.
        **data: Arguments of the data module that were given; those that are None are left out.

    Raises:
        InputError: It means nothing, or arguments do not go with it.
    """
    data = {name: value for name, value in data.items() if value not in (None, (), "", False)}
    if isinstance(source, str | Path) and not is_table(source):
        if y is not None:
            raise InputError(f"y goes with an array of inputs, not with the text {source!r}")
        _only(data, "within", source)
        ends = {"ranges": tuple(ranges)} if ranges else {}
        return Given(exercise="function", data={"function": str(source), **ends, **data})
    if "within" in data:
        raise InputError("within is proved of a function written as text; take rmse for rows")
    if y is None and not (callable(source) or hasattr(source, "columns") or is_table(source)):
        raise InputError("an array of inputs goes with its answers: fit(x, y)")
    if callable(source):
        source, y = drawn(source, ranges)
    elif ranges:
        raise InputError("ranges go with a function; the inputs of a table have their own")
    path = source if isinstance(source, str | Path) else stored(source, y, Path(str(out)))
    if y is not None and path is not source:
        count = np.shape(y)[1] if np.ndim(y) > 1 else 1
        data = {"target": tuple(header_of(str(path))[-count:]), **data}
    elif y is not None:
        raise InputError(f"y goes with an array of inputs; name the target of {source}")
    return Given(exercise="table", data={"path": str(path), **data})


def drawn(function: Callable[..., Any], ranges: Ranges) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows of a Python function, spread over its ranges as a Latin hypercube.

    Args:
        function: Takes a number or an array for each input.
        ranges: Low and high end of each input.

    Raises:
        InputError: No range, or one that is not in order, or answers that are no numbers.
    """
    if not ranges:
        raise InputError("give the range of each input of the function: ranges=[(0, 10)]")
    for low, high in ranges:
        check_ordered("range", low, high)
    count = len(ranges)
    unit = latin_hypercube(0, _STEP, _DRAWN * count, count)[0].double().numpy()
    low, high = np.array(ranges, dtype=float).T
    x = low + (high - low) * unit
    try:
        y = np.asarray(function(*x.T), dtype=float)
        if y.shape != (len(x),):
            raise TypeError
    except (TypeError, ValueError):  # it takes numbers, one row at a time
        y = np.array([float(function(*row)) for row in x.tolist()])
    if not np.isfinite(y).all():
        at = x[~np.isfinite(y)][0].tolist()
        raise InputError(f"the function is not finite at {as_typed(at)}; take another range")
    return x, y


def stored(x: Any, y: Any, out: Path) -> Path:
    """Write rows to a file whose name follows from its content, and return it.

    Args:
        x: See `mlpzoo.data.rows.write.table_of`.
        y: See `mlpzoo.data.rows.write.table_of`.
        out: The folder of runs.

    Raises:
        InputError: They are no rows of numbers, or the file cannot be written.
    """
    content = table_of(x, y)
    path = out / "table" / f"rows-{hashlib.sha256(content).hexdigest()[:12]}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_whole(path, content)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another out") from error
    return path


def _only(data: dict[str, Any], known: str, source: Any) -> None:
    for name in data.keys() - {known}:
        raise InputError(f"{name} goes with a table, and {source!r} is read as a function")
