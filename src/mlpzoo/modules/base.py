"""The base of all Lightning modules: a network, a loss, metrics and an optimizer, no exercise."""

import sys
from abc import ABC
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MetricCollection
from typing_extensions import override

from mlpzoo.checks import InputError, resolve_name
from mlpzoo.data.stream import Batch, Block
from mlpzoo.modules._arguments import as_batch, as_rows, plain
from mlpzoo.modules._logged import as_logged, log_losses
from mlpzoo.modules.evaluation import evaluate
from mlpzoo.modules.formulas import as_exact
from mlpzoo.modules.metrics import task_metrics
from mlpzoo.optim.blocks import BlockSteps, check_blocks, check_steps
from mlpzoo.optim.factory import (
    SCHEDULES,
    build_loss,
    build_optimizer,
    build_schedule,
    check_targets,
    needs_of,
)
from mlpzoo.optim.fused_adam import drop_traces, may_fuse
from mlpzoo.optim.kernels import TORCH
from mlpzoo.optim.kernels.chain import in_chain
from mlpzoo.optim.kernels.choice import kernel_steps
from mlpzoo.optim.loops import align_counts, block_sizes, move_bar, take_block

TASKS = ("regression", "gate", "none")


class LitNetwork(LightningModule, ABC):
    """Trains a network on batches (x, y) by automatic optimization, under anyone's Trainer.

    Logged: `train_loss` every `log_every_n_steps` and where a callback may look at it (the end of
    an epoch, a validation, a checkpoint); `val_loss` and `test_loss` (per row where the reduction
    is "sum"), and by task rmse, max_error and r2 or accuracy and bce, in the exercise's own units.
    Constructor arguments are plain, so checkpoints load with weights_only=True.

    Args:
        net: Maps x to y (regression) or to what `probability` turns into P(y = 1) (gate).
        task: "regression", "gate", or "none" for the loss alone.
        loss: Name of a loss of `torch.nn`: "mse", "l1", "huber", ...
        reduction: "sum" or "mean".
        optimizer: Name of an optimizer of `torch.optim`: "adam", "sgd", ...; or "levenberg".
        lr: Learning rate; of "levenberg", the share of a step that is taken.
        schedule: "constant", "linear", "cosine", "exponential" or "onecycle".
        momentum: Momentum, for optimizers that take it.
        weight_decay: Weight decay.
        beta2: Decay of Adam's mean of squared gradients; None for the optimizer's default.

    Attributes:
        cuda_graphs: Whether blocks on a GPU are recorded as CUDA graphs where that is possible.
        kernel: What takes the steps of blocks: "torch", or "numba" (see `mlpzoo.optim.kernels`).
        columns: Names of the outputs, where each is measured by itself too.

    Raises:
        InputError: An unknown name or a value out of range.
    """

    cuda_graphs: bool = True
    kernel: str = TORCH
    columns: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        net: nn.Module,
        *,
        task: str,
        loss: str,
        reduction: str,
        optimizer: str,
        lr: float,
        schedule: str = "constant",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        beta2: float | None = None,
    ) -> None:
        super().__init__()
        self._block_steps: BlockSteps | None = None
        self.collections: dict[str, MetricCollection] = {}  # of the evaluation that goes on
        self.net, self.lr, self.optimizer_name = net, lr, optimizer
        self.schedule = resolve_name("schedule", schedule, SCHEDULES)
        self.momentum, self.weight_decay, self.beta2 = momentum, weight_decay, beta2
        self._optimizer_of(nn.Linear(1, 1, device="meta"))  # or it is refused at once
        self.task = resolve_name("task", task, TASKS)
        self.loss = build_loss(loss, reduction)
        self.sums = str(self.loss.reduction) == "sum"

    @in_chain
    @override
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.net(as_rows(x, self))
        return y

    @override
    def save_hyperparameters(self, *args: Any, frame: Any = None, **kwargs: Any) -> None:
        super().save_hyperparameters(*args, frame=frame or sys._getframe(1), **kwargs)
        self.hparams.update(plain(self.hparams))

    def probability(self, output: Tensor) -> Tensor:
        """Return P(y = 1) for an output of `forward`: its sigmoid, the output being a logit."""
        return output.sigmoid()

    def logit(self, output: Tensor) -> Tensor:
        """Return log(p / (1 - p)) of P(y = 1) for an output of `forward`, the output itself."""
        return output

    def answer(self, x: Tensor) -> Tensor:
        """Return what the exercise asks for: y itself, or P(y = 1) where the task is a gate.

        Shapes: (batch, in_features) -> (batch, out_features).
        """
        output = self(x)
        return self.probability(output) if self.task == "gate" else output

    @in_chain
    def losses(self, output: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Return the loss to minimise as "loss", and its parts under names of their own."""
        return {"loss": self.loss(output, y)}

    @in_chain
    def objective(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what a training step minimises, and the losses to log."""
        losses = self.output_and_losses(x, y)[1]
        return losses["loss"], losses

    def check_loss(self) -> None:
        """Refuse a loss that the optimizer or the task does not go with, before it is trained."""
        needs_of(self.optimizer_name).check_loss(self.optimizer_name, self.loss)

    @override
    def setup(self, stage: str) -> None:
        self.collections.clear()  # of one that broke off, or left what training cannot change
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        blocks = stage == "fit" and getattr(data, "block_steps", 1) > 1
        if stage == "fit":
            self.check_loss()
            needs_of(self.optimizer_name).check_trainer(self.optimizer_name, self.trainer)
        if blocks:
            check_blocks(self.trainer, self)
        self.automatic_optimization = not blocks

    @override
    def teardown(self, stage: str) -> None:
        self.automatic_optimization = True
        self._block_steps = None

    @override
    def on_train_start(self) -> None:
        align_counts(self.trainer)
        if not self.automatic_optimization:
            check_steps(self.trainer)
            optimizer: Any = self.optimizers(use_pl_optimizer=False)
            self._block_steps = self.steps_of(optimizer, self.lr_schedulers())

    def steps_of(self, optimizer: Optimizer, schedule: Any) -> BlockSteps:
        """Return what takes the steps of blocks.

        Args:
            optimizer: What `build_optimizer` gave.
            schedule: Sets its rate after each step; None for a constant one.
        """
        lanes = None if self.kernel == TORCH else kernel_steps(self, optimizer)
        return BlockSteps(self.objective, optimizer, schedule, graphs=self.cuda_graphs, lanes=lanes)

    @override
    def training_step(self, batch: Batch | Block, batch_idx: int) -> Tensor | dict[str, Tensor]:
        if isinstance(batch, Block) and self._block_steps is not None:
            take = partial(self._block_steps.take, batch)
            losses = take_block(self.trainer, len(batch.x), take, as_logged)
            log_losses(self, losses, step=self.global_step)
            return {"losses": self._block_steps.minimised}
        if not self.automatic_optimization:
            raise InputError("the Trainer's data module has blocks, and ordinary batches came")
        for optimizer in self.trainer.optimizers:
            drop_traces(optimizer)  # as within a block
        objective, losses = self.objective(*as_batch(batch, self))
        log_losses(self, losses, step=self.global_step + 1)
        return objective

    @override
    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self._block_steps is not None:
            self._block_steps.check_taken(self)
            move_bar(self.trainer, outputs, batch)

    def block_sizes(self, *, rows: int, most: int) -> Callable[[], int]:
        """Return what tells the data module, before each block, how many steps it may have.

        Args:
            rows: Of a batch.
            most: Steps of the longest block.
        """
        return block_sizes(self.trainer, rows=rows, most=most, past_logs=self.kernel != TORCH)

    @override
    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        evaluate(self, "val", batch, dataloader_idx)

    @override
    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        evaluate(self, "test", batch, dataloader_idx)

    @override
    def predict_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> Tensor:
        return self.answer(batch[0] if isinstance(batch, tuple | list) else batch)

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.build_optimizer()
        if self.schedule == "constant":
            return optimizer
        schedule = build_schedule(optimizer, self.schedule, self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def build_optimizer(self) -> Optimizer:
        """Return the optimizer of all parameters, with the settings given to the constructor."""
        return self._optimizer_of(self, fused=may_fuse(self))

    def metrics(self, prefix: str) -> MetricCollection:
        """Return a new collection of what this task is measured by."""
        return task_metrics(self.task, prefix, self.columns)

    def update_metrics(self, metrics: MetricCollection, output: Tensor, y: Tensor) -> None:
        """Take a batch into a collection made by `metrics`."""
        if self.task != "none":
            answer = self.probability(output) if self.task == "gate" else output
            metrics.update(*as_exact(answer, y))

    @in_chain
    def output_and_losses(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what `forward` gives for x, and its losses against y."""
        output = self(x)
        check_targets(self.loss, output, y)
        return output, self.losses(output, y)

    def _optimizer_of(self, net: nn.Module, *, fused: bool = False) -> Optimizer:
        return build_optimizer(
            net, self.optimizer_name, lr=self.lr, momentum=self.momentum,
            weight_decay=self.weight_decay, beta2=self.beta2, fused=fused,
        )  # fmt: skip
