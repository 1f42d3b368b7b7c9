"""What `mlpzoo.fit` makes of a function, a file and arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mlpzoo import InputError, fit, load_module, train
from mlpzoo.data.rows.read import read_columns

QUICK = {"plots": False, "progress": False}
SET = {**QUICK, "hidden": (3,), "module": {"weight_decay": 1e-3}}  # nothing is left to choose

BEYOND = pytest.mark.filterwarnings("ignore:.*outside the trained range")


def rows(path: Path, count: int = 120, noise: float = 0.0) -> Path:
    """Write y = 3 a - 2 b + a b, with a column that says nothing."""
    draw = np.random.default_rng(5)
    a, b, c, off = draw.normal(size=(4, count))
    y = 3 * a - 2 * b + a * b + noise * off
    np.savetxt(path, np.stack([a, b, c, y], 1), delimiter=",", header="a,b,c,y", comments="")
    return path


def test_a_function_is_fitted_and_its_folder_tells_of_it(tmp_path):
    result = fit("x**2 - x", ranges=[(-2, 2)], hidden=(4,), max_steps=60, out=tmp_path, **QUICK)
    x = np.linspace(-2, 2, 999)
    error = np.abs(result.predict(x)[:, 0] - (x**2 - x)).max()
    told = json.loads((result.folder / "fit.json").read_text())
    assert result.passed
    assert error <= result.certificate.bound * 1.001 + 1e-6
    assert told["errors"]["network"]["max_error"] == pytest.approx(error, rel=0.02)
    assert told["errors"]["mean"]["r2"] == pytest.approx(0, abs=0.02)


def test_a_network_grows_until_its_error_is_proved_below_a_limit(tmp_path):
    given = {"ranges": [(-2, 2)], "within": 0.02, "out": tmp_path, **QUICK}
    result = fit("tanh(2*x) + tanh(x - 1)", **given)
    *failed, last = result.tried
    assert result.passed
    assert result.certificate.bound < 0.02
    assert last.held
    assert not any(trial.held for trial in failed)
    assert result.run.steps == last.steps
    for ours, theirs in zip(result.net.parameters(), last.module.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)  # the run is the trial, bit for bit


def test_a_limit_that_no_size_reaches_is_said_and_the_best_is_kept(tmp_path):
    given = {"ranges": [(-3, 3)], "hidden": (2,), "max_steps": 20, "out": tmp_path, **QUICK}
    result = fit("sin(3*x)", within=1e-6, **given)
    best = min(trial.error for trial in result.tried)
    assert not result.passed
    assert len(result.tried) == 3
    assert result.report.errors["network"]["max_error"] == pytest.approx(best, rel=0.05)


def test_a_table_is_judged_beside_a_regression_and_the_mean(tmp_path):
    result = fit(rows(tmp_path / "t.csv"), hidden=(4,), max_steps=60, out=tmp_path, **QUICK)
    data, errors = result.data, result.report.errors
    x, y = (values.double().numpy() for values in (data.x, data.y))
    full = np.c_[x, np.ones(len(x))]
    line = np.linalg.lstsq(full[data.train], y[data.train], rcond=None)[0]
    off = (full @ line - y)[data.test]
    assert errors["linear regression"]["rmse"] == pytest.approx(np.sqrt((off**2).mean()), rel=1e-4)
    off = y[data.train].mean() - y[data.test]
    for name, right in (("mae", np.abs(off).mean()), ("rmse", np.sqrt((off**2).mean()))):
        assert errors["mean"][name] == pytest.approx(right, rel=1e-4)
    tried = {trial.module.weight_decay: trial.error for trial in result.tried}
    assert len(tried) >= 5
    assert result.run.module.weight_decay == min(tried, key=tried.__getitem__) > 0
    assert errors["network"]["rmse"] < 0.3 * errors["linear regression"]["rmse"]
    assert result.passed


def test_the_row_with_the_largest_error_is_named_by_its_line(tmp_path):
    path = rows(tmp_path / "t.csv")
    first = fit(path, max_steps=5, out=tmp_path, **SET)
    line = int(first.data.lines[first.data.test[3]])
    text = path.read_text().splitlines()
    text[line - 1] = ",".join([*text[line - 1].split(",")[:3], "500"])
    path.write_text("\n".join(text))
    result = fit(path, max_steps=5, out=tmp_path, **SET)
    assert result.report.worst[0].place == f"line {line}"
    assert result.report.worst[0].observed == 500


def test_arrays_give_what_their_file_gives(tmp_path):
    path = rows(tmp_path / "t.csv")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    settings = {"max_steps": 10, "out": tmp_path, **SET}
    of_file, of_arrays = fit(path, **settings), fit(table[:, :3], table[:, 3], **settings)
    inside = np.zeros((1, 3)), [[0.5, -0.5, 0.1]]
    for x in inside:
        assert of_arrays.predict(x) == pytest.approx(of_file.predict(x), abs=1e-4)
    stored = Path(of_arrays.data.arguments["path"])
    assert stored.parent == tmp_path / "table"


def test_a_python_function_is_fitted_by_rows_of_it(tmp_path):
    result = fit(
        lambda a, b: np.sin(a) * b, ranges=[(0, 3), (1, 2)], max_steps=60, out=tmp_path, **SET,
    )  # fmt: skip
    assert result.predict(np.array([[1.0, 1.5]]))[0, 0] == pytest.approx(1.262, abs=0.05)


@BEYOND
def test_intervals_of_an_ensemble_hold_as_often_as_they_say(tmp_path):
    from mlpzoo.fitting.ensemble import read_ensemble

    path = rows(tmp_path / "t.csv", count=600, noise=0.5)
    settings = {"max_steps": 15, "val_every": 5, "out": tmp_path, **SET}
    result = fit(path, ensemble=5, **settings)
    low, high = result.interval(result.data.x)
    y = result.data.y.double().numpy().ravel()
    inside = (low <= y) & (y <= high)
    assert inside[result.data.test].mean() == pytest.approx(result.ensemble.coverage)
    assert 0.8 <= inside[result.data.test].mean() <= 0.98
    assert 1.3 < np.median(high - low) < 2.3  # 1.64 of the noise, for 90 %
    again = read_ensemble(result.folder)
    assert np.array_equal(again.interval(result.data.x)[0].numpy(), low)


def test_a_run_on_a_table_goes_on_bit_for_bit_and_refuses_a_changed_file(tmp_path):
    path = rows(tmp_path / "t.csv", noise=0.5)
    settings = {"val_every": 5, **SET}
    whole = fit(path, max_steps=40, out=tmp_path / "a", **settings)
    part = fit(path, max_steps=20, out=tmp_path / "b", **settings)
    gone_on = train("table", resume=part.folder, max_steps=40, **QUICK)
    for ours, theirs in zip(
        gone_on.module.parameters(), whole.run.module.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)
    path.write_text(path.read_text().replace("1", "2"))
    read_columns.cache_clear()  # as in another process
    with pytest.raises(InputError, match="SHA-256"):
        train("table", resume=part.folder, max_steps=60, **QUICK)
    module, _ = load_module(part.folder / "best.ckpt")  # what answers needs no table
    assert module(torch.zeros(1, 3)).shape == (1, 1)


@pytest.mark.parametrize(
    ("source", "given", "said"),
    [
        ("foo(x)", {}, "unknown function 'foo'"),
        ("x", {"rmse": 0.1}, "rmse goes with a table"),
        ("x", {"target": "y"}, "target goes with a table"),
        ("x", {"within": -1}, "within must be above 0"),
        ("no.csv", {}, "no.csv"),
        ("x", {"resume": True}, "fit takes no resume"),
        (abs, {}, "give the range"),
        (np.zeros((3, 2)), {"within": 1}, "within is proved of a function"),
        ("x1 + x2", {"ranges": [(0, 1)]}, "x2"),
        ("x", {"ranges": [(1, 0)]}, "low to high"),
        ("x", {"within": 0.1, "activation": "gelu"}, "cannot be proved"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_line_and_leaves_nothing(
    source, given, said, tmp_path
):
    with pytest.raises(InputError, match=said):
        fit(source, out=tmp_path / "runs", **given, **QUICK)
    assert not (tmp_path / "runs").exists()


def test_what_answers_names_rows_beyond_the_range_and_refuses_no_numbers(tmp_path):
    class Frame:  # as pandas has it
        columns = ("b", "a", "c")

        def __getitem__(self, names):
            assert names == ["a", "b", "c"]
            return self

        def to_numpy(self):
            return np.array([[0.1, 0.2, 0.3]])[:, ::-1][:, ::-1]

    result = fit(rows(tmp_path / "t.csv"), max_steps=5, out=tmp_path, **SET)
    assert result.predict(Frame()) == pytest.approx(result.predict([[0.1, 0.2, 0.3]]))
    with pytest.warns(UserWarning, match=r"1 of 1 rows lie outside the trained range of b, .* 50"):
        result.predict([[0.1, 50, 0.3]])
    with pytest.raises(InputError, match="finite"):
        result.predict([[0.1, np.nan, 0.3]])
    with pytest.raises(InputError, match=r"shape \(rows, 3\)"):
        result.predict([[1, 2]])


@BEYOND
def test_errors_of_several_targets_are_told_for_each(tmp_path):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(80, 2))
    y = np.stack([x[:, 0] + x[:, 1] ** 2, 3 * x[:, 1]], axis=1)
    result = fit(x, y, max_steps=30, out=tmp_path, **SET)
    test = result.data.test
    off = result.predict(result.data.x[test]) - result.data.y[test].double().numpy()
    for column, target in enumerate(result.data.targets):
        told = result.report.errors[f"network, {target}"]
        assert told["rmse"] == pytest.approx(np.sqrt((off[:, column] ** 2).mean()), rel=1e-4)
    assert result.report.errors[f"mean, {result.data.targets[0]}"]["r2"] <= 0.01


def test_r2_is_the_same_in_any_unit(tmp_path):
    draw = np.random.default_rng(2)
    x, noise = draw.normal(size=(60, 1)), draw.normal(size=60)
    in_units = [fit(x, noise * unit, max_steps=5, out=tmp_path, **SET) for unit in (1.0, 1e-6)]
    means = [result.report.errors["mean"]["r2"] for result in in_units]
    assert means[1] == pytest.approx(means[0], abs=1e-4)
    assert means[0] <= 0


def test_nothing_is_good_enough_that_is_not_proved(monkeypatch):
    from types import SimpleNamespace

    from mlpzoo.fitting.growth import Prover

    asked = []

    def certify(net, data, *, below, limit_s):
        asked.append(below)
        return {"y": SimpleNamespace(bound=0.9, complete=False)}

    monkeypatch.setattr("mlpzoo.analysis.proof.certify.certify", certify)
    prove = Prover(data=None, limit=1.0)
    module = SimpleNamespace(net=None)
    assert [prove(module, error) for error in (0.99, 0.5, 0.499)] == [np.inf] * 3
    assert asked == [1.0]  # neither near the limit, nor as good as none before


def test_intervals_of_too_few_errors_are_without_end():
    from mlpzoo.fitting.ensemble import Ensemble

    net = torch.nn.Linear(1, 1).double()
    few = Ensemble(members=(net,), residuals=(torch.arange(1.0, 5.0).double(),), folds=2)
    x = torch.zeros(1, 1, dtype=torch.float64)
    low, high = few.interval(x, 0.8)
    assert (high - net(x)).item() == pytest.approx(4)
    assert (net(x) - low).item() == pytest.approx(4)
    assert few.interval(x, 0.9)[1].item() == np.inf
