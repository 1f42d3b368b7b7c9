"""What saving costs: the share of a fit's time that goes into its checkpoints and its log."""

import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import Trainer

from mlpzoo.training.run import train

RUNS: dict[str, dict[str, Any]] = {
    "xor": {"recipe": "lecture", "max_steps": 10_000},
    "sin": {"recipe": "lecture", "max_steps": 3_000},
    "minmax": {"max_steps": 1_000, "early_stop": False},
}


def cost_of_saving() -> dict[str, str]:
    """Train with one thread; return by exercise the share of time, and how many files it was."""
    torch.set_num_threads(1)
    return {name: _share(name, settings) for name, settings in RUNS.items()}


def _share(name: str, settings: dict[str, Any]) -> str:
    spent: list[float] = []

    def timed(save: Callable[..., None]) -> Callable[..., None]:
        def save_and_count(*arguments: Any, **named: Any) -> None:
            began = time.perf_counter()
            save(*arguments, **named)
            spent.append(time.perf_counter() - began)

        return save_and_count

    original = Trainer.save_checkpoint
    Trainer.save_checkpoint = timed(original)  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as out:
            result = train(name, out=out, plots=False, progress=False, **settings)
    finally:
        Trainer.save_checkpoint = original  # type: ignore[method-assign]
    return f"{sum(spent) / result.seconds:.2%} of {result.seconds:.1f} s, {len(spent)} checkpoints"
