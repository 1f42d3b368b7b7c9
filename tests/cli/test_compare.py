"""`mlpzoo compare` of two populations, as its user meets it."""

import json
from math import comb

import pytest
from PIL import Image

from mlpzoo import train_population
from mlpzoo.population.statistics import seeds_needed

HEAD = "seed,solved,solved_step,best_step,restarts,failure,bce"


def population(folder, solved, *, first=0, finished=True, **settings):
    """Write the run folder of a population whose members are solved, or not, after 100 steps."""
    folder.mkdir(parents=True)
    plain = {"exercise": "xor", "members": len(solved), "seed": first, **settings}
    (folder / "config.yaml").write_text(json.dumps(plain))
    rows = (f"{first + at},{one},{100 if one else ''},100,0,{'' if one else 'stuck'},0.5"
            for at, one in enumerate(solved))  # fmt: skip
    (folder / "members.csv").write_text("\n".join([HEAD, *rows, ""]))
    if finished:
        (folder / "population.json").write_text('{"steps": 500, "members": 1}')
    return folder


def test_populations_are_compared_on_the_seeds_of_both(cli, tmp_path):
    one = population(tmp_path / "one", [1] * 30 + [0] * 10, max_steps=500)
    two = population(tmp_path / "two", [0] * 10 + [1] * 10, first=10, max_steps=400)
    code, text, err = cli("compare", one, two, "--out", tmp_path / "c.png")
    assert (code, err) == (0, "")
    settings, results, said, picture = text.split("\n\n")
    assert "max_steps  500  400" in settings
    assert [line.split()[-3:] for line in results.splitlines()[2:3]] == [["10", "of", "20"]]
    assert "of the 20 seeds of both, 10 are solved by both, 10 by one alone, 0 by two alone" in said
    assert "one less two: +50.00% (95% interval +25.83% to +70.07%, Tango's)" in said
    assert f"p = {2 / 2**10:.2g}: they differ" in said
    assert picture.strip() == str(tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as image:
        assert image.width > 400
    compared = json.loads(cli("compare", one, two, "--out", tmp_path / "c.png", "--json")[1])
    assert compared["metrics"]["solved"] == [30, 10]
    assert compared["metrics"]["steps_to_solve"][0] == {"median": 100, "90%": None, "99%": None}
    paired = compared["paired"]
    assert [paired[key] for key in ("seeds", "both", "neither")] == [20, 10, 0]
    assert [paired[key] for key in ("first_only", "second_only")] == [10, 0]
    assert paired["seeds_needed"] is None


def test_populations_that_cannot_be_told_apart_say_how_many_seeds_it_takes(cli, tmp_path):
    one = population(tmp_path / "one", [1] * 8 + [0] * 2 + [1] * 10)
    two = population(tmp_path / "two", [0] * 6 + [1] * 14)
    text = cli("compare", one, two)[1]
    p = 2 * sum(comb(8, k) for k in range(3)) / 2**8
    needed = seeds_needed(0.9, 0.7, share=8 / 20)
    assert f"p = {p:.2g}: they cannot be told apart;" in text
    assert f"about {needed} seeds" in " ".join(text.split())
    assert all(len(line) <= 100 for line in text.splitlines())
    same = population(tmp_path / "same", [1] * 8 + [0] * 2 + [1] * 10)
    assert "p = 1: no difference is seen" in cli("compare", one, same)[1]


def test_population_that_was_trained_is_compared(cli, tmp_path):
    trained = train_population(
        "perceptron", members=6, plots=False, progress=False, accelerator="cpu", out=tmp_path
    )
    other = population(tmp_path / "other", [1, 0, 1, 1], first=3, exercise="perceptron")
    code, text, _ = cli("compare", trained.folder / "members.csv", other, "--json")
    assert code == 0
    compared = json.loads(text)
    assert compared["settings"]["seed"] == [0, 3]
    assert [compared["paired"][key] for key in ("seeds", "both", "first_only")] == [3, 2, 1]


@pytest.mark.parametrize(
    ("other", "part"),
    [
        ({"first": 2}, "no seed in common: 0 to 1 and 2 to 3; train both with one --first-seed"),
        ({"finished": False}, "has not finished; mlpzoo population --resume"),
        ({"over": {"module.lr": [0.1, 0.2]}}, "is of a sweep; compare takes two single runs, or"),
    ],
)
def test_populations_that_cannot_be_compared_are_one_line(cli, tmp_path, other, part):
    one = population(tmp_path / "one", [1, 0])
    two = population(tmp_path / "two", [1, 0], **other)
    code, text, err = cli("compare", one, two)
    assert (code, text, err.count("\n")) == (2, "", 1)
    assert part in err
    assert not (tmp_path / "compare.png").exists()


@pytest.mark.parametrize(
    ("file", "content", "part"),
    [("members.csv", "seed,solved\n1,1\n", "or it is damaged; remove"),
     ("population.json", "{}", "two/population.json is damaged; remove it, then resume")],
)  # fmt: skip
def test_damaged_population_is_one_line(cli, tmp_path, file, content, part):
    pair = [population(tmp_path / name, [1, 0]) for name in ("one", "two")]
    (pair[1] / file).write_text(content)
    code, _, err = cli("compare", *pair)
    assert (code, err.count("\n")) == (2, 1)
    assert part in err
