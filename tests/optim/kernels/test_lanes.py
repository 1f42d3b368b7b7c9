"""Steps in lanes are those of autograd in double precision, alone or among many."""

from copy import deepcopy

import pytest
import torch

from mlpzoo import (
    Block,
    GateDataModule,
    InputError,
    LitGate,
    LitMinMax,
    LitSequentialMLP,
    MinMaxDataModule,
    SinDataModule,
    SquareDataModule,
    train,
    train_population,
)
from mlpzoo.data import ExpressionDataModule
from mlpzoo.optim.kernels import choice
from mlpzoo.optim.kernels.choice import kernel_steps

pytest.importorskip("numba")
XOR, BLOCKS, STEPS = GateDataModule(), GateDataModule(block_steps=9), 60
PRODUCT = ExpressionDataModule(function="x1*x2", ranges=((0, 1), (-20, 2)), batch_size=21)
CASES = {
    "adam": (LitGate(), XOR),
    "decay in the gradient": (LitGate(weight_decay=0.01), XOR),
    "decay of the weights": (LitGate(optimizer="adamw", weight_decay=0.5, beta2=0.99), XOR),
    "momentum": (LitGate(optimizer="sgd", momentum=0.9, lr=0.1, weight_decay=0.01), XOR),
    "probability": (
        LitSequentialMLP(
            in_features=2, hidden_features=(3,), activation="tanh", out_activation="sigmoid",
            loss="bce", task="gate", lr=0.02,
        ),
        XOR,
    ),
    "scales, rows not in fours": (
        LitSequentialMLP(
            hidden_features=(16, 8), in_range=(-10.0, 10.0), out_range=(0.0, 100.0), lr=1e-3,
            reduction="sum",
        ),
        SquareDataModule(batch_size=10),
    ),
    "a scale for each input": (
        LitSequentialMLP(in_features=2, hidden_features=(8,), in_range=PRODUCT.ranges, lr=1e-3),
        PRODUCT,
    ),
    "wide, a scale for each input": (
        LitSequentialMLP(in_features=2, hidden_features=(40,), in_range=PRODUCT.ranges, lr=1e-3),
        PRODUCT,
    ),
    "two heads": (
        LitMinMax(trunk_features=(8, 8), head_features=(5,), value_range=(0.0, 100.0)),
        MinMaxDataModule(batch_size=21),
    ),
    "no hidden layer": (
        LitSequentialMLP(hidden_features=(), optimizer="sgd", lr=1e-3), SinDataModule(batch_size=1)
    ),
    "wide, scales": (
        LitSequentialMLP(
            hidden_features=(40, 33), in_range=(-10.0, 10.0), out_range=(0.0, 100.0), lr=1e-3,
            reduction="sum",
        ),
        SquareDataModule(batch_size=21),
    ),
    "wide, two heads": (
        LitMinMax(
            trunk_features=(40, 8), head_features=(34,), value_range=(0.0, 100.0),
            optimizer="adamw", weight_decay=0.5,
        ),
        MinMaxDataModule(batch_size=10),
    ),
    "wide, momentum": (
        LitSequentialMLP(
            hidden_features=(48,), activation="tanh", optimizer="sgd", momentum=0.9, lr=0.01,
            weight_decay=0.01,
        ),
        SinDataModule(batch_size=16),
    ),
    "wide, probability": (
        LitSequentialMLP(
            in_features=2, hidden_features=(40,), activation="sigmoid", out_activation="sigmoid",
            loss="bce", task="gate", lr=0.02,
        ),
        XOR,
    ),
}  # fmt: skip


def test_a_scale_for_each_output_is_left_to_torch():
    alike, own = (
        LitSequentialMLP(hidden_features=(3,), out_features=2, out_range=((0, 1), (0, high)))
        for high in (1, 2)
    )
    assert kernel_steps(alike, alike.build_optimizer()) is not None
    assert kernel_steps(own, own.build_optimizer()) is None


