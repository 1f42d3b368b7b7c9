"""The page of a run, of two, and of what is left of one that was stopped."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from mlpzoo import InputError, page, train, train_population
from mlpzoo.pages.document import MOST_BYTES
from mlpzoo.pages.page import page_for
from mlpzoo.pages.runs.curves import thinned
from mlpzoo.runs.folder import read_config
from tests.pages.test_document import HOSTILE
from tests.pages.test_page import unpacked


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of XOR, of which one misses its bar and has a film; a population."""
    out = tmp_path_factory.mktemp("runs")
    quick = {"out": out, "progress": False, "accelerator": "cpu", "plots": False}
    first = train("xor", module={"lr": 0.02}, **quick).folder
    short = {"recipe": "lecture", "max_steps": 40, "val_every": 20, "film": True}
    second = train("xor", module={"gain": 2.0}, **short, **quick).folder
    many = train_population("perceptron", members=3, **quick).folder
    for folder in (first, second):
        (folder / "figures").mkdir(exist_ok=True)
        Image.new("RGB", (200, 100)).save(folder / "figures/xor.png")
    (second / "figures/film.gif").unlink()
    noise = np.random.default_rng(0).bytes(3 * 700 * 700)
    Image.frombytes("RGB", (700, 700), noise).save(first / "figures/large.png")
    return first, second, many


@pytest.fixture
def copy(runs, tmp_path):
    """A copy of the second run, to damage."""
    return shutil.copytree(runs[1], tmp_path / "a copy")


def opened(tab, shown, path):
    tab.goto(shown.write(path).as_uri())
    tab.wait_for_selector("footer")
    return tab.locator("main").inner_text()


