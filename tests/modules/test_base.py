import pickle
from collections import UserList
from functools import partial

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import (
    EarlyStopping,
    ModelCheckpoint,
    StochasticWeightAveraging,
)
from lightning.pytorch.tuner import Tuner
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MeanSquaredError, MetricCollection

from mlpzoo import (
    GateDataModule,
    InputError,
    LinearDataModule,
    LitFourLayerXOR,
    LitGate,
    LitMinMax,
    LitPerceptron,
    LitSequentialMLP,
    MinMaxDataModule,
    SinDataModule,
    get_exercise,
    list_exercises,
)
from mlpzoo.modules.formulas import BCE, MAX_ERROR
from mlpzoo.modules.metrics import RowMetric
from mlpzoo.optim.factory import LOSSES, OPTIMIZERS, SCHEDULES, build_schedule


def small_sin(**changes):
    return LitSequentialMLP(hidden_features=(16,), in_range=(-10.0, 10.0), **changes)


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.mark.parametrize("name", list_exercises())
def test_module_trains_under_a_plain_trainer_with_clipping_and_accumulation(name, quiet):
    exercise = get_exercise(name)
    followed = {"optimizer": "adam"} if name in ("sin", "square") else {}  # the gradients are
    data = exercise.data()
    module = exercise.module(data, **followed)
    before = weights(module)
    trainer = Trainer(
        max_steps=6,
        max_epochs=-1,
        gradient_clip_val=0.5,
        accumulate_grad_batches=2,
        val_check_interval=4,
        check_val_every_n_epoch=None,
        **quiet,
    )
    trainer.fit(module, datamodule=data)
    assert trainer.global_step == 6
    assert trainer.fit_loop.total_batch_idx == 11
    assert weights(module).isfinite().all()
    assert name == "perceptron" or not torch.equal(before, weights(module))


def test_gradient_clipping_limits_the_step(quiet):
    data = LinearDataModule()
    module = LitSequentialMLP(hidden_features=(), optimizer="sgd", lr=1.0)
    before = weights(module)
    trainer = Trainer(max_steps=1, gradient_clip_val=0.25, limit_val_batches=0, **quiet)
    trainer.fit(module, datamodule=data)
    assert (weights(module) - before).norm().item() == pytest.approx(0.25, rel=1e-4)


def test_accumulated_batches_are_one_larger_batch(quiet):
    data = SinDataModule(batch_size=50)
    parts = [data.train_batch(0), data.train_batch(1)]
    whole = tuple(torch.cat(column) for column in zip(*parts, strict=True))

    def train_on(batches, accumulate):
        module = small_sin(optimizer="sgd", lr=0.1)
        loader = DataLoader(batches, batch_size=None)
        Trainer(max_steps=1, accumulate_grad_batches=accumulate, **quiet).fit(
            module, loader, loader
        )
        return weights(module)

    torch.testing.assert_close(train_on(parts, 2), train_on([whole], 1), atol=1e-6, rtol=1e-5)


def test_lr_find_suggests_and_sets_a_rate(quiet, tmp_path):
    module = small_sin()
    trainer = Trainer(max_steps=100, default_root_dir=tmp_path, **quiet)
    finder = Tuner(trainer).lr_find(module, datamodule=SinDataModule(), num_training=40)
    assert module.lr == module.hparams.lr == finder.suggestion()


def test_stochastic_weight_averaging_works(quiet):
    module = small_sin()
    data = SinDataModule(steps_per_epoch=5)
    averaging = StochasticWeightAveraging(swa_lrs=1e-2, swa_epoch_start=2)
    Trainer(max_epochs=4, callbacks=[averaging], **quiet).fit(module, datamodule=data)
    assert weights(module).isfinite().all()


def test_predict_answers_the_test_grid(quiet):
    module, data = LitMinMax(trunk_features=(8,), head_features=()), MinMaxDataModule(test_points=5)
    (answers,) = Trainer(**quiet).predict(module, datamodule=data)
    assert torch.equal(answers, module(data.grid(5)[0]).detach())


