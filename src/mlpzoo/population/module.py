"""A population as one Lightning module: trains all members, measures each, keeps its best."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from typing_extensions import override

from mlpzoo.data import FunctionDataModule
from mlpzoo.data.stream import Batch, Block
from mlpzoo.exercises import Threshold
from mlpzoo.modules import LitNetwork
from mlpzoo.modules.formulas import as_exact
from mlpzoo.modules.metrics import member_metrics
from mlpzoo.optim.blocks import check_blocks, check_steps
from mlpzoo.optim.factory import build_schedule, check_targets
from mlpzoo.optim.kernels import TORCH
from mlpzoo.optim.loops import align_counts, block_sizes, is_logged, move_bar, take_block
from mlpzoo.population.members.kinds import Members
from mlpzoo.population.members.restarts import Restarts

Measure = Callable[[LitNetwork, FunctionDataModule], Mapping[str, float]]
NEVER = -1  # the step of what has not happened


class LitPopulation(LightningModule):
    """Trains the members of a population at once, each as it would be trained alone.

    Logged: train_loss, the median over the members; at every validation val_unsolved, how many have
    not met the bars yet, val_unfinished, how many have not passed `stop_at` (without it, the same),
    and val_<monitor>, the median; by a test, the median of each metric. Validations within a fit
    pick each member's best weights, and these are what is tested and what predicts.

    Args:
        members: What is trained.
        bars, monitor, mode, stop_at, measure: As of `Population`.
        datasets: The data of each member, for `measure`.
        restarts: Starts a member that stays on a plateau anew; None for never.
    """

    best_value: Tensor
    best_step: Tensor
    solved_step: Tensor
    stopped_step: Tensor
    lost_step: Tensor

    def __init__(
        self,
        members: Members,
        *,
        bars: Sequence[Threshold],
        monitor: str,
        mode: str,
        stop_at: float | None,
        measure: Measure | None,
        datasets: Sequence[FunctionDataModule],
        restarts: Restarts | None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters({"members": members.count, "monitor": monitor, "mode": mode})
        self.automatic_optimization = False
        self.members, self.best = members, deepcopy(members)
        self.metrics = member_metrics(self.members.example.metrics(""))
        self.bars, self.monitor, self.stop_at = tuple(bars), monitor, stop_at
        self.sign = 1.0 if mode == "min" else -1.0
        self.measure, self.datasets, self.restarts = measure, datasets, restarts
        for name in ("best_step", "solved_step", "stopped_step", "lost_step"):
            self.register_buffer(name, torch.full((members.count,), NEVER))
        self.register_buffer("best_value", torch.full((members.count,), torch.inf).double())

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.members.answer(x)

    @override
    def setup(self, stage: str) -> None:
        if stage == "fit":
            check_blocks(self.trainer, self)

    @override
    def configure_optimizers(self) -> Any:
        name, optimizers = self.members.example.schedule, self.members.optimizers()
        if name == "constant":
            return optimizers
        total = self.trainer.estimated_stepping_batches
        rates = [(each, build_schedule(each, name, total)) for each in optimizers]
        return [
            {"optimizer": each, "lr_scheduler": {"scheduler": rate, "interval": "step"}}
            for each, rate in rates
        ]

    @override
    def on_train_start(self) -> None:
        align_counts(self.trainer)
        check_steps(self.trainer)
        schedules = [each.scheduler for each in self.trainer.lr_scheduler_configs]
        self.members.begin(self.trainer.optimizers, schedules)

    @override
    def training_step(self, block: Block, batch_idx: int) -> None:
        take = partial(self.members.take, block, self.stopped_step == NEVER)
        losses = take_block(
            self.trainer, len(block.x), take, lambda each: {"train_loss": each.nanmedian()}
        )
        if is_logged(self.trainer, self.global_step):
            self.log("train_loss", losses.nanmedian(), prog_bar=True)

    @override
    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        move_bar(self.trainer, outputs, batch)

    def block_sizes(self, *, rows: int, most: int) -> Callable[[], int]:
        """Return what tells how many steps a block may have; see `LitNetwork.block_sizes`."""
        past_logs = self.members.example.kernel != TORCH
        return block_sizes(self.trainer, rows=rows, most=most, past_logs=past_logs)

    @override
    def on_validation_epoch_start(self) -> None:
        self.metrics.reset()

    @override
    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._update(self.members, *batch)

    @override
    def on_validation_epoch_end(self) -> None:
        metrics = self._computed(self.members)
        if self.trainer.state.fn == "fit" and not self.trainer.sanity_checking:
            self._keep(metrics)
        unsolved, running = self.solved_step == NEVER, self.stopped_step == NEVER
        unfinished = running & unsolved if self.stop_at is None else running
        self.log("val_unsolved", unsolved.sum().float(), prog_bar=True)
        self.log("val_unfinished", unfinished.sum().float())
        self.log(f"val_{self.monitor}", metrics[self.monitor].nanmedian().float())

    on_test_epoch_start = on_validation_epoch_start

    @override
    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._update(self.best, *batch)

    @override
    def on_test_epoch_end(self) -> None:
        for name, value in self._computed(self.best).items():
            self.log(f"test_{name}", value.nanmedian().float())

    @override
    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self.best.answer(batch[0])

    def measured(self, data: Any) -> dict[str, Tensor]:
        """Return the test metrics of each member's best weights, by name, shape (members,).

        Args:
            data: The population's data module.
        """
        self.metrics.reset()
        with torch.no_grad():
            for x, y in data.test_dataloader():
                self._update(self.best, x.to(self.device), y.to(self.device))
        measured = self._computed(self.best)
        lost = self.best_step == NEVER  # it was never finite: what stands for it is its start
        return {name: value.masked_fill(lost, torch.nan).cpu() for name, value in measured.items()}

    def met(self, metrics: Mapping[str, Tensor]) -> Tensor:
        """Tell which members meet every bar: bool, shape (members,).

        Args:
            metrics: By name, each of shape (members,).
        """
        met = [torch.as_tensor(bar.met(metrics[bar.metric])) for bar in self.bars]  # type: ignore[arg-type]
        return torch.stack(met).all(dim=0) if met else torch.zeros_like(self.best_step).bool()

    def _update(self, members: Members, x: Tensor, y: Tensor) -> None:
        answer = members.answer(x)
        check_targets(members.example.loss, answer if y.dim() == answer.dim() else answer[0], y)
        self.metrics.update(*as_exact(answer, y))

    def _keep(self, metrics: Mapping[str, Tensor]) -> None:
        """Note who is solved, and copy the weights of those who are better than before."""
        step = self.global_step
        value = self.sign * metrics[self.monitor]
        running = self.stopped_step == NEVER
        better = running & (value < self.best_value)
        self.best_value.copy_(torch.where(better, value, self.best_value))
        self.best_step[better] = step
        self.solved_step[running & self.met(metrics) & (self.solved_step == NEVER)] = step
        if self.stop_at is not None:
            self.stopped_step[running & (value < self.sign * self.stop_at)] = step
        lost = running & ~value.isfinite()
        self.lost_step[lost] = step
        self.best.copy_from(self.members, better)
        if self.restarts is None:  # a run of its own would stop here
            self.stopped_step[lost] = step
        else:
            waiting = (self.solved_step == NEVER) & (self.stopped_step == NEVER)
            self.restarts.look(self.members, value, waiting, step)

    def _computed(self, members: Members) -> dict[str, Tensor]:
        computed = self.metrics.compute().items()
        found = {name: value.reshape(members.count).double() for name, value in computed}
        if self.measure is not None:
            each = [self.measure(members.member(i), data) for i, data in enumerate(self.datasets)]
            for name in each[0]:
                found[name] = self.best_value.new_tensor([one[name] for one in each])
        return found