def test_run_shows_result_settings_curves_figures_and_network(tab, runs, tmp_path):
    folder, shown = runs[0], page(runs[0])
    result = json.loads((folder / "result.json").read_text())
    text = opened(tab, shown, tmp_path / "run.html")
    assert f"bce\t{result['metrics']['bce']:.6g}" in text
    assert "accuracy >= 1, bce < 0.01" in text
    assert f"{result['steps']}, at most 10000" in text
    assert shown.data["settings"]["differ"] == [["module.lr", "0.02", "0.01"]]
    assert [name for name, _ in shown.data["figures"]] == ["xor.png"]
    assert "Left out for want of room: large.png" in text
    assert tab.locator("figure img").evaluate("image => image.naturalWidth") == 200
    assert len(shown.html.encode()) < MOST_BYTES
    network = shown.data["network"]
    assert network["train"]["lr"] == read_config(folder / "config.yaml")["module"]["lr"]
    assert tab.locator(".panel").count() == 5 + len(network["parts"])
    tab.set_viewport_size({"width": 400, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400


def test_film_has_the_weights_of_the_snapshots(runs):
    film = page(runs[1]).data["network"]["film"]
    weights = unpacked(film["weights"]).reshape(len(film["steps"]), 27)
    for step, row in ((0, weights[0]), (film["steps"][-1], weights[-1])):
        alone = page(runs[1] / f"snapshots/step_{step:06d}.ckpt").data
        np.testing.assert_array_equal(row, unpacked(alone["net"]["weights"]))
    assert film["steps"] == sorted(film["steps"])


def test_missed_bar_is_explained_and_the_recipe_compared_with(tab, runs, tmp_path):
    shown = page(runs[1])
    assert ["max_steps", "40", "30000"] in shown.data["settings"]["differ"]
    diagnosis = json.loads((runs[1] / "result.json").read_text())["diagnosis"]
    text = opened(tab, shown, tmp_path / "run.html")
    assert diagnosis in text
    assert tab.locator("[name=gain]").input_value() == "2"  # what its training starts with
    assert "solved\tno" in text
    tab.get_by_label("What is drawn").select_option("val_accuracy")
    tab.get_by_label("logarithmic").uncheck()
    label = tab.locator("canvas.chart").first.get_attribute("aria-label")
    assert "val_accuracy" in label


def test_two_runs_are_side_by_side(tab, runs, tmp_path):
    shown = page_for(*runs[:2])
    labels = ["version_0", "version_1"]
    assert shown.data["labels"] == labels
    names = [name for name, *_ in shown.data["settings"]["differ"]]
    assert "recipe" in names
    assert "seed" not in names
    metrics = [json.loads((run / "result.json").read_text())["metrics"]["bce"] for run in runs[:2]]
    assert ["bce", *(f"{value:.6g}" for value in metrics)] in shown.data["metrics"]
    for chart in shown.data["curves"]:
        assert [line["name"] for line in chart["lines"]] == labels
    assert [(name, len(sources)) for name, sources in shown.data["figures"]] == [("xor.png", 2)]
    assert shown.data["leftOut"] == ["large.png"]
    text = opened(tab, shown, tmp_path / "two.html")
    assert "Two runs beside each other" in text
    with pytest.raises(InputError, match="name two runs"):
        page_for(runs[0], runs[0])


def test_what_a_killed_run_left_is_shown(tab, copy, tmp_path):
    (copy / "result.json").unlink()
    assert ["state", "resumable"] in page(copy).data["result"]
    assert page(copy).data["metrics"][0][0].startswith("val_")
    for name in ("figures", "snapshots"):
        shutil.rmtree(copy / name)
    for name in ("metrics.csv", "best.ckpt", "last.ckpt", "start.ckpt"):
        (copy / name).unlink(missing_ok=True)
    shown = page(copy)
    assert (shown.data["figures"], shown.data["curves"], shown.data["metrics"]) == ([], [], [])
    assert "There is no network to show" in opened(tab, shown, tmp_path / "run.html")


def test_population_shows_how_many_were_solved(tab, runs, tmp_path):
    shown = page(runs[2])
    assert ["solved", "3"] in shown.data["result"]
    assert shown.data["network"] is None
    assert "success_rate" in opened(tab, shown, tmp_path / "run.html")


@pytest.mark.parametrize("result", ['{"bars": 3}', '{"metrics": 3}', "[]", "{"])
def test_damaged_result_is_one_line(copy, result):
    (copy / "result.json").write_text(result)
    with pytest.raises(InputError, match=r"result\.json") as error:
        page(copy)
    assert "\n" not in str(error.value)


def test_hostile_names_in_a_run_are_shown_and_not_run(tab, copy, tmp_path):
    text = "".join(HOSTILE[:5])
    result = json.loads((copy / "result.json").read_text())
    result |= {"metrics": {text: 0.5}, "diagnosis": text, "bars": [text], "device": text}
    (copy / "result.json").write_text(json.dumps(result))
    (copy / "metrics.csv").write_text('step,epoch,"' + text.replace('"', '""') + '"\n1,0,0.5\n')
    (copy / "config.yaml").write_text(json.dumps({"exercise": text, "module": {text: text}}))
    picture = next((copy / "figures").glob("*.png"))
    picture.rename(picture.with_name("<img src=x onerror='window.canary = 1'>.png"))
    (copy / "figures" / "no picture.png").write_text(text)
    folder = os.path.join(tmp_path, os.fsdecode(b"\xff<b>&'\xe2\x80\xa8"))
    copy = copy.rename(folder)
    shown = page(copy)
    path = shown.write()
    assert path.parent == copy
    shown_text = opened(tab, shown, tmp_path / "run.html")
    assert tab.evaluate("window.canary") is None
    assert HOSTILE[0] in shown_text
    assert tab.locator("img").evaluate_all("all => all.map((one) => one.naturalWidth)") == [200]


def test_thinned_curve_keeps_its_ends_peaks_and_gaps():
    rng = np.random.default_rng(0)
    values = rng.normal(size=100_000)
    values[[31_234, 77_777, 50_000]] = 1e6, -1e6, np.nan
    kept = thinned(values, 1000)
    assert len(kept) <= 1000
    assert {0, 31_234, 50_000, 77_777, 99_999} <= {*kept}
    assert thinned(values[:1000], 1000) == [*range(1000)]
