"""A run of one piece that several processes were asked to go on with."""

import pytest

from mlpzoo import InputError, PopulationSettings, train_population
from mlpzoo.population.work.making import with_part
from mlpzoo.population.work.piece import Cohort, pieces_of
from mlpzoo.training.resume import plan_run


@pytest.mark.parametrize(
    "how",
    [{"max_steps": 4000}, {"max_steps": 300, "early_stop": False, "change": ["early_stop"]}],
)
def test_changes_that_another_process_has_carried_out_are_not_carried_out_again(tmp_path, how):
    quick = {"val_every": 50, "plots": False, "progress": False}
    run = train_population("perceptron", members=4, max_steps=50, out=tmp_path, **quick).folder
    again = {"resume": run, **how, "plots": False, "progress": False}
    plans = [with_part(plan_run("perceptron", again, PopulationSettings)) for _ in range(2)]
    assert all(plan.changes for plan in plans)
    first, second = (pieces_of([Cohort(0, plan, plan.settings.seeds)], run)[0] for plan in plans)
    first.train()
    before = {path: path.stat().st_mtime_ns for path in run.iterdir() if path.is_file()}
    second.train()
    assert second.finished
    assert second.result.as_csv() == first.result.as_csv()
    now = {path: path.stat().st_mtime_ns for path in run.iterdir() if path.is_file()}
    assert now == before
    if "change" not in how:  # all are solved now, so that no third command may ask for more
        more = with_part(plan_run("perceptron", {**again, "max_steps": 5000}, PopulationSettings))
        with pytest.raises(InputError, match="met its bar and stopped"):
            pieces_of([Cohort(0, more, more.settings.seeds)], run)[0].train()