def test_predict_of_a_gate_is_a_probability(quiet):
    module = LitFourLayerXOR(seed=1)
    (answers,) = Trainer(**quiet).predict(module, datamodule=GateDataModule())
    torch.testing.assert_close(answers, module(GateDataModule().grid(2)[0]).sigmoid().detach())


def test_mixed_precision_plugin_works(quiet):
    module = small_sin()
    Trainer(max_steps=3, precision="bf16-mixed", **quiet).fit(module, datamodule=SinDataModule())
    assert weights(module).isfinite().all()


@pytest.mark.parametrize("name", list_exercises())
def test_checkpoint_loads_safely_into_equal_module(name, quiet, tmp_path):
    exercise = get_exercise(name)
    data = exercise.data(seed=3)
    module = exercise.module(data, seed=3)
    trainer = Trainer(max_steps=2, **{**quiet, "enable_checkpointing": False})
    trainer.fit(module, datamodule=data)
    path = tmp_path / "x.ckpt"
    trainer.save_checkpoint(path, weights_only=False)
    random_state = torch.get_rng_state()
    loaded = type(module).load_from_checkpoint(path, map_location="cpu", weights_only=True)
    assert torch.equal(random_state, torch.get_rng_state())
    assert loaded.hparams == module.hparams
    assert torch.equal(weights(loaded), weights(module))


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
def test_users_module_trains_on_our_data(quiet):
    class Cubic(LightningModule):
        def __init__(self):
            super().__init__()
            self.coefficients = nn.Parameter(torch.zeros(4))

        def training_step(self, batch, batch_idx):
            x, y = batch
            powers = torch.cat([(x / 10) ** k for k in range(4)], dim=1)
            return (powers @ self.coefficients - y.flatten()).square().mean()

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.05)

    module = Cubic()
    data = SinDataModule(steps_per_epoch=50)
    Trainer(max_epochs=2, **quiet).fit(module, datamodule=data)
    assert module.coefficients[1].abs() > 0.05


def test_our_module_trains_on_users_dataloader(quiet):
    x = torch.linspace(-1, 1, 64).unsqueeze(1)
    loader = DataLoader(TensorDataset(x, 3 * x - 1), batch_size=16)
    module = LitSequentialMLP(hidden_features=(), optimizer="sgd", lr=0.2)
    trainer = Trainer(max_epochs=50, **quiet)
    trainer.fit(module, loader, loader)
    assert trainer.callback_metrics["val_max_error"] < 1e-3


def test_lecture_sequential_xor_with_sigmoid_and_bce_learns(quiet):
    module = LitSequentialMLP(
        in_features=2,
        hidden_features=(2, 2, 2, 2),
        activation="sigmoid",
        out_activation="sigmoid",
        initialization="rotation",
        task="gate",
        loss="BCELoss",
        lr=0.015,
        beta2=0.99,
    )
    trainer = Trainer(max_steps=1500, max_epochs=-1, limit_val_batches=0, **quiet)
    trainer.fit(module, datamodule=GateDataModule(block_steps=100))
    (tested,) = trainer.test(module, datamodule=GateDataModule(), verbose=False)
    assert tested["test_accuracy"] == 1
    assert tested["test_bce"] == pytest.approx(tested["test_loss"], abs=1e-6)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_trains(optimizer, quiet):
    module = small_sin(optimizer=optimizer, lr=1e-3)
    before = weights(module)
    Trainer(max_steps=3, **quiet).fit(module, datamodule=SinDataModule())
    assert not torch.equal(before, weights(module))


