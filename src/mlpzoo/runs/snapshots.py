"""Snapshots of a module while it learns: when they are taken, how they are written and found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.files import write_whole
from mlpzoo.runs.checkpoint import FORMAT, RECORD, pack

FOLDER = "snapshots"
A_DECADE = 30  # snapshots from any step to ten times that step


def is_due(step: int) -> bool:
    """Tell whether a snapshot is taken after so many optimizer steps.

    Every early step is, later ones in equal ratios, for a network learns most of what is seen
    early. It depends on nothing but the step, so a run that goes on, or goes on for longer, takes
    the snapshots of one that had not stopped.

    Example:
        >>> [step for step in range(17, 51) if is_due(step)]
        [17, 18, 20, 22, 23, 25, 27, 29, 32, 34, 37, 40, 43, 46, 50]
    """
    return step == 0 or next_step(step - 1) == step


def next_step(step: int) -> int:
    """Return the first step after this one at which a snapshot is taken.

    Example:
        >>> next_step(100), next_step(117)
        (108, 126)
    """
    number = max(len(str(step)) - 1, 0) * A_DECADE  # of a power of ten at or below the step
    while (at := round(10 ** (number / A_DECADE))) <= step:
        number += 1
    return at


def snapshots_in(folder: Path) -> dict[int, Path]:
    """Return the snapshots of a run by step, in their order."""
    numbers = [path.stem.removeprefix("step_") for path in folder.glob(f"{FOLDER}/step_*.ckpt")]
    return {step: _path(folder, step) for step in sorted(int(n) for n in numbers if n.isdecimal())}


def _path(folder: Path, step: int) -> Path:
    return folder / FOLDER / f"step_{step:06d}.ckpt"


def snapshot(folder: Path, step: int) -> Path:
    """Return the snapshot of a step."""
    found = snapshots_in(folder)
    if step in found:
        return found[step]
    if not found:
        raise InputError(f"{folder} has no snapshots; train with --film to have them taken")
    below = [at for at in found if at < step][-1:]
    above = [at for at in found if at > step][:1]
    nearest = " and ".join(map(str, below + above))
    raise InputError(f"{folder} has no snapshot of step {step}; the nearest: {nearest}")


class SnapshotTaker(Callback):
    """Writes the weights after the steps that `next_step` names, and after the last one.

    Each is a checkpoint that `load_module` reads. Nothing else of the run is changed. Where blocks
    of steps are taken in one training_step, they end where `next_step` says (see
    `mlpzoo.optim.loops`).

    Args:
        folder: The run folder.
        provenance: What says where a checkpoint comes from (see `StateCheckpoint`).
    """

    def __init__(self, folder: Path, provenance: Mapping[str, Any]) -> None:
        self.folder, self.provenance = folder, provenance
        self._taken: int | None = None

    def next_step(self, step: int) -> int:
        """Return after how many optimizer steps, more than these, it must be given control."""
        return next_step(step)

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            for step, path in snapshots_in(self.folder).items():
                if step > trainer.global_step:  # the run goes on, and takes it again
                    path.unlink(missing_ok=True)
        if trainer.global_step == 0:
            self._take(trainer, pl_module)

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if is_due(trainer.global_step):
            self._take(trainer, pl_module)

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.should_stop and trainer.state.fn == "fit":  # before the last state is saved
            self._take(trainer, pl_module)

    def _take(self, trainer: Trainer, pl_module: LightningModule) -> None:
        step = trainer.global_step
        if not trainer.is_global_zero or step == self._taken:
            return
        path = _path(self.folder, step)
        path.parent.mkdir(exist_ok=True)
        content = {
            "state_dict": {name: value.cpu() for name, value in pl_module.state_dict().items()},
            "hyper_parameters": dict(pl_module.hparams),
            "global_step": step,
            RECORD: {**self.provenance, "format": FORMAT},
        }
        write_whole(path, pack(content))
        self._taken = step
