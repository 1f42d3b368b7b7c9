"""Blocks as CUDA graphs: the steps that are recorded, and on a GPU the recordings."""

import weakref
from copy import deepcopy

import pytest
import torch
from lightning.pytorch import Trainer

from mlpzoo import Block, get_exercise
from mlpzoo.optim.blocks import BlockSteps
from mlpzoo.optim.cuda_graphs import BlockGraphs, take_steps
from mlpzoo.optim.fused_adam import AdamKernel
from mlpzoo.optim.kernels.written_out import Gradients

NAMES = ("minmax", "sin", "xor")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def assert_alike(ours, theirs, x):
    """Compare outputs: Adam turns a gradient that is nothing but rounding into a whole step."""
    with torch.no_grad():
        assert (ours(x) - theirs(x)).abs().max() <= 0.02 * theirs(x).std()


def parts(name):
    exercise = get_exercise(name)
    data = exercise.data(recipe="lecture", block_steps=20)
    module = exercise.module(data, recipe="lecture")
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    return data, module, optimizer


@pytest.mark.parametrize("name", NAMES)
def test_steps_that_are_recorded_are_the_ordinary_ones(name):
    data, module, optimizer = parts(name)
    block = data.train_block(torch.arange(30))
    BlockSteps(module.objective, optimizer).take(Block(*(part[:10] for part in block)))
    other = deepcopy(module)
    expected = torch.optim.Adam(other.parameters(), lr=1e-3, fused=True)
    expected.load_state_dict(deepcopy(optimizer.state_dict()))
    rest = Block(*(part[10:] for part in block))
    rates = torch.full((20,), 1e-3)
    gradient = Gradients(module.objective).of(rest)
    losses = take_steps(gradient, AdamKernel(optimizer), rates)
    (wanted,) = BlockSteps(other.objective, expected).take(rest)
    for key in wanted:
        torch.testing.assert_close(losses[key], wanted[key], rtol=1e-3, atol=1e-5)
    assert_alike(module, other, data.grid(20)[0])
    assert all(state["step"] == 30 for state in optimizer.state.values())


def test_block_leaves_no_graph_of_its_losses_behind():
    data, module, optimizer = parts("xor")
    steps = BlockSteps(module.objective, optimizer)
    losses = dict(steps.take(Block(*data.train_block(torch.arange(5))))[-1])
    kept = weakref.ref(losses.pop("loss"))
    assert kept() is None  # a recording fails while nodes of another stream are alive


def test_block_on_a_cpu_is_not_recorded():
    data, module, optimizer = parts("xor")
    graphs = BlockGraphs(Gradients(module.objective), optimizer)
    block = Block(*data.train_block(torch.arange(5)))
    assert not any(graphs.ready(block) for _ in range(3))


def fit(name, quiet, *, cuda_graphs, **changes):
    exercise = get_exercise(name)
    data = exercise.data(recipe="lecture", block_steps=25)  # whose optimizer is Adam
    module = exercise.module(data, recipe="lecture", **changes)
    module.cuda_graphs = cuda_graphs
    seen = {}
    module.on_train_end = lambda: seen.update(steps=module._block_steps)
    trainer = Trainer(**{**quiet, "accelerator": "gpu"}, max_steps=110, log_every_n_steps=50)
    trainer.fit(module, datamodule=data)
    return trainer, module, seen["steps"].graphs


@needs_gpu
@pytest.mark.parametrize("changes", [{}, {"schedule": "cosine"}, {"optimizer": "adamw"}])
@pytest.mark.parametrize("name", NAMES)
def test_recorded_blocks_train_as_ordinary_ones_do(name, changes, quiet):
    trainer, module, graphs = fit(name, quiet, cuda_graphs=True, **changes)
    plain, other, none = fit(name, quiet, cuda_graphs=False, **changes)
    assert graphs.replays == 3  # 25 x 4 and 10 steps, the first of each size being ordinary
    assert none is None
    assert trainer.global_step == plain.global_step == 110
    rates = [each.optimizers[0].param_groups[0]["lr"] for each in (trainer, plain)]
    assert rates[0] == pytest.approx(rates[1])
    assert_alike(module.cpu(), other.cpu(), get_exercise(name).data().grid(20)[0])
    for state in trainer.optimizers[0].state.values():
        assert state["step"] == 110


@needs_gpu
def test_objective_that_reads_values_takes_ordinary_steps(quiet):
    exercise = get_exercise("xor")
    data = exercise.data(block_steps=10)
    module = exercise.module(data)
    objective = module.objective

    def reading(x, y):
        minimised, losses = objective(x, y)
        return minimised * (1 if float(minimised) > 0 else 2), losses

    module.objective = reading
    trainer = Trainer(**{**quiet, "accelerator": "gpu"}, max_steps=50)
    trainer.fit(module, datamodule=data)
    assert trainer.global_step == 50


@needs_gpu
def test_state_put_in_anothers_place_is_recorded_anew(quiet):
    data, module, _ = parts("xor")
    module.cuda()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    steps = BlockSteps(module.objective, optimizer)
    block = Block(*(part.cuda() for part in data.train_block(torch.arange(5))))
    for _ in range(3):
        steps.take(block)
    optimizer.load_state_dict(deepcopy(optimizer.state_dict()))
    steps.take(block)
    assert all(state["step"] == 20 for state in optimizer.state.values())


def test_steps_one_by_one_are_those_of_a_recording_whatever_the_blocks():
    weights = []
    for sizes in ((10, 20), (10, 1, 12, 7)):
        data, module, optimizer = parts("sin")
        steps = BlockSteps(module.objective, optimizer)
        steps.graphs.possible = True  # as on a GPU, but that nothing can be recorded here
        steps.graphs._record = lambda *_: None
        block = Block(*data.train_block(torch.arange(30)))
        for part in zip(*(column.split(sizes) for column in block), strict=True):
            steps.take(Block(*part))
        weights.append(torch.nn.utils.parameters_to_vector(module.parameters()))
        assert all(state["step"] == 30 for state in optimizer.state.values())
    assert torch.equal(*weights)


def test_parameter_that_takes_no_part_in_a_step_keeps_its_count():
    data, module, optimizer = parts("xor")
    steps = BlockSteps(module.objective, optimizer)
    steps.graphs.possible = True
    steps.graphs._record = lambda *_: None
    block = Block(*data.train_block(torch.arange(5)))
    steps.take(block)
    module.net.layer1.requires_grad_(False)
    steps.take(block)
    counts = [optimizer.state[p]["step"].item() for p in module.parameters()]
    assert counts == [5, 5, *[10] * (len(counts) - 2)]


def test_block_with_a_frozen_layer_takes_ordinary_steps():
    data, module, _ = parts("xor")
    module.net.layer1.requires_grad_(False)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    steps = BlockSteps(module.objective, optimizer)
    steps.graphs.possible = True  # as on a GPU
    block = Block(*data.train_block(torch.arange(5)))
    for _ in range(3):
        steps.take(block)
    assert optimizer.state[module.net.layer2.weight]["step"] == 15
    assert not steps.graphs.replays
