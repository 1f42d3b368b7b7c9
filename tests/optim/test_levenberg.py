from functools import partial

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from lightning.pytorch.tuner import Tuner
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn.utils import parametrizations, prune

from mlpzoo import (
    DualHeadMLP,
    InputError,
    LitSequentialMLP,
    SequentialMLP,
    SinDataModule,
    train,
    train_population,
)
from mlpzoo.optim import damped
from mlpzoo.optim.jacobian import derivatives
from mlpzoo.optim.levenberg import LevenbergMarquardt

SMALL = {"hidden_features": (12, 12)}
FEW = {"batch_size": 40, "val_points": 51, "test_points": 101}


def closure_of(optimizer, net, x, y, scale=1.0):
    def closure():
        optimizer.zero_grad()
        loss = scale * nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    return closure


def expected_step(net, x, y, damping, decay, depths):
    """The step by its formula, with the whole Jacobian written out."""
    parameters = dict(net.named_parameters())
    jacobian = jacrev(lambda p: functional_call(net, p, (x,)))(parameters)
    flat = torch.cat([jacobian[name].flatten(2) for name in parameters], dim=2).flatten(0, 1)
    shares = torch.cat(
        [torch.full((p.numel(),), decay ** depths[n]) for n, p in parameters.items()]
    ).double()
    flat = flat.detach().double()
    gram = flat @ (shares[:, None] * flat.T)
    residual = (net(x) - y).detach().double().flatten()
    damped = gram + damping * gram.diagonal().mean() * torch.eye(len(gram)).double()
    return -shares * (flat.T @ torch.linalg.solve(damped, residual))


@pytest.mark.parametrize(("rows", "scale"), [(20, 1.0), (20, 17.0), (300, 1.0)])
def test_step_is_that_of_the_formula(rows, scale):
    net = DualHeadMLP(trunk_features=(7, 5), head_features=(6,), seed=3)  # of 147 weights
    x = torch.rand(rows, 2)
    y = torch.stack([x.amax(dim=1), x.amin(dim=1)], dim=1)
    depths = {
        name: {"trunk.0": 3, "trunk.2": 2}.get(name.rpartition(".")[0], 1 - int(".2." in name))
        for name, _ in net.named_parameters()
    }
    expected = expected_step(net, x, y, 10.0, 0.3, depths)
    before = nn.utils.parameters_to_vector(net.parameters()).detach().clone()
    optimizer = LevenbergMarquardt(net, damping=10.0, layer_decay=0.3)
    optimizer.step(closure_of(optimizer, net, x, y, scale))
    taken = nn.utils.parameters_to_vector(net.parameters()).detach() - before
    torch.testing.assert_close(taken.double(), expected, rtol=1e-3, atol=1e-6)


def test_systems_of_rows_and_of_weights_are_one():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(20, 2, generator=generator)
    residual = torch.randn(40, generator=generator).double()
    nets = [DualHeadMLP(trunk_features=(7, 5), head_features=(6,), seed=3) for _ in range(2)]
    found = []
    for net, kind in zip(nets, (damped.OfRows, damped.OfWeights), strict=True):
        system = kind(derivatives(net, x, 0.3)[1], residual)
        assert system.damp(0.1)
        change, foretold = system.step(), torch.tensor(system.foretold(0.5))
        other, spread = system.step_for(residual**2), system.spread(change)
        with torch.no_grad():
            system.move(change, 0.5)
        weights = nn.utils.parameters_to_vector(net.parameters()).detach()
        left = residual - spread.double() / 2
        assert foretold.item() == pytest.approx((residual**2 - left**2).sum().item(), rel=1e-5)
        found.append((torch.tensor(system.unit), foretold, other.float(), spread.float(), weights))
    for of_rows, of_weights in zip(*found, strict=True):
        torch.testing.assert_close(of_rows, of_weights, rtol=1e-4, atol=1e-6)


def test_batch_that_would_take_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(damped, "MOST", 8)
    net, x = nn.Sequential(nn.Linear(1, 30), nn.Tanh(), nn.Linear(30, 1)), torch.rand(9, 1)
    optimizer = LevenbergMarquardt(net)
    with pytest.raises(InputError, match="9 answers at once, of 91 weights; take at most 8 rows"):
        optimizer.step(closure_of(optimizer, net, x, x))


