"""What the members of a population came to, as columns: a million of them fit in memory."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from mlpzoo.checks import InputError, cause

Column = NDArray[Any]
_KNOWN = ("seed", "solved", "solved_step", "best_step", "restarts", "failure")
_NEVER = -1  # the step of what has not happened
_ROWS = 4096  # that are text at once


@dataclass(frozen=True)
class Member:
    """The result of one seed.

    Attributes:
        seed: Of its start and its data.
        solved: Whether its best weights meet every bar on the test grid.
        solved_step: The first validation at which it met them, in optimizer steps; None if never.
        best_step: The validation that its best weights are of; None if there was none.
        metrics: Of its best weights on the test grid.
        failure: Why it is not solved, or "".
        restarts: How often it was started anew.
    """

    seed: int
    solved: bool
    solved_step: int | None
    best_step: int | None
    metrics: Mapping[str, float]
    failure: str = ""
    restarts: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class MemberTable(Sequence[Member]):
    """The results of members in columns of equal length; a `Member` is made on demand.

    Args:
        seed, solved, solved_step, best_step, restarts: As of `Member`, with -1 for None.
        kind: The place of its failure among `kinds`.
        kinds: Of failures, "" for none among them.
        metrics: By name.

    Example:
        >>> table = MemberTable.of([Member(7, True, 20, 40, {"rmse": 0.5})])
        >>> table[0].solved_step, len(table[:0]), table.solved_count
        (20, 0, 1)
    """

    seed: Column
    solved: Column
    solved_step: Column
    best_step: Column
    restarts: Column
    kind: Column
    kinds: tuple[str, ...]
    metrics: Mapping[str, Column]

    @classmethod
    def of(cls, members: Sequence[Member]) -> "MemberTable":
        """Return the table of members, all of which have the same metrics.

        Args:
            members: One or more.
        """
        kinds = tuple(dict.fromkeys(member.failure for member in members))
        whole = {name: _whole(getattr(each, name) for each in members) for name in _STEPS}
        return cls(
            seed=_whole(each.seed for each in members),
            solved=np.array([each.solved for each in members], bool),
            kind=_whole(kinds.index(each.failure) for each in members),
            kinds=kinds,
            metrics={
                name: np.array([each.metrics[name] for each in members], float)
                for name in members[0].metrics
            },
            **whole,
        )

    @classmethod
    def joined(cls, tables: Sequence["MemberTable"]) -> "MemberTable":
        """Return the table of the members of several, in their order.

        Args:
            tables: One or more, with the same metrics.
        """
        kinds = tuple(dict.fromkeys(name for each in tables for name in each.kinds))
        places = [np.array([kinds.index(name) for name in each.kinds]) for each in tables]
        plain = {
            name: np.concatenate([getattr(each, name) for each in tables])
            for name in ("seed", "solved", *_STEPS)
        }
        return cls(
            kind=np.concatenate([own[t.kind] for own, t in zip(places, tables, strict=True)]),
            kinds=kinds,
            metrics={
                name: np.concatenate([each.metrics[name] for each in tables])
                for name in tables[0].metrics
            },
            **plain,
        )

    @classmethod
    def read(cls, path: Path) -> "MemberTable":
        """Return the table that a members.csv holds.

        Args:
            path: The file.

        Raises:
            InputError: It cannot be read, or is none.
        """
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                known, metrics = (head := next(rows))[: len(_KNOWN)], head[len(_KNOWN) :]
                if tuple(known) != _KNOWN:
                    raise ValueError
                parts = iter(lambda: list(islice(rows, _ROWS)), [])
                return cls.joined([_of_rows(some, metrics) for some in parts])
        except OSError as error:
            raise InputError(f"{path} cannot be read: {cause(error)}") from error
        except (csv.Error, ValueError, StopIteration, KeyError, IndexError) as error:
            raise InputError(f"{path} is not a table of members, or it is damaged") from error

    def __len__(self) -> int:
        return len(self.seed)

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> "MemberTable": ...
    @override
    def __getitem__(self, index: int | slice) -> "Member | MemberTable":
        if isinstance(index, slice):
            plain = {name: getattr(self, name)[index] for name in ("seed", "solved", *_STEPS)}
            metrics = {name: values[index] for name, values in self.metrics.items()}
            return replace(self, kind=self.kind[index], metrics=metrics, **plain)
        return Member(
            seed=int(self.seed[index]),
            solved=bool(self.solved[index]),
            solved_step=_step(self.solved_step[index]),
            best_step=_step(self.best_step[index]),
            restarts=int(self.restarts[index]),
            metrics={name: float(values[index]) for name, values in self.metrics.items()},
            failure=self.kinds[self.kind[index]],
        )

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MemberTable):
            return NotImplemented
        return self.as_csv() == other.as_csv()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"MemberTable({len(self)} members, {self.solved_count} solved)"

    @property
    def solved_count(self) -> int:
        """How many are solved."""
        return int(self.solved.sum())

    @property
    def solved_steps(self) -> list[int | None]:
        """When each was first solved; None of those who are not."""
        at = np.where(self.solved, self.solved_step, _NEVER)
        return [_step(step) for step in at.tolist()]

    @property
    def failures(self) -> dict[str, int]:
        """How many failed for which reason, the commonest first."""
        found, first, many = np.unique(
            self.kind[~self.solved], return_index=True, return_counts=True
        )
        order = np.lexsort((first, -many))
        return {self.kinds[found[at]]: int(many[at]) for at in order}

    def as_csv(self) -> str:
        """Return the content of members.csv: a row for each member."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow([*_KNOWN, *self.metrics])
        for start in range(0, len(self), _ROWS):
            table.writerows(self[start : start + _ROWS]._rows())
        return text.getvalue()

    def _rows(self) -> Iterator[Sequence[object]]:
        steps = (map(_step, getattr(self, name).tolist()) for name in ("solved_step", "best_step"))
        figures = ([f"{value:.9g}" for value in own.tolist()] for own in self.metrics.values())
        names = [self.kinds[place] for place in self.kind.tolist()]
        solved = self.solved.astype(int).tolist()
        return zip(
            self.seed.tolist(), solved, *steps, self.restarts.tolist(), names, *figures, strict=True
        )


_STEPS = ("solved_step", "best_step", "restarts")


def _of_rows(rows: Sequence[Sequence[str]], metrics: Sequence[str]) -> MemberTable:
    seed, solved, solved_step, best_step, restarts, failure, *figures = zip(*rows, strict=True)
    kinds = tuple(dict.fromkeys(failure))
    return MemberTable(
        seed=_whole(map(int, seed)),
        solved=np.array([{"0": False, "1": True}[each] for each in solved], bool),
        solved_step=_whole(int(each) if each else None for each in solved_step),
        best_step=_whole(int(each) if each else None for each in best_step),
        restarts=_whole(map(int, restarts)),
        kind=_whole(map({name: at for at, name in enumerate(kinds)}.__getitem__, failure)),
        kinds=kinds,
        metrics={name: np.array(own, float) for name, own in zip(metrics, figures, strict=True)},
    )


def _whole(values: Any) -> Column:
    return np.array([_NEVER if value is None else value for value in values], np.int64)


def _step(noted: Any) -> int | None:
    return None if noted == _NEVER else int(noted)