@pytest.mark.parametrize("loss", ["mse", "L1Loss", "huber", "smooth_l1", "SmoothL1Loss"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_loss_by_name_is_torchs(loss, reduction):
    module = small_sin(loss=loss, reduction=reduction)
    name = {"mse": "MSELoss", "huber": "HuberLoss", "smooth_l1": "SmoothL1Loss"}.get(loss, loss)
    output, y = torch.randn(5, 1), torch.randn(5, 1)
    expected = getattr(nn, name)(reduction=reduction)(output, y)
    assert module.losses(output, y)["loss"] == expected


def test_losses_cover_torchs_two_argument_losses():
    assert {"mse", "l1", "bce", "bcewithlogits", "crossentropy", "poissonnll", "kldiv"} <= set(
        LOSSES
    )


@pytest.mark.parametrize(
    ("schedule", "middle", "end"),
    [
        ("constant", 1, 1),
        ("linear", 0.5, 0),
        ("cosine", 0.5, 0),
        ("exponential", 0.001**0.5, 0.001),
    ],
)
def test_schedule_has_its_formula(schedule, middle, end):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = build_schedule(optimizer, schedule, 100)
    rates = []
    for _ in range(100):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"] / 0.4)
    assert rates[49] == pytest.approx(middle, abs=1e-6)
    assert rates[99] == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedule_steps_to_the_end_under_a_trainer(schedule, quiet):
    module = small_sin(schedule=schedule)
    trainer = Trainer(max_steps=20, **quiet)
    trainer.fit(module, datamodule=SinDataModule())
    rate = trainer.optimizers[0].param_groups[0]["lr"]
    assert rate == pytest.approx(1e-3) if schedule == "constant" else rate < 1.1e-6


def test_perceptron_follows_rosenblatts_rule(quiet):
    module = LitPerceptron(lr=0.3, seed=8)
    data = GateDataModule(gate="and", batch_size=1)
    w, b = module.net.linear.weight.detach().clone()[0], module.net.linear.bias.item()
    for step in range(40):
        x, target = data.train_batch(step)
        output = float((w * x[0]).sum() + b > 0)
        error = target.item() - output
        w, b = w + 0.3 * error * x[0], b + 0.3 * error
    Trainer(max_steps=40, **quiet).fit(module, datamodule=data)
    torch.testing.assert_close(module.net.linear.weight[0], w)
    assert module.net.linear.bias.item() == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize("gate", ["and", "or", "nand", "nor"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_perceptron_learns_every_separable_gate_from_many_starts(gate, batch_size):
    data = GateDataModule(gate=gate, batch_size=batch_size)
    x, target = data.grid(2)
    for seed in range(20):
        module = LitPerceptron(lr=0.1, seed=seed)
        weight, bias = module.net.linear.weight.data, module.net.linear.bias.data
        for step in range(400):
            if torch.equal(module(x), target):
                break  # with no error left, nothing changes any more
            rows, wanted = data.train_batch(step)
            error = wanted - module(rows)
            weight += 0.1 * (error * rows).sum(dim=0)
            bias += 0.1 * error.sum()
        assert torch.equal(module(x), target), f"seed {seed}"


def test_regression_metrics_agree_with_numpy(quiet):
    module, data = small_sin(seed=4), SinDataModule(test_points=20_001)
    (tested,) = Trainer(**quiet).test(module, datamodule=data, verbose=False)
    x, truth = data.grid(20_001)
    error = (module(x) - truth).detach().double().numpy()
    variance = ((truth - truth.mean()) ** 2).double().sum().item()
    assert tested["test_rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-4)
    assert tested["test_max_error"] == pytest.approx(np.abs(error).max(), rel=1e-6)
    assert tested["test_r2"] == pytest.approx(1 - (error**2).sum() / variance, abs=1e-4)
    assert tested["test_loss"] == pytest.approx((error**2).mean(), rel=1e-4)


def test_each_head_is_measured_against_its_own_target(quiet):
    class Exact(nn.Module):
        def forward(self, x):
            a, b = x[:, :1], x[:, 1:]
            largest = (a - b).relu() + b.relu()
            return torch.cat([largest, b.relu() - (b - a).relu() + 3], dim=1)  # min is 3 too high

    module = LitMinMax()
    module.net = Exact()
    data = MinMaxDataModule(test_points=41)
    (tested,) = Trainer(**quiet).test(module, datamodule=data, verbose=False)
    assert tested["test_max_head_max_error"] < 1e-5
    assert tested["test_min_head_max_error"] == pytest.approx(3)
    assert tested["test_max_error"] == pytest.approx(3)
    assert tested["test_min_head_loss"] == pytest.approx(9)
    assert tested["test_loss"] == pytest.approx(9)


def test_both_heads_swapped_onto_min_would_be_noticed(quiet):
    class BothMin(nn.Module):
        def forward(self, x):
            return x.amin(dim=1, keepdim=True).expand(-1, 2)

    module = LitMinMax()
    module.net = BothMin()
    (tested,) = Trainer(**quiet).test(module, datamodule=MinMaxDataModule(), verbose=False)
    assert tested["test_max_head_rmse"] == pytest.approx(40.8, abs=0.2)
    assert tested["test_min_head_rmse"] == 0


def test_dual_loss_is_the_sum_of_its_logged_parts(quiet):
    module = LitMinMax(value_range=(0.0, 100.0), reduction="sum")
    trainer = Trainer(max_steps=1, log_every_n_steps=1, **quiet)
    trainer.fit(module, datamodule=MinMaxDataModule())
    logged = trainer.callback_metrics
    parts = logged["train_max_head_loss"] + logged["train_min_head_loss"]
    torch.testing.assert_close(logged["train_loss"], parts)


def test_metrics_report_nan_and_do_not_raise():
    worst, entropy = RowMetric(MAX_ERROR), RowMetric(BCE)
    worst.update(torch.tensor([float("nan"), 1.0]), torch.zeros(2))
    worst.update(torch.ones(2), torch.zeros(2))
    entropy.update(torch.tensor([float("nan")]), torch.ones(1))
    assert worst.compute().isnan()
    assert entropy.compute().isnan()


def test_cross_entropy_agrees_with_torch():
    p, y = torch.tensor([0.0, 0.2, 0.9, 1.0]), torch.tensor([0.0, 1.0, 1.0, 0.0])
    metric = RowMetric(BCE)
    metric.update(p, y)
    assert metric.compute().item() == pytest.approx(nn.functional.binary_cross_entropy(p, y).item())


def test_class_targets_work_with_cross_entropy(quiet):
    x = torch.randn(32, 2, generator=torch.Generator().manual_seed(0))
    loader = DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=8)
    module = LitSequentialMLP(
        in_features=2, hidden_features=(8,), out_features=2, task="none", loss="crossentropy"
    )
    trainer = Trainer(max_epochs=2, **quiet)
    trainer.fit(module, loader, loader)
    assert trainer.callback_metrics["val_loss"] < 0.8


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
@pytest.mark.parametrize(
    "make",
    [
        small_sin,
        partial(small_sin, task="none", loss="l1"),
        partial(small_sin, optimizer="levenberg", lr=1.0),
        partial(LitPerceptron, in_features=1),
    ],
)
def test_targets_of_another_shape_are_refused(make, dtype, quiet):
    x = torch.arange(8.0).unsqueeze(1)
    loader = DataLoader(TensorDataset(x, (10 * x).flatten().to(dtype)), batch_size=4)
    refused = pytest.raises(InputError, match=r"have shape \(4,\), predictions \(4, 1\)")
    with refused:
        Trainer(max_steps=1, **quiet).fit(make(), loader, loader)
    with refused:
        Trainer(**quiet).validate(make(), loader, verbose=False)


@pytest.mark.parametrize("optimizer", ["adam", "levenberg"])
def test_whole_numbers_are_targets_like_any_other(optimizer, quiet):
    x = torch.arange(-4.0, 4.0).repeat(50).unsqueeze(1)  # of few epochs: each takes long
    loader = DataLoader(TensorDataset(x, (10 * x).long()), batch_size=8)
    lr = {"adam": 0.5, "levenberg": 1.0}[optimizer]
    module = LitSequentialMLP(hidden_features=(), optimizer=optimizer, lr=lr)
    Trainer(max_epochs=6, limit_val_batches=0, **quiet).fit(module, loader, loader)
    assert module.net.layers[0].weight.item() == pytest.approx(10, abs=0.01)


def test_unbounded_training_refuses_a_schedule_that_needs_an_end(quiet):
    with pytest.raises(InputError, match="max_steps or max_epochs"):
        Trainer(max_epochs=-1, max_steps=-1, **quiet).fit(
            small_sin(schedule="cosine"), datamodule=SinDataModule()
        )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"lr": -0.1}, "lr must be above 0, got -0.1"),
        ({"lr": float("nan")}, "got nan"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"loss": "msee"}, "did you mean 'mse'"),
        ({"reduction": "none"}, "sum, mean"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"task": "regresion"}, "did you mean 'regression'"),
        ({"optimizer": "adam", "momentum": 0.9}, "adam takes no momentum"),
        ({"optimizer": "sgd", "beta2": 0.9}, "sgd takes no beta"),
        ({"beta2": 1.0}, "beta2"),
        ({"weight_decay": -1.0}, "weight_decay must be 0 or more"),
    ],
)
def test_bad_argument_is_named_at_once(changes, part):
    with pytest.raises(InputError) as caught:
        small_sin(**changes)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_r2_is_right_where_targets_are_far_from_0(quiet):
    for offset in (1e3, 3e4, 1e5):
        data = LinearDataModule(a=1.0, b=offset, noise_std=0.0)
        module = LitSequentialMLP(hidden_features=(), in_range=(-10.0, 10.0))
        with torch.no_grad():
            module.net.layers[0].weight.fill_(10.0)
            module.net.layers[0].bias.fill_(offset + 1)
        (tested,) = Trainer(**quiet).test(module, datamodule=data, verbose=False)
        x, truth = (column.double() for column in data.grid(data.test_points))
        error = module.net(x.float()).detach().double() - truth
        expected = 1 - error.square().sum() / (truth - truth.mean()).square().sum()
        assert tested["test_r2"] == pytest.approx(expected.item(), abs=1e-4)


