"""Only one file looks inside Lightning's loops, and what it reads there is true."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

import mlpzoo
from mlpzoo import InputError, LitSequentialMLP, SinDataModule, get_exercise
from mlpzoo.optim.loops import MOST_WORK, ON_GPU, add_places, steps_within_reason

SOURCE = Path(mlpzoo.__file__).parent
INSIDE = {
    "fit_loop", "epoch_loop", "_batches_that_stepped", "_data_fetcher", "_logger_connector",
    "batch_progress", "optim_progress", "_every_n_train_steps", "_should_check_val_fx",
    "_num_ready_batches_reached", "val_check_batch",
}  # fmt: skip


def words_of(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | {node.value for node in nodes if isinstance(node, ast.Constant)}


def test_no_other_file_looks_inside_lightnings_loops():
    found = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")
             if INSIDE & words_of(path)}  # fmt: skip
    assert found == {"optim/loops.py"}


def test_data_knows_nothing_of_what_trains_on_it():
    for path in (SOURCE / "data").glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        used = {node.module: [a.name for a in node.names] for node in nodes
                if isinstance(node, ast.ImportFrom)}  # fmt: skip
        assert all(used[name] == ["LightningDataModule"] for name in used if "lightning" in name)
        rooms = {name.split(".")[1] for name in used if name.startswith("mlpzoo.")}
        assert rooms <= {"checks", "data"}, path


def firsts(trainer_settings, data, quiet):
    """The first number of every batch that a Trainer takes."""
    seen = []

    class Watching(LightningModule):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(()))

        def training_step(self, batch, batch_idx):
            seen.append(batch[0][0].item())
            return self.weight.square()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    Trainer(limit_val_batches=0, **trainer_settings, **quiet).fit(Watching(), datamodule=data)
    return seen


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
@pytest.mark.parametrize("reload", [0, 1])
def test_epochs_never_repeat_a_batch(reload, quiet):
    data = SinDataModule(steps_per_epoch=4)
    settings = {"max_epochs": 3, "reload_dataloaders_every_n_epochs": reload}
    seen = firsts(settings, data, quiet)
    assert seen == [data.train_batch(step)[0][0].item() for step in range(12)]


@pytest.mark.parametrize("block_steps", [1, 3, 50])
@pytest.mark.parametrize(("some", "count"), [(7, 7), (1.0, 20), (99, 20)])
@pytest.mark.parametrize("reload", [0, 1])
def test_overfitting_takes_the_same_batches_in_every_epoch(some, count, reload, block_steps, quiet):
    class Watching(Callback):
        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            seen.extend(batch[0].view(-1, data.batch_size)[:, 0].tolist())

    seen, data = [], SinDataModule(steps_per_epoch=20, block_steps=block_steps)
    trainer = Trainer(
        max_epochs=3, overfit_batches=some, reload_dataloaders_every_n_epochs=reload,
        callbacks=[Watching()], **quiet,
    )  # fmt: skip
    trainer.fit(LitSequentialMLP(hidden_features=(4,)), datamodule=data)
    assert seen == 3 * [data.train_batch(step)[0][0].item() for step in range(count)]


@pytest.mark.filterwarnings("ignore:You passed in a `val_dataloader`")
def test_module_that_takes_no_blocks_is_refused(quiet):
    with pytest.raises(InputError, match="Watching takes no blocks"):
        firsts({"max_steps": 3}, SinDataModule(block_steps=5), quiet)


@pytest.mark.parametrize("block_steps", [1, 7])
def test_state_of_before_there_were_places_goes_on_where_it_was(block_steps, quiet, tmp_path):
    data = SinDataModule(steps_per_epoch=20, block_steps=block_steps)
    module = get_exercise("sin").module(data, hidden_features=(4,), optimizer="adam")
    trainer = Trainer(max_steps=33, max_epochs=-1, **quiet)
    trainer.fit(module, datamodule=data)
    trainer.save_checkpoint(tmp_path / "new.ckpt", weights_only=False)
    checkpoint = torch.load(tmp_path / "new.ckpt", weights_only=True)
    states = checkpoint["loops"]["fit_loop"]["state_dict"]
    assert states["combined_loader"] == [{"taken": 33}]
    states["combined_loader"] = [{}]
    add_places(checkpoint)
    assert states["combined_loader"] == [{"taken": 33}]


@pytest.mark.parametrize(("device", "factor"), [("cpu", 1), ("cuda", ON_GPU)])
def test_blocks_are_as_long_as_the_work_on_what_is_trained_allows(device, factor):
    optimizers = [torch.optim.SGD([torch.zeros(300, 200), torch.zeros(5)]) for _ in range(2)]
    trainer = SimpleNamespace(
        optimizers=optimizers, strategy=SimpleNamespace(root_device=torch.device(device))
    )
    work = 6 * 2 * 60_005 * 100  # of a step; a population's best weights take no part
    assert steps_within_reason(trainer, 100) == int(factor * MOST_WORK / work)
