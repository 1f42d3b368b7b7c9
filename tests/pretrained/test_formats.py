"""Files of others: whatever they hold, they are refused in one line or taken for what they are."""

import json
import math
import os
import struct
from contextlib import suppress

import pytest
import torch

from mlpzoo import FourLayerXOR, InputError, SequentialMLP, export, load_weights


def changed(change):
    """Return a valid JSON file's content with one change made."""
    content = {
        "format": 1,
        "architecture": {"class": "Perceptron", "arguments": {"in_features": 2}},
        "weights": {"linear.weight": [[0.5, 0.5]], "linear.bias": [-0.25]},
    }
    change(content)
    return json.dumps(content)


def sized(name, arguments):
    architecture = {"class": name, "arguments": arguments}
    return changed(lambda c: c.update(architecture=architecture))


MLP = {"in_features": 2, "hidden_features": [], "out_features": 1, "activation": "relu",
       "out_activation": "identity"}  # fmt: skip
HOSTILE_JSON = {
    "empty": "",
    "no object": "[]",
    "not JSON": "{",
    "deep": "[" * 10**6,
    "deep weights": '{"format": 1, "weights": ' + '{"a":' * 10**5,
    "no text": "\xff\xfe",
    "another format": changed(lambda c: c.update(format=2)),
    "no format": changed(lambda c: c.pop("format")),
    "no architecture": changed(lambda c: c.pop("architecture")),
    "no weights": changed(lambda c: c.pop("weights")),
    "weights are a list": changed(lambda c: c.update(weights=[1])),
    "missing weight": changed(lambda c: c["weights"].pop("linear.bias")),
    "unknown weight": changed(lambda c: c["weights"].update(more=[1.0])),
    "unknown class": sized("Linear", {}),
    "class of another kind": sized(["Perceptron"], {}),
    "class outside": sized("os.system", {"command": "true"}),
    "missing argument": sized("Perceptron", {}),
    "unknown argument": sized("Perceptron", {"in_features": 2, "seeds": 1}),
    "argument that gives no layers": sized("Perceptron", {"in_features": 2, "seed": 1}),
    "argument given twice": sized("Perceptron", {"in_features": 2, "initialization": "default"}),
    "range as an argument": sized("SequentialMLP", {**MLP, "in_range": [0.0, 1.0]}),
    "number for a list": sized("SequentialMLP", {**MLP, "hidden_features": 5}),
    "text for a list": sized("SequentialMLP", {**MLP, "hidden_features": "12"}),
    "list for a number": sized("Perceptron", {"in_features": [2]}),
    "activation in another case": sized("SequentialMLP", {**MLP, "activation": "ReLU"}),
    "true in a list": sized("SequentialMLP", {**MLP, "hidden_features": [True]}),
    "object for a list": sized("SequentialMLP", {**MLP, "hidden_features": {"1": 1}}),
    "arguments are a list": sized("Perceptron", [2]),
    "huge size": sized("Perceptron", {"in_features": 2**52}),
    "larger than any": sized("Perceptron", {"in_features": 10**30}),
    "huge layer": sized("SequentialMLP", {**MLP, "hidden_features": [10**12]}),
    "many layers": sized("SequentialMLP", {**MLP, "hidden_features": [1] * 10**6}),
    "size below 1": sized("Perceptron", {"in_features": 0}),
    "fraction": sized("Perceptron", {"in_features": 2.0}),
    "true": sized("Perceptron", {"in_features": True}),
    "unknown activation": sized("SequentialMLP", {**MLP, "activation": "eval"}),
    "activation of another kind": sized("SequentialMLP", {**MLP, "activation": ["relu"]}),
    "NaN": changed(lambda c: c["weights"].update({"linear.bias": [math.nan]})),
    "infinite": changed(lambda c: c["weights"].update({"linear.bias": [-math.inf]})),
    "beyond float32": changed(lambda c: c["weights"].update({"linear.bias": [1e39]})),
    "beyond float64": changed(lambda c: None).replace("-0.25", "1e999"),
    "long integer": changed(lambda c: c["weights"].update({"linear.bias": [10**400]})),
    "longer integer": changed(lambda c: None).replace("-0.25", "1" * 10**5),
    "text": changed(lambda c: c["weights"].update({"linear.bias": ["1"]})),
    "bool": changed(lambda c: c["weights"].update({"linear.bias": [True]})),
    "too short": changed(lambda c: c["weights"].update({"linear.bias": []})),
    "too long": changed(lambda c: c["weights"].update({"linear.bias": [1.0, 2.0]})),
    "ragged": changed(lambda c: c["weights"].update({"linear.weight": [[1.0, 2.0], [1.0]]})),
    "flat": changed(lambda c: c["weights"].update({"linear.weight": [1.0, 2.0]})),
    "no output": changed(lambda c: c.update(output="anything")),
    "unhashable output": changed(lambda c: c.update(output=[])),
    "data are a list": changed(lambda c: c.update(data=[1])),
}


