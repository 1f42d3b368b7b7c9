import json
import math
import time
from copy import deepcopy

import pytest
import torch
from lightning.pytorch import Trainer
from torch import nn

import mlpzoo
from mlpzoo import (
    GateDataModule,
    LinearDataModule,
    LitFourLayerXOR,
    LitMinMax,
    LitNetwork,
    LitPerceptron,
    LitSequentialMLP,
    MinMaxDataModule,
    SinDataModule,
    XORDataModule,
    diagnose,
    list_exercises,
)
from mlpzoo.cli import main
from mlpzoo.training.result import reason

LECTURE_POINTS = ((2.0, 4.0), (4.0, 7.0), (8.0, 8.0))
LARGEST_STABLE = 0.01158058  # 2 / 172.70298, of the lecture's three points by hand
LN2 = math.log(2)
MERGED_THREE = (math.log(3) - LN2 * 2 / 3) * 3 / 4  # the entropy of a third, in three rows of four


def lecture_line(**changes):
    data = LinearDataModule(points=LECTURE_POINTS)
    settings = {"hidden_features": (), "optimizer": "sgd", "lr": 0.001, "reduction": "sum"}
    return LitSequentialMLP(**{**settings, **changes}), data


def trained(name, tmp_path, **settings):
    quiet = {"plots": False, "progress": False, "accelerator": "cpu", "out": tmp_path}
    return mlpzoo.train(name, **quiet, **settings)


def fitted(module, data, quiet, steps):
    Trainer(max_steps=steps, max_epochs=-1, limit_val_batches=0, **quiet).fit(module, data)
    return module


@pytest.mark.parametrize(
    ("seed", "steps", "kind", "rows", "loss"),
    [
        (0, 400, "nothing learned", 0, LN2),
        (10, 2_000, "three patterns merged", 3, MERGED_THREE),
        (40, 4_000, "two patterns merged", 2, LN2 / 2),
    ],
)
def test_plateaus_of_the_lectures_xor_are_told_apart(seed, steps, kind, rows, loss, tmp_path):
    result = trained("xor", tmp_path, recipe="lecture", seed=seed, max_steps=steps)
    found = diagnose(result.module, result.datamodule)
    assert found.kind == kind
    assert result.diagnosis == str(found)
    assert found.evidence["cross_entropy"] == pytest.approx(result.metrics["bce"], rel=1e-4)
    assert found.evidence["cross_entropy"] == pytest.approx(loss, abs=0.003)
    x, y = XORDataModule().grid(2)
    answers = result.module.answer(x).flatten()
    named = {key.removeprefix("row_"): p for key, p in found.evidence.items() if "row_" in key}
    assert len(named) == rows
    for name, p in named.items():
        row = 2 * int(name[0]) + int(name[1])
        assert name in found.detail
        assert p == pytest.approx(answers[row].item(), abs=1e-5)
    if named:
        merged = [2 * int(name[0]) + int(name[1]) for name in named]
        assert found.evidence["probability"] == pytest.approx(y[merged].mean().item(), abs=0.02)


def test_untrained_regression_has_learned_nothing():
    data = SinDataModule()
    found = diagnose(LitSequentialMLP(initialization="zeros", hidden_features=()), data)
    assert found.kind == "nothing learned"
    y = data.grid(1001)[1]
    r2 = 1 - y.square().mean() / y.var(correction=0)
    assert found.evidence == {"r2": pytest.approx(r2.item(), abs=1e-4), "relative_spread": 0}


def test_relus_killed_by_a_huge_rate_are_dead(quiet):
    module = LitSequentialMLP(hidden_features=(32, 32), lr=10.0)
    found = diagnose(fitted(module, SinDataModule(), quiet, 50), SinDataModule())
    assert found.kind == "dead ReLU units"
    x = torch.linspace(-10, 10, 1001).unsqueeze(1)
    dead = (module.net.layers[:4](x) == 0).all(dim=0).double().mean().item()
    assert found.evidence["share"] == dead >= 0.75
    assert "of 32 units of layers.3 are 0 on all of the grid" in str(found)


