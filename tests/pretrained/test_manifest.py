import hashlib
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import mlpzoo
from mlpzoo import InputError, get_exercise, get_pretrained, list_pretrained, load_pretrained
from mlpzoo.cli import main
from mlpzoo.nets.architecture import describe
from mlpzoo.pretrained import FOLDER
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.measure import errors_of
from scripts.release_weights import release
from tests.manifests import edit
from tests.published import HIDDEN, INPUTS, LOGITS

HANDMADE = {"xor-lecture", "or-exact", "xor-exact", "xor-step", "minmax-exact"}


@pytest.fixture
def folder(tmp_path):
    """A copy of weights and manifest, to be damaged."""
    return shutil.copytree(FOLDER, tmp_path / "weights")


def grid(name):
    data = get_exercise(name).data()
    return data.grid(data.test_points)[0]


def test_every_exercise_and_the_handmade_networks_are_there():
    six = {"linear", "minmax", "perceptron", "sin", "square", "xor"}
    assert {*six, *HANDMADE} <= set(list_pretrained()) <= {*mlpzoo.list_exercises(), *HANDMADE}
    assert {path.name for path in FOLDER.iterdir()} == {
        "manifest.json", *(f"{name}.safetensors" for name in list_pretrained())
    }  # fmt: skip
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2e6


@pytest.mark.parametrize("name", list_pretrained())
def test_network_is_plain_float32_in_eval_mode_and_as_the_manifest_says(name):
    net, record = load_pretrained(name), get_pretrained(name)
    assert json.dumps(describe(net)) == json.dumps(record.architecture)  # in the same order too
    assert net.sketch() == record.network
    assert type(net) is getattr(mlpzoo.nets, record.architecture["class"])
    assert not net.training
    assert all(t.dtype == torch.float32 for t in net.state_dict().values())
    content = (FOLDER / f"{name}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record.sha256


def test_loading_and_listing_import_nothing_heavy(tmp_path):
    code = (
        "import sys, mlpzoo; assert 'torch' not in sys.modules;"
        "mlpzoo.list_pretrained(); assert 'torch' not in sys.modules;"
        "from mlpzoo.cli import main; main(['list', '--pretrained']);"
        "assert 'torch' not in sys.modules; mlpzoo.SequentialMLP;"
        "assert 'torch' in sys.modules and 'lightning' not in sys.modules;"
        "import torch; mlpzoo.load_pretrained('sin')(torch.zeros(1, 1));"
        "heavy = {'lightning', 'torchmetrics', 'matplotlib', 'yaml', 'jsonargparse'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "mlpzoo.export(mlpzoo.Perceptron(), sys.argv[1]); mlpzoo.load_weights(sys.argv[1]);"
        "assert not {'lightning', 'torchmetrics', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "gate.json")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_xor_lecture_gives_the_published_logits_and_hidden_outputs():
    net = load_pretrained("xor_lecture")
    torch.testing.assert_close(net(INPUTS).flatten(), torch.tensor(LOGITS), atol=1e-3, rtol=0)
    hidden = torch.stack(net.hidden(INPUTS), dim=1)
    torch.testing.assert_close(hidden, torch.tensor(HIDDEN), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "table"),
    [("perceptron", [0, 0, 0, 1]), ("or-exact", [0, 1, 1, 1]), ("xor-exact", [0, 1, 1, 0]),
     ("xor-step", [0, 1, 1, 0])],
)  # fmt: skip
def test_gate_gives_its_truth_table(name, table):
    assert load_pretrained(name)(INPUTS).flatten().tolist() == table


@pytest.mark.parametrize("name", ["xor", "xor-lecture"])
def test_xor_network_gives_logits_of_the_right_sign(name):
    assert (load_pretrained(name)(INPUTS).flatten() > 0).tolist() == [False, True, True, False]


def test_minmax_exact_is_exact_on_all_reals_but_for_rounding():
    net = load_pretrained("minmax-exact")
    whole = torch.randint(-(2**20), 2**20, (1000, 2)).float()  # no sum of these is rounded
    assert torch.equal(net(whole), torch.stack([whole.amax(1), whole.amin(1)], dim=1))
    real = torch.randn(1000, 2) * 1000
    torch.testing.assert_close(
        net(real), torch.stack([real.amax(1), real.amin(1)], dim=1), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("sin", torch.sin),
        ("square", torch.square),
        ("minmax", lambda x: torch.stack([torch.amax(x, 1), torch.amin(x, 1)], dim=1)),
    ],
)
def test_error_of_the_manifest_is_the_one_that_there_is(name, truth):
    x, record = grid(name), get_pretrained(name)
    with torch.no_grad():
        error = (load_pretrained(name)(x).double() - truth(x.double())).abs().max().item()
    stated = record.errors["max_error"]
    assert error == pytest.approx(stated, rel=1e-2, abs=1e-6 * truth(x).abs().max().item())