def test_summed_loss_of_a_grid_is_per_row_however_it_is_chunked(quiet):
    module = small_sin(reduction="sum", seed=3)
    data = SinDataModule(test_points=20_001)  # two chunks
    (tested,) = Trainer(**quiet).test(module, datamodule=data, verbose=False)
    x, truth = data.grid(20_001)
    expected = (module(x) - truth).square().mean().item()
    assert tested["test_loss"] == pytest.approx(expected, rel=1e-4)


def test_onecycle_leaves_momentum_alone(quiet):
    module = small_sin(optimizer="sgd", momentum=0.3, schedule="onecycle")
    trainer = Trainer(max_steps=5, **quiet)
    trainer.fit(module, datamodule=SinDataModule())
    assert trainer.optimizers[0].param_groups[0]["momentum"] == 0.3


@pytest.mark.parametrize("name", list_exercises())
def test_module_pickles_and_shows_what_it_takes(name, quiet):
    exercise = get_exercise(name)
    data = exercise.data()
    module = exercise.module(data, seed=2)
    trainer = Trainer(max_steps=2, **quiet)
    trainer.fit(module, datamodule=data)
    other = pickle.loads(pickle.dumps(module))
    assert other.hparams == module.hparams
    assert torch.equal(weights(other), weights(module))
    assert other.example_input_array.shape == (1, data.in_features)
    assert module(module.example_input_array).shape == data.train_batch(0)[1][:1].shape
    assert not any("example" in key for key in module.state_dict())