def refuse(path):
    with pytest.raises(InputError) as caught:
        load_weights(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("kind", HOSTILE_JSON)
def test_hostile_json_is_refused_in_one_line(kind, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(HOSTILE_JSON[kind].encode("latin-1"))
    refuse(path)


def test_json_that_hostile_ones_were_made_from_is_taken(tmp_path):
    (tmp_path / "x.json").write_text(changed(lambda c: None))
    assert load_weights(tmp_path / "x.json")(torch.ones(1, 2)).item() == 1


def test_half_width_of_0_is_refused(tmp_path):
    path = tmp_path / "x.json"
    export(SequentialMLP(hidden_features=()), path)
    content = json.loads(path.read_text())
    content["weights"]["in_scale.half_width"] = 0.0
    path.write_text(json.dumps(content))
    refuse(path)


@pytest.mark.parametrize("centre", [[0.0, 0.0, 0.0], [], [[0.0, 0.0]], [0.0, 0.0]])
def test_scales_of_another_number_of_columns_are_refused(centre, tmp_path):
    path = tmp_path / "x.json"
    export(SequentialMLP(in_features=2, hidden_features=()), path)
    content = json.loads(path.read_text())
    content["weights"]["in_scale.centre"] = centre  # the last has half_width as one number
    path.write_text(json.dumps(content))
    refuse(path)


def test_any_cut_or_flipped_header_of_safetensors_is_refused_or_harmless(tmp_path):
    path = tmp_path / "x.safetensors"
    export(FourLayerXOR(), path)
    whole = path.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refuse(path)
    for place in range(header):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x11]) + whole[place + 1 :])
        with suppress(InputError):
            assert isinstance(load_weights(path), FourLayerXOR)


@pytest.mark.parametrize("length", [0, 2**40, 2**63, 2**64 - 1])
def test_safetensors_with_an_absurd_header_is_refused(length, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b"{}" * 20)
    refuse(path)


def test_safetensors_of_others_or_of_another_type_is_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "x.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    refuse(path)
    head = changed(lambda c: c.pop("weights"))
    weights = {"linear.weight": torch.zeros(1, 2), "linear.bias": torch.zeros(1)}
    save_file(weights, path, metadata={"mlpzoo": head})
    load_weights(path)
    save_file({k: t.double() for k, t in weights.items()}, path, metadata={"mlpzoo": head})
    refuse(path)


def changed_pt(change):
    """Return what a valid .pt file holds, with one change made."""
    content = json.loads(changed(lambda c: None))
    content["weights"] = {name: torch.tensor(value) for name, value in content["weights"].items()}
    change(content)
    return content


class Payload:
    def __reduce__(self):
        return print, ("this must not run",)


def of_size(count):
    """Return a change to a perceptron of so many inputs, whose weights share one number."""
    wide = {"class": "Perceptron", "arguments": {"in_features": count}}

    def change(content):
        content["architecture"] = wide
        content["weights"]["linear.weight"] = torch.zeros(1).expand(1, count)

    return change


HOSTILE_PT = {
    "a state_dict alone": {"linear.weight": torch.zeros(1, 2)},
    "a number": 3,
    "code": changed_pt(lambda c: c.update(exercise=Payload())),
    "code for a weight": changed_pt(lambda c: c["weights"].update({"linear.bias": Payload()})),
    "list for a weight": changed_pt(lambda c: c["weights"].update({"linear.bias": [0.0]})),
    "another type": changed_pt(
        lambda c: c["weights"].update({"linear.bias": torch.zeros(1, dtype=torch.int32)})
    ),
    "sparse": changed_pt(
        lambda c: c["weights"].update({"linear.weight": torch.eye(2).to_sparse()})
    ),
    "on no device": changed_pt(
        lambda c: c["weights"].update({"linear.bias": torch.zeros(1, device="meta")})
    ),
    "not finite": changed_pt(
        lambda c: c["weights"].update({"linear.bias": torch.tensor([math.inf])})
    ),
    "a tensor for a name": changed_pt(lambda c: c.update(exercise=torch.zeros(2))),
    "a tensor for the format": changed_pt(lambda c: c.update(format=torch.ones(2))),
    "many weights in one number": changed_pt(of_size(2**40)),
}


@pytest.mark.parametrize("kind", HOSTILE_PT)
def test_hostile_pt_is_refused_in_one_line_and_not_run(kind, tmp_path, capsys):
    torch.save(HOSTILE_PT[kind], tmp_path / "x.pt")
    refuse(tmp_path / "x.pt")
    assert capsys.readouterr().out == ""


def test_pt_that_hostile_ones_were_made_from_is_taken_and_cut_ones_are_not(tmp_path):
    torch.save(changed_pt(lambda c: None), path := tmp_path / "x.pt")
    assert load_weights(path)(torch.ones(1, 2)).item() == 1
    whole = path.read_bytes()
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        refuse(path)


def test_weights_of_a_pt_file_are_a_state_dict_and_equal_nets_give_equal_bytes(tmp_path):
    net = FourLayerXOR(seed=2)
    export(net, tmp_path / "x.pt")
    weights = torch.load(tmp_path / "x.pt", weights_only=True)["weights"]
    other = FourLayerXOR(seed=3)
    other.load_state_dict(weights)
    export(other, tmp_path / "other.pt")
    assert (tmp_path / "other.pt").read_bytes() == (tmp_path / "x.pt").read_bytes()


@pytest.mark.parametrize("where", ["missing.json", "folder.json", "fifo.json", "large.json"])
def test_path_without_a_usable_file_is_refused(where, tmp_path):
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "fifo.json")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(2**40)  # takes no space
    refuse(tmp_path / where)
