import json
import os
import pickle
import subprocess
import sys
import time

import pytest
import torch
import yaml

import mlpzoo
from mlpzoo import TrainSettings, get_exercise, list_exercises
from mlpzoo.runs.folder import read_config
from mlpzoo.training.plan import from_config


@pytest.fixture
def sin_run(short_run):
    return short_run("sin").folder


def fresh(*arguments, **settings):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, **settings
    )


def test_list_has_a_line_for_each_exercise(cli):
    code, out, _ = cli("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == list_exercises()
    code, out, _ = cli("list", "--json")
    assert [row["name"] for row in json.loads(out)] == list_exercises()


@pytest.mark.parametrize("name", list_exercises())
def test_show_names_the_bar_and_every_argument(cli, name):
    code, out, _ = cli("show", name)
    exercise = mlpzoo.get_exercise(name)
    assert code == 0
    assert str(exercise.bars[0]) in out
    assert "--module.lr" in out
    assert "--data." in out


def test_train_ends_with_a_table_and_exit_code_0_where_bars_are_met(cli, tmp_path):
    code, out, _ = cli("train", "perceptron", "linear", "--out", tmp_path, "--no-plots")
    assert code == 0
    header, first, second = out.splitlines()[:3]
    assert header.split() == ["exercise", "steps", "seconds", "metrics", "bar", "passed"]
    assert first.startswith("perceptron")
    assert first.endswith("yes")
    assert second.startswith("linear")
    assert not list(tmp_path.rglob("*.png"))


def test_train_exits_with_1_where_a_bar_is_missed(cli, tmp_path):
    code, out, _ = cli("train", "sin", "--max-steps", "3", "--out", tmp_path, "--no-plots")
    assert code == 1
    assert out.splitlines()[1].endswith("no")


def test_arguments_reach_the_constructors_and_the_config(cli, tmp_path):
    cli("train", "sin", "--module.lr", "2e-3", "--data.batch_size=20", "--max-steps", "2",
        "--module.hidden_features", "[4, 5]", "--seed", "11", "--out", tmp_path,
        "--no-plots")  # fmt: skip
    config = yaml.safe_load((tmp_path / "sin/version_0/config.yaml").read_text())
    assert config["seed"] == 11
    assert config["module"]["lr"] == 0.002
    assert config["data"]["batch_size"] == 20
    best = torch.load(tmp_path / "sin/version_0/best.ckpt", weights_only=True)
    assert best["hyper_parameters"]["lr"] == 0.002
    assert best["hyper_parameters"]["hidden_features"] == (4, 5)
    assert best["state_dict"]["net.layers.0.weight"].shape == (4, 1)


def test_config_repeats_a_run_and_options_override_it(cli, tmp_path):
    cli("train", "linear", "--max-steps", "7", "--seed", "3", "--module.lr", "0.2", "--out",
        tmp_path, "--no-plots")  # fmt: skip
    config = tmp_path / "linear/version_0/config.yaml"
    cli("train", "--config", config, "--out", tmp_path, "--no-plots")
    cli("train", "linear", "--config", config, "--seed", "4", "--out", tmp_path, "--no-plots")
    runs = [tmp_path / f"linear/version_{n}" for n in range(3)]
    states = [torch.load(run / "last.ckpt", weights_only=True)["state_dict"] for run in runs]
    key = "net.layers.0.weight"
    assert torch.equal(states[0][key], states[1][key])
    assert not torch.equal(states[0][key], states[2][key])
    assert yaml.safe_load((runs[2] / "config.yaml").read_text())["seed"] == 4


def test_test_measures_a_checkpoint(cli, sin_run):
    code, out, _ = cli("test", "sin", "--ckpt", sin_run / "best.ckpt")
    assert code == 1
    expected = json.loads((sin_run / "result.json").read_text())["metrics"]["max_error"]
    assert f"max_error  {expected:.6g}" in out
    assert "not passed" in out


def test_predict_answers_one_number_an_output(cli, sin_run, short_run):
    code, out, err = cli("predict", "sin", "--ckpt", sin_run / "best.ckpt", "-1.5")
    assert (code, err) == (0, "")
    module = short_run("sin").module.cpu()
    assert float(out) == pytest.approx(module(torch.tensor([[-1.5]])).item(), rel=1e-5)
    minmax = short_run("minmax").folder / "last.ckpt"
    code, out, _ = cli("predict", "minmax", "--ckpt", minmax, "30", "60")
    assert (code, len(out.split())) == (0, 2)
    code, out, err = cli("predict", "sin", "--ckpt", sin_run / "best.ckpt", "50")
    assert "50 lies outside the trained range [-10, 10]" in err


def test_plot_draws_a_checkpoint(cli, sin_run, tmp_path):
    code, out, _ = cli("plot", "sin", "--ckpt", sin_run / "best.ckpt", "--out", tmp_path)
    assert code == 0
    names = ("sin.png", "neurons.png", "network.png", "loss.png")
    assert out.split() == [str(tmp_path / name) for name in names]
    assert all((tmp_path / name).stat().st_size > 5000 for name in names)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("", "COMMAND"),
        ("tran sin", "'tran'"),
        ("train", "name an exercise"),
        ("train sinn", "did you mean 'sin'"),
        ("train sin --module.lr -0.1", "lr must be above 0, got -0.1"),
        ("train sin --module.lr fast", "module.lr must be a number, got 'fast'"),
        ("train sin --module.lr", "--module.lr needs a value"),
        (
            "train xor --module.lr --max-steps 5",
            "--module.lr needs a value, and --max-steps follows",
        ),
        ("train sin --module.hidden_features=", "got ''; write [] for none"),
        ("train sin --module.lr 1:30", "module.lr must be written in decimal, got 1:30"),
        ("train sin --module.hidden_features 8,010", "must be written in decimal, got 8,010"),
        ("train sin --out=", "out cannot be ''"),
        ("train sin --module.lrr 1", "did you mean 'lr'"),
        ("train sin --data.batch_size 0", "batch_size must be 1 or more, got 0"),
        ("train sin --data.batch_size 2.5", "data.batch_size must be a whole number, got '2.5'"),
        ("train sin --data.low 3 --data.high 2", "low=3 high=2"),
        ("train sin --module.optimizer adamm", "did you mean 'adam'"),
        ("train sin --module.activation rellu", "did you mean 'relu'"),
        ("train xor --module.loss bse", "unknown loss 'bse'"),
        ("train sin --recipe lectur", "did you mean 'lecture'"),
        ("train sin --seed -1", "-1"),
        ("train sin --seed one", "'one'"),
        ("train sin --max-steps 0", "max_steps must be 1 or more, got 0"),
        ("train sin --devices 0", "indices such as 0,1, got 0"),
        ("train sin --accelerator gqu", "'gqu'"),
        ("train sin --threads 0", "threads must be 1 or more, got 0"),
        ("train sin --config nowhere.yaml", "nowhere.yaml cannot be read"),
        ("train linear --data.points [[1,2]]", "two different x"),
        ("train perceptron --data.gate xorr", "did you mean 'xor'"),
        ("list --module.lr 3", "--module.lr belongs to"),
        ("test sin --ckpt nowhere.ckpt", "nowhere.ckpt does not exist"),
        ("test sinn", "did you mean 'sin'"),
        ("plot sinn", "did you mean 'sin'"),
        ("plot sin --film", "sin, a network of the package has no snapshots; train with --film"),
        ("completion tcsh", "'tcsh'"),
        ("compare a b", "a is not the folder of a run"),
        ("runs sinn", "did you mean 'sin'"),
        ("predict sin --ckpt nowhere.ckpt one", "'one'"),
        ("show sn", "did you mean 'sin'"),
        ("plot sin --step three", "'three'"),
        ("plot xor-lecture --step 3", "xor-lecture, a network of the package has no snapshots"),
        ("plot sin --step 3", "sin, a network of the package has no snapshots; train with --film"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(cli, line, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("mlpzoo: ")
    assert err.count("\n") == 1
    assert part in err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_gpu_where_there_is_none_is_refused(cli, tmp_path):
    code, _, err = cli("train", "sin", "--accelerator", "gpu", "--out", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "'gpu'" in err


def test_one_bad_exercise_stops_all_before_any_runs(cli, tmp_path):
    code, _, err = cli("train", "sin", "minmax", "--module.hidden_features", "[3]",
                       "--out", tmp_path)  # fmt: skip
    assert code == 2
    assert "module argument of minmax 'hidden_features'" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("exercise: [", "is not YAML"),
        ("- 1\n- 2\n", "must map names to values"),
        ("exercise: sin\nmodule: 3\n", "must map names to values"),
        ("exercise: sin\nmodule:\n  lr: high\n", "module.lr must be a number, got 'high'"),
        ("exercise: sin\nmax_stepps: 3\n", "did you mean 'max_steps'"),
        ("exercise: sin\nval_every: 5\nval-every: 7\n", "lines 2 and 3: val-every is given twice"),
        ("exercise: sin\nmodule:\n  lr: 1\n  lr: 2\n", "lines 3 and 4: lr is given twice"),
        (
            "exercise: sin\nmax_steps: 1:30\n",
            "line 2: a number must be written in decimal, got 1:30",
        ),
        ("exercise: sin\nseed: 010\n", "line 2: a number must be written in decimal, got 010"),
        ("exercise: sin\ndata: []\n", "data must map names to values, got []"),
        ("exercise: sin\nmodule: ''\n", "module must map names to values, got ''"),
        ("exercise: sinn\n", "did you mean 'sin'"),
        ("exercise: xor\n", "is of exercise 'xor'"),
        ("!!python/object/apply:os.system ['touch ran']", "is not YAML"),
    ],
)
def test_bad_config_is_one_line_and_exit_code_2(cli, text, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(text)
    names = ["sin"] if "xor" in text else []
    code, _, err = cli("train", *names, "--config", "c.yaml")
    assert (code, err.count("\n")) == (2, 1)
    assert part in err
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("text", ["1e-03", "1.0e-03", "0.001", "1_0e-04"])
def test_ordinary_ways_to_write_a_number_are_read(text, tmp_path):
    (tmp_path / "c.yaml").write_text(f"module: {{lr: {text}}}\ndata: {{low: -01.5}}\nseed: 0\n")
    settings = from_config(get_exercise("sin"), read_config(tmp_path / "c.yaml"), TrainSettings)
    assert settings == {"module": {"lr": 0.001}, "data": {"low": -1.5}, "seed": 0}


def hostile(path):
    class Payload:
        def __reduce__(self):
            return os.system, (f"touch {path.parent / 'ran'}",)

    torch.save({"state_dict": Payload()}, path)


@pytest.mark.parametrize(
    ("write", "part"),
    [
        (lambda path: path.write_bytes(b""), "not a checkpoint"),
        (lambda path: path.write_bytes(b"\x80\x02junk" * 40), "not a checkpoint"),
        (lambda path: path.write_bytes(pickle.dumps({"a": 1})), "not"),
        (lambda path: torch.save({"state_dict": {}}, path), "not written by mlpzoo"),
        (lambda path: path.mkdir(), "is not the folder of a run"),
        (hostile, "not a checkpoint"),
    ],
)
def test_file_that_is_no_checkpoint_is_refused_and_not_run(cli, write, part, tmp_path):
    path = tmp_path / "x.ckpt"
    write(path)
    code, _, err = cli("test", "sin", "--ckpt", path)
    assert (code, err.count("\n")) == (2, 1)
    assert part in err
    assert not (tmp_path / "ran").exists()


def test_checkpoint_of_another_exercise_is_refused(cli, sin_run):
    for command in ("test", "plot"):
        code, _, err = cli(command, "square", "--ckpt", sin_run / "best.ckpt")
        assert (code, err.count("\n")) == (2, 1)
        assert "is of exercise 'sin', not of 'square'" in err


def test_folder_that_cannot_be_made_is_refused(cli, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = cli("train", "sin", "--out", tmp_path / "file" / "runs")
    assert (code, err.count("\n")) == (2, 1)
    assert "choose another --out" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_written_is_refused(cli, tmp_path):
    tmp_path.chmod(0o500)
    code, _, err = cli("train", "sin", "--out", tmp_path / "runs")
    assert (code, err.count("\n")) == (2, 1)
    assert "Permission denied" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["list"],
        ["--version"],
        ["completion", "bash"],
        ["runs", "--json"],
    ],
)
def test_light_commands_load_nothing_heavy(arguments):
    code = (
        "import sys\nfrom mlpzoo.cli import main\ntry:\n    main(sys.argv[1:])\nfinally:\n"
        "    assert not {'torch', 'lightning', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    began = time.perf_counter()
    done = fresh("-c", code, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert time.perf_counter() - began < 10  # measured: 0.1 s


def shell(line, cwd, **environment):
    command = ["sh", "-c", f"{sys.executable} -m mlpzoo {line}"]
    environment = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, timeout=120)


def test_standard_streams_may_be_closed_or_full(tmp_path):
    done = shell("train perceptron --no-plots >&- 2>&- <&-", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "checkpoints/perceptron/version_0/result.json").exists()
    done = shell("list >/dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr == b"mlpzoo: standard output: No space left on device\n"


def test_export_into_a_pipe_is_the_file_alone(cli):
    here, there = os.pipe()
    stdout = os.dup(1)
    os.dup2(there, 1)
    code, out, err = cli("export", "linear", "--format", "json", "--out", "/dev/stdout")
    os.dup2(stdout, 1)
    for end in (there, stdout):
        os.close(end)
    with open(here) as pipe:
        assert json.load(pipe)["exercise"] == "linear"
    assert (code, out) == (0, "")
    assert "the same bits" in err


def test_module_is_run_whatever_the_names_and_a_notebook_s_backend(tmp_path):
    odd = {"PYTHONIOENCODING": "utf-8:strict", "MPLBACKEND": "module://not_here.backend"}
    folder = os.fsencode(tmp_path) + b"/a\xffb"
    line = f"train perceptron --out {os.fsdecode(folder)}"
    done = shell(line, tmp_path, **odd)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(b"perceptron: step ")
    assert done.stdout.endswith(folder + b"/perceptron/version_0\n")
    assert os.path.exists(folder + b"/perceptron/version_0/figures/perceptron.png")
    assert not [word for word in (b"Warning", b"deprecated") if word in done.stderr]


def test_film_without_snapshots_is_refused_before_a_picture_is_drawn(cli, sin_run, tmp_path):
    code, _, err = cli("plot", "sin", "--ckpt", sin_run, "--film", "--out", tmp_path / "new")
    assert code == 2
    assert "no snapshots; train with --film" in err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "line",
    [
        "train sin --module.in_features 2",
        "train sin --module.out_features 2",
        "train sin --module.task none",
        "train sin --module.task gate",
        "train sin --module.loss bce",
        "train sin --module.loss nll",
        "train xor --module.loss multilabelmargin",
        "train perceptron --module.in_features 3",
        "train linear --module.hidden_features 32",
        "train square --data.high 1e200",
        "train sin --data.high 1e39",
        "train sin --data.low 0 --data.high 1e-50",
        "train sin --data.batch_size 100000000000000",
        "train sin --data.test_points 100000000000000",
        "train sin --data.steps_per_epoch 99999999999999999999999",
        "train sin --max-steps 99999999999999999999999",
        "train sin --module.hidden_features [99999999999999999999]",
        "train sin --module.in_range [1,2,3]",
        "train sin --threads 99999999999999999999",
        "train linear --data.points [[1,1],[1.00000001,2]]",
        "train linear --data.points [[1,1e39],[2,2]]",
        "train linear --data.b 1e39",
        "train all sinn",
        "train sin --accelerator tpu",
        "train sin --module.optimizer sgd --module.beta2 0.9",
    ],
)
def test_settings_that_do_not_fit_are_refused_before_a_folder_is_made(
    cli, line, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, _, err = cli(*line.split(), "--no-plots")
    assert (code, err.count("\n")) == (2, 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("group", ["data", "module"])
def test_seeds_of_data_and_module_can_be_set_apart(cli, group, tmp_path):
    line = ["train", "sin", "--max-steps", "2", "--no-plots", "--out", tmp_path]
    cli(*line)
    cli(*line, f"--{group}.seed", "9")
    first, second = (
        torch.load(tmp_path / f"sin/version_{n}/last.ckpt", weights_only=True) for n in range(2)
    )
    assert second["hyper_parameters"]["seed"] == (9 if group == "module" else 0)
    key = "net.layers.0.weight"
    assert not torch.equal(first["state_dict"][key], second["state_dict"][key])
    assert second["mlpzoo"]["data"].get("seed", 0) == (9 if group == "data" else 0)


@pytest.mark.parametrize("text", ["[4, 5]", "(4, 5)", "4,5"])
def test_layers_can_be_written_in_any_way(cli, text, tmp_path):
    cli("train", "sin", "--max-steps", "2", "--module.hidden_features", text, "--no-plots",
        "--out", tmp_path)  # fmt: skip
    config = yaml.safe_load((tmp_path / "sin/version_0/config.yaml").read_text())
    assert config["module"]["hidden_features"] == [4, 5]


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs", "adagrad"])
def test_another_optimizer_leaves_the_recipes_settings_of_its_own_behind(cli, optimizer, tmp_path):
    code, _, err = cli("train", "sin", "--max-steps", "2", "--module.optimizer", optimizer,
                       "--no-plots", "--out", tmp_path)  # fmt: skip
    assert code == 1, err


def test_another_optimizer_than_the_configs_is_taken_too(cli, tmp_path):
    cli("train", "sin", "--max-steps", "2", "--no-plots", "--out", tmp_path)
    config = tmp_path / "sin/version_0/config.yaml"
    code, _, err = cli("train", "--config", config, "--module.optimizer", "sgd", "--no-plots",
                       "--out", tmp_path)  # fmt: skip
    assert code == 1, err


def test_names_are_taken_in_any_case_and_once(cli, tmp_path):
    _, out, _ = cli("train", "Linear", "LINEAR", "linear", "--no-plots", "--out", tmp_path)
    assert len(list((tmp_path / "linear").iterdir())) == 1
    assert out.splitlines()[1].startswith("linear")


def test_recipe_beside_the_config_of_another_is_refused(cli, tmp_path):
    cli("train", "sin", "--max-steps", "2", "--no-plots", "--out", tmp_path)
    config = tmp_path / "sin/version_0/config.yaml"
    code, _, err = cli("train", "--config", config, "--recipe", "lecture")
    assert (code, err.count("\n")) == (2, 1)
    assert "leave out --recipe" in err


@pytest.mark.parametrize("number", ["-1e-3", "-1.", "-.5"])
def test_predict_takes_negative_numbers_in_every_notation(cli, number, sin_run):
    code, out, err = cli("predict", "sin", number, "--ckpt", sin_run / "best.ckpt")
    assert code == 0, err
    assert float(out) == float(out)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e39"])
def test_predict_refuses_what_is_no_number(cli, number, sin_run):
    code, _, err = cli("predict", "sin", "--ckpt", sin_run / "best.ckpt", number)
    assert (code, err.count("\n")) == (2, 1)
    assert "must be a finite number" in err


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["hyper_parameters"].update(in_range=(1.0, 2.0, 3.0)),
        lambda c: c["hyper_parameters"].update(loss=3),
        lambda c: c["hyper_parameters"].update(unknown=3),
        lambda c: c["mlpzoo"]["data"].update(high=1e39),
        lambda c: c["mlpzoo"].update(recipe=7),
        lambda c: c.pop("state_dict"),
        lambda c: c["state_dict"].popitem(),
        lambda c: c.update(hyper_parameters=[1]),
    ],
)
def test_checkpoint_with_wrong_content_is_refused(cli, change, sin_run, tmp_path):
    checkpoint = torch.load(sin_run / "best.ckpt", weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, tmp_path / "x.ckpt")
    code, _, err = cli("test", "sin", "--ckpt", tmp_path / "x.ckpt")
    assert (code, err.count("\n")) == (2, 1)


def test_output_to_a_reader_that_has_gone_is_no_traceback():
    done = subprocess.run(
        f"{sys.executable} -m mlpzoo list | true", shell=True, capture_output=True, timeout=60
    )
    assert b"Traceback" not in done.stderr


def test_ctrl_c_says_where_the_checkpoints_are(tmp_path):
    import signal

    run = subprocess.Popen(
        [sys.executable, "-m", "mlpzoo", "train", "sin", "--recipe=lecture", "--val-every", "100"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # jobs with & ignore it
    )  # fmt: skip
    assert "step 100/" in run.stderr.readline()
    run.stderr.readline()  # by the second line the first checkpoint has been written
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in err
    assert "stopped after step" in err
    assert "go on with: mlpzoo train sin --resume" in err
    assert (tmp_path / "checkpoints/sin/version_0/last.ckpt").exists()