def test_line_is_that_of_least_squares():
    x = torch.linspace(-1, 1, 50).view(-1, 1)
    y = 3 * x - 2 + torch.sin(40 * x)
    net = SequentialMLP(hidden_features=())
    optimizer = LevenbergMarquardt(net)
    for _ in range(12):
        optimizer.step(closure_of(optimizer, net, x, y))
    best = torch.linalg.lstsq(torch.cat([x, torch.ones_like(x)], dim=1).double(), y.double())
    found = torch.cat([net.layers[0].weight.flatten(), net.layers[0].bias]).double()
    torch.testing.assert_close(found, best.solution.flatten(), rtol=0, atol=1e-4)


def test_no_step_makes_the_batch_worse():
    x = torch.linspace(-1, 1, 60).view(-1, 1)
    y = torch.sign(x)
    net = SequentialMLP(hidden_features=(20, 20), initialization="steep")
    optimizer = LevenbergMarquardt(net, damping=1e-9)
    losses = [optimizer.step(closure_of(optimizer, net, x, y)).item() for _ in range(15)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 10


@pytest.mark.parametrize("lr", [1.0, 0.5, 0.05])
def test_damping_falls_where_the_model_is_right_whatever_the_share(lr):
    x = torch.linspace(-1, 1, 30).view(-1, 1)
    net = SequentialMLP(hidden_features=())
    optimizer = LevenbergMarquardt(net, lr=lr)
    for _ in range(2):
        optimizer.step(closure_of(optimizer, net, x, 2 * x + 1))
    assert optimizer.param_groups[0]["damping"] == pytest.approx(1e-3 / 5**2)


def test_damping_is_a_state_and_no_default():
    x = torch.rand(9, 1)
    net = SequentialMLP(hidden_features=(4,))
    optimizer = LevenbergMarquardt(net)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, net, x, torch.sin(x)))
    other = LevenbergMarquardt(net)
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["damping"] == optimizer.param_groups[0]["damping"] != 1e-3
    assert "damping" not in other.defaults


def test_perfect_and_infinite_batches_change_nothing():
    net = SequentialMLP(hidden_features=(5,))
    optimizer = LevenbergMarquardt(net)
    before = nn.utils.parameters_to_vector(net.parameters()).clone()
    x = torch.rand(9, 1)
    for y in (net(x).detach(), torch.full((9, 1), torch.inf)):
        optimizer.step(closure_of(optimizer, net, x, y))
    assert torch.equal(nn.utils.parameters_to_vector(net.parameters()), before)


LOSSES = {
    "mean": (nn.functional.mse_loss, None),
    "by hand": (lambda y, target: 3 * ((y - target) ** 2).sum(), None),
    "l1": (nn.functional.l1_loss, "squared errors alone"),
    "huber": (nn.functional.huber_loss, "squared errors alone"),
    "weighted": (lambda y, t: (torch.arange(9.0) @ (y - t) ** 2).sum(), None),
    "huber, near": (lambda y, t: nn.functional.huber_loss(y, t, delta=90.0), None),
    "smooth": (lambda y, t: torch.cosh(y - t).log().sum(), "squared errors alone"),
    "a row less": (lambda y, t: ((y - t)[1:] ** 2).sum() - (y[0] - t[0]) ** 2, "squared errors"),
    "of the mean": (lambda y, target: (y - target).mean() ** 2, "squared errors alone"),
    "upwards": (lambda y, target: -nn.functional.mse_loss(y, target), "squared errors alone"),
    "answers' penalty": (lambda y, t: ((y - t) ** 2).mean() + y.abs().mean(), "squared errors"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_closure_of_another_loss_is_refused(name):
    loss, refusal = LOSSES[name]
    net, x = SequentialMLP(hidden_features=(5,)), torch.rand(9, 1)
    optimizer = LevenbergMarquardt(net)

    def closure():
        optimizer.zero_grad()
        found = loss(net(x), 5 * x - 9)
        found.backward()
        return found

    if refusal:
        with pytest.raises(InputError, match=refusal):
            optimizer.step(closure)
    else:
        assert optimizer.step(closure) > optimizer.step(closure)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda net: net.layers[0].weight.square().sum().mul(1e-9).backward(), "several batches"),
        (lambda net: nn.utils.clip_grad_norm_(net.parameters(), 1e9), "changed gradients"),
    ],
)
def test_closure_that_adds_to_the_gradient_or_changes_it_is_refused(spoil, match):
    net, x = SequentialMLP(hidden_features=(5,)), torch.rand(9, 1)
    optimizer = LevenbergMarquardt(net)

    def closure():
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), x).backward()
        spoil(net)

    with pytest.raises(InputError, match=match):
        optimizer.step(closure)


