"""Steps in a row against the optimizer's own step."""

from contextlib import suppress
from copy import deepcopy

import pytest
import torch
from torch import nn

from mlpzoo.optim.fused_adam import TRACES_EVERY, drop_traces, steps_in_a_row


def gradients(net, step):
    """Set gradients that differ from step to step; a NaN-free stand-in for a backward pass."""
    for index, parameter in enumerate(net.parameters()):
        generator = torch.Generator().manual_seed(100 * step + index)
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def assert_same(optimizer, expected, net, other):
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, theirs)
        assert ours.grad is None
        state, wanted = optimizer.state[ours], expected.state[theirs]
        assert state.keys() == wanted.keys()
        assert all(
            torch.equal(state[key], wanted[key]) for key in state if key != "momentum_buffer"
        )


OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, fused=True),
    "adam, not fused": lambda p: torch.optim.Adam(p, lr=0.1),
    "adam, decayed": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1, fused=True),
    "adam, uphill": lambda p: torch.optim.Adam(p, lr=0.1, maximize=True, fused=True),
    "adam, amsgrad": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True, fused=True),
    "adam, lr as tensor": lambda p: torch.optim.Adam(p, lr=torch.tensor(0.1), fused=True),
    "adam, other betas": lambda p: torch.optim.Adam(p, betas=(0.5, 0.7), eps=1e-3, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1, fused=True),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
}


def nets(build):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    other = deepcopy(net)
    return net, build(net.parameters()), other, build(other.parameters())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_row_is_as_many_steps_bit_for_bit(name):
    net, optimizer, other, expected = nets(OPTIMIZERS[name])
    at = 0
    for length in (1, 5, 3):
        with steps_in_a_row(optimizer) as step:
            for _ in range(length):
                gradients(net, at)
                step()
                gradients(other, at)
                expected.step()
                for each in (optimizer, expected):  # as a schedule does between two steps
                    each.param_groups[0]["lr"] *= 0.9
                at += 1
        assert_same(optimizer, expected, net, other)


def test_parameter_without_a_gradient_stays_as_it_is():
    net, optimizer, other, expected = nets(OPTIMIZERS["adam"])
    with steps_in_a_row(optimizer) as step:
        for at in range(6):
            for each in (net, other):
                gradients(each, at)
                if at in (2, 4):
                    each[0].bias.grad = None
            step()
            expected.step()
    assert_same(optimizer, expected, net, other)
    assert optimizer.state[net[0].bias]["step"] == 4


def test_row_that_breaks_off_leaves_the_state_complete():
    net, optimizer, other, expected = nets(OPTIMIZERS["adam"])
    with suppress(RuntimeError), steps_in_a_row(optimizer) as step:
        for at in range(4):
            gradients(net, at)
            step()
        raise RuntimeError
    for at in range(4):
        gradients(other, at)
        expected.step()
    assert_same(optimizer, expected, net, other)


def test_hooks_of_the_optimizer_are_called():
    net, optimizer, _, _ = nets(OPTIMIZERS["adam"])
    seen = []
    optimizer.register_step_post_hook(lambda *_: seen.append(1))
    with steps_in_a_row(optimizer) as step:
        for at in range(3):
            gradients(net, at)
            step()
    assert len(seen) == 3


@pytest.mark.parametrize("eps", [1e-8, 1e-20])
def test_traces_of_old_gradients_are_dropped_whatever_the_rows(eps):
    def build(parameters):
        return torch.optim.Adam(parameters, lr=0.1, betas=(0.7, 0.999), eps=eps, fused=True)

    net, optimizer, other, expected = nets(build)
    plain = deepcopy(net)
    torchs = build(plain.parameters())
    at = 0
    for length in (1, 100, 7, 192):
        with steps_in_a_row(optimizer) as step:
            for _ in range(length):
                for each in (net, other, plain):
                    gradients(each, at)
                    if at > 1:  # a unit that is active no more
                        each[0].weight.grad[1].zero_()
                step()
                drop_traces(expected)
                expected.step()
                torchs.step()
                at += 1
    assert at % TRACES_EVERY == 0
    assert_same(optimizer, expected, net, other)
    assert all(map(torch.equal, net.parameters(), plain.parameters()))
    ours, theirs = optimizer.state[net[0].weight], torchs.state[plain[0].weight]
    assert 0 < theirs["exp_avg"][1].abs().max() < 1.2e-38
    assert ours["exp_avg"][1].any() == (eps < 1e-10)
    assert torch.equal(ours["exp_avg"][2:], theirs["exp_avg"][2:])
