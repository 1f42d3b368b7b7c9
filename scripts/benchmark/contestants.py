"""What is measured, each contestant behind the same two questions."""

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Protocol

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from typing_extensions import override

from mlpzoo.exercises import get_exercise
from mlpzoo.optim.kernels import NUMBA, TORCH
from mlpzoo.training._lightning import quiet_lightning
from mlpzoo.training.run import train
from scripts.benchmark.lecture import PlainLoop, Task, xor_rows
from scripts.benchmark.peers import BLOCK, PEERS

CHECK_EVERY = 250  # steps between two looks at the error
MARGIN = 0.95  # of an error on the coarser grid that is looked at, so that the fine one has it too


@dataclass(frozen=True)
class Reached:
    """How a contestant reached a given error.

    Attributes:
        seconds: Until it was there, or until it gave up.
        steps: Optimizer steps taken.
        error: Largest error on the exercise's test grid.
    """

    seconds: float
    steps: int
    error: float


OUR_BUDGETS = {"minmax": 1_000}  # its default goes for a quarter of the lecture's error
_ALL = ("xor", "sin", "square", "minmax")


class Session(Protocol):
    """Training that goes on step by step."""

    def advance(self, steps: int) -> None:
        """Take so many steps."""

    def predict(self, x: Tensor) -> Tensor:
        """Return what the network answers."""


class Contestant:
    """Someone who trains the lecture's recipe step by step.

    Args:
        begin: Starts a session from a task and a seed.
        names: The exercises it can do.
        argv: What runs it alone in a process, after `python -m`, without name and steps.
    """

    def __init__(
        self,
        begin: Callable[[Task, int], Session],
        *,
        names: tuple[str, ...] = _ALL,
        argv: tuple[str, ...] = (),
    ) -> None:
        self.begin, self.names, self.argv, self.reaches = begin, names, argv, True

    def seconds(self, task: Task, steps: int, seed: int) -> float:
        """Return the seconds that so many steps take, once it is warm and all is compiled."""
        session = self.begin(task, seed)
        session.advance(BLOCK)
        began = time.perf_counter()
        session.advance(steps)
        return time.perf_counter() - began

    def reach(self, task: Task, error: float, seed: int) -> Reached:
        """Train until the error is reached, or for the recipe's steps; compiling counts."""
        data = get_exercise(task.name).data()
        x, y = data.grid(data.val_points)
        began, taken = time.perf_counter(), 0
        session = self.begin(task, seed)
        while taken < task.steps:
            session.advance(CHECK_EVERY)
            taken += CHECK_EVERY
            if _largest(session.predict(x) - y) <= MARGIN * error:
                break
        seconds = time.perf_counter() - began
        return Reached(seconds, taken, largest_test_error(task, session))


class LightningByDefault(Contestant):
    """A plain LightningModule under a Trainer left at its defaults."""

    def __init__(self) -> None:
        super().__init__(PlainLoop)

    @override
    def seconds(self, task: Task, steps: int, seed: int) -> float:
        return self._fit(task, seed, max_steps=steps).seconds

    @override
    def reach(self, task: Task, error: float, seed: int) -> Reached:
        return self._fit(
            task, seed, max_steps=task.steps, val_check_interval=CHECK_EVERY,
            check_val_every_n_epoch=None,
            callbacks=[EarlyStopping("val_max_error", patience=task.steps,
                                     stopping_threshold=MARGIN * error)],
        )  # fmt: skip

    def _fit(self, task: Task, seed: int, **settings: Any) -> Reached:
        torch.manual_seed(seed)
        module, data = _Plain(task), get_exercise(task.name).data()
        grid = TensorDataset(*data.grid(data.val_points))
        checked = DataLoader(grid, batch_size=len(grid)) if "callbacks" in settings else None
        with quiet_lightning(), warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")  # its advice on workers and logging intervals
            trainer = Trainer(
                accelerator="cpu", devices=1, max_epochs=-1, default_root_dir=folder,
                enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
                **settings,
            )  # fmt: skip
            began = time.perf_counter()
            trainer.fit(module, _loader(task), checked)
            seconds = time.perf_counter() - began
        return Reached(seconds, trainer.global_step, largest_test_error(task, module))


