"""Fits of tables without options, beside scikit-learn's and torch-levenberg-marquardt's.

Each repetition has a seed of its own, which draws the rows of a made table and splits those of a
real one: 15 % are kept for the test, and all contestants get the same others. What a contestant
needs to choose by, it takes from these.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mlpzoo.cli.tables import Row
from scripts.benchmark.processes import used_by
from scripts.benchmark.regressors import Numbers, Predict, regressors

FIRST_SEED = 20_000  # what fit does was developed on seeds below 10,000
TEST_SHARE = 0.15
LARGE_ROWS, LARGE_COLUMNS = 100_000, 20
Table = tuple[Numbers, Numbers]  # inputs (rows, columns), answers (rows,)
Fit = Callable[[Numbers, Numbers, int], Predict]


def friedman(seed: int, rows: int = 2000, columns: int = 10) -> Table:
    """Return Friedman's first function, noise 1: 10 sin(pi ab) + 20 (c - 0.5)^2 + 10 d + 5 e."""
    from sklearn.datasets import make_friedman1

    return make_friedman1(rows, columns, noise=1.0, random_state=seed)  # type: ignore[no-any-return]


def diabetes(_: int) -> Table:
    """Return scikit-learn's diabetes: 442 rows, 10 columns."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True)  # type: ignore[no-any-return]


def auto_mpg(_: int) -> Table:
    """Return vega_datasets' cars: miles per gallon of 392 from 6 numbers and the origin."""
    package = find_spec("vega_datasets")
    assert package is not None
    assert package.origin is not None
    cars = json.loads((Path(package.origin).parent / "_data/cars.json").read_text("utf-8"))
    whole = [car for car in cars if None not in (car["Miles_per_Gallon"], car["Horsepower"])]
    names = ("Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration")
    numbers = [[*(car[name] for name in names), int(car["Year"][:4])] for car in whole]
    origins = [[car["Origin"] == each for each in ("USA", "Europe", "Japan")] for car in whole]
    answers = np.array([car["Miles_per_Gallon"] for car in whole], float)
    return np.hstack([np.array(numbers, float), np.array(origins, float)]), answers


def concrete(seed: int, rows: int = 1030) -> Table:
    """Return the strength of mixes of concrete, made up after Yeh's measurements (1998).

    With b = (cement + 0.7 slag + 0.3 ash) / water and p the plasticizer, in kg a cubic metre,
    `20 b / (1 + b / 4) log(1 + days) / log(29) (1 + p (1 - p / 40) / 100) + (coarse - fine) / 100`
    and noise of 4 MPa.
    """
    draw = np.random.default_rng(seed)

    def some(share: float, low: float, high: float) -> Numbers:
        """Return an ingredient that only a share of the mixes has."""
        return np.where(draw.random(rows) < share, draw.uniform(low, high, rows), 0.0)

    cement, water = draw.uniform(100, 540, rows), draw.uniform(120, 245, rows)
    slag, ash, plasticizer = some(0.5, 10, 360), some(0.5, 20, 200), some(0.6, 2, 30)
    coarse, fine = draw.uniform(800, 1145, rows), draw.uniform(590, 990, rows)
    days = draw.choice([1.0, 3, 7, 14, 28, 56, 90, 180, 365], rows)
    binder = (cement + 0.7 * slag + 0.3 * ash) / water
    strength = 20 * binder / (1 + binder / 4) * np.log1p(days) / np.log(29)
    strength = strength * (1 + plasticizer * (1 - plasticizer / 40) / 100) + (coarse - fine) / 100
    columns = (cement, slag, ash, water, plasticizer, coarse, fine, days)
    return np.stack(columns, 1), strength + draw.normal(0, 4, rows)


def wave(seed: int) -> Table:
    """Return 200 rows of sin(x) exp(-x / 5) on [0, 10], noise 0.1."""
    return _curve(seed, lambda x: np.sin(x) * np.exp(-x / 5), 0.1)


def kinks(seed: int) -> Table:
    """Return 200 rows of a function with two kinks and a step on [0, 10], noise 0.2."""
    return _curve(seed, lambda x: np.where(x < 4, abs(x - 2), 4 - x / 2) + (x > 7), 0.2)


