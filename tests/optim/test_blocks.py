"""A block of K steps is K ordinary steps to everyone who looks."""

import csv
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import (
    LearningRateMonitor,
    ModelCheckpoint,
    StochasticWeightAveraging,
)
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.tuner import Tuner

from mlpzoo import (
    Block,
    BlockStream,
    InputError,
    LitSequentialMLP,
    get_exercise,
    list_exercises,
    train,
)
from mlpzoo.optim.fused_adam import TRACES_EVERY


def sin_by_adam():
    """The exercise with a recipe of small steps, as blocks are made for."""
    exercise = get_exercise("sin")
    recipe = replace(exercise.recipe("lecture"), module={"schedule": "cosine"})
    return replace(exercise, recipes={"default": recipe})


def weights(module):
    return torch.cat([p.detach().cpu().flatten() for p in module.parameters()])


@pytest.mark.parametrize("name", list_exercises())
def test_block_holds_the_batches_of_its_steps_bit_for_bit(name):
    data = get_exercise(name).data(seed=3)
    x, y = data.train_block(torch.arange(5, 25))
    for row, step in enumerate(range(5, 25)):
        for block, batch in zip((x[row], y[row]), data.train_batch(step), strict=True):
            assert torch.equal(block, batch)


@pytest.mark.parametrize("recipe", ["default", "lecture"])
@pytest.mark.parametrize("name", list_exercises())
def test_result_does_not_depend_on_the_size_of_blocks(name, recipe, tmp_path):
    coarse = {} if name in ("perceptron", "xor") else {"val_points": 21, "test_points": 31}
    coarse |= {"batch_size": 30} if name in ("sin", "square") else {}
    narrow = {"trunk_features": (16,), "head_features": (16,)} if name == "minmax" else {}
    results = [
        train(
            name, recipe=recipe, max_steps=65, val_every=25, early_stop=False, out=tmp_path,
            plots=False, progress=False, accelerator="cpu", module=narrow,
            data={"block_steps": steps, **coarse},
        )
        for steps in (1, 7, 100)
    ]  # fmt: skip
    for result in results[1:]:
        assert torch.equal(weights(result.module), weights(results[0].module))
        assert result.metrics == results[0].metrics
        for file in ("metrics.csv",):
            expected = (results[0].folder / file).read_text()
            assert (result.folder / file).read_text() == expected
        last, expected = (
            torch.load(run.folder / "last.ckpt", weights_only=True) for run in (result, results[0])
        )
        assert last["global_step"] == expected["global_step"] == 65
        assert last["lr_schedulers"] == expected["lr_schedulers"]
        for state, other in zip(
            last["optimizer_states"][0]["state"].values(),
            expected["optimizer_states"][0]["state"].values(),
            strict=True,
        ):
            assert all(torch.equal(state[key], other[key]) for key in state)


@pytest.mark.parametrize("block_steps", [1, 25])
def test_traces_of_old_gradients_are_dropped_at_the_same_step(block_steps, quiet):
    exercise = get_exercise("sin")
    data = exercise.data(recipe="lecture", block_steps=block_steps)
    module = exercise.module(data, recipe="lecture", initialization="zeros")  # no unit is active
    seen = {}

    class Trace(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            state = trainer.optimizers[0].state[module.net.layers[0].bias]
            if trainer.global_step == TRACES_EVERY:
                state["exp_avg"].fill_(1e-39)
            elif trainer.global_step > TRACES_EVERY:
                seen[trainer.global_step] = state["exp_avg"].count_nonzero()

    trainer = Trainer(**quiet, max_steps=TRACES_EVERY + 2, callbacks=[Trace()], log_every_n_steps=1)
    trainer.fit(module, datamodule=data)
    assert seen == {TRACES_EVERY + 1: 0}


def test_early_stop_comes_at_the_same_step(tmp_path):
    steps = {
        train("xor", out=tmp_path, plots=False, progress=False, data={"block_steps": k}).steps
        for k in (1, 64)
    }
    assert len(steps) == 1


@pytest.mark.filterwarnings("ignore:Using ModelCheckpoint with manual optimization")
@pytest.mark.parametrize("block_steps", [1, 2, 7, 1000])
def test_users_trainer_counts_steps_logs_and_checkpoints_by_step(block_steps, tmp_path):
    exercise = sin_by_adam()
    data = exercise.data(block_steps=block_steps, steps_per_epoch=45)
    module = exercise.module(data, hidden_features=(8,))
    keeper = ModelCheckpoint(
        tmp_path / "kept", filename="{step}", every_n_train_steps=30, save_top_k=-1,
        auto_insert_metric_name=False,
    )  # fmt: skip
    trainer = Trainer(
        max_steps=100, max_epochs=-1, accelerator="cpu", devices=1, log_every_n_steps=20,
        val_check_interval=25, check_val_every_n_epoch=None, num_sanity_val_steps=0,
        enable_progress_bar=False, enable_model_summary=False,
        logger=CSVLogger(tmp_path, name="", version="log"),
        callbacks=[keeper, LearningRateMonitor("step")],
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    assert trainer.global_step == 100
    assert trainer.fit_loop.total_batch_idx == 99
    assert trainer.current_epoch == 3
    assert sorted(path.stem for path in (tmp_path / "kept").iterdir()) == ["30", "60", "90"]
    with (tmp_path / "log" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows if row["train_loss"]] == [19, 39, 59, 79, 99]
    assert [int(row["step"]) for row in rows if row["val_rmse"]] == [24, 49, 74, 99]
    assert [int(row["step"]) for row in rows if row["lr-Adam"]] == [19, 39, 59, 79, 99]
    assert module.lr_schedulers().last_epoch == 100


def test_ordinary_batches_keep_automatic_optimization(quiet):
    exercise = sin_by_adam()
    data = exercise.data()
    module = exercise.module(data)
    Trainer(max_steps=2, gradient_clip_val=1.0, **quiet).fit(module, datamodule=data)
    assert module.automatic_optimization


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"accumulate_grad_batches": 2}, "accumulate_grad_batches"),
        ({"gradient_clip_val": 1.0}, "gradient_clip_val"),
        ({"precision": "bf16-mixed"}, "bf16-mixed"),
    ],
)
def test_trainer_that_works_between_steps_is_refused(settings, part, quiet):
    exercise = sin_by_adam()
    data = exercise.data(block_steps=10)
    with pytest.raises(InputError, match=part):
        Trainer(max_steps=20, **settings, **quiet).fit(exercise.module(data), datamodule=data)


