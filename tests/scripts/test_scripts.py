import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlpzoo import list_exercises, list_pretrained, load_pretrained, plotting
from scripts import draw_readme

ROOT = Path(__file__).parents[2]


def test_pieces_put_together_by_hand_learn():
    main = runpy.run_path(str(ROOT / "scripts/train_by_hand.py"))["main"]
    assert main(max_steps=40) < 0.05


@pytest.mark.parametrize("script", ["train_all.py", "draw_readme.py"])
def test_script_can_be_loaded(script):
    assert callable(runpy.run_path(str(ROOT / "scripts" / script))["main"])


def assert_clear_of_the_points(module, data):
    """A line is as far from every point as one sees, and has the points on their sides."""
    (weight, bias), (x, targets) = module.net.parameters(), data.grid(2)
    sides = (x @ weight[0] + bias) / weight.norm() * (2 * targets[:, 0] - 1)
    assert sides.min() > 0.1


def test_pictures_of_the_readme_are_of_the_shipped_networks(tmp_path, monkeypatch, capsys):
    drawn, filmed = [], []

    def draw(entries, *, dark):  # all of it is drawn in the tests of the views and of films
        drawn.append((dark, entries))
        return plotting.new_figure(1, 1)

    def frames(exercise, folder):
        filmed.append((exercise.name, len(list((folder / "snapshots").iterdir()))))
        return [plotting.plot_losses({"loss": ([1], [1.0])}, title="")]

    monkeypatch.setattr(draw_readme, "gallery", draw)
    monkeypatch.setattr(draw_readme, "frames_of_run", frames)
    draw_readme.main(str(tmp_path), filmed="perceptron")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "film-dark.gif", "film-light.gif", "gallery-dark.png", "gallery-light.png",
    ]  # fmt: skip
    for page, ground in (("light", (255, 255, 255)), ("dark", (13, 17, 23))):
        with Image.open(tmp_path / f"film-{page}.gif") as film:
            np.testing.assert_allclose(film.convert("RGB").getpixel((0, 0)), ground, atol=3)
    assert [name for name, _ in filmed] == ["perceptron", "perceptron"]
    assert min(count for _, count in filmed) > 3
    for _, entries in drawn:
        assert [exercise.name for exercise, _, _ in entries] == [
            name for name in list_exercises() if name in list_pretrained()
        ]
        for exercise, module, data in entries:
            if exercise.name in draw_readme.RETRAINED:
                assert_clear_of_the_points(module, data)
                continue
            shipped = load_pretrained(exercise.name).state_dict()
            assert all(value.equal(shipped[key]) for key, value in module.net.state_dict().items())