def test_linear_is_the_least_squares_line():
    data = get_exercise("linear").data(seed=get_pretrained("linear").seed)
    ones = torch.ones_like(data.x)
    line = torch.linalg.lstsq(torch.cat([data.x, ones], 1).double(), data.y.double()).solution
    x = torch.tensor([[-10.0], [0.0], [10.0]])
    torch.testing.assert_close(
        load_pretrained("linear")(x).double(), x.double() * line[0] + line[1], rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("name", ["sin", "minmax", "xor", "perceptron"])
def test_plain_network_measures_as_its_run_did(name, short_run):
    result = short_run(name)
    exported = ExportedNet(net=result.module.net.cpu(), exercise=name)
    errors = errors_of(exported, result.datamodule)
    shared = errors.keys() & result.metrics.keys()
    assert {bar.metric for bar in get_exercise(name).bars} <= shared
    assert {key: errors[key] for key in shared} == pytest.approx(
        {key: result.metrics[key] for key in shared}, rel=1e-4
    )


def test_every_flipped_byte_is_noticed(folder):
    path = folder / "or-exact.safetensors"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError, match="is damaged: its SHA-256") as caught:
            load_pretrained("or-exact", folder=folder)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda f: (f / "sin.safetensors").unlink(), "does not exist"),
        (lambda f: (f / "sin.safetensors").write_bytes(b""), "is damaged"),
        (lambda f: shutil.copy(f / "square.safetensors", f / "sin.safetensors"), "is damaged"),
        (lambda f: (f / "manifest.json").unlink(), "cannot be read"),
        (lambda f: (f / "manifest.json").write_text("{"), "is not a manifest"),
        (lambda f: (f / "manifest.json").write_text("[" * 10**6), "is not a manifest"),
        (lambda f: (f / "manifest.json").write_text('{"format": 2}'), "is of format 2"),
        (lambda f: edit(f, "sin", sha256="0"), "is damaged"),
        (lambda f: edit(f, "sin", output="logit"), "another network than its manifest says"),
        (lambda f: edit(f, "sin", errors={"rmse": "small"}), "rmse of sin must be a float"),
        (lambda f: edit(f, "sin", errors={"rmse": float("nan")}), "rmse of sin must be a float"),
        (lambda f: edit(f, "sin", extra=1), "is not a manifest"),
    ],
)
def test_damaged_folder_is_refused_in_one_line(folder, damage, part):
    damage(folder)
    with pytest.raises(InputError) as caught:
        load_pretrained("sin", folder=folder)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_name_lists_those_there_are():
    with pytest.raises(InputError) as caught:
        load_pretrained("sinn")
    assert "did you mean 'sin'" in str(caught.value)
    assert all(name in str(caught.value) for name in list_pretrained())


def test_release_writes_the_same_bytes_again_and_tells_what_differs(tmp_path):
    def changes(name):
        return [row["change"] for row in release([name], folder=tmp_path)]

    assert changes("or-exact") == ["new", "new"]
    assert changes("or-exact") == ["same", "same"]
    path = tmp_path / "or-exact.safetensors"
    assert path.read_bytes() == (FOLDER / path.name).read_bytes()
    other = load_pretrained("or-exact")
    other.linear.bias.data.add_(0.125)
    mlpzoo.export(other, path)
    assert changes("or-exact") == ["differs by 0.125 at most", "same"]
    path.write_bytes(b"\x00" * 8)
    assert changes("or-exact")[0].startswith("differs: it ")


@pytest.mark.parametrize(
    ("line", "part"), [(["sinn"], "did you mean 'sin'"), (["--out", "file"], "cannot be made")]
)
def test_release_script_refuses_bad_input_in_one_line(line, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    monkeypatch.setattr(sys, "argv", ["release_weights.py", *line])
    script = Path(__file__).parents[2] / "scripts/release_weights.py"
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(script), run_name="__main__")
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_release_trains_an_exercise_from_its_seed(tmp_path):
    assert release(["perceptron"], folder=tmp_path, seed=3)[0]["change"] == "new"
    assert release(["perceptron"], folder=tmp_path, seed=3)[0]["change"] == "same"
    record = get_pretrained("perceptron", tmp_path)
    assert (record.seed, record.errors["accuracy"]) == (3, 1.0)
    net = load_pretrained("perceptron", folder=tmp_path)
    assert net(INPUTS).flatten().tolist() == [0, 0, 0, 1]


def test_list_shows_the_networks(capsys):
    assert main(["list", "--pretrained"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == [
        "name", "exercise", "network", "recipe", "seed", "steps", "errors"
    ]  # fmt: skip
    assert [line.split()[0] for line in lines] == list_pretrained()
    assert main(["list", "--pretrained", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list_pretrained()


@pytest.mark.parametrize(
    ("line", "expected"),
    [("minmax-exact -3 8", [8, -3]), ("xor-exact 1 0", [1]), ("or-exact 0 0", [0]),
     ("xor_lecture 1 1", [0]), ("sin 0.5", [0.479426])],
)  # fmt: skip
def test_predict_asks_a_network_of_the_package(line, expected, capsys):
    assert main(["predict", *line.split()]) == 0
    answer = [float(number) for number in capsys.readouterr().out.split()]
    assert answer == pytest.approx(expected, abs=0.01)


def test_predict_refuses_an_unknown_network(capsys):
    assert main(["predict", "xor-lectur", "1", "1"]) == 2
    assert "did you mean 'xor-lecture'" in capsys.readouterr().err
