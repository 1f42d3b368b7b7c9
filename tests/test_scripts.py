import runpy
import shutil
from pathlib import Path

import pytest
import torch

from mlpzoo import list_exercises, plotting, views

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_short_and_documented(script):
    text = script.read_text()
    assert len(text.splitlines()) <= 40
    assert text.startswith('"""')


def test_pieces_put_together_by_hand_learn():
    main = runpy.run_path(str(ROOT / "scripts/train_by_hand.py"))["main"]
    assert main(max_steps=300) < 0.2


@pytest.mark.parametrize("script", ["train_all.py", "draw_gallery.py"])
def test_script_can_be_loaded(script):
    assert callable(runpy.run_path(str(ROOT / "scripts" / script))["main"])


def test_gallery_is_drawn_from_runs(short_run, tmp_path, monkeypatch):
    for name in list_exercises():
        (tmp_path / name / "version_0").mkdir(parents=True)
        shutil.copy(short_run(name).folder / "best.ckpt", tmp_path / name / "version_0")
    drawn = []

    def draw(entries):  # all of it is drawn in the tests of the views
        drawn.extend(entries)
        return plotting.new_figure(1, 1)

    monkeypatch.setattr(views, "gallery", draw)
    main = runpy.run_path(str(ROOT / "scripts/draw_gallery.py"))["main"]
    main(str(tmp_path), str(tmp_path / "gallery.png"))
    assert (tmp_path / "gallery.png").stat().st_size > 100
    assert [exercise.name for exercise, _, _ in drawn] == list_exercises()
    for exercise, module, _ in drawn:
        weights = short_run(exercise.name).module.state_dict()
        for key, value in module.state_dict().items():
            assert torch.equal(value, weights[key].cpu())
