import json
import math
import sys

import pytest
import torch

import mlpzoo
from mlpzoo import (
    DualHeadMLP,
    FourLayerXOR,
    InputError,
    Perceptron,
    SequentialMLP,
    export,
    list_pretrained,
    load_pretrained,
    load_weights,
)
from mlpzoo.cli import main

NETS = {
    "line": lambda: SequentialMLP(hidden_features=(), in_range=(-10.0, 10.0)),
    "mlp": lambda: SequentialMLP(in_features=3, hidden_features=(5, 4), out_features=2, seed=1,
                                 activation="PReLU", out_activation="sigmoid",
                                 in_range=(-0.1, 0.3), out_range=(0.0, 1e4)),
    "columns": lambda: SequentialMLP(in_features=3, hidden_features=(4,), out_features=2,
                                     activation="tanh", in_range=((0, 1), (-99, 9), (6, 6.5)),
                                     out_range=((0, 1), (-1e3, 1e3))),
    "xor": lambda: FourLayerXOR(seed=2),
    "heads": lambda: DualHeadMLP(trunk_features=(6,), value_range=(0.0, 100.0)),
    "bare heads": lambda: DualHeadMLP(trunk_features=(6, 2), head_features=()),
    "gate": lambda: Perceptron(in_features=4),
}  # fmt: skip


def bits(net):
    return {name: t.view(torch.int32).tolist() for name, t in net.state_dict().items()}


def with_any_bits(net):
    """Draw every finite float32 alike: tiny, huge, negative zero too."""
    for parameter in net.parameters():
        drawn = torch.randint(-(2**31), 2**31, parameter.shape).to(torch.int32)
        values = drawn.view(torch.float32)
        parameter.data = torch.where(values.isfinite(), values, -0.0)
    return net


@pytest.mark.parametrize("suffix", ["json", "pt", "safetensors"])
@pytest.mark.parametrize("name", NETS)
def test_network_comes_back_bit_for_bit(name, suffix, tmp_path):
    net, path = with_any_bits(NETS[name]()), tmp_path / f"net.{suffix}"
    export(net, path)
    back = load_weights(path)
    assert type(back) is type(net)
    assert bits(back) == bits(net)
    assert net.training  # it was not touched
    assert not back.training


@pytest.mark.parametrize("name", NETS)
def test_network_that_came_back_computes_the_same(name, tmp_path):
    net = NETS[name]().eval()
    export(net, tmp_path / "net.json")
    features = next(p for p in net.parameters() if p.dim() == 2).shape[1]
    x = torch.randn(7, features)
    assert torch.equal(load_weights(tmp_path / "net.json")(x), net(x))


