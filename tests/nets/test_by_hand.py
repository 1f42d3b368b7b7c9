import numpy as np
import pytest
import torch

from mlpzoo import InputError, from_weights
from mlpzoo.nets.architecture import describe
from tests.published import INPUTS

XOR = [[[1, 1, -0.5], [-1, -1, 1.5]], [[1, 1, -1.5]]]


@pytest.mark.parametrize(
    ("weights", "table"),
    [
        ("0.5,0.5,-0.25", [0, 1, 1, 1]),
        ("1,1,-1.5", [0, 0, 0, 1]),
        ("-1,-1,1.5", [1, 1, 1, 0]),
        ([0.5, 0.5, -0.25], [0, 1, 1, 1]),
        (np.array([[[0.5, 0.5, -0.25]]]), [0, 1, 1, 1]),
        (str(XOR), [0, 1, 1, 0]),
        (XOR, [0, 1, 1, 0]),
    ],
)
def test_gates_by_hand(weights, table):
    net = from_weights(weights)
    assert net(INPUTS).flatten().tolist() == table
    assert describe(net)["class"] in ("Perceptron", "SequentialMLP")


def test_file_holds_the_same(tmp_path):
    (tmp_path / "w.json").write_text(str(XOR))
    assert from_weights(tmp_path / "w.json")(INPUTS).flatten().tolist() == [0, 1, 1, 0]


def test_another_activation_leaves_the_output_linear():
    net = from_weights([[[1, 1, 0], [1, 1, -1]], [[1, -2, 0]]], activation="ReLU")
    assert net(2 * INPUTS).flatten().tolist() == [0, 0, 0, -2]
    torch.testing.assert_close(
        from_weights([2, 1], steps_out=False)(INPUTS[:, :1]), INPUTS[:, :1] * 2 + 1
    )


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("", "no numbers and no file; give layers of units"),
        ("nowhere.json", "weights 'nowhere.json' are no numbers and no file"),
        ("/dev/zero", "weights are not JSON"),  # a file without an end
        ("5", "layer 1, unit 1 has one number; a unit has a weight or more"),
        ("[]", r"weights must be a list of layers, got \[\]"),
        ("[[]]", r"layer 1 must be a list of units, got \[\]"),
        ("[[[]]]", "layer 1, unit 1 must be a list of numbers"),
        ("[[1,2,3]]", "layer 1, unit 1 must be a list of numbers, got 1; give layers"),
        ("[[[[1,2]]]]", r"layer 1, unit 1 must be finite numbers, in float32 too, got \[1, 2\]"),
        ("[[[1,2],[1,2,3]]]", "layer 1, unit 2 has 3 numbers, and 2 are needed"),
        ("[[[1,2,3]],[[1,2,3]]]", "layer 2, unit 1 has 3 numbers, and 2 are needed: a weight for"),
        ("[[[1,NaN,3]]]", "layer 1, unit 1 must be finite numbers, .* got NaN"),
        ("1,inf", "layer 1, unit 1 must be finite numbers, .* got Infinity"),
        ("[[[1,true]]]", "layer 1, unit 1 must be finite numbers, .* got true"),
        ('[[[1,"a"]]]', 'got "a"'),
        ("[[[1,1e39]]]", "got 1e\\+39"),
        (f"[[[1,{'9' * 5000}]]]", "weights are not JSON: Exceeds the limit"),
        ("[" * 100_000, "nested too deeply"),
        ("[[[1,2", "weights are not JSON: Expecting"),
        (None, "weights must be a list of layers, got null"),
        ({"a": 1}, "weights must be a number, string"),
    ],
)
def test_what_are_no_weights_is_said_with_its_place(weights, said):
    with pytest.raises(InputError, match=said) as refusal:
        from_weights(weights)
    assert len(str(refusal.value)) < 520
