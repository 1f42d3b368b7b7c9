import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import mlpzoo
from scripts.benchmark import tables as tables_module
from scripts.benchmark.processes import Usage
from scripts.benchmark.tables import FIRST_SEED, concrete, kinks, split, tables, wave


@pytest.fixture
def rivals(monkeypatch):
    """Contestants that need no package, and what each was given."""
    given = []

    def mean(x, y, seed):
        given.append((x, y, seed))
        return lambda rows: np.full(len(rows), y.mean())

    monkeypatch.setattr(tables_module, "ours", mean)
    monkeypatch.setattr(tables_module, "regressors", lambda: {"mean": mean})
    return given


def test_all_contestants_get_the_same_rows_none_of_them_of_the_test(rivals):
    rows = tables("wave", repetitions=2)
    assert [row["contestant"] for row in rows] == ["mlpzoo fit", "mean"]
    assert rows[0]["rmse"] == rows[1]["rmse"]
    assert [seed for *_, seed in rivals] == [FIRST_SEED, FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 1]
    x, _, test_x, test_y = split(*wave(FIRST_SEED), FIRST_SEED)
    np.testing.assert_array_equal(rivals[0][0], x)
    assert not np.isin(test_x, x).any()
    low, high = rows[1]["of all"].split(" to ")
    assert float(low) <= float(rows[1]["rmse"]) <= float(high)
    assert float(high) >= 0.999 * np.std(test_y)  # no constant is nearer than their own mean


@pytest.mark.parametrize(("make", "noise"), [(wave, 0.1), (kinks, 0.2), (concrete, 4)])
def test_noise_of_made_tables_is_what_is_said(make, noise):
    """Neighbours in x differ by twice the square of the noise, where there is one input."""
    x, y = make(1)
    assert (len(x), x.ndim) == (len(y), 2)
    if x.shape[1] == 1:
        steps = np.diff(y[np.argsort(x[:, 0])])
        assert np.sqrt(np.median(steps**2) / 2 / 0.455) == pytest.approx(noise, rel=0.35)
    np.testing.assert_array_equal(y, make(1)[1])
    assert not np.array_equal(y, make(2)[1])


def test_fit_is_called_as_a_user_calls_it(monkeypatch):
    calls = []

    def fit(x, y, **options):
        calls.append((len(x), options))
        return SimpleNamespace(predict=lambda rows: rows * 2)

    monkeypatch.setattr(mlpzoo, "fit", fit, raising=False)
    x, y = wave(3)
    np.testing.assert_array_equal(tables_module.ours(x, y, 7)(x[:4]), 2 * x[:4, 0])
    ((rows, options),) = calls
    assert rows == 200
    assert (options["seed"], options.keys() & {"hidden", "module", "max_steps"}) == (7, set())


def test_cars_without_power_are_left_out(monkeypatch, tmp_path):
    car = {"Miles_per_Gallon": 18, "Cylinders": 8, "Displacement": 307, "Horsepower": 130}
    car |= {"Weight_in_lbs": 3504, "Acceleration": 12, "Year": "1970-01-01", "Origin": "USA"}
    package = tmp_path / "vega_datasets"
    (package / "_data").mkdir(parents=True)
    (package / "__init__.py").touch()
    whole = [car, car | {"Horsepower": None}, car | {"Origin": "Japan", "Miles_per_Gallon": 24.5}]
    Path(package, "_data/cars.json").write_text(json.dumps(whole))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "vega_datasets", raising=False)
    x, y = tables_module.auto_mpg(0)
    assert y.tolist() == [18, 24.5]
    assert x[1].tolist() == [8, 307, 130, 3504, 12, 1970, 0, 0, 1]


def test_large_table_is_fitted_by_a_process_of_its_own(rivals, monkeypatch):
    def process(*arguments):
        *_, out = arguments
        header, *rows = Path(arguments[3]).read_text("utf-8").splitlines()
        assert (header, len(rows)) == ("x1,x2,y", 30)
        Path(out, "large", "1").mkdir(parents=True)
        told = {"errors": {"network": {"rmse": 0.5}}}
        Path(out, "large", "1", "fit.json").write_text(json.dumps(told), "utf-8")
        return Usage(7.0, 6.0, 300.0)

    monkeypatch.setattr(tables_module, "used_by", process)
    monkeypatch.setattr(tables_module, "friedman", lambda *_: (np.ones((30, 2)), np.arange(30.0)))
    ours, *others = tables_module.large_table("large", repetitions=1)
    assert (ours["rmse"], ours["seconds"], ours["MB"], others) == ("0.5", "7.0", 300, [])
