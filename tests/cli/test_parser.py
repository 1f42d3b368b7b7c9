"""What the command line makes of words that it does not know, and how it names values."""

import inspect

import pytest
import yaml

import mlpzoo
from mlpzoo.checks import as_typed
from mlpzoo.cli import main
from mlpzoo.cli.parser import ELSEWHERE, build_parser
from mlpzoo.exercises.arguments import typed

COMMANDS = (
    "explain",
    "export",
    "list",
    "plot",
    "population",
    "predict",
    "show",
    "test",
    "train",
    "verify",
)


@pytest.mark.parametrize(
    ("line", "meant", "command"),
    [
        ("train sin --lr 3", "--module.lr", "train"),
        ("train --lr 3 sin", "--module.lr", "train"),
        ("train sin --learning-rate=3", "--module.lr", "train"),
        ("train sin --modul.lr 3", "--module.lr", "train"),
        ("train sin --epochs 3", "--max-steps", "train"),
        ("train sin --steps 3", "--max-steps", "train"),
        ("train sin --max-step 3", "--max-steps", "train"),
        ("train sin --device cpu", "--accelerator", "train"),
        ("train sin --batch-size 3", "--data.batch_size", "train"),
        ("train sin --batch_size 3", "--data.batch_size", "train"),
        ("train sin --no-plot", "--no-plots", "train"),
        ("population sin --seed 3", "--first-seed", "population"),
        ("test sin --checkpoint a", "--ckpt", "test"),
        ("predict sin --model a 1", "--ckpt", "predict"),
        ("plot sin --outdir a", "--out", "plot"),
    ],
)
def test_unknown_option_gets_the_one_that_is_meant(cli, line, meant, command):
    option = next(text for text in line.split() if text.startswith("--")).partition("=")[0]
    said = f"unknown option {option}; did you mean {meant}? see `mlpzoo {command} --help`"
    assert cli(*line.split()) == (2, "", f"mlpzoo: {said}\n")


