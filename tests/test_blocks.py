"""A block of K steps is K ordinary steps to everyone who looks."""

import csv

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger

from mlpzoo import Block, BlockStream, InputError, get_exercise, list_exercises, train


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
    results = [
        train(
            name, recipe=recipe, max_steps=130, val_every=50, early_stop=False, out=tmp_path,
            plots=False, progress=False, accelerator="cpu", data={"block_steps": steps},
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
        assert last["global_step"] == expected["global_step"] == 130
        assert last["lr_schedulers"] == expected["lr_schedulers"]
        for state, other in zip(
            last["optimizer_states"][0]["state"].values(),
            expected["optimizer_states"][0]["state"].values(),
            strict=True,
        ):
            assert all(torch.equal(state[key], other[key]) for key in state)


def test_early_stop_comes_at_the_same_step(tmp_path):
    steps = {
        train("xor", out=tmp_path, plots=False, progress=False, data={"block_steps": k}).steps
        for k in (1, 64)
    }
    assert len(steps) == 1


@pytest.mark.filterwarnings("ignore:Using ModelCheckpoint with manual optimization")
@pytest.mark.parametrize("block_steps", [1, 2, 7, 1000])
def test_users_trainer_counts_steps_logs_and_checkpoints_by_step(block_steps, tmp_path):
    exercise = get_exercise("sin")
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
    assert module.lr_schedulers().last_epoch == 100


def test_ordinary_batches_keep_automatic_optimization(quiet):
    exercise = get_exercise("sin")
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
    exercise = get_exercise("sin")
    data = exercise.data(block_steps=10)
    with pytest.raises(InputError, match=part):
        Trainer(max_steps=20, **settings, **quiet).fit(exercise.module(data), datamodule=data)


def test_stream_of_blocks_is_as_long_as_its_steps():
    sizes = iter([4, 1, 9])
    stream = BlockStream(lambda s: (s, s), length=8, start=lambda: 2, size=lambda: next(sizes))
    blocks = list(stream)
    assert all(isinstance(block, Block) for block in blocks)
    assert [block.x.tolist() for block in blocks] == [[2, 3, 4, 5], [6], [7, 8, 9]]
    assert len(stream) == 8