def block_of(data, steps=STEPS):
    return Block(*data.train_block(torch.arange(steps)))


def flat(module):
    return torch.cat([p.detach().double().flatten() for p in module.parameters()])


def in_double(module, block):
    """Return the weights after a block's steps by autograd in float64, and what each minimised."""
    exact, minimised = deepcopy(module).double(), []
    optimizer = exact.build_optimizer()
    for x, y in zip(block.x.double(), block.y.double(), strict=True):
        optimizer.zero_grad()
        loss = exact.objective(x, y)[0]
        loss.backward()
        optimizer.step()
        minimised.append(loss.detach())
    return flat(exact), torch.stack(minimised)


@pytest.mark.parametrize("case", CASES)
def test_steps_are_those_of_autograd_in_double_precision(case):
    module, data = CASES[case]
    block, start = block_of(data), flat(module)
    weights, minimised = in_double(module, block)
    ours = deepcopy(module)
    losses = kernel_steps(ours, ours.build_optimizer()).take(
        block, [module.lr] * STEPS, range(STEPS)
    )
    assert (flat(ours) - weights).norm() < 1e-5 * (weights - start).norm()
    torch.testing.assert_close(losses["loss"].double(), minimised, rtol=1e-5, atol=1e-6)
    assert losses.keys() == module.objective(block.x[0], block.y[0])[1].keys()


@pytest.mark.parametrize("case", CASES)
def test_blocks_of_any_size_give_the_same_bits_and_torch_can_go_on(case):
    module, data = CASES[case]
    block, rates = block_of(data), torch.linspace(module.lr, 0.1 * module.lr, STEPS).tolist()
    whole, parts = deepcopy(module), deepcopy(module)
    optimizers = whole.build_optimizer(), parts.build_optimizer()
    kernel_steps(whole, optimizers[0]).take(block, rates, [])
    lanes = kernel_steps(parts, optimizers[1])
    for at in range(0, STEPS, 7):
        part = slice(at, at + 7)
        lanes.take(Block(block.x[part], block.y[part]), rates[part], [])
    assert torch.equal(flat(whole), flat(parts))
    for each, optimizer in zip((whole, parts), optimizers, strict=True):
        optimizer.zero_grad()
        each.objective(block.x[0], block.y[0])[0].backward()
        optimizer.step()
    assert torch.equal(flat(whole), flat(parts))
    stored = [optimizer.state_dict()["state"] for optimizer in optimizers]
    torch.testing.assert_close(*stored, rtol=0, atol=0)


@pytest.mark.parametrize("width", [2, 40])
def test_means_of_a_dead_unit_end_at_0_and_are_never_subnormal(width):
    """A step with subnormal numbers takes twice as long."""
    module = LitSequentialMLP(hidden_features=(width,), lr=0.0001)
    data, optimizer = SinDataModule(batch_size=4), module.build_optimizer()
    lanes = kernel_steps(module, optimizer)
    lanes.take(block_of(data, 5), [0.0001] * 5, [])
    with torch.no_grad():
        module.net.layers[0].bias.fill_(-1e6)
    smallest = torch.finfo(torch.float32).smallest_normal
    for _ in range(20):
        lanes.take(block_of(data, 50), [0.0001] * 50, [])
        means = optimizer.state[module.net.layers[0].weight]["exp_avg"].abs()
        assert not ((means > 0) & (means < smallest)).any()
    assert means.max() == 0


