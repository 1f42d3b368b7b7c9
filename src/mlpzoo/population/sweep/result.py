"""The result of a sweep: what each setting came to, and which can be told apart."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from mlpzoo.checks import InputError, as_typed
from mlpzoo.population.counts import Counts
from mlpzoo.population.paired import PairedTest, paired_test
from mlpzoo.population.statistics import SHARES
from mlpzoo.population.work.table import MemberTable
from mlpzoo.training.result import ShownResult

FURTHER = {"median": "steps_median", "90%": "steps_90", "99%": "steps_99"}  # columns of SHARES


@dataclass(frozen=True, kw_only=True)
class SettingResult(Counts):
    """What one setting of a sweep came to.

    Attributes:
        setting: What it differs in, by name.
        bars: What was asked for, as text.
        median: The median of the monitored metric over them.
    """

    setting: Mapping[str, Any]
    bars: tuple[str, ...]
    median: float

    @property
    def name(self) -> str:
        """What it differs in, as it is typed."""
        return ", ".join(f"{name} {as_typed(value)}" for name, value in self.setting.items())


@dataclass(frozen=True, kw_only=True, repr=False)
class SweepResult(ShownResult):
    """The result of a sweep.

    Attributes:
        exercise: Name of the exercise.
        axes: What differed, by name, with its values.
        settings: What each setting came to, the first axis slowest.
        monitor: The metric that picked the best weights.
        seconds: Time in fit, of all processes together.
        steps: Budget of each setting in optimizer steps.
        folder: The run folder.
        unwritten: What could not be written, and why, or "".
    """

    exercise: str
    axes: Mapping[str, Sequence[Any]]
    settings: Sequence[SettingResult]
    monitor: str
    seconds: float
    steps: Sequence[int]
    folder: Path
    unwritten: str = ""

    def __len__(self) -> int:
        return len(self.settings)

    def __getitem__(self, index: int) -> SettingResult:
        return self.settings[index]

    @cached_property
    def best(self) -> SettingResult:
        """The setting that solved the largest share of seeds; among equals, in the fewest steps."""

        def order(one: SettingResult) -> tuple[float, ...]:
            steps = (one.steps_to_solve(share) for share in (0.99, 0.9, 0.5))
            return (-one.success_rate, *(math.inf if at is None else at for at in steps))

        return min((one for one in self.settings if not self.dropped(one)), key=order)

    def compare(self, first: int | SettingResult, second: int | SettingResult) -> PairedTest:
        """Compare the success of two settings on the seeds that both have.

        Args:
            first: One of `settings`, or its place there.
            second: Another.

        Raises:
            InputError: There is no such setting.
        """
        return compared(*map(self._one, (first, second)))

    def _one(self, which: int | SettingResult) -> SettingResult:
        if isinstance(which, SettingResult):
            return which
        if not (isinstance(which, int) and 0 <= which < len(self)):
            wanted = f"from 0 to {len(self) - 1}, or one of settings"
            raise InputError(f"a setting must be {wanted}, got {which!r}")
        return self[which]

    def dropped(self, one: SettingResult) -> bool:
        """Tell whether a setting was given up early, so that it has fewer seeds.

        Args:
            one: One of `settings`.
        """
        return len(one.members) < max(len(each.members) for each in self.settings)

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each setting, as sweep.csv has it."""
        kinds = list(dict.fromkeys(kind for one in self.settings for kind in one.failures))
        rows = []
        for one in self.settings:
            low, high = one.interval
            steps = {FURTHER[name]: one.steps_to_solve(share) for name, share in SHARES.items()}
            p_value = 1.0 if one is self.best else compared(one, self.best).p_value
            rows.append({
                **one.setting, "members": len(one.members), "dropped": int(self.dropped(one)),
                "solved": one.solved,
                "success_rate": one.success_rate, "wilson_low": low, "wilson_high": high,
                **steps, f"median_{self.monitor}": one.median, "p_against_best": p_value,
                **{f"failed: {kind}": one.failures.get(kind, 0) for kind in kinds},
            })  # fmt: skip
        return rows

    def as_csv(self) -> str:
        """Return the content of sweep.csv: a row for each setting."""
        rows, text = self.rows(), io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(rows[0])
        for row in rows:
            cells = (f"{v:.9g}" if isinstance(v, float) else v for v in row.values())
            table.writerow(as_typed(cell) if isinstance(cell, tuple) else cell for cell in cells)
        return text.getvalue()

    def members_csv(self) -> str:
        """Return the content of members.csv: a row for each member, its setting in front."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        for number, one in enumerate(self.settings):
            header, *rows = csv.reader(io.StringIO(one.members.as_csv()))
            if not number:
                table.writerow([*one.setting, *header])
            own = [as_typed(value) for value in one.setting.values()]
            table.writerows([*own, *row] for row in rows)
        return text.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Return the content of sweep.json: plain data."""
        return {
            "exercise": self.exercise,
            "over": {name: list(values) for name, values in self.axes.items()},
            "members": max(len(one.members) for one in self.settings),
            "first_seed": self[0].members[0].seed,
            "bars": sorted({bar for one in self.settings for bar in one.bars}),
            "monitor": self.monitor,
            "settings": self.rows(),
            "best": dict(self.best.setting),
            "success_rate": self.best.success_rate,
            "steps": max(self.steps),
            "seconds": round(self.seconds, 3),
        }

    @override
    def summary(self) -> dict[str, str]:
        best, (low, high) = self.best, self.best.interval
        return {
            "exercise": self.exercise,
            "settings": str(len(self)),
            "best": best.name,
            "solved": f"{best.solved} of {len(best.members)}",
            "95% interval": f"{low:.2%} to {high:.2%}",
            "folder": str(self.folder),
        }


def compared(first: SettingResult, second: SettingResult) -> PairedTest:
    """Compare the success of two settings on the seeds that both have.

    Args:
        first: One setting.
        second: Another.
    """
    common = min(len(first.members), len(second.members))  # both begin with the same seed
    return paired_test(*(one.members.solved[:common].tolist() for one in (first, second)))


def median_of(members: MemberTable, monitor: str, mode: str) -> float:
    """Return the median of a metric over members; what is not finite counts as the worst.

    Args:
        members: The result of each seed.
        monitor: The metric.
        mode: "min" or "max": which way it is better.
    """
    values = np.asarray(members.metrics[monitor])
    worst = np.inf if mode == "min" else -np.inf
    return float(np.median(np.where(np.isfinite(values), values, worst)))