def test_sigmoids_of_unscaled_inputs_stay_saturated(quiet):
    module = LitSequentialMLP(hidden_features=(64,), activation="sigmoid", initialization="uniform")
    data = SinDataModule(low=100.0, high=110.0)
    found = diagnose(fitted(module, data, quiet, 50), data)
    assert found.kind == "saturated sigmoids"
    hidden = module.net.layers[:2](data.grid(1001)[0])
    stuck = (hidden > 0.99).all(dim=0) | (hidden < 0.01).all(dim=0)
    assert found.evidence["share"] == stuck.double().mean().item() >= 0.75
    assert "layers.1" in found.detail


def test_sigmoids_that_go_from_end_to_end_are_not_called_saturated(tmp_path):
    result = trained("xor", tmp_path)
    hidden = torch.cat(result.module.net.hidden(XORDataModule().grid(2)[0]), dim=1)
    assert ((hidden > 0.99) | (hidden < 0.01)).any(dim=0).sum() >= 2
    assert diagnose(result.module, result.datamodule).kind == "not finished"


def test_gradient_vanishes_through_ten_sigmoid_layers(quiet):
    module = LitSequentialMLP(
        in_features=2, hidden_features=(2,) * 10, activation="sigmoid", task="gate",
        loss="bcewithlogits",
    )  # fmt: skip
    data = XORDataModule()
    found = diagnose(fitted(module, data, quiet, 50), data)
    assert found.kind == "vanishing gradient"
    module.zero_grad()
    module.objective(*data.train_batch(0))[0].backward()
    norms = [
        torch.cat([p.grad.flatten() for p in module.net.layers[place].parameters()]).norm().item()
        for place in (0, 20)
    ]
    assert found.evidence["first_layer_norm"] == pytest.approx(norms[0], rel=1e-4)
    assert found.evidence["last_layer_norm"] == pytest.approx(norms[1], rel=1e-4)
    assert f"{norms[0]:.2g} at layers.0 beside {norms[1]:.2g} at layers.20" in found.detail


@pytest.mark.parametrize(("reduction", "factor"), [("sum", 1), ("mean", 3)])
def test_largest_stable_rate_is_that_of_the_hessian(reduction, factor):
    limit = factor * LARGEST_STABLE
    for lr, above in ((limit * 1.001, True), (limit * 0.999, False)):
        module, data = lecture_line(lr=lr, reduction=reduction)
        found = diagnose(module, data)
        assert (found.kind == "learning rate too large") == above
        if above:
            assert found.evidence["lr"] == lr
            assert found.evidence["largest_stable_lr"] == pytest.approx(limit, abs=1e-8 * factor)


def test_largest_stable_rate_is_of_the_inputs_as_the_network_sees_them():
    data = LinearDataModule()
    module, _ = lecture_line(lr=10.0, reduction="mean", in_range=(data.low, data.high))
    unit = ((data.x - data.low) / (data.high - data.low) * 2 - 1).double()
    design = torch.cat([unit, torch.ones_like(unit)], dim=1)
    limit = 2 / torch.linalg.eigvalsh(2 * design.T @ design / len(unit))[-1].item()
    found = diagnose(module, data)
    assert found.evidence["largest_stable_lr"] == pytest.approx(limit, rel=1e-5)


def test_rate_is_not_blamed_where_the_limit_does_not_hold():
    for changes in (
        {"optimizer": "adam"},
        {"momentum": 0.9},
        {"loss": "l1"},
        {"hidden_features": (4,)},
        {"schedule": "cosine"},
    ):
        assert diagnose(*lecture_line(**{"lr": 0.5, **changes})).kind != "learning rate too large"