@pytest.mark.parametrize("name", list_pretrained())
def test_shipped_network_goes_round_through_all_formats(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", name, "--format", "json"]) == 0
    assert main(["export", f"{name}.json", "--format", "pt"]) == 0
    assert main(["export", f"{name}.pt", "--format", "safetensors"]) == 0
    shipped = mlpzoo.pretrained.manifest.FOLDER / f"{name}.safetensors"
    assert (tmp_path / shipped.name).read_bytes() == shipped.read_bytes()
    assert "the same bits" in capsys.readouterr().out


def test_json_is_what_a_reader_of_another_language_needs(tmp_path):
    export(load_pretrained("xor-exact"), tmp_path / "x.json", exercise="xor", output="probability")
    content = json.loads((tmp_path / "x.json").read_text())
    assert content["architecture"] == {
        "class": "SequentialMLP",
        "arguments": {"in_features": 2, "hidden_features": [2], "out_features": 1,
                      "activation": "relu", "out_activation": "identity"},
    }  # fmt: skip
    assert content["weights"]["layers.0.weight"] == [[1, 1], [1, 1]]
    assert (content["exercise"], content["output"]) == ("xor", "probability")


def test_json_writes_the_shortest_numbers(tmp_path):
    net = Perceptron()
    net.linear.weight.data = torch.tensor([[0.1, 1 / 3]])
    export(net, tmp_path / "x.json")
    assert "[[0.1, 0.33333334]]" in (tmp_path / "x.json").read_text()


def test_checkpoint_can_be_exported(short_run, tmp_path, capsys):
    run = short_run("xor").folder
    out = tmp_path / "net.json"
    assert main(["export", "xor", "--ckpt", str(run), "--out", str(out)]) == 0
    assert "gives the logit" in capsys.readouterr().out
    module, _ = mlpzoo.load_module(run / "best.ckpt")
    assert bits(load_weights(out)) == bits(module.net)


class Mine(torch.nn.Module):
    pass


@pytest.mark.parametrize(
    ("net", "name", "part"),
    [
        (lambda: Mine(), "x.json", "a Mine cannot be written"),
        (lambda: mlpzoo.LitFourLayerXOR(), "x.json", "take its net"),
        (lambda: FourLayerXOR().double(), "x.json", "must be finite float32"),
        (lambda: SequentialMLP(in_range=(0, 1)).half(), "x.safetensors", "must be finite float32"),
        (lambda: FourLayerXOR(), "x.txt", "must end in .json, .pt, .safetensors, .onnx, .c or .py"),
        (lambda: FourLayerXOR(), "no/x.json", "cannot write"),
    ],
)
def test_what_cannot_be_exported_is_refused(net, name, part, tmp_path):
    with pytest.raises(InputError) as caught:
        export(net(), tmp_path / name)
    assert part in str(caught.value)
    assert not list(tmp_path.iterdir())


def other_activation(net):
    net.layers[1] = torch.nn.LeakyReLU(0.3)


def another_layer(net):
    net.layers.append(torch.nn.Linear(1, 1))


def a_layer_less(net):
    del net.layers[2]


def a_wider_layer(net):
    net.layers[0] = torch.nn.Linear(1, 4)


def other_arguments(net):
    net.arguments["hidden_features"] = [4]


@pytest.mark.parametrize(
    "change", [other_activation, another_layer, a_layer_less, a_wider_layer, other_arguments]
)
def test_network_with_layers_of_its_own_is_refused(change, tmp_path):
    net = SequentialMLP(hidden_features=(3,))
    change(net)
    with pytest.raises(InputError, match="other layers than its class builds"):
        export(net, tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_finite_are_refused(tmp_path):
    net = FourLayerXOR()
    net.output_layer.bias.data.fill_(math.nan)
    with pytest.raises(InputError, match="must be finite float32"):
        export(net, tmp_path / "x.json")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("export", "arguments are required: NETWORK"),
        ("export sin", "give --format"),
        ("export sinn --format json", "did you mean 'sin'"),
        ("export sin --format pickle", "pickle"),
        ("export sin --out x.txt", "must end in"),
        ("export sin --out no/x.json", "no/x.json"),
        ("export no.json --format json", "no.json does not exist"),
        ("export sin --ckpt no.ckpt --format json", "no.ckpt does not exist"),
    ],
)
def test_bad_export_is_one_line_and_exit_code_2(line, part, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert part in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert not list(tmp_path.iterdir())


def test_onnx_without_the_extra_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"pip install 'mlpzoo\[onnx\]'"):
        export(FourLayerXOR(), tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["minmax", "xor-lecture"])
def test_onnxruntime_computes_the_same(name, tmp_path, monkeypatch, capsys):
    runtime = pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    assert main(["export", name, "--format", "onnx"]) == 0
    assert "onnxruntime differs by" in capsys.readouterr().out
    session = runtime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    net = load_pretrained(name)
    for rows in (1, 5):  # the batch axis may have any length
        x = torch.rand(rows, 2)
        (y,) = session.run(None, {"x": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(y), net(x).detach(), rtol=1e-4, atol=1e-4)
    described = session.get_modelmeta().custom_metadata_map
    assert ("logit" in described["mlpzoo.output"]) == (name == "xor-lecture")


def test_onnx_of_any_network_is_compared_on_its_own_range(tmp_path):
    pytest.importorskip("onnxruntime")
    export(NETS["mlp"](), tmp_path / "x.onnx")
    assert (tmp_path / "x.onnx").stat().st_size > 100
