"""Networks trained on folds of a table, and the interval that they give for a new row."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError, check_count
from mlpzoo.diagnosis.report import answers_of
from mlpzoo.files import write_json
from mlpzoo.pretrained.export import export, load_weights
from mlpzoo.runs.folder import ENSEMBLE, read_json
from mlpzoo.training.many import PopulationSettings

LEVEL = 0.9
_MOST_FOLDS = 10
_NUMBERS = 2**21  # that intervals are found among at once
_MOST_RESIDUALS, _LEAST_RESIDUALS = 2000, 200  # of all members, and of one: more move no quantile


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Networks, each trained without one fold of the rows, and their errors on that fold.

    The interval of a row x is the CV+ of Barber, Candes, Ramdas and Tibshirani (2021, "Predictive
    inference with the jackknife+"): with R_i the error of row i by the network k(i) that was
    trained without it, from the quantile (1 - level) of mu_k(i)(x) - R_i to the quantile `level` of
    mu_k(i)(x) + R_i. It holds for rows like those of the table with a chance of 2 level - 1 or
    more, mostly about `level`.

    Attributes:
        members: The networks.
        residuals: Of each, the sizes of its errors on its fold, (rows,).
        folds: How many folds there were.
        coverage: The share of the test rows that lie in their intervals at the level `level`.
        level: See `coverage`.
    """

    members: tuple[nn.Module, ...]
    residuals: tuple[Tensor, ...]
    folds: int
    coverage: float = math.nan
    level: float = LEVEL

    def predict(self, x: Tensor) -> Tensor:
        """Return the mean of the answers: (rows, inputs) -> (rows, 1), float64.

        Args:
            x: The inputs.
        """
        return torch.stack([answers_of(member, x) for member in self.members]).mean(dim=0)

    def interval(self, x: Tensor, level: float | None = None) -> tuple[Tensor, Tensor]:
        """Return low and high ends of the intervals, (rows,) each, float64.

        Args:
            x: The inputs, (rows, inputs).
            level: How many rows are to lie within, above 0 and below 1; None for `self.level`.

        Raises:
            InputError: A level out of range.
        """
        level = self.level if level is None else level
        if not 0 < level < 1:
            raise InputError(f"level must be above 0 and below 1, got {level}")
        rows = max(1, _NUMBERS // sum(map(len, self.residuals)))
        parts = [self._interval(part, level) for part in torch.split(x, rows)]
        low, high = (torch.cat(ends) for ends in zip(*parts, strict=True))
        return low, high

    def _interval(self, x: Tensor, level: float) -> tuple[Tensor, Tensor]:
        pairs = [
            (answers_of(member, x), off)
            for member, off in zip(self.members, self.residuals, strict=True)
        ]
        below, above = (torch.cat([y + s * off for y, off in pairs], dim=1) for s in (-1, 1))
        count = below.shape[1]
        place = math.ceil(level * (count + 1))
        if place > count:  # so few errors say nothing of so rare ones
            everything = x.new_full((len(x),), math.inf, dtype=torch.float64)
            return -everything, everything
        low, high = below.kthvalue(count + 1 - place, dim=1), above.kthvalue(place, dim=1)
        return low.values, high.values

    def as_json(self) -> dict[str, Any]:
        """Return what stands of it in a run folder beside the networks."""
        return {
            "folds": self.folds,
            "level": self.level,
            "coverage": self.coverage,
            "residuals": [values.tolist() for values in self.residuals],
        }


def check_ensemble(members: int, data: Any) -> None:
    """Refuse an ensemble of too few networks, or of what has no folds.

    Args:
        members: How many networks.
        data: The samples.

    Raises:
        InputError: As said.
    """
    check_count("ensemble", members, least=2, most=1000)
    if (count := len(getattr(data, "targets", ()))) != 1:
        given = f"{count} targets" if count else "a function"
        raise InputError(f"ensemble goes with a table and one target, not with {given}")


def train_ensemble(
    members: int, settings: Mapping[str, Any], rows: tuple[Tensor, Tensor], folder: Path
) -> Ensemble:
    """Train networks on folds and seeds as one population.

    Args:
        members: How many.
        settings: Of the run that has the same networks.
        rows: The test rows, for the coverage.
        folder: Where the population has its own run folder.
    """
    from mlpzoo.population.training import train_population  # which an answer does without

    folds = min(members, _MOST_FOLDS)
    known = {each.name for each in fields(PopulationSettings)} - {"devices"}
    own = {name: value for name, value in settings.items() if name in known}
    module = {name: value for name, value in settings["module"].items() if name != "seed"}
    own |= {
        "data": {**settings["data"], "folds": folds}, "module": module, "members": members,
        "first_seed": settings.get("seed", 0), "plots": False, "out": folder / ENSEMBLE,
        "part": members,  # one piece, whose members are at hand with their last weights
    }  # fmt: skip
    population = train_population("table", **own).population
    assert population is not None
    nets, residuals = [], []
    for place, fold in enumerate(population.datasets):
        last = population.member(place, best=False)  # the best were chosen by this fold
        net = last.net
        x, y = fold.rows_of("val")
        off = (answers_of(net, x) - y.double()).abs().flatten().sort().values
        if len(off) > (most := max(_LEAST_RESIDUALS, _MOST_RESIDUALS // members)):
            off = off.quantile(torch.linspace(0, 1, most).double())
        nets.append(net)
        residuals.append(off)
    made = Ensemble(members=tuple(nets), residuals=tuple(residuals), folds=folds)
    low, high = made.interval(rows[0])
    y = rows[1].double().flatten()
    coverage = float(((low <= y) & (y <= high)).double().mean())
    return replace(made, coverage=coverage)


def write_ensemble(ensemble: Ensemble, folder: Path) -> None:
    """Write an ensemble into a run folder.

    Args:
        ensemble: The ensemble.
        folder: The run folder.

    Raises:
        InputError: It cannot be written.
    """
    within = folder / ENSEMBLE  # where the population is
    for place, member in enumerate(ensemble.members):
        export(member, within / f"{place:03d}.safetensors", exercise="table")
    write_json(within / "ensemble.json", ensemble.as_json())


def read_ensemble(folder: Path) -> Ensemble | None:
    """Return the ensemble of a run folder; None where it has none.

    Args:
        folder: The run folder.

    Raises:
        InputError: A file of it is damaged.
    """
    if not (path := folder / ENSEMBLE / "ensemble.json").is_file():
        return None
    told = read_json(path, "an ensemble; fit the table again")
    try:
        residuals = tuple(torch.tensor(values, dtype=torch.float64) for values in told["residuals"])
        files = (folder / ENSEMBLE / f"{place:03d}.safetensors" for place in range(len(residuals)))
        members = tuple(map(load_weights, files))
        plain = {"folds": int(told["folds"]), "coverage": float(told["coverage"])}
        return Ensemble(members=members, residuals=residuals, level=float(told["level"]), **plain)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} does not hold an ensemble; fit the table again") from error