def test_run_that_diverges_is_told_once_with_the_rate_and_the_step(tmp_path, capsys):
    line = "train linear --recipe lecture --module.lr 1 --max-steps 2000 --val-every 10 --no-plots"
    assert main([*line.split(), "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.count("learning rate too large") == 1
    said = next(text for text in out.splitlines() if "learning rate" in text)
    assert said.startswith("linear: learning rate too large: plain SGD at 1 is above 0.01158058")
    result = json.loads((tmp_path / "linear/version_0/result.json").read_text())
    assert said == f"linear: {result['diagnosis']}"
    assert f"not finite at step {result['steps']}" in said


def test_deep_network_that_diverges_is_told_with_the_step(tmp_path):
    result = trained(
        "sin", tmp_path, max_steps=100, val_every=10,
        module={"optimizer": "sgd", "lr": 100.0, "hidden_features": (8, 8)},
    )  # fmt: skip
    assert result.diagnosis == f"diverged: not finite at step {result.steps}; lower the lr"
    assert result.steps < 100


def test_run_that_diverges_after_its_bar_was_met_says_so():
    exercise, data = mlpzoo.get_exercise("xor"), XORDataModule()
    solved = {"accuracy": 1.0, "bce": 0.001}
    assert reason(exercise, LitFourLayerXOR(), data, solved) == ""
    assert reason(exercise, LitFourLayerXOR(), data, solved, step=7).startswith("diverged")


def test_weights_that_are_not_finite_have_diverged():
    module = LitFourLayerXOR()
    with torch.no_grad():
        module.net.output_layer.bias.fill_(math.nan)
    found = diagnose(module, XORDataModule())
    assert found.kind == "diverged"
    assert found.evidence == {"parameters": pytest.approx(1 / 27), "outputs": 1}


def test_lectures_line_stalls_in_float32_and_goes_on_in_float64(stalled_line):
    result = stalled_line
    assert result.passed
    assert result.diagnosis == ""
    found = diagnose(result.module, result.datamodule)
    assert found.kind == "float32 stall"
    assert 0.5 < found.evidence["update_over_half_ulp"] <= 1
    a, b = (p.item() for p in result.module.net.parameters())
    assert (a, b) == pytest.approx((0.60715842, 3.49990773), abs=1e-8)
    slope = sum(2 * (a * x + b - y) * x for x, y in LECTURE_POINTS)
    level = sum(2 * (a * x + b - y) for x, y in LECTURE_POINTS)
    half_ulps = (2.0**-25, 2.0**-23)  # of numbers from 1/2 to 1, from 2 to 4
    largest = max(0.001 * abs(g) / half for g, half in zip((slope, level), half_ulps, strict=True))
    assert found.evidence["update_over_half_ulp"] == pytest.approx(largest, rel=0.1)  # rounded sums
    assert diagnose(deepcopy(result.module).double(), result.datamodule).kind == "not finished"


@pytest.mark.parametrize(
    "module",
    [
        LitPerceptron(),
        LitSequentialMLP(in_features=2, hidden_features=(), task="gate", loss="bcewithlogits"),
    ],
)
@pytest.mark.parametrize("gate", ["xor", "and"])
def test_linear_models_are_told_where_no_line_separates(module, gate):
    found = diagnose(module, GateDataModule(gate=gate))
    assert (found.kind == "not linearly separable") == (gate == "xor")
    if gate == "xor":
        x, y = GateDataModule(gate=gate).grid(2)
        right = ((module.answer(x) > 0.5) == (y > 0.5)).sum().item()
        assert found.evidence == {"rows_right": right}


class Product(nn.Module):
    def forward(self, x):
        return torch.cat([x, x.prod(dim=1, keepdim=True)], dim=1)


class LitOfOnesOwn(LitNetwork):
    def __init__(self, net, **settings):
        super().__init__(net, loss="bcewithlogits", reduction="mean", optimizer="adam", lr=0.1,
                         **{"task": "gate", **settings})  # fmt: skip


class Squared(nn.Linear):
    def forward(self, x):
        return super().forward(x).square()


@pytest.mark.parametrize("layers", [(Product(), nn.Linear(3, 1)), (Squared(2, 1),)])
def test_network_that_may_be_no_line_is_not_called_one(layers):
    module = LitOfOnesOwn(nn.Sequential(*layers))
    assert diagnose(module, XORDataModule()).kind != "not linearly separable"


def test_rounding_at_a_plateau_is_not_taken_for_a_vanishing_gradient(quiet):
    module = LitSequentialMLP(
        in_features=2, hidden_features=(2,), task="gate", loss="bcewithlogits", lr=0.05, seed=7
    )
    found = diagnose(fitted(module, XORDataModule(), quiet, 800), XORDataModule())
    assert found.kind == "nothing learned"
    assert found.evidence["cross_entropy"] == pytest.approx(LN2, abs=1e-6)


def test_solved_perceptron_is_at_rest(tmp_path):
    result = trained("perceptron", tmp_path)
    assert diagnose(result.module, result.datamodule).kind == "at rest"


def test_run_that_is_only_short_is_not_finished(tmp_path):
    result = trained("sin", tmp_path, max_steps=200, recipe="lecture")
    found = diagnose(result.module, result.datamodule)
    assert found.kind == "not finished"
    assert result.diagnosis == str(found)
    assert f"loss {found.evidence['loss']:.4g}" in str(found)


class Drawing(nn.Module):
    """Draws from the global generator whenever it is called."""

    def forward(self, x):
        return x + 0.0 * torch.rand_like(x)


@pytest.mark.parametrize("activation", [
    nn.GLU(dim=1), nn.RReLU(), nn.Softmax(dim=1), nn.PReLU(), nn.Dropout(), nn.BatchNorm1d(4),
    nn.Hardtanh(), nn.LogSoftmax(dim=1), Drawing(), nn.Threshold(0.1, 20.0),
])  # fmt: skip
def test_any_layer_is_taken_and_nothing_is_changed(activation):
    width = 2 if isinstance(activation, nn.GLU) else 4
    module = LitOfOnesOwn(nn.Sequential(nn.Linear(2, 4), activation, nn.Linear(width, 1)))
    module.net[0].eval()
    module.net[0].weight.requires_grad_(False)
    module.net[2].bias.grad = torch.full((1,), 7.0)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    torch.manual_seed(3)
    state = torch.get_rng_state()
    with torch.inference_mode():
        first = diagnose(module, XORDataModule())
    with torch.no_grad():
        assert diagnose(module, XORDataModule()) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert [part.training for part in module.modules()] == modes
    assert {key: p.grad for key, p in module.named_parameters() if p.grad is not None} == {
        "net.2.bias": torch.full((1,), 7.0)
    }
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert not any(part._forward_hooks for part in module.net.modules())


@pytest.mark.parametrize("task", ["none", "regression"])
def test_modules_without_a_gate_or_without_parameters_are_taken(task):
    assert str(diagnose(LitOfOnesOwn(nn.Linear(2, 1), task=task), XORDataModule()))
    assert str(diagnose(LitOfOnesOwn(nn.Flatten(), task="none"), TwoOutputs()))


class TwoOutputs(MinMaxDataModule):
    def target(self, x):
        return x / 100


@pytest.mark.parametrize("name", list_exercises())
def test_every_exercise_is_diagnosed_at_its_start_in_little_time(name):
    exercise = mlpzoo.get_exercise(name)
    data = exercise.data()
    module = exercise.module(data)
    diagnose(module, data)
    began = time.process_time()  # which other processes take no part in
    found = diagnose(module, data)
    assert time.process_time() - began < 1
    assert all(isinstance(value, int | float) for value in found.evidence.values())
    assert "\n" not in str(found)


def test_run_that_passes_prints_no_diagnosis(tmp_path, capsys):
    assert main(["train", "xor", "--no-plots", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("xor: ")] == [
        f"xor: {tmp_path / 'xor/version_0'}"
    ]
    assert json.loads((tmp_path / "xor/version_0/result.json").read_text())["diagnosis"] == ""


def test_test_command_names_the_reason_of_a_missed_bar(tmp_path, capsys):
    result = trained("perceptron", tmp_path, data={"gate": "xor"}, max_steps=100)
    assert main(["test", "perceptron", "--ckpt", str(result.folder / "best.ckpt")]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"perceptron: {result.diagnosis}"
    assert "not linearly separable: 3 of 4 right" in last


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_diagnosis_on_a_gpu_is_that_on_the_cpu():
    data, state = MinMaxDataModule(), torch.cuda.get_rng_state()
    module = LitMinMax(initialization="zeros")
    on_cpu = diagnose(module, data)
    assert diagnose(module.cuda(), data).evidence == pytest.approx(on_cpu.evidence, abs=1e-5)
    assert torch.equal(torch.cuda.get_rng_state(), state)


@pytest.mark.parametrize("hidden", [(), (4, 4)])
def test_frozen_module_is_diagnosed_without_a_gradient(hidden):
    data = mlpzoo.SinDataModule()
    module = mlpzoo.LitSequentialMLP(hidden_features=hidden, optimizer="sgd", lr=10.0)
    assert mlpzoo.diagnose(module.requires_grad_(False), data).kind != "learning rate too large"


@pytest.mark.parametrize(
    ("name", "recipe", "steps", "lr"),
    [
        ("sin", "lecture", 30, 1e-8), ("linear", "default", 30, 1e-9),
        ("linear", "lecture", 30, 1e-7), ("xor", "default", 30, 1e-7),
        ("square", "lecture", 30, 1e-7),
    ],
)  # fmt: skip
def test_rate_that_is_too_small_is_named_with_one_that_learns(name, recipe, steps, lr, tmp_path):
    result = trained(name, tmp_path, recipe=recipe, max_steps=steps, module={"lr": lr})
    found = diagnose(result.module, result.datamodule)
    assert found.kind == "learning rate too small"
    better = found.evidence["better_lr"]
    assert f"{better:.3g} or more" in str(found)
    assert better >= 99 * lr
    start = mlpzoo.get_exercise(name).module(result.datamodule, recipe=recipe, seed=0)
    batch = result.datamodule.train_batch(0)
    again = trained(name, tmp_path, recipe=recipe, max_steps=steps, module={"lr": better})
    before, slow, fast = (
        m.objective(*batch)[0].item() for m in (start, result.module, again.module)
    )
    assert abs(slow - before) < 0.01 * before
    assert fast < 0.998 * before


def test_rate_that_is_named_is_a_stable_one():
    module, data = lecture_line(lr=1e-9)
    assert diagnose(module, data).evidence["better_lr"] < LARGEST_STABLE


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("sin", "default"), ("sin", "lecture"), ("square", "lecture"), ("xor", "lecture"),
     ("perceptron", "default"), ("linear", "default")],
)  # fmt: skip
def test_run_of_one_right_step_is_only_not_finished(name, recipe, tmp_path):
    result = trained(name, tmp_path, recipe=recipe, max_steps=1)
    found = diagnose(result.module, result.datamodule)
    assert found.kind == "not finished"
    assert "a few more steps lower the loss by" in str(found)


NOISY, EXACT = LinearDataModule(), LinearDataModule(noise_std=0.0)


@pytest.mark.parametrize(
    ("loss", "data", "wrong"),
    [
        ("bcewithlogits", SinDataModule(), True), ("crossentropy", SinDataModule(), True),
        ("hingeembedding", SinDataModule(), True), ("poissonnll", SinDataModule(), True),
        ("l1", NOISY, True), ("huber", NOISY, True),
        ("l1", EXACT, False), ("huber", EXACT, False), ("mse", NOISY, False),
        ("l1", SinDataModule(), False), ("smoothl1", SinDataModule(), False),
    ],
)  # fmt: skip
def test_loss_that_is_not_least_at_the_right_answers_is_named(loss, data, wrong):
    found = diagnose(LitSequentialMLP(hidden_features=(4,), loss=loss), data)
    assert (found.kind == "wrong loss") == wrong
    if wrong:
        assert str(found).endswith("is not least at the answers asked for; take mse")


def test_trying_further_steps_leaves_weights_and_rate_alone():
    module = LitSequentialMLP(hidden_features=(4,), lr=1e-7)
    before = deepcopy(module.state_dict())
    assert diagnose(module, SinDataModule()).kind == "learning rate too small"
    assert module.lr == 1e-7
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
