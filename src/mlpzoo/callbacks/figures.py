"""Writes pictures of what a module has learned while it trains."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from mlpzoo import plotting

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase


class FigureWriter(Callback):
    """Draws the module at every n-th validation, into `<folder>/<name>_step_<step>.png`.

    A picture that cannot be written is reported, the first one at once; training goes on.

    Args:
        draw: Takes module, data module and the step, and returns a figure.
        folder: Where the pictures go; it is made when the first one is written.
        name: How the files begin.
        every_n_validations: How often to draw.

    Attributes:
        unwritten: The last picture that could not be written, and why, or "".
    """

    def __init__(
        self,
        draw: Callable[[Any, Any, int], "FigureBase"],
        *,
        folder: str | Path,
        name: str,
        every_n_validations: int = 1,
    ) -> None:
        self.draw, self.folder, self.name = draw, Path(folder), name
        self.every_n_validations = every_n_validations
        self.unwritten = ""
        self._validations = 0

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"validations": self._validations}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._validations = state_dict["validations"]

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        self._validations += 1
        if self._validations % self.every_n_validations:
            return
        step, data = trainer.global_step, trainer.datamodule  # type: ignore[attr-defined]
        path = self.folder / f"{self.name}_step_{step:06d}.png"
        _, unwritten = plotting.save_each({path: lambda: self.draw(pl_module, data, step)})
        if unwritten and not self.unwritten:
            print(f"mlpzoo: cannot write {unwritten}", file=sys.stderr, flush=True)
        self.unwritten = unwritten or self.unwritten
