"""Seconds a step: the lecture's plain loop, Lightning by default, and ours, side by side.

All start the lecture's recipe of an exercise from the same kind of start and take the same number
of optimizer steps on one CPU thread. Repetitions are interleaved, so that a busy moment of the
machine falls on all; what is reported is the median, and its ratio to the plain loop's.
"""

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from mlpzoo.nets import DualHeadMLP, FourLayerXOR, SequentialMLP
from mlpzoo.tables import Row
from mlpzoo.trainers import quiet
from mlpzoo.training import train

Draw = Callable[[], tuple[Tensor, Tensor]]
BATCH = 100
XOR = (
    torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
    torch.tensor([[0.0], [1.0], [1.0], [0.0]]),
)


@dataclass(frozen=True)
class Task:
    """An exercise as the lecture writes it.

    Attributes:
        net: Builds the network.
        draw: Returns the next batch.
        loss: What is minimised.
        lr: Adam's rate.
    """

    net: Callable[[], nn.Module]
    draw: Draw
    loss: nn.Module
    lr: float


def _sin_batch() -> tuple[Tensor, Tensor]:
    x = 20 * torch.rand(BATCH, 1) - 10
    return x, x.sin()


def _minmax_batch() -> tuple[Tensor, Tensor]:
    x = 100 * torch.rand(BATCH, 2)
    return x, torch.stack([x.amax(dim=1), x.amin(dim=1)], dim=1)


TASKS = {
    "xor": Task(
        lambda: FourLayerXOR(initialization="uniform"), lambda: XOR, nn.BCEWithLogitsLoss(), 0.01
    ),
    "sin": Task(SequentialMLP, _sin_batch, nn.MSELoss(reduction="sum"), 1e-3),
    "minmax": Task(DualHeadMLP, _minmax_batch, nn.MSELoss(reduction="sum"), 1e-3),
}


def plain_loop(name: str, steps: int, *, fused: bool = False) -> float:
    """Return the seconds of the lecture's loop, written plainly in PyTorch."""
    task = TASKS[name]
    net = task.net()
    optimizer = torch.optim.Adam(net.parameters(), lr=task.lr, fused=fused)
    began = time.perf_counter()
    for _ in range(steps):
        x, y = task.draw()
        optimizer.zero_grad()
        loss = task.loss(net(x), y)
        loss.backward()
        optimizer.step()
    return time.perf_counter() - began


def fused_loop(name: str, steps: int) -> float:
    """Return the seconds of the same loop with torch's fused Adam."""
    return plain_loop(name, steps, fused=True)


def lightning_by_default(name: str, steps: int) -> float:
    """Return the seconds of a plain LightningModule under a Trainer left at its defaults."""
    task = TASKS[name]
    with quiet(), warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # its advice on workers and logging intervals
        trainer = Trainer(
            accelerator="cpu", devices=1, max_steps=steps, max_epochs=-1, default_root_dir=folder,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        began = time.perf_counter()
        trainer.fit(_Plain(task), _loader(name, task))
        return time.perf_counter() - began


def ours(name: str, steps: int) -> float:
    """Return the seconds in fit of the exercise's lecture recipe, checkpoints and CSV log on."""
    with tempfile.TemporaryDirectory() as folder:
        result = train(
            name, recipe="lecture", max_steps=steps, out=folder, accelerator="cpu", plots=False,
            progress=False,
        )  # fmt: skip
        return result.seconds


CONTESTANTS: dict[str, Callable[[str, int], float]] = {
    "plain loop": plain_loop,
    "plain loop, fused Adam": fused_loop,
    "Lightning by default": lightning_by_default,
    "mlpzoo": ours,
}


def compare(name: str, *, steps: int, repetitions: int) -> list[Row]:
    """Return a row for each contestant: median microseconds a step, and over the plain loop's.

    Args:
        name: A key of `TASKS`.
        steps: Optimizer steps of one repetition.
        repetitions: How often each contestant runs, in turn with the others.
    """
    seconds: dict[str, list[float]] = {contestant: [] for contestant in CONTESTANTS}
    for _ in range(repetitions):
        for contestant, run in CONTESTANTS.items():
            seconds[contestant].append(run(name, steps))
    medians = {who: 1e6 * statistics.median(times) / steps for who, times in seconds.items()}
    return [
        {
            "exercise": name,
            "contestant": who,
            "us a step": round(median),
            "over plain loop": round(median / medians["plain loop"], 2),
        }
        for who, median in medians.items()
    ]


class _Plain(LightningModule):
    """What a reader of Lightning's introduction would write."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.net, self.loss, self.lr = task.net(), task.loss, task.lr

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss: Tensor = self.loss(self.net(x), y)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr)


class _Fresh(IterableDataset[tuple[Tensor, Tensor]]):
    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield self.draw()


def _loader(name: str, task: Task) -> DataLoader[Any]:
    if name == "xor":  # the whole table is an epoch
        return DataLoader(TensorDataset(*XOR), batch_size=4)
    return DataLoader(_Fresh(task.draw), batch_size=None)
