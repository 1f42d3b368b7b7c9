"""Progress bars, ours and Lightning's, reach their end however long blocks are."""

import pytest
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import RichProgressBar, TQDMProgressBar

from mlpzoo import LitSequentialMLP, Population, SinDataModule
from mlpzoo.callbacks import StepProgressBar


class Ends(Callback):
    """Notes how far a bar has come at the end of each epoch, and how far it was to come."""

    def __init__(self, bar):
        self.bar, self.seen = bar, []

    def on_train_epoch_end(self, trainer, pl_module):
        shown = self.bar.train_progress_bar
        self.seen.append((getattr(shown, "n", None) or shown.completed, shown.total))


def module(seed=0):
    return LitSequentialMLP(hidden_features=(4,), seed=seed)


def data(seed=0, block_steps=9):
    return SinDataModule(steps_per_epoch=25, block_steps=block_steps, seed=seed, val_points=5)


@pytest.mark.parametrize("kind", [TQDMProgressBar, RichProgressBar, lambda: StepProgressBar("sin")])
@pytest.mark.parametrize("what", [1, 9, 50, "population"])
def test_bar_ends_at_100_percent(kind, what, quiet):
    if what == "population":
        population = Population(module, data, range(2))
        trained, batches = population.module, population.data
    else:
        trained, batches = module(), data(block_steps=what)
    bar = kind()
    ends = Ends(bar)
    arguments = {**quiet, "enable_progress_bar": True}
    trainer = Trainer(max_steps=35, max_epochs=-1, callbacks=[bar, ends], **arguments)
    trainer.fit(trained, datamodule=batches)
    assert ends.seen == [(25, 25), (10, 10)]