def test_module_trained_with_blocks_trains_under_a_plain_trainer_after(quiet):
    exercise = sin_by_adam()
    module = exercise.module(hidden_features=(8,))
    Trainer(max_steps=20, **quiet).fit(module, datamodule=exercise.data(block_steps=10))
    before = weights(module)
    trainer = Trainer(max_steps=5, gradient_clip_val=1.0, **quiet)
    trainer.fit(module, datamodule=exercise.data())
    assert trainer.global_step == 5
    assert not torch.equal(before, weights(module))


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
@pytest.mark.parametrize(("first", "then"), [(1, 10), (10, 1), (7, 10)])
def test_run_goes_on_from_a_checkpoint_with_blocks_of_another_size(first, then, quiet, tmp_path):
    exercise = sin_by_adam()

    def fit(block_steps, max_steps, path=None):
        data = exercise.data(block_steps=block_steps, steps_per_epoch=35)
        module = exercise.module(data, hidden_features=(8,), schedule="constant")
        trainer = Trainer(max_steps=max_steps, max_epochs=-1, **quiet)
        trainer.fit(module, datamodule=data, ckpt_path=path)
        return trainer, module

    trainer, _ = fit(first, 50)
    trainer.save_checkpoint(tmp_path / "half.ckpt", weights_only=False)
    resumed, module = fit(then, 100, tmp_path / "half.ckpt")
    whole, expected = fit(1, 100)
    assert resumed.global_step == whole.global_step == 100
    assert resumed.fit_loop.total_batch_idx == whole.fit_loop.total_batch_idx == 99
    assert torch.equal(weights(module), weights(expected))


@pytest.mark.parametrize("block_steps", [1, 7, 100])
def test_limited_epochs_stay_limited(block_steps, quiet):
    exercise = sin_by_adam()
    data = exercise.data(block_steps=block_steps, steps_per_epoch=45)
    trainer = Trainer(
        max_epochs=2, limit_train_batches=5, val_check_interval="00:00:01:00", **quiet
    )
    trainer.fit(exercise.module(data, hidden_features=(8,)), datamodule=data)
    assert trainer.global_step == 10


class ByEpoch(LitSequentialMLP):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


class Clipped(LitSequentialMLP):
    def on_before_optimizer_step(self, optimizer):
        pass


@pytest.mark.parametrize(
    ("module_class", "callbacks", "part"),
    [
        (ByEpoch, [], "schedule StepLR by epoch"),
        (Clipped, [], "on_before_optimizer_step"),
        (LitSequentialMLP, [StochasticWeightAveraging(1e-2)], "StochasticWeightAveraging"),
    ],
)
def test_work_around_a_step_is_refused(module_class, callbacks, part, quiet):
    data = sin_by_adam().data(block_steps=10)
    module = module_class(hidden_features=(8,))
    with pytest.raises(InputError, match=part):
        Trainer(max_epochs=3, callbacks=callbacks, **quiet).fit(module, datamodule=data)


def test_lbfgs_and_a_search_for_the_rate_are_refused(quiet, tmp_path):
    exercise = sin_by_adam()
    data = exercise.data(block_steps=10)
    with pytest.raises(InputError, match="LBFGS"):
        Trainer(max_steps=20, **quiet).fit(exercise.module(data, optimizer="l-bfgs"), data)
    trainer = Trainer(max_steps=100, default_root_dir=tmp_path, **quiet)
    with pytest.raises(InputError, match="LearningRateFinder"):
        Tuner(trainer).lr_find(exercise.module(data, hidden_features=(8,)), datamodule=data)


def test_ordinary_batches_where_blocks_are_expected_are_refused(quiet):
    exercise = sin_by_adam()
    data = exercise.data(block_steps=10)
    trainer = Trainer(max_steps=10, **quiet)
    module = exercise.module(data, hidden_features=(8,))
    trainer.fit(module, datamodule=data)
    trainer.fit_loop.epoch_loop.max_steps = 20
    loader = exercise.data().train_dataloader()
    with pytest.raises(InputError, match="ordinary batches came"):
        trainer.fit(module, loader, data.val_dataloader())


def test_stream_of_blocks_is_as_long_as_its_steps():
    sizes = iter([4, 1, 9])
    stream = BlockStream(lambda s: (s, s), length=8, taken=2, size=lambda step: next(sizes))
    blocks = list(stream)
    assert all(isinstance(block, Block) for block in blocks)
    assert [block.x.tolist() for block in blocks] == [[2, 3, 4, 5], [6], [7, 8, 9]]
    assert len(stream) == 8