def test_gradients_of_the_weights_are_those_of_the_loss():
    net, x = SequentialMLP(hidden_features=(5,)), torch.rand(9, 1)
    nn.functional.mse_loss(net(x), x).backward()
    expected = [p.grad for p in net.parameters()]
    optimizer, seen = LevenbergMarquardt(net), []

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), x)
        loss.backward()
        seen.extend(p.grad.clone() for p in net.parameters())
        return loss

    optimizer.step(closure)
    assert all(map(torch.equal, seen, expected))


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: prune.l1_unstructured(net[0], "weight", 0.5),
        lambda net: parametrizations.weight_norm(net[2]),
        lambda net: parametrizations.orthogonal(net[0]),
        lambda net: net.append(Scaled(1, 1)),
    ],
)
def test_layers_whose_weights_are_made_of_others_are_refused(change):
    net, x = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)), torch.rand(9, 1)
    change(net)
    optimizer = LevenbergMarquardt(net)
    with pytest.raises(InputError, match="neither pruned nor parametrized"):
        optimizer.step(closure_of(optimizer, net, x, x))


def test_pruning_made_permanent_is_trained():
    net, x = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)), torch.rand(9, 1)
    prune.l1_unstructured(net[0], "weight", 0.5)
    prune.remove(net[0], "weight")
    optimizer = LevenbergMarquardt(net)
    losses = [optimizer.step(closure_of(optimizer, net, x, x**2)) for _ in range(3)]
    assert losses[2] < losses[0]


def test_network_that_answers_otherwise_each_time_is_refused():
    net, x = nn.Sequential(nn.Linear(1, 90), nn.Dropout(), nn.Linear(90, 1)), torch.rand(9, 1)
    optimizer = LevenbergMarquardt(net)
    with pytest.raises(InputError, match="leave out Dropout"):
        optimizer.step(closure_of(optimizer, net, x, x))


class Penalised(LitSequentialMLP):
    def training_step(self, batch, batch_idx):
        penalty = 1e-9 * sum(p.square().sum() for p in self.parameters())
        return super().training_step(batch, batch_idx) + penalty


class Anyones(LightningModule):
    def __init__(self):
        super().__init__()
        self.net = SequentialMLP(hidden_features=(8,))

    def training_step(self, batch, batch_idx):
        return nn.functional.mse_loss(self.net(batch[0]), batch[1])

    def configure_optimizers(self):
        return LevenbergMarquardt(self.net)


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
@pytest.mark.parametrize(
    ("make", "trainer", "match"),
    [
        (partial(Penalised, **SMALL, optimizer="levenberg", lr=1.0), {}, "penalty on weights"),
        (Anyones, {"accumulate_grad_batches": 2}, "several batches"),
        (Anyones, {"gradient_clip_val": 1e9}, "changed gradients"),
        (Anyones, {"precision": "bf16-mixed"}, "float32 or float64"),
    ],
)
def test_training_that_is_not_of_the_batch_alone_is_refused(make, trainer, match, quiet):
    with pytest.raises(InputError, match=match):
        Trainer(max_steps=3, **trainer, **quiet).fit(make(), datamodule=SinDataModule(**FEW))


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
def test_modules_of_others_are_trained(quiet):
    module, data = Anyones(), SinDataModule(low=-1.0, high=1.0, **FEW)
    Trainer(max_steps=30, **quiet).fit(module, datamodule=data)
    x, y = data.grid(101)
    assert nn.functional.mse_loss(module.net(x), y) < 1e-4


def test_search_for_a_rate_is_refused(quiet, tmp_path):
    module = LitSequentialMLP(**SMALL, optimizer="levenberg", lr=1.0)
    trainer = Trainer(max_steps=9, default_root_dir=tmp_path, **quiet)
    with pytest.raises(InputError, match="levenberg does not go with LearningRateFinder"):
        Tuner(trainer).lr_find(module, datamodule=SinDataModule(**FEW))


