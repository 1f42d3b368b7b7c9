from pathlib import Path

import pytest
import torch
from torch import nn

from mlpzoo import InputError, LevenbergMarquardt, LitSequentialMLP, SequentialMLP
from mlpzoo.optim import damped


def closure_of(optimizer, net, x, y):
    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    return closure


def ridge(x, y, decay):
    """Weights that minimise the mean of squares plus decay |w|^2, a column for each output."""
    whole = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    count = y.numel()
    left = whole.T @ whole + decay * count * torch.eye(whole.shape[1], dtype=x.dtype)
    return torch.linalg.solve(left, whole.T @ y)


@pytest.mark.parametrize("lr", [1.0, 0.5])
@pytest.mark.parametrize(("rows", "columns"), [(40, 3), (4, 12)])
def test_linear_network_becomes_ridge_regression(rows, columns, lr):
    generator = torch.Generator().manual_seed(rows)
    x = torch.randn(rows, columns, generator=generator).double()
    y = torch.randn(rows, 2, generator=generator).double()
    net = nn.Linear(columns, 2).double()
    optimizer = LevenbergMarquardt(net, lr=lr, weight_decay=0.07)
    for _ in range(40):
        optimizer.step(closure_of(optimizer, net, x, y))
    found = torch.cat([net.weight.T, net.bias[None]]).detach()
    torch.testing.assert_close(found, ridge(x, y, 0.07), rtol=0, atol=1e-6)
    assert optimizer.param_groups[0]["damping"] < 1e-3  # each step did what was foretold


def test_penalised_objective_falls_to_a_point_without_slope():
    x = torch.linspace(-1, 1, 60).view(-1, 1).double()
    y = torch.sin(3 * x)
    net = SequentialMLP(hidden_features=(9, 9), activation="tanh", seed=1).double()
    optimizer, seen = LevenbergMarquardt(net, weight_decay=1e-3), []

    def objective():
        squares = sum(p.square().sum() for p in net.parameters())
        return nn.functional.mse_loss(net(x), y) + 1e-3 * squares

    for _ in range(60):
        seen.append(objective().item())
        optimizer.step(closure_of(optimizer, net, x, y))
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[0] / 10
    slopes = torch.autograd.grad(objective(), list(net.parameters()))
    assert max(slope.abs().max() for slope in slopes) < 1e-4


def test_perfect_answers_still_decay():
    net, x = nn.Linear(2, 1), torch.rand(9, 2)
    y, before = net(x).detach(), net.weight.detach().clone()
    optimizer = LevenbergMarquardt(net, weight_decay=10.0)
    optimizer.step(closure_of(optimizer, net, x, y))
    assert net.weight.norm() < before.norm() / 2


def test_state_of_before_there_was_a_decay_is_loaded():
    optimizer = LevenbergMarquardt(nn.Linear(1, 1), weight_decay=0.5)
    state = optimizer.state_dict()
    del state["param_groups"][0]["weight_decay"]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["weight_decay"] == 0.0


def test_module_passes_it_by_name():
    module = LitSequentialMLP(optimizer="levenberg", lr=1.0, weight_decay=0.25)
    assert module.configure_optimizers().param_groups[0]["weight_decay"] == 0.25
    with pytest.raises(InputError, match=r"weight_decay must be 0 or more, got -1"):
        LevenbergMarquardt(module.net, weight_decay=-1)


def test_too_many_weights_are_refused(monkeypatch):
    monkeypatch.setattr(damped, "MOST", 8)
    net, x = SequentialMLP(hidden_features=(3,)), torch.rand(5, 1)
    optimizer = LevenbergMarquardt(net, weight_decay=1e-3)
    with pytest.raises(InputError, match="10 weights at once with a weight decay"):
        optimizer.step(closure_of(optimizer, net, x, x))


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_rows_count_as_much_as_the_loss_of_the_closure_says(decay):
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(30, 3, generator=generator).double()
    y = torch.randn(30, 2, generator=generator).double()
    shares = torch.rand(30, 2, generator=generator).double()
    shares[::4] = 0  # some rows do not count at all
    net = nn.Linear(3, 2).double()
    optimizer = LevenbergMarquardt(net, weight_decay=decay)

    def closure():
        optimizer.zero_grad()
        loss = (9 * shares * (net(x) - y) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(40):
        optimizer.step(closure)
    whole, relative = torch.cat([x, torch.ones(30, 1)], dim=1), shares / shares.mean()
    for column in range(2):
        scaled = relative[:, column, None].sqrt()
        left = torch.cat([scaled * whole, (decay * y.numel()) ** 0.5 * torch.eye(4)])
        right = torch.cat([scaled * y[:, column, None], torch.zeros(4, 1)])
        best = torch.linalg.lstsq(left.double(), right.double()).solution.flatten()
        found = torch.cat([net.weight[column], net.bias[column, None]])
        torch.testing.assert_close(found, best, rtol=0, atol=1e-6)


@pytest.mark.parametrize("units", [4, 40])  # fewer weights than rows, and more
def test_frozen_layers_stay_and_the_others_learn(units):
    x = torch.linspace(-1, 1, 60).view(-1, 1)
    net = nn.Sequential(nn.Linear(1, units), nn.Tanh(), nn.Linear(units, 9), nn.Tanh())
    net.append(nn.Linear(9, 1))
    net[0].requires_grad_(False)
    before = net[0].weight.clone()
    optimizer = LevenbergMarquardt(net)
    losses = [optimizer.step(closure_of(optimizer, net, x, x**3)).item() for _ in range(9)]
    assert losses[-1] < losses[0] / 10
    assert torch.equal(net[0].weight, before)


def test_smooth_networks_come_below_what_float32_products_reach():
    x = torch.linspace(-1, 1, 200).view(-1, 1)
    net = SequentialMLP(hidden_features=(8, 8), activation="tanh", seed=3)
    optimizer = LevenbergMarquardt(net)
    for _ in range(60):
        loss = optimizer.step(closure_of(optimizer, net, x, torch.sin(8 * x)))
    assert loss < 1e-7  # 6e-7 where all products are of float32


def test_example_of_the_page_fits():
    page = (Path(__file__).parents[2] / "docs" / "levenberg.md").read_text(encoding="utf-8")
    names: dict[str, torch.Tensor] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    assert names["loss"] < 1e-5
