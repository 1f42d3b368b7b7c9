"""Whether a network can learn from columns of numbers, and what is wrong with those it cannot."""

from collections.abc import Sequence

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.data.rows.numbers import Array, counted, listed

FEWEST = 10  # rows
_FINE = 1e-3  # of a column's spread: what float32 may round
_ALIKE = 10.0  # times: one error is measured of all targets, and a small one would not count


def check_usable(
    name: str, exact: Array, names: Sequence[str], targets: Sequence[str], *, dropped: int = 0
) -> None:
    """Refuse too few rows, and columns that are constant, rounded, equal, or of unlike spread.

    Args:
        name: Of the file.
        exact: The columns in float64.
        names: Of the columns, the targets last.
        targets: Those of the targets.
        dropped: How many rows were left out because a cell is missing.

    Raises:
        InputError: They are one of these; the message says which, and a remedy.
    """
    if len(exact) < FEWEST:
        without = f" besides {counted(dropped, 'row')} with missing cells" if dropped else ""
        raise InputError(f"{name} has {counted(len(exact), 'row')}{without}; {FEWEST} are needed")
    values = exact.astype(np.float32)
    _check_constant(name, exact, names, targets)
    _check_fine(name, exact, values, names, len(targets))
    _check_equal(name, values, names, targets)
    _check_alike(name, exact[:, -len(targets) :].std(axis=0), targets)


def _check_fine(name: str, exact: Array, values: Array, names: Sequence[str], targets: int) -> None:
    """Refuse columns whose differences float32 rounds away; as inputs it may hold them exactly."""
    spread, largest = exact.std(axis=0), np.abs(values).max(axis=0)
    apart = np.spacing(largest).astype(np.float64)
    rounded = (exact != values).any(axis=0)
    rounded[-targets:] = True  # a network's answers are
    for column in np.flatnonzero(rounded & (apart > _FINE * spread)).tolist():
        raise InputError(
            f"{name}: column {names[column]!r} has numbers as large as {largest[column]:.3g}, "
            f"which are {apart[column]:.3g} apart in float32, and their spread (std) is "
            f"{spread[column]:.3g}; subtract a constant, such as {exact[:, column].mean():.10g}, "
            "from all of them"
        )


def _check_alike(name: str, spread: Array, targets: Sequence[str]) -> None:
    """Refuse targets of which one would outweigh another."""
    most, least = int(spread.argmax()), int(spread.argmin())
    if spread[most] > _ALIKE * spread[least]:
        raise InputError(
            f"{name}: targets {targets[most]!r} and {targets[least]!r} have spreads (std) of "
            f"{spread[most]:.3g} and {spread[least]:.3g}, and the error of one would hide that of "
            f"the other; scale them, or fit them one by one: --target {targets[most]}"
        )


def _check_constant(name: str, exact: Array, names: Sequence[str], targets: Sequence[str]) -> None:
    """Refuse columns that nothing can be learned from."""
    constant = [names[c] for c in np.flatnonzero((exact == exact[0]).all(axis=0)).tolist()]
    if constant:
        rest = [each for each in names if each not in {*constant, *targets}]
        remedy = f"take --inputs {listed(rest, ',')}" if rest else "take other columns"
        if not {*constant}.isdisjoint(targets):
            remedy = "name another --target"
        value = float(exact[0, names.index(constant[0])])
        raise InputError(
            f"{name} has {counted(len(constant), 'column')} of one value in all of its "
            f"{len(exact):,} rows: {listed(list(map(repr, constant)))} ({constant[0]!r} is "
            f"{value:g}); {remedy}"
        )


def _check_equal(name: str, values: Array, names: Sequence[str], targets: Sequence[str]) -> None:
    """Refuse columns that say the same."""
    seen = dict[bytes, str]()
    for column, each in enumerate(names):
        other = seen.setdefault((values[:, column] + 0.0).tobytes(), each)  # 0 for -0
        if other != each:
            rest = [kept for kept in names if kept not in {each, *targets}]
            if each in targets and other not in targets:
                rest.remove(other)
            raise InputError(
                f"{name}: columns {other!r} and {each!r} have the same value in all "
                f"{len(values):,} rows; leave one out: --inputs {listed(rest, ',')}"
            )