class Squares(LitSequentialMLP):
    """Measures itself by a metric of torchmetrics, whose state is added to in place."""

    def metrics(self, prefix):
        return MetricCollection({"mse": MeanSquaredError()}, prefix=prefix)


@pytest.mark.parametrize("method", ["validate", "test", "predict"])
@pytest.mark.parametrize("block_steps", [1, 4])
def test_module_can_be_measured_before_it_is_trained(method, block_steps, quiet):
    module, data = Squares(hidden_features=(8,)), SinDataModule(block_steps=block_steps)
    trainer = Trainer(max_steps=8, val_check_interval=4, **quiet)
    getattr(trainer, method)(module, datamodule=data)
    trainer.fit(module, datamodule=data)
    (x, y), validated = data.grid(data.val_points), trainer.callback_metrics["val_mse"]
    torch.testing.assert_close(validated, (module(x) - y).square().mean().detach())


def test_validation_that_broke_off_leaves_nothing_to_the_next(quiet):
    class Breaks(Callback):
        def on_validation_batch_end(self, *_):
            raise KeyError("broken off")

    module, data = small_sin(), SinDataModule()
    with pytest.raises(KeyError, match="broken off"):
        Trainer(callbacks=[Breaks()], **quiet).validate(module, data)
    with torch.no_grad():
        module.net.layers[-1].bias.add_(1)
    (found,) = Trainer(**quiet).validate(module, data, verbose=False)
    x, y = data.grid(data.val_points)
    expected = (module(x) - y).square().mean().sqrt().item()
    assert found["val_rmse"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("ignore:Using ModelCheckpoint with manual optimization")
@pytest.mark.parametrize("block_steps", [1, 4])
@pytest.mark.parametrize(
    "settings", [None, {}, {"save_on_train_epoch_end": True}, {"every_n_train_steps": 4}]
)
def test_train_loss_can_be_monitored_where_epochs_are_shorter_than_the_log_interval(
    settings, block_steps, quiet, tmp_path
):
    callback = (
        EarlyStopping("train_loss", stopping_threshold=1e9)
        if settings is None
        else (ModelCheckpoint(tmp_path, monitor="train_loss", save_top_k=-1, **settings))
    )
    module, data = small_sin(), SinDataModule(steps_per_epoch=10, block_steps=block_steps)
    arguments = {**quiet, "enable_checkpointing": settings is not None}
    trainer = Trainer(max_epochs=2, val_check_interval=5, callbacks=[callback], **arguments)
    trainer.fit(module, data)
    if settings is None:
        assert trainer.global_step == 5  # the first loss that it sees is below the threshold
        return
    steps = {"{}": [5, 10, 15, 20], "every": [4, 8, 12, 16, 20], "save_": [10, 20]}
    saved = sorted(int(path.stem.split("step=")[1]) for path in tmp_path.iterdir())
    assert saved == steps[next(iter(settings), "{}")[:5]]


@pytest.mark.parametrize("block_steps", [1, 4])
def test_training_step_that_leaves_blocks_alone_is_refused(block_steps, quiet):
    class Own(LitSequentialMLP):
        def training_step(self, batch, batch_idx):
            x, y = batch
            return (self(x) - y).square().mean()

    module = Own(hidden_features=(8,))
    trainer = Trainer(max_epochs=1, limit_train_batches=8, **quiet)
    if block_steps == 1:
        trainer.fit(module, SinDataModule())
        assert trainer.global_step == 8
        return
    with pytest.raises(InputError, match=r"Own\.training_step does not take blocks"):
        trainer.fit(module, SinDataModule(block_steps=block_steps))


@pytest.mark.parametrize("kind", ["val", "test"])
def test_every_loader_is_measured_by_itself(kind, quiet):
    module = LitMinMax(trunk_features=(8,), head_features=(), value_range=(0.0, 100.0))
    near, far = MinMaxDataModule(high=10.0, test_points=5), MinMaxDataModule(test_points=7)
    loaders = [near.test_dataloader(), far.test_dataloader()]

    def run(loaders):
        trainer = Trainer(**quiet)
        return (trainer.validate if kind == "val" else trainer.test)(module, loaders, verbose=False)

    together = {k: v for found in run(loaders) for k, v in found.items()}
    for loader, suffix in zip(loaders, ("", "/dataloader_idx_1"), strict=True):
        (alone,) = run(loader)
        assert f"{kind}_min_head_max_error" in alone
        for name, value in alone.items():
            assert together[name + suffix] == value
    assert len(together) == 2 * len(alone)


ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("module", [LitGate(), LitPerceptron(), LitMinMax()])
def test_rows_of_any_numbers_are_taken_as_float32(module):
    expected = module.answer(torch.tensor(ROWS, dtype=torch.float32))
    for rows in (ROWS, np.array(ROWS), np.array(ROWS, dtype="f2"), torch.tensor(ROWS),
                 torch.tensor(ROWS, dtype=torch.float64)):  # fmt: skip
        assert torch.equal(module.answer(rows), expected)
    with pytest.raises(InputError, match="array of numbers is needed"):
        module.answer("a row")
    assert module.double().answer(torch.tensor(ROWS).double()).dtype == torch.float64


@pytest.mark.parametrize("make", [LitGate, LitPerceptron])
def test_loader_of_whole_or_double_numbers_trains_as_one_of_float32(make, quiet):
    x, y = torch.tensor(ROWS), torch.tensor([[0], [0], [0], [1]])
    ends = []
    for kind in (torch.float32, torch.float64, torch.int64):
        module, loader = make(), DataLoader(TensorDataset(x.to(kind), y.to(kind)), batch_size=4)
        trainer = Trainer(max_steps=3, **quiet)
        trainer.fit(module, loader, loader)
        ends.append((weights(module), trainer.callback_metrics["val_accuracy"]))
        trainer.predict(module, loader)
    assert all(torch.equal(end, ends[0][0]) and said == ends[0][1] for end, said in ends)


def test_whole_numbers_stay_what_they_are_where_they_may_be_classes(quiet):
    module = LitSequentialMLP(out_features=2, task="none", loss="crossentropy")
    loader = DataLoader(TensorDataset(torch.zeros(4, 1), torch.tensor([0, 1, 1, 0])), batch_size=4)
    Trainer(max_steps=1, **quiet).fit(module, loader, loader)


def test_checkpoint_of_numpys_numbers_and_other_sequences_loads(quiet, tmp_path):
    given = {"hidden_features": UserList([4]), "lr": np.float64(0.01), "seed": np.int64(3)}
    module, trainer = LitSequentialMLP(**given), Trainer(max_steps=1, **quiet)
    trainer.fit(module, SinDataModule())
    trainer.save_checkpoint(tmp_path / "c.ckpt")
    again = LitSequentialMLP.load_from_checkpoint(tmp_path / "c.ckpt", weights_only=True)
    kept = {name: again.hparams[name] for name in given}
    assert repr(kept) == "{'hidden_features': (4,), 'lr': 0.01, 'seed': 3}"
    assert torch.equal(weights(again), weights(module))


@pytest.mark.parametrize(
    ("make", "given", "said"),
    [
        (LitGate, {"activation": None}, "unknown activation None"),
        (LitGate, {"activation": "tanh"}, "activation 'tanh' goes with hidden_features"),
        (LitSequentialMLP, {"hidden_features": 8}, "hidden_features must be whole numbers"),
        (LitSequentialMLP, {"lr": None}, "lr must be a number, got None"),
        (LitSequentialMLP, {"momentum": "0.9"}, "momentum must be a number, got '0.9'"),
        (LitSequentialMLP, {"beta2": "x"}, "beta2 must be a number"),
        (LitSequentialMLP, {"loss": None}, "unknown loss None"),
        (LitMinMax, {"value_range": 3}, "a range must be a pair"),
    ],
)
def test_value_of_another_kind_is_refused_in_one_line(make, given, said):
    with pytest.raises(InputError, match=said):
        make(**given)
