"""How a module is measured on the batches of one or several loaders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch

from mlpzoo.data.stream import Batch
from mlpzoo.modules._arguments import as_batch
from mlpzoo.modules.finished import FinishedNet
from mlpzoo.nets.trace import in_eval_mode

if TYPE_CHECKING:
    from mlpzoo.modules.base import LitNetwork
    from mlpzoo.modules.finished import Answering


def evaluate(module: LitNetwork, stage: str, batch: Batch, loader: int) -> None:
    """Take a batch into a module's losses and metrics, and log them.

    A loss is logged per row where the module sums it, because a grid comes in chunks. The names of
    every loader but the first end in Lightning's "/dataloader_idx_1", ...

    Args:
        module: What is measured.
        stage: "val" or "test", with which the names begin.
        batch: x (rows, in_features), y (rows, out_features).
        loader: Which of the loaders the batch is from.
    """
    (x, y), rows = as_batch(batch, module), len(batch[1])
    output, losses = module.output_and_losses(x, y)
    share = 1 / rows if module.sums else 1.0
    named = {f"{stage}_{name}": value * share for name, value in losses.items()}
    # names of further loaders get a suffix, and those of the first stay what they are
    how: dict[str, Any] = {"batch_size": rows, "add_dataloader_idx": loader > 0}
    module.log_dict(named, sync_dist=True, **how)
    if (key := f"{stage}_{loader}") not in module.collections:
        module.collections[key] = module.metrics(f"{stage}_").to(module.device)
    metrics = module.collections[key]
    module.update_metrics(metrics, output, y)
    for name, metric in metrics.items(keep_base=False, copy_state=False):
        module.log(name, metric, metric_attribute=name, **how)


def measure_grid(module: Answering, grid: Iterable[Batch]) -> dict[str, float]:
    """Return the loss and the metrics of a module on a grid, as an evaluation logs them.

    Args:
        module: What is measured; it is left as it was. A finished network has no loss.
        grid: The batches of the grid.
    """
    if isinstance(module, FinishedNet):
        return module.measure(grid)
    metrics, loss, rows = module.metrics("").to(module.device), 0.0, 0
    with in_eval_mode(module), torch.no_grad():
        for x, y in grid:
            output, right = module(x.to(module.device)), y.to(module.device)
            module.update_metrics(metrics, output, right)
            share = module.losses(output, right)["loss"].item()
            loss, rows = loss + share * (1 if module.sums else len(y)), rows + len(y)
    found = {name: float(value) for name, value in metrics.compute().items()}
    return {"loss": loss / rows, **found}
