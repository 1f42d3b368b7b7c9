import runpy
from pathlib import Path

import pytest

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


def test_gallery_is_drawn_from_runs(tmp_path, monkeypatch):
    import mlpzoo
    from mlpzoo import list_exercises

    for name in list_exercises():
        mlpzoo.train(name, max_steps=2, out=tmp_path, plots=False, progress=False)
    main = runpy.run_path(str(ROOT / "scripts/draw_gallery.py"))["main"]
    main(str(tmp_path), str(tmp_path / "gallery.png"))
    assert (tmp_path / "gallery.png").stat().st_size > 50_000