class Ours(Contestant):
    """mlpzoo's train: the lecture's recipe for its steps, our own to come to an error.

    Args:
        kernel: What takes the steps of the lecture's recipe.
    """

    def __init__(self, kernel: str) -> None:
        super().__init__(PlainLoop, argv=("mlpzoo", "train", f"--kernel={kernel}"))
        self.kernel, self.reaches = kernel, kernel == TORCH  # our own recipes choose for themselves

    @override
    def seconds(self, task: Task, steps: int, seed: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return train(
                task.name, seed=seed, recipe="lecture", max_steps=steps, out=folder,
                accelerator="cpu", plots=False, progress=False, kernel=self.kernel,
            ).seconds  # fmt: skip

    @override
    def reach(self, task: Task, error: float, seed: int) -> Reached:
        with tempfile.TemporaryDirectory() as folder:
            ours = get_exercise(task.name)
            result = train(
                replace(ours, name=f"{task.name}-reached", stop_at=MARGIN * error),
                seed=seed, out=folder, accelerator="cpu",
                val_every=min(CHECK_EVERY, ours.recipe().val_every), plots=False, progress=False,
                max_steps=OUR_BUDGETS.get(task.name),
            )  # fmt: skip
        return Reached(result.seconds, result.steps, result.metrics["max_error"])


def contestants() -> dict[str, Contestant]:
    """Return who can be measured here: the optional packages only where they are installed."""
    lecture = "scripts.benchmark.lecture"
    found: dict[str, Contestant] = {
        "plain loop": Contestant(PlainLoop, argv=(lecture,)),
        "plain loop, fused Adam": Contestant(
            lambda task, seed: PlainLoop(task, seed, fused=True), argv=(lecture, "--fused")
        ),
        "Lightning by default": LightningByDefault(),
        "mlpzoo": Ours(TORCH),
    }
    if find_spec("numba"):
        found["mlpzoo[fast]"] = Ours(NUMBA)
    packages = {"scikit-learn": "sklearn", "skorch": "skorch", "Keras on JAX": "keras"}
    for name, peer in PEERS.items():
        if find_spec(packages.get(name, "optax")):
            able = ("xor", "sin", "square") if name == "scikit-learn" else _ALL
            found[name] = Contestant(peer, names=able, argv=("scripts.benchmark.peers", name))
    return found


def largest_test_error(task: Task, session: Session | LightningModule) -> float:
    """Return the largest error on the exercise's test grid."""
    data = get_exercise(task.name).data()
    x, y = data.grid(data.test_points)
    with torch.no_grad():
        answer = session(x) if isinstance(session, LightningModule) else session.predict(x)
    return _largest(answer - y)


def _largest(error: Tensor) -> float:
    return error.abs().max().item()


class _Plain(LightningModule):
    """What a reader of Lightning's introduction would write."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.net, self.loss, self.lr = task.net(), task.loss, task.lr

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.net(x)
        return y

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss: Tensor = self.loss(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        x, y = batch
        self.log("val_max_error", (self(x) - y).abs().max())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.lr)


class _Fresh(IterableDataset[tuple[Tensor, Tensor]]):
    def __init__(self, task: Task) -> None:
        self.task = task

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            x = self.task.inputs(self.task.batch)
            yield x, self.task.target(x)


def _loader(task: Task) -> DataLoader[Any]:
    if task.name == "xor":  # the whole table is an epoch
        x = xor_rows(4)
        return DataLoader(TensorDataset(x, task.target(x)), batch_size=4)
    return DataLoader(_Fresh(task), batch_size=None)