DATASETS: dict[str, Callable[[int], Table]] = {
    "friedman1": friedman,
    "diabetes": diabetes,
    "auto-mpg": auto_mpg,
    "concrete-like": concrete,
    "wave": wave,
    "kinks": kinks,
}


def tables(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return errors on rows never trained on, and seconds, of each contestant.

    Args:
        name: A key of `DATASETS`.
        repetitions: Seeds, from 20,000 on.
    """
    if name == "auto-mpg" and not find_spec("vega_datasets"):
        return []
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(FIRST_SEED, FIRST_SEED + repetitions):
        x, y, test_x, test_y = split(*DATASETS[name](seed), seed)
        for who, fit in {"mlpzoo fit": ours, **regressors()}.items():
            began = time.perf_counter()
            predict = fit(x, y, seed)
            seconds = time.perf_counter() - began
            found.setdefault(who, []).append((rmse(predict(test_x), test_y), seconds))
    return [_row(name, who, pairs) for who, pairs in found.items()]


def ours(x: Numbers, y: Numbers, seed: int) -> Predict:
    """Fit without options, but that almost no rows are kept for another test."""
    from mlpzoo import fit

    with tempfile.TemporaryDirectory() as folder:
        result = fit(
            x, y, seed=seed, progress=False, plots=False, out=folder, data={"test_share": 0.02}
        )
    return lambda rows: np.asarray(result.predict(rows), float).reshape(-1)


def large_table(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return error, seconds and memory of `mlpzoo fit TABLE`, beside trees' error and seconds.

    Args:
        name: What the table is called.
        repetitions: Seeds, from 20,000 on.
    """
    found: dict[str, list[tuple[float, float]]] = {"mlpzoo fit": []}
    names, held = ("linear regression", "HistGradientBoosting"), []
    for seed in range(FIRST_SEED, FIRST_SEED + repetitions):
        x, y = friedman(seed, LARGE_ROWS, LARGE_COLUMNS)
        with tempfile.TemporaryDirectory() as folder:
            header = ",".join([*(f"x{at}" for at in range(1, 1 + x.shape[1])), "y"])
            path = Path(folder, "large.csv")
            np.savetxt(path, np.column_stack([x, y]), "%.7g", ",", header=header, comments="")
            options = ("--target", "y", "--seed", str(seed), "--no-plots", "--out", f"{folder}/run")
            usage = used_by("-m", "mlpzoo", "fit", str(path), *options)
            (told,) = Path(folder, "run").rglob("fit.json")
            error = json.loads(told.read_text("utf-8"))["errors"]["network"]["rmse"]
        held.append(usage.megabytes)
        found["mlpzoo fit"].append((error, usage.seconds))
        x, y, test_x, test_y = split(x, y, seed)
        for who in (each for each in names if each in regressors()):
            began = time.perf_counter()
            predict = regressors()[who](x, y, seed)
            pair = rmse(predict(test_x), test_y), time.perf_counter() - began
            found.setdefault(who, []).append(pair)
    rows = [_row(name, who, pairs) for who, pairs in found.items()]
    return [{**row, "MB": round(max(held)) if at == 0 else ""} for at, row in enumerate(rows)]


def split(x: Numbers, y: Numbers, seed: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return inputs and answers of the training rows, and of the test rows."""
    order = np.random.default_rng(seed).permutation(len(y))
    test, train = np.split(order, [round(TEST_SHARE * len(y))])
    return x[train], y[train], x[test], y[test]


def rmse(answers: Numbers, y: Numbers) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(np.mean((answers - y) ** 2)))


def _curve(seed: int, function: Callable[[Numbers], Numbers], noise: float) -> Table:
    draw = np.random.default_rng(seed)
    x = draw.uniform(0, 10, 200)
    return x[:, None], function(x) + draw.normal(0, noise, 200)


def _row(name: str, who: str, pairs: list[tuple[float, float]]) -> Row:
    errors = [error for error, _ in pairs]
    return {
        "table": name,
        "contestant": who,
        "rmse": f"{statistics.median(errors):.4g}",
        "of all": f"{min(errors):.4g} to {max(errors):.4g}",
        "seconds": f"{statistics.median(seconds for _, seconds in pairs):.1f}",
    }
