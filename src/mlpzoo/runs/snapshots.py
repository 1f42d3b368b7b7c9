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
A_DECADE = 15  # snapshots from any step to ten times that step


def is_due(step: int) -> bool:
    """Tell whether a snapshot is taken after so many optimizer steps.

    Every early step is, later ones in equal ratios, for a network learns most of what is seen
    early. It depends on nothing but the step, so a run that goes on, or goes on for longer, takes
    the snapshots of one that had not stopped.

    Args:
        step: 0 or more.

    Example:
        >>> [step for step in range(51) if is_due(step)]
        [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 22, 25, 29, 34, 40, 46]
    """
    return step == 0 or next_step(step - 1) == step


def next_step(step: int) -> int:
    """Return the first step after this one at which a snapshot is taken.

    Args:
        step: 0 or more.

    Example:
        >>> next_step(100), next_step(117)
        (117, 136)
    """
    number = max(len(str(step)) - 1, 0) * A_DECADE  # of a power of ten at or below the step
    while (at := round(10 ** (number / A_DECADE))) <= step:
        number += 1
    return at


def write_snapshot(
    folder: Path, module: LightningModule, step: int, provenance: Mapping[str, Any]
) -> Path:
    """Write the weights of a module, as a checkpoint that `load_module` reads.

    Args:
        folder: The run folder, which must be there.
        module: Whose weights and arguments are kept.
        step: Optimizer steps taken.
        provenance: What says where a checkpoint comes from (see `StateCheckpoint`).

    Returns:
        The file.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / FOLDER / f"step_{step:06d}.ckpt"
    path.parent.mkdir(exist_ok=True)
    content = {
        "state_dict": {name: value.cpu() for name, value in module.state_dict().items()},
        "hyper_parameters": dict(module.hparams),
        "global_step": step,
        RECORD: {**provenance, "format": FORMAT},
    }
    write_whole(path, pack(content))
    return path


def snapshots_in(folder: Path) -> dict[int, Path]:
    """Return the snapshots of a run by step, in their order.

    Args:
        folder: The run folder.
    """
    named = {path.stem.removeprefix("step_"): path for path in folder.glob(f"{FOLDER}/step_*.ckpt")}
    steps = sorted(int(number) for number in named if number.isdecimal())
    return {step: folder / FOLDER / f"step_{step:06d}.ckpt" for step in steps}


def snapshot(folder: Path, step: int) -> Path:
    """Return the snapshot of a step.

    Args:
        folder: The run folder.
        step: Optimizer steps taken.

    Raises:
        InputError: The run has none, or none of this step; the nearest are named.
    """
    found = snapshots_in(folder)
    if step in found:
        return found[step]
    if not found:
        raise InputError(f"{folder} has no snapshots; train with --film to have them taken")
    below = [at for at in found if at < step][-1:]
    above = [at for at in found if at > step][:1]
    nearest = " and ".join(map(str, below + above))
    raise InputError(f"{folder} has no snapshot of step {step}; the nearest: {nearest}")


def remove_after(folder: Path, step: int) -> None:
    """Remove the snapshots of later steps, which a run that goes on from this step takes again.

    Args:
        folder: The run folder.
        step: Optimizer steps taken.

    Raises:
        OSError: One cannot be removed.
    """
    for at, path in snapshots_in(folder).items():
        if at > step:
            path.unlink(missing_ok=True)


class SnapshotTaker(Callback):
    """Writes the weights after the steps that `next_step` names, and after the last one.

    Nothing else of the run is changed. Where blocks of steps are taken in one training_step, they
    end where `next_step` says (see `mlpzoo.optim.loops`).

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
            remove_after(self.folder, trainer.global_step)
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
        if trainer.is_global_zero and trainer.global_step != self._taken:
            write_snapshot(self.folder, pl_module, trainer.global_step, self.provenance)
            self._taken = trainer.global_step