def test_what_it_cannot_solve_is_refused():
    x, y = torch.rand(9, 1), torch.rand(9, 1)
    odd = nn.Sequential(nn.Linear(1, 4), nn.PReLU(), nn.Linear(4, 1))
    optimizer = LevenbergMarquardt(odd)
    with pytest.raises(InputError, match="plain linear layers only"):
        optimizer.step(closure_of(optimizer, odd, x, y))
    frozen = nn.Linear(1, 1)
    frozen.weight.requires_grad_(False)
    optimizer = LevenbergMarquardt(frozen)
    with pytest.raises(InputError, match="or freezes both"):
        optimizer.step(closure_of(optimizer, frozen, x, y))
    shared = nn.Linear(1, 1)
    twice = nn.Sequential(shared, nn.ReLU(), shared)
    optimizer = LevenbergMarquardt(twice)
    with pytest.raises(InputError, match="called once"):
        optimizer.step(closure_of(optimizer, twice, x, y))
    with pytest.raises(InputError, match="needs a closure"):
        optimizer.step()
    with pytest.raises(InputError, match="damping must be above 0, got 0"):
        LevenbergMarquardt(odd, damping=0)


@pytest.mark.parametrize(
    ("settings", "trainer", "match"),
    [
        ({"loss": "l1"}, {}, "loss l1"),
        ({}, {"gradient_clip_val": 1.0}, "gradient_clip_val"),
        ({}, {"accumulate_grad_batches": 2}, "accumulate_grad_batches"),
        ({}, {"precision": "bf16-mixed"}, "precision bf16-mixed"),
        (
            {},
            {"callbacks": GradientAccumulationScheduler({4: 2})},
            "GradientAccumulationScheduler",
        ),
    ],
)
def test_trainer_that_would_mislead_it_is_refused(settings, trainer, match, quiet):
    module = LitSequentialMLP(**SMALL, optimizer="levenberg", lr=1.0, **settings)
    with pytest.raises(InputError, match=match):
        Trainer(max_steps=1, **quiet, **trainer).fit(module, datamodule=SinDataModule(**FEW))


@pytest.mark.parametrize("trainer", [{}, {"overfit_batches": 5}])
@pytest.mark.parametrize("growth", [(), ((2, 10), (1, 20))])
def test_blocks_take_the_same_steps(growth, trainer, quiet):
    weights = []
    for size in (1, 4):
        module = LitSequentialMLP(**SMALL, optimizer="levenberg", lr=1.0)
        data = SinDataModule(**FEW, growth=growth, block_steps=size)
        Trainer(max_steps=8, **quiet, **trainer).fit(module, datamodule=data)
        weights.append(nn.utils.parameters_to_vector(module.parameters()))
    assert torch.equal(*weights)


def test_members_of_a_population_are_single_runs(tmp_path):
    settings = {
        "module": SMALL,
        "data": {**FEW, "growth": ((4, 10), (3, 20))},
        "max_steps": 10,
        "plots": False,
        "progress": False,
        "accelerator": "cpu",
    }  # a GPU sums in another order for several
    many = train_population("sin", members=2, first_seed=5, out=tmp_path, **settings)
    alone = train("sin", seed=6, out=tmp_path, **settings)
    assert many.members[1].metrics["max_error"] == alone.metrics["max_error"]


def test_another_optimizer_does_not_inherit_its_rate():
    from mlpzoo import get_exercise

    exercise = get_exercise("sin")
    assert exercise.module().lr == 1.0
    assert exercise.module(optimizer="adam").lr == 1e-3
    assert exercise.module(recipe="lecture", optimizer="Levenberg").lr == 1.0


@pytest.mark.parametrize("module", [{"loss": "l1"}, {"activation": "prelu"}])
def test_what_cannot_be_solved_is_refused_before_anything_is_written(module, tmp_path):
    with pytest.raises(InputError, match="levenberg"):
        train("sin", module=module, out=tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_longer_budget_goes_on_with_the_damping_of_the_state(tmp_path):
    run = {"name": "sin", "module": SMALL, "data": FEW, "plots": False, "progress": False}
    train(max_steps=8, val_every=4, out=tmp_path / "short", **run)
    longer = train("sin", max_steps=16, resume=True, out=tmp_path / "short", progress=False)
    whole = train(max_steps=16, val_every=4, out=tmp_path / "whole", **run)
    for one, other in zip(longer.module.parameters(), whole.module.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("scale", "examined"), [(1.0, 0), (torch.ones(1, requires_grad=True), 3)])
def test_torchs_own_squared_loss_needs_no_examination(scale, examined, monkeypatch):
    net, x, passes = SequentialMLP(hidden_features=(5,)), torch.rand(9, 1), []
    optimizer, grad = LevenbergMarquardt(net), torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append(a) or grad(*a, **k))
    optimizer.step(closure_of(optimizer, net, x, x, scale))
    assert len(passes) == 1 + examined  # the derivatives of the net come first