@pytest.mark.parametrize(
    ("name", "data", "module"),
    [
        ("xor", {"shuffle": True}, {"optimizer": "adamw", "schedule": "cosine"}),
        ("sin", {"batch_size": 9}, {"hidden_features": (20, 20)}),  # members the first axis
        ("minmax", {"batch_size": 9}, {"trunk_features": (6,), "head_features": (4,)}),
        ("sin", {"batch_size": 9}, {"hidden_features": (40,)}),  # side by side
    ],
)
def test_member_has_the_bits_of_its_single_run(name, data, module, tmp_path):
    settings = {
        "recipe": "lecture", "max_steps": 40, "val_every": 20, "plots": False, "progress": False,
        "kernel": "numba", "data": data, "module": module, "accelerator": "cpu",
    }  # fmt: skip
    count = 3 if 40 in module.get("hidden_features", ()) else 18
    many = train_population(name, members=count, first_seed=3, out=tmp_path, **settings)
    for index in (0, count - 1):
        single = train(name, seed=3 + index, out=tmp_path, **settings)
        last = torch.load(single.folder / "last.ckpt", weights_only=True)["state_dict"]
        member = many.population.member(index, best=False).state_dict()
        torch.testing.assert_close(member, last, rtol=0, atol=0)


def test_log_has_the_rows_that_it_has_without(tmp_path):
    """Though a block reaches past logs."""
    rows = {}
    for kernel in ("torch", "numba"):
        settings = {"plots": False, "progress": False, "accelerator": "cpu", "kernel": kernel}
        run = train("xor", recipe="lecture", max_steps=450, val_every=400, out=tmp_path, **settings)
        rows[kernel] = (run.folder / "metrics.csv").read_text().splitlines()
    header, *ours = rows["numba"]
    assert header == rows["torch"][0]
    assert len(ours) == 7  # losses at 100, 200, 300, 400, 450, measures at 400 and 450
    for mine, other in zip(ours, rows["torch"][1:], strict=True):
        for a, b in zip(mine.split(","), other.split(","), strict=True):
            assert a == b or float(a) == pytest.approx(float(b), rel=1e-4)


def chosen(asked="auto", module=None, data=BLOCKS, steps=1000, device="cpu"):
    return choice.choose_kernel(asked, module or LitGate(), data, steps=steps, device=device)


@pytest.mark.parametrize("start", ["centred", "zeros", "uniform", "rotation"])
def test_where_a_network_starts_makes_no_difference_to_its_kernel(start):
    module = LitGate(initialization=start, lr=0.1)
    before = [parameter.clone() for parameter in module.parameters()]
    assert chosen(module=module) == "numba"
    assert all(map(torch.equal, before, module.parameters()))


def test_lanes_are_taken_where_they_are_known_and_pay():
    assert chosen() == "numba"
    wide = {"module": LitSequentialMLP(hidden_features=(33,)), "data": SinDataModule(block_steps=9)}
    assert (chosen(**wide), chosen(**wide, steps=10_000)) == ("torch", "numba")
    assert chosen("torch") == chosen(steps=999) == chosen(device="cuda") == "torch"
    assert chosen("numba", steps=1) == "numba"


@pytest.mark.parametrize(
    ("module", "data", "message"),
    [
        (LitGate(optimizer="rmsprop"), BLOCKS, "chains .* sgd, adam or adamw"),
        (LitGate().double(), BLOCKS, "float32"),
        (LitGate(), XOR, "block_steps is 1"),
        (LitGate(), GateDataModule(batch_size=5000, block_steps=9), "rows"),
    ],
)
def test_what_lanes_do_not_know_is_left_to_torch(module, data, message):
    assert chosen(module=module, data=data) == "torch"
    with pytest.raises(InputError, match=f"kernel numba .*{message}.*take kernel torch"):
        chosen("numba", module, data)


def test_kernel_that_does_not_agree_or_is_not_there_is_not_taken(monkeypatch):
    def wrong(self, block, rates, told):
        return {}

    with monkeypatch.context() as patch:
        patch.setattr("mlpzoo.optim.kernels.lanes.LaneSteps.take", wrong)
        assert chosen() == "torch"
    monkeypatch.setitem(__import__("sys").modules, "mlpzoo.optim.kernels._steps", None)
    assert chosen() == "torch"
    with pytest.raises(InputError, match=r"needs numba.*mlpzoo\[fast\]"):
        chosen("numba")