def test_options_of_other_programs_lead_to_options_that_there_are():
    exercises = [mlpzoo.get_exercise(name) for name in mlpzoo.list_exercises()]
    kinds = [cls for each in exercises for cls in (each.data_class, each.module_class)]
    arguments = {name for cls in kinds for name in inspect.signature(cls).parameters}
    helps = "".join(
        parser.format_help() for parser in build_parser()._subparsers._actions[-1].choices.values()
    )
    for option in ELSEWHERE:
        assert option in helps or option.partition(".")[2] in arguments, option


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trian sin", "unknown command 'trian'; did you mean 'train'? known: "),
        ("help trian", "unknown command 'trian'; did you mean 'train'? known: "),
        ("sin", "sin is an exercise; did you mean `mlpzoo train sin`?"),
        ("show sin xor", "xor is one value too many; see `mlpzoo show --help`"),
        ("train sinn", "unknown exercise 'sinn'; did you mean 'sin'? known: "),
        ("train sin --foo", "`mlpzoo show EXERCISE` lists; see `mlpzoo train --help`"),
        ("list --foo", "unknown option --foo; see `mlpzoo list --help`"),
        ("plot sin --step three", "--step must be a whole number, got 'three'; see"),
        ("predict sin one", "'one' is neither a number nor a CSV file"),
        ("train sin --module.batch_size 3", "did you mean data.batch_size?"),
        (
            "train sin --module.hidden_features 8,0",
            "each of hidden_features must be 1 or more, got 0",
        ),
        ("train sin --module.hidden_features a,b", "such as 32,32, got 'a,b'"),
        ("train sin --module.in_range 1,2,3", "must be two numbers, such as -1,1 or pairs of"),
        ("train sin --module.in_features 2", "module.in_features must be 1 for sin, got 2"),
        ("train sin --module.beta2 x", "module.beta2 must be a number or null, got 'x'"),
        ("train sin --module.optimizer adam --module.loss bce --module.task gate", "loss bce does"),
        ("train sin --module.optimizer sgd --module.beta2 0.9", "optimizer sgd takes no beta2"),
        (
            "train sin --devices two",
            "devices must be 1 or more, -1 for all, auto, or indices such as 0,1",
        ),
        ("train perceptron --data.shuffle 3", "data.shuffle must be yes or no, got '3'"),
        ("predict sin 1 2", "sin takes 1 input, got 2: 1, 2"),
        (
            "train linear --data.points 3",
            "such as '(1,2),(3,4)', or a .csv file with a pair a line",
        ),
        ("train linear --data.points a.csv", "data.points: there is no file 'a.csv'"),
        (
            "train linear --data.points [[1,1e39],[2,2]]",
            "points must be finite numbers, got 1,1e+39",
        ),
    ],
)
def test_message_names_what_was_typed(cli, line, said):
    code, out, err = cli(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize(
    ("words", "like"),
    [("help", "--help"), ("version", "--version"), ("-V", "--version")]
    + [(f"help {command}", f"{command} --help") for command in COMMANDS],
)
def test_help_and_version_are_understood(words, like, capsys):
    said = []
    for line in (words, like):
        with pytest.raises(SystemExit, match="0"):
            main(line.split())
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != ""


def test_resumed_run_says_what_differs_as_it_is_typed(cli):
    line = ["train", "sin", "--max-steps", "3", "--no-plots", "--no-progress"]
    cli(*line, "--module.hidden_features", "8,8")
    for options, said in (
        (["--module.hidden_features", "4"], "module.hidden_features is 8,8 in "),
        (["--module.hidden_features", "4"], "and would be 4; that needs a run of its own"),
        (["--no-early-stop"], "early_stop is yes in "),
        (["--module.beta2", "0.5", "--max-steps", "4"], "optimizer levenberg takes no beta2"),
    ):
        code, _, err = cli(*line, "--resume", *options)
        assert (code, err.count("\n")) == (2, 1)
        assert said in err


@pytest.mark.parametrize(
    "text",
    ["1,2\n2,4\n3,7\n", "x,y\n1,2\n2,4\n3,7", "\ufeffx;y\n1;2\n\n2;4\n3;7\n", "1 2\n2  4\n3 7"],
)
def test_points_come_from_a_file(cli, text, tmp_path):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    code, _, err = cli("train", "linear", "--data.points", "p.csv", "--max-steps", 2, "--no-plots")
    assert code == 1, err
    (config,) = tmp_path.rglob("config.yaml")
    assert yaml.safe_load(config.read_text())["data"]["points"] == [[1, 2], [2, 4], [3, 7]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1,2\n2,4x\n", "p.csv, line 2: an input must be a finite number, got '4x'"),
        (b"1,2x\n2,4\n", "p.csv, line 1: an input must be a finite number, got '2x'"),
        (b"1,2,3\n", "p.csv has 3 columns; 2 are needed"),
        (b"1,2\n1,3\n", "points must have two different x or more, got (1,2),(1,3)"),
        (b"1,2\n2,inf\n", "p.csv, line 2: an input must be a finite number, got 'inf'"),
        (b"\xff\xfe\x00", "p.csv is not text in UTF-8"),
    ],
)
def test_file_that_holds_no_points_is_refused(cli, content, said, tmp_path):
    (tmp_path / "p.csv").write_bytes(content)
    code, _, err = cli("train", "linear", "--data.points", "p.csv")
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def test_config_without_a_recipe_takes_one(cli, tmp_path):
    (tmp_path / "c.yaml").write_text("max_steps: 2\n")
    code, _, err = cli("train", "sin", "--config", "c.yaml", "--recipe", "lecture", "--no-plots")
    assert code == 1, err
    (config,) = tmp_path.rglob("config.yaml")
    assert "recipe: lecture" in config.read_text()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (tuple[int, ...], (8, 8)),
        (tuple[int, ...], (8,)),
        (tuple[int, ...], ()),
        (tuple[float, float] | None, (-1.0, 2.5)),
        (tuple[float, float] | None, None),
        (tuple[tuple[float, float], ...] | None, ((1.0, 2.0), (3.0, 4.5))),
        (float, 3.0),
        (float, 1e-30),
        (bool, False),
        (str, "relu"),
    ],
)
def test_value_is_shown_as_it_can_be_typed(kind, value):
    assert typed("value", kind, as_typed(value)) == value
