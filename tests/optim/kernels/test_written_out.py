"""The gradient written out against autograd's: the same bits, or it is not used."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from mlpzoo import Block, InputError, LitGate, LitMinMax, LitSequentialMLP, get_exercise
from mlpzoo.optim.blocks import BlockSteps
from mlpzoo.optim.factory import build_schedule
from mlpzoo.optim.kernels.gradient import ByAutograd
from mlpzoo.optim.kernels.written_out import Gradients, WrittenOut


def lecture(name, **changes):
    exercise = get_exercise(name)
    data = exercise.data(recipe="lecture")
    module = exercise.module(data, recipe="lecture", **changes)
    return module, Block(*data.train_block(torch.arange(100)))


def drawn(module, *, columns=1):
    generator = torch.Generator().manual_seed(1)
    inputs = module.example_input_array.shape[1]
    x, y = (torch.rand(100, 30, n, generator=generator) for n in (inputs, columns))
    return module, Block(x, y)


def gate(loss="bcewithlogits", **changes):
    return drawn(LitGate(hidden_features=(4, 3), loss=loss, **changes))


def curve(**changes):
    module = LitSequentialMLP(in_features=3, hidden_features=(17, 5), out_features=2, **changes)
    return drawn(module, columns=2)


CASES = {
    "sin": lambda: lecture("sin"),
    "sin by adamw": lambda: lecture("sin", optimizer="adamw", weight_decay=0.1, beta2=0.9),
    "sin by a schedule": lambda: lecture("sin", schedule="cosine"),
    "sin by sgd": lambda: lecture("sin", optimizer="sgd", momentum=0.9, lr=1e-6),
    "xor": lambda: lecture("xor"),
    "minmax": lambda: lecture("minmax", trunk_features=(64, 32), head_features=(32,)),
    "minmax, summed and scaled": lambda: drawn(
        LitMinMax(
            trunk_features=(9, 8), head_features=(7,), reduction="sum", value_range=(0.0, 100.0)
        ),
        columns=2,
    ),
    "tanh": lambda: curve(activation="tanh", reduction="sum"),
    "scaled": lambda: curve(in_range=(0.0, 2.0), out_range=(-5.0, 7.0)),
    "a scale for each column": lambda: curve(
        in_range=((0.0, 2.0), (-1.0, 3.0), (0.0, 9.0)), out_range=((-5.0, 7.0), (0.0, 0.1))
    ),
    "scaled sigmoid": lambda: curve(out_activation="sigmoid", out_range=(-5.0, 7.0)),
    "logits, summed": lambda: gate(activation="relu", reduction="sum"),
    "probabilities": lambda: drawn(
        LitSequentialMLP(in_features=2, hidden_features=(4,), activation="identity",
                         out_activation="sigmoid", task="gate", loss="bce")
    ),
    "a line": lambda: drawn(LitSequentialMLP(hidden_features=())),
}  # fmt: skip


def trained(module, block, *, sizes, by_autograd=False):
    """Take the steps of a block in parts, and return all that they leave behind."""
    optimizer = module.build_optimizer()
    schedule = build_schedule(optimizer, module.schedule, len(block.x))
    steps = BlockSteps(module.objective, optimizer, schedule)
    if by_autograd:
        steps.gradients.of = lambda block: ByAutograd(module.objective, block)
    minimised = []
    for part in zip(*(column.split(sizes) for column in block), strict=True):
        (losses,) = steps.take(Block(*part))
        minimised.append(steps.minimised)
    assert not by_autograd or not steps.gradients._agreed
    assert by_autograd or all(steps.gradients._agreed.values())
    assert all(parameter.grad is None for parameter in module.parameters())
    states = [each for state in optimizer.state.values() for each in state.values()]
    return [*module.parameters(), torch.cat(minimised), *states], dict(losses)


@pytest.mark.parametrize("name", CASES)
def test_steps_are_those_of_autograd_bit_for_bit(name):
    module, block = CASES[name]()
    other = deepcopy(module)
    expected, wanted = trained(other, block, sizes=[100], by_autograd=True)
    assert isinstance(Gradients(module.objective).of(block), WrittenOut)
    found, losses = trained(module, block, sizes=[1, 7, 42, 50])
    assert len(found) == len(expected)
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))
    assert losses.keys() == wanted.keys()
    assert all(torch.equal(losses[key], wanted[key]) for key in wanted)


def test_layer_without_a_bias_and_double_precision():
    module, block = curve()
    module.net.layers[2] = nn.Linear(17, 5, bias=False)
    module.double()
    block = Block(block.x.double(), block.y.double())
    other = deepcopy(module)
    expected, _ = trained(other, block, sizes=[100], by_autograd=True)
    found, _ = trained(module, block, sizes=[100])
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def test_gradient_that_is_another_is_not_used(monkeypatch):
    module, block = gate()
    slope_of_loss = WrittenOut._slope_of_loss

    def off(self):
        yield from slope_of_loss(self)
        yield lambda: self.slope.mul_(1 + 2e-7)

    monkeypatch.setattr(WrittenOut, "_slope_of_loss", off)
    gradients = Gradients(module.objective)
    assert isinstance(gradients.of(block), ByAutograd)
    assert list(gradients._agreed.values()) == [False]


def test_what_is_changed_between_blocks_is_seen():
    module, block = curve()
    steps = BlockSteps(module.objective, module.build_optimizer())
    steps.take(block)
    module.net.layers[0].weight.data = torch.zeros(17, 3)  # another tensor in its place
    for state in steps.optimizer.state.values():
        state["exp_avg"] = torch.zeros_like(state["exp_avg"])
    other = deepcopy(module)
    optimizer = other.build_optimizer()
    optimizer.load_state_dict(deepcopy(steps.optimizer.state_dict()))
    expected = BlockSteps(other.objective, optimizer)
    expected.gradients.of = lambda block: ByAutograd(other.objective, block)
    for each in (steps, expected):
        each.take(block)
    assert all(map(torch.equal, module.parameters(), other.parameters()))
    module.net.layers[0].weight.requires_grad_(False)
    assert isinstance(steps.gradients.of(block), ByAutograd)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (Block(torch.rand(5, 4, 2), torch.rand(5, 4)), "targets have shape"),
        (Block(torch.rand(5, 4, 2), torch.rand(5, 4, 2)), "targets have shape"),
    ],
)
def test_targets_that_do_not_fit_are_refused_as_ever(block, error):
    module = LitGate()
    with pytest.raises(InputError, match=error):
        BlockSteps(module.objective, module.build_optimizer()).take(block)


def test_rows_of_another_kind_are_left_to_the_module():
    module = LitGate()
    x, y = torch.rand(5, 4, 2), torch.rand(5, 4, 1)
    gradients = Gradients(module.objective)
    for block in (Block(x.double(), y), Block(x[:1], y[:1]), Block(x[:, :0], y[:, :0])):
        assert isinstance(gradients.of(block), ByAutograd)
    for watched in (torch.autocast("cpu"), torch.autograd.set_detect_anomaly(True)):
        with watched:
            assert isinstance(gradients.of(Block(x, y)), ByAutograd)
    assert isinstance(gradients.of(Block(x, y)), WrittenOut)
