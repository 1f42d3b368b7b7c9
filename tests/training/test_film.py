"""Films: made of snapshots on disk alone, and of no consequence for the run."""

import io
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from mlpzoo import InputError, get_exercise, load_module, plotting, train
from mlpzoo.cli import main
from mlpzoo.plotting import make_film, plot_progress
from mlpzoo.runs.checkpoint import read_checkpoint
from mlpzoo.runs.folder import read_config
from mlpzoo.runs.snapshots import is_due, next_step, snapshots_in
from mlpzoo.training.film import frames_of_run
from mlpzoo.training.resume import differences

SETTINGS = {"max_steps": 21, "val_every": 7, "early_stop": False, "progress": False}


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A run of 21 steps with a film."""
    return train("linear", out=tmp_path_factory.mktemp("filmed"), film=True, **SETTINGS).folder


def test_snapshots_are_dense_early_and_never_later_than_they_are_asked_for():
    due = [step for step in range(10_001) if is_due(step)]
    assert due[:19] == list(range(19))
    assert {100, 117, 136, 1_000, 10_000} <= set(due)  # 117: taken by runs of before, too
    assert 90 < len(due) < 110
    gaps = np.diff(due)
    assert (gaps[1:] <= 1.2 * np.array(due[1:-1]) + 1).all()
    for step, after in pairwise(due):
        assert next_step(step) == next_step(after - 1) == after


def answers_of(folder, step):
    module, data = load_module(snapshots_in(folder)[step])
    return module(data.grid(101)[0]).detach().numpy()


def test_film_has_a_frame_where_answers_change_and_rests_on_the_last(filmed):
    path = filmed / "figures/film.gif"
    assert path.stat().st_size < 3_000_000
    film = Image.open(io.BytesIO(path.read_bytes()))
    frames = frames_of_run(get_exercise("linear"), filmed)
    titles = [frame.axes[1].get_title("left").removeprefix("step ") for frame in frames]
    shown = [int(title) for title in titles]
    assert film.n_frames == len(shown)
    steps = list(snapshots_in(filmed))
    assert steps == [*range(19), 20, 21]
    assert (shown[0], shown[-1]) == (0, 21)
    drawn = {step: answers_of(filmed, step) for step in steps}
    least = 0.04 * np.ptp([*drawn.values()])
    for step, after in pairwise(shown):
        assert after == 21 or abs(drawn[after] - drawn[step]).max() > least
        for between in steps[steps.index(step) + 1 : steps.index(after)]:
            assert abs(drawn[between] - drawn[step]).max() <= least
    assert len(shown) < len(steps) - 5
    times = []
    for frame in range(film.n_frames):
        film.seek(frame)
        times.append(film.info["duration"])
    assert set(times[:-1]) == {120}
    assert times[-1] == 2000
    assert film.info["loop"] == 0


def test_film_changes_neither_weights_nor_log(filmed, tmp_path):
    plain = train("linear", out=tmp_path, plots=False, **SETTINGS).folder
    assert (plain / "metrics.csv").read_bytes() == (filmed / "metrics.csv").read_bytes()
    ours, theirs = (read_checkpoint(run / "last.ckpt") for run in (plain, filmed))
    for part in ("state_dict", "optimizer_states"):
        assert str(ours[part]) == str(theirs[part])
    for name, value in ours["state_dict"].items():
        assert torch.equal(value, theirs["state_dict"][name])
    assert read_config(filmed / "config.yaml")["film"] is True
    assert read_config(plain / "config.yaml")["film"] is False
    assert not snapshots_in(plain)


def test_film_is_made_of_what_is_on_disk_alone(filmed, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(filmed, moved)
    film = make_film(frames_of_run(get_exercise("linear"), moved))
    assert film == (filmed / "figures/film.gif").read_bytes()
    for path in list(snapshots_in(moved).values())[2:]:
        path.write_bytes(b"damaged")
    assert len(frames_of_run(get_exercise("linear"), moved)) == 2


def test_snapshot_holds_the_weights_of_its_step(filmed, tmp_path):
    short = train("linear", out=tmp_path, plots=False, **{**SETTINGS, "max_steps": 9}).folder
    module, _ = load_module(snapshots_in(filmed)[9])
    stopped, _ = load_module(short / "last.ckpt")
    for one, other in zip(module.parameters(), stopped.parameters(), strict=True):
        assert torch.equal(one, other)
    assert snapshots_in(filmed)[9].stat().st_size < (filmed / "last.ckpt").stat().st_size


def test_plot_draws_a_snapshot_and_names_the_nearest(filmed, tmp_path, capsys):
    assert (
        main(["plot", "linear", "--run", str(filmed), "--step", "9", "--out", str(tmp_path)]) == 0
    )
    names = {path.rpartition("/")[2] for path in capsys.readouterr().out.split()}
    kinds = ("linear", "network", "descent")
    assert names == {f"{kind}_step_000009.png" for kind in kinds}
    assert main(["plot", "linear", "--run", str(filmed), "--step", "19"]) == 2
    assert "no snapshot of step 19; the nearest: 18 and 20" in capsys.readouterr().err
    assert main(["plot", "linear", "--run", str(filmed), "--step", "99"]) == 2
    assert capsys.readouterr().err.endswith("the nearest: 21\n")
    assert main(["plot", "linear", "--run", str(filmed), "--step", "-1"]) == 2
    assert "step must be 0 or more, got -1" in capsys.readouterr().err


def test_plot_takes_the_newest_run_where_none_is_named(filmed, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "linear", "--out", "shipped"]) == 0
    assert "no run of linear here; its network of the package" in capsys.readouterr().err
    shutil.copytree(filmed, tmp_path / "checkpoints/linear/version_0")
    train("linear", plots=False, **SETTINGS)
    assert main(["plot", "linear", "--step", "3"]) == 2
    assert "version_1 has no snapshots; train with --film" in capsys.readouterr().err
    assert main(["plot", "linear", "--out", "pictures"]) == 0
    assert (tmp_path / "pictures/descent.png").exists()
    assert main(["plot", "linear", "--run", "x", "--ckpt", "y"]) == 2
    assert "leave one of them out" in capsys.readouterr().err


def test_shorter_run_that_goes_on_for_longer_takes_the_snapshots_of_the_long_one(filmed, tmp_path):
    short = {**SETTINGS, "max_steps": 19}
    folder = train("linear", out=tmp_path, film=True, plots=False, **short).folder
    assert 19 in snapshots_in(folder)
    train("linear", resume=folder, max_steps=21, plots=True, progress=False)
    for step, path in snapshots_in(filmed).items():
        assert snapshots_in(folder)[step].read_bytes() == path.read_bytes()
    whole = Image.open(io.BytesIO((filmed / "figures/film.gif").read_bytes()))
    longer = Image.open(io.BytesIO((folder / "figures/film.gif").read_bytes()))
    assert longer.n_frames == whole.n_frames  # step 19 was the last of a shorter run


def test_run_of_before_there_were_films_goes_on():
    assert differences({"seed": 1}, {"seed": 1, "film": False}) == {}
    assert differences({"seed": 1}, {"seed": 1, "film": True}) == {"film": (False, True)}


def test_film_shows_losses_up_to_its_step_on_the_axes_of_the_whole_run():
    series = {"train_loss": ([10.0, 20.0, 30.0], [1.0, 0.1, 0.01])}
    one, other = (plot_progress(series, step, 30).axes[0] for step in (20, 30))
    assert list(one.get_lines()[0].get_ydata()) == [1.0, 0.1]
    assert list(other.get_lines()[0].get_ydata()) == [1.0, 0.1, 0.01]
    assert (one.get_xlim(), one.get_ylim()) == (other.get_xlim(), other.get_ylim())


def test_any_figures_make_a_film_on_axes_that_stay():
    figures = [plotting.plot_curve(np.arange(3.0), np.arange(3.0) * k, np.zeros(3), title=f"{k}")
               for k in (1, 5)]  # fmt: skip
    film = Image.open(io.BytesIO(make_film(figures, seconds=0.5, rest=1)))
    assert film.n_frames == 2
    assert figures[0].axes[0].get_ylim() == figures[1].axes[0].get_ylim()
    with pytest.raises(InputError, match="one figure or more"):
        make_film([])


def test_film_must_be_yes_or_no(tmp_path):
    with pytest.raises(InputError, match="film must be True or False, got 3"):
        train("linear", film=3, out=tmp_path)
    assert json.dumps(list(map(str, tmp_path.iterdir()))) == "[]"
