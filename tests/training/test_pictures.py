"""The pictures of a run say which gate it is, and where it is solved."""

import pytest

from mlpzoo import get_exercise, plotting, train
from mlpzoo.training.pictures import draw


def test_losses_of_a_run_are_drawn_with_its_gate_and_its_bar(tmp_path, monkeypatch):
    result = train(
        "xor", data={"gate": "and"}, max_steps=4, val_every=2, plots=False, progress=False,
        accelerator="cpu", out=tmp_path,
    )  # fmt: skip
    drawn, saved = {}, []
    plot = plotting.plot_losses
    monkeypatch.setattr(plotting, "plot_losses", lambda *a, **b: drawn.update(b) or plot(*a, **b))
    monkeypatch.setattr(plotting, "save", lambda figure, path: saved.append((path.stem, figure)))
    draw(get_exercise("xor"), result.module, result.datamodule, result.folder, out=tmp_path)
    assert drawn == {"title": "xor: and, training", "levels": {"solved: bce < 0.01": 0.01}}
    for name, figure in saved:  # every picture names the gate
        texts = [figure.get_suptitle(), *(axes.get_title("left") for axes in figure.axes)]
        texts += [axes.get_title() for axes in figure.axes]
        assert any(text.startswith("xor: and") for text in texts), name


@pytest.mark.parametrize(("gate", "title"), [("xor", "xor"), ("and", "xor: and")])
def test_picture_of_a_step_names_the_gate_once(gate, title, tmp_path, monkeypatch):
    exercise, saved = get_exercise("xor"), []
    data = exercise.data(gate=gate)
    monkeypatch.setattr(plotting, "save_each", lambda pictures: saved.extend(pictures.values()))
    draw(exercise, exercise.module(data), data, None, out=tmp_path, step=7)
    assert saved[0]().get_suptitle() == f"{title} after 7 steps"
