"""Explain, and networks whose weights are typed, as a learner asks for them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from mlpzoo import plotting, train
from mlpzoo.cli.commands.exact.explain import PICTURES
from tests.published import HIDDEN, LOGITS

XOR = "[[[1,1,-0.5],[-1,-1,1.5]],[[1,1,-1.5]]]"
WIDTH = 100


@pytest.fixture
def told(cli):
    """Explain; gives the lines, none of which is wider than a page."""

    def ask(*line):
        code, out, err = cli("explain", *line)
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= WIDTH
        return out

    return ask


@pytest.mark.parametrize("line", [["linear"], ["linear", "--weights", "0,0", "--lr", "0.001"]])
def test_the_line_goes_as_in_the_notes(told, line):
    out = told(*line)
    assert "cost = sum over the rows of (y - target)^2 = 129\n" in out
    assert "d cost/d a = d cost/d y * d y/d a = -200\n" in out
    assert "d cost/d b = d cost/d y * d y/d b = -38\n" in out
    assert "8  -16         8        -128\n" in out.replace("8    -16", "8  -16")
    assert "a          0      -200                0.2\n" in out
    assert "b          0      -38                 0.038\n" in out
    assert "the cost from 129 to 91.133132\n" in out
    assert "largest difference from autograd: 0\n" in out


def test_slips_end_an_exercise_and_have_a_word_of_their_own(cli):
    assert "Where the notes slip:\nXOR is defined as 1" in cli("explain", "xor")[1]
    lines = cli("explain", "slips")[1].splitlines()
    assert sum(line.startswith("  printed: ") for line in lines) == 9
    assert max(map(len, lines)) <= WIDTH


def test_published_weights_give_the_published_outputs(cli, told):
    out = cli("explain", "xor-lecture", "--json")[1]
    found = json.loads(out)
    for row, hidden in enumerate(HIDDEN):
        units = [found["layers"][f"h{k}{n}"][row] for k in (1, 2, 3, 4) for n in (1, 2)]
        assert units == pytest.approx([h for layer in hidden for h in layer], abs=6e-7)
    assert found["output"] == pytest.approx(LOGITS, abs=1e-5)
    assert found["difference"] < 1e-12
    text = told("xor-lecture", "--parameter", "B11", "--parameter", "w121")  # as it is spelt
    for name in ("b11", "w1_21"):
        assert f"d cost/d {name} = d cost/d h11 * d h11/d z11 * d z11/d {name} = " in text
    assert "d cost/d h11 = d cost/d z21 * w2_11 + d cost/d z22 * w2_12\n" in text


def test_own_run_is_told_with_its_loss_and_its_rate(told, cli, tmp_path):
    train("xor", module={"hidden_features": (2,)}, max_steps=2, plots=False, progress=False)
    out = told("xor", "--ckpt", "checkpoints/xor/version_0", "--parameter", "b1")
    assert "d cost/d b1 = d cost/d logit * d logit/d h1 * d h1/d z1 * d z1/d b1 = " in out
    assert "one step, parameter - 0.01 * gradient" in out
    assert told("--ckpt", "checkpoints/xor/version_0").startswith("xor: checkpoints/xor/version_0")


@pytest.mark.parametrize(
    ("weights", "gate", "said"),
    [
        ("0.5,0.5,-0.25", "or", "Answers 0111 are OR, as asked."),
        ("1,1,-1.5", "and", "Answers 0001 are AND, as asked."),
        ("-1,-1,1.5", "nand", "Answers 1110 are NAND, as asked."),
        ("-1,-1,1.5", "or", "Answers 1110 are NAND, not OR, which was asked for: 2 of 4 rows"),
        ("0.5,0.5,-0.25", "xor", "Answers 0111 are OR, not XOR, which was asked for: 3 of 4 rows"),
        ("0,1,0", "and", "Answers 0101 are x2, not AND"),
    ],
)
def test_gate_of_typed_weights_is_named(told, weights, gate, said):
    out = " ".join(told("perceptron", "--weights", weights, "--data.gate", gate).split())
    assert said in out
    assert ("One perceptron cannot do XOR" in out) == (gate == "xor")


def test_two_layers_can(told):
    out = " ".join(told("xor-step").split())
    assert "h1 is OR of x1 and x2; h2 is NAND of x1 and x2; y is AND of h1 and h2." in out
    assert "Answers 0110 are XOR, as asked. One perceptron cannot do XOR" in out
    assert "two layers can, and these do." in out
    assert "All 9 gradients are 0: a step has no slope" in out


def test_rule_of_the_perceptron(told):
    out = told("perceptron", "--weights", "0.25,0,-1", "--data.gate", "or", "--lr", "0.5")
    rows = [line.split() for line in out.splitlines() if line.startswith(("w1 ", "w2 ", "b "))]
    assert rows == [["w1", "0.25", "1", "1.25"], ["w2", "0", "1", "1"], ["b", "-1", "1.5", "0.5"]]


def test_weights_alone_are_a_gate_of_steps(told):
    assert told("--weights", "-1,-1,1.5").endswith("Answers 1110 are NAND.\n")
    assert "y = step(x + 1)" in told("--weights", "1,1", "--row", "3,1")


def test_rows_and_squares_of_the_notes_for_nine_parameters(told):
    weights = "[[[1,1,0],[1,-1,0]],[[1,1,0]]]"
    line = ["xor", "--weights", weights, "--activation", "sigmoid", "--loss", "mse"]
    out = told(*line, "--parameter", "b1", "--row", "0,0", "--row", "1,1,0")
    assert "d cost/d b1 = d cost/d y * d y/d h1 * d h1/d z1 * d z1/d b1 = " in out
    assert "Answers" not in out
    assert "Answers 1111 are always 1" in told(*line)


def test_typed_weights_are_a_network_for_every_command(cli, tmp_path):
    assert cli("predict", "--weights", "0.5,0.5,-0.25", "1", "0") == (0, "1\n", "")
    assert cli("predict", "perceptron", "--weights=-1,-1,1.5", "1", "1") == (0, "0\n", "")
    (tmp_path / "rows.csv").write_text("0,1\n")
    assert cli("predict", "--weights", XOR, "rows.csv") == (0, "0,1,1.0\n", "")
    assert cli("test", "xor", "--weights", XOR)[0] == 0
    line = ["test", "perceptron", "--weights", "0.5,0.5,-0.25"]
    assert (cli(*line)[0], cli(*line, "--data.gate", "or")[0]) == (1, 0)
    assert "at rest: the gradient is 0" in cli(*line)[1]
    assert cli("export", "xor", "--weights", XOR, "--format", "json")[0] == 0
    assert cli("test", "--ckpt", "weights.json")[0] == 0
    assert "2-2-1 step step" in cli("show", "--weights", XOR)[1]
    assert cli("predict", "linear", "--weights", "2,1", "3")[1] == "7\n"


PAGE = (Path(__file__).parents[2] / "docs/command-line.md").read_text()
SHOWN = re.findall(
    r"^mlpzoo explain (?!NETWORK|slips|descent|.*--ckpt)(.*?)(?:  .*)?$", PAGE, re.MULTILINE
)


@pytest.mark.parametrize("line", SHOWN)
def test_what_the_page_shows_works(told, line):
    assert told(*shlex.split(line))


def test_typed_weights_are_drawn(cli, monkeypatch):
    drawn = {}
    monkeypatch.setattr("mlpzoo.plotting.save_each", lambda views: drawn.update(views) or ([], ""))
    line = ["plot", "perceptron", "--weights", "0.5,0.5,-0.25", "--data.gate", "or"]
    assert cli(*line)[0] == 0
    assert [path.name for path in drawn] == ["perceptron.png", "network.png"]
    figure = next(iter(drawn.values()))()
    assert "perceptron: or" in [axes.get_title() for axes in figure.axes]
    cli("plot", "perceptron", "--weights", XOR)
    (axes,) = next(iter(drawn.values()))().axes
    assert axes.name == "3d"  # no line, but the surface of three units


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("test --weights 1,1,1", "name the exercise that these weights are for"),
        ("test", "required: NETWORK; see `mlpzoo test --help`"),
        (
            "test xor --weights 1,1",
            "do not fit xor, of 2 inputs and 1 outputs: this network takes 1;",
        ),
        ("test xor --weights [[[1,1,0],[1,1,0]]]", "do not fit xor"),
        ("test xor --weights 1,1,1 --ckpt a", "--weights and --ckpt are two networks; give one"),
        ("test xor --activation relu", "activation relu goes with --weights; leave it out"),
        ("test xor --weights 1,x,1", "weights '1,x,1' are no numbers and no file"),
        ("test xor --weights 1,1,1 --activation rel", "did you mean 'relu'"),
        ("test xor --gate or", "unknown option --gate; did you mean --data.gate?"),
        ("test xor --module.lr 3", "--module.lr belongs to `mlpzoo train`"),
        ("test xor --data.gate zor", "unknown gate 'zor'"),
        ("list --data.gate or", "--data.gate belongs to `mlpzoo train`"),
        ("predict --weights 1,1,1 --data.gate or 1 1", "--data goes with an exercise"),
        ("explain sin", "of 200 at most, and there are 66561; `mlpzoo plot sin` draws it"),
        ("explain minmax", "takes a network of one output, and this one has 2"),
        ("explain linear --lr x", "--lr must be a number above 0"),
        ("explain linear --lr 1,2", "--lr must be one number, got 2"),
        ("explain linear --row 1,2,3", "--row must have 1 input, and the target if need be"),
        ("explain linear --row nan,1", "--row must be numbers, finite in float32"),
        (
            f"explain perceptron --weights 1,1,1,1,1,1,1,0 --data.table {64 * '01'}",
            "there are 128; name",
        ),
        ("explain linear --parameter c", "unknown parameter 'c'; known: a, b"),
        ("explain dying --json", "dying is a picture; leave out --json"),
        ("explain linear --out a.png", "--out goes with a picture"),
        ("explain vanishing --lr 1", "vanishing takes no rate, got 1: see --lr"),
        ("explain dying --lr 1,2", "dying takes one rate, got 2: see --lr"),
        ("explain slips --row 1", "slips is no network"),
        ("explain sinn", "unknown name or path 'sinn'; did you mean 'sin'"),
        ("explain linear --loss bcewithlogits", "takes a logit, and this network gives a value"),
    ],
)
def test_bad_input_is_one_line(cli, line, said):
    code, out, err = cli(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize("word", PICTURES)
def test_pictures_are_drawn_by_their_words(cli, monkeypatch, word):
    function, takes = PICTURES[word]
    asked, draw = [], getattr(plotting, function)

    def note(**given):
        asked.append(given)
        return draw(**given) if len(asked) == 1 and word == "descent" else plotting.new_figure(2, 2)

    monkeypatch.setattr(plotting, function, note)
    assert cli("explain", word) == (0, f"{word}.png\n", "")
    rates = {"": [], "rate": ["--lr", "0.5"], "rates": ["--lr", "0.1,1"]}[takes]
    assert cli("explain", word, *rates, "--out", "a.svg") == (0, "a.svg\n", "")
    assert [given.get(takes) for given in asked] == [
        None,
        {"rate": 0.5, "rates": [0.1, 1]}.get(takes),
    ]
    assert cli("explain", word, "--out", "no/such/a.png")[0] == 2
