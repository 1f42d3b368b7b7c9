import pytest
import torch
from lightning.pytorch import Trainer

from mlpzoo import (
    FourLayerXOR,
    GateDataModule,
    InputError,
    LitFourLayerXOR,
    LitSequentialMLP,
    diagnose,
    get_exercise,
    load_module,
    train,
)
from mlpzoo.modules import LitGate
from mlpzoo.training import pictures
from mlpzoo.training.resume import differences

OWN = {"hidden_features": (3,), "activation": "tanh"}
PARITY = {"table": "01101001", "batch_size": 8}


def test_lectures_network_is_what_nobody_asks_for():
    module = LitFourLayerXOR(seed=3)
    assert isinstance(module.net, FourLayerXOR)
    expected = FourLayerXOR(initialization="rotation", seed=3).state_dict()
    assert all(torch.equal(module.net.state_dict()[name], expected[name]) for name in expected)


def test_network_of_ones_own_learns_xor_on_its_logit(tmp_path):
    result = train("xor", module=OWN, out=tmp_path, progress=False)
    assert result.passed
    assert sum(p.numel() for p in result.module.parameters()) == 2 * 3 + 3 + 3 + 1
    assert result.module.loss(torch.zeros(1), torch.ones(1)) == pytest.approx(0.6931, abs=1e-4)
    module, data = load_module(result.folder / "best.ckpt")
    assert torch.equal(module(data.grid(2)[0]), result.module.cpu()(data.grid(2)[0]))


@pytest.mark.parametrize(
    ("name", "data", "module"),
    [
        ("xor", PARITY, {"hidden_features": (8,), "activation": "tanh"}),
        ("xor", {"table": "10"}, {"hidden_features": (2,)}),
        ("perceptron", {"table": "00000001"}, {}),
        ("perceptron", {"table": "01"}, {}),
        ("xor", {"table": "0110" * 16}, {"hidden_features": (4,)}),
    ],
)
def test_gate_of_any_number_of_inputs_is_trained_drawn_and_diagnosed(
    name, data, module, tmp_path, monkeypatch
):
    monkeypatch.setattr(pictures, "LEAST", 1)  # a film of two frames: each takes long to draw
    result = train(name, data=data, module=module, max_steps=500, film=True, out=tmp_path,
                   progress=False)  # fmt: skip
    assert (result.folder / "figures" / f"{name}.png").exists()
    assert (result.folder / "figures" / "film.gif").exists()
    assert result.module.example_input_array.shape == (1, result.datamodule.in_features)
    assert diagnose(result.module, result.datamodule).kind
    if data is PARITY:
        assert result.metrics["accuracy"] == 1
    longer = {} if result.passed else {"max_steps": 600}
    again = train(name, resume=result.folder, progress=False, **longer)
    assert again.steps == longer.get("max_steps", result.steps)


@pytest.mark.parametrize(
    ("data", "module", "part"),
    [
        (PARITY, {}, "the lecture's network has 2 inputs, not 3; give hidden_features"),
        ({}, {"activation": "tanh"}, "goes with hidden_features"),
        ({}, {"loss": "mse"}, "does not fit the logit of a gate; take bcewithlogits"),
        (
            {},
            {"loss": "bce", **OWN},
            "take bcewithlogits (bce fits a network that ends in a sigmoid)",
        ),
        ({"table": "0111x"}, {}, "zeros and ones"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(data, module, part, tmp_path):
    with pytest.raises(InputError) as caught:
        train("xor", data=data, module=module, out=tmp_path / "runs", progress=False)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("out_activation", "loss", "fits"),
    [
        ("identity", "bcewithlogits", True),
        ("identity", "mse", False),
        ("sigmoid", "bce", True),
        ("sigmoid", "mse", True),
        ("sigmoid", "bcewithlogits", False),
    ],
)
def test_loss_of_a_gate_fits_the_end_of_its_network(out_activation, loss, fits, quiet):
    module = LitSequentialMLP(in_features=2, task="gate", out_activation=out_activation, loss=loss,
                              hidden_features=(2,))  # fmt: skip
    trainer = Trainer(max_steps=1, **quiet)
    if fits:
        trainer.fit(module, datamodule=GateDataModule())
    else:
        with pytest.raises(InputError, match="take bce"):
            trainer.fit(module, datamodule=GateDataModule())


def test_exercise_takes_the_number_of_inputs_from_the_data():
    exercise = get_exercise("xor")
    data = exercise.data(table="0" * 31 + "1")
    module = exercise.module(data, hidden_features=(4, 4))
    assert isinstance(module, LitGate)
    assert module.hparams.in_features == 5
    assert module(data.grid(2)[0]).shape == (32, 1)


def test_run_of_before_there_was_a_choice_goes_on():
    before = {"module": {"initialization": "rotation"}, "data": {"gate": "xor"}}
    now = {
        "module": {
            "initialization": "rotation",
            "gain": 1.0,
            "hidden_features": None,
            "activation": "sigmoid",
        },
        "data": {"gate": "xor", "table": None},
    }
    assert differences(before, now, get_exercise("xor")) == {}
    now["module"]["gain"] = 2.0
    assert [*differences(before, now, get_exercise("xor"))] == ["module.gain"]
