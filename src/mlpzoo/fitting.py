"""Fits in a run folder, until the end, a signal, or what makes it impossible."""

import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule, Trainer

from mlpzoo.callbacks import NotFinite, StateKeeper
from mlpzoo.checks import InputError
from mlpzoo.runs.checkpoint import BEST, LAST, START
from mlpzoo.runs.state import State
from mlpzoo.stopping import StopRequest, StopTraining
from mlpzoo.trainers import leave_group_at_exit


@dataclass(kw_only=True)
class Run:
    """A run folder that is being worked in.

    Attributes:
        folder: The folder.
        command: The command line that goes on with it, the folder left out.
        state: Where it goes on from.
        stop: Tells whether a signal has come.
        steps: Optimizer steps taken.
        seconds: Time in fit.
        lost_step: The step at which a number was not finite; None for none.
        history: At which step which settings became others.
        finished: Whether it has its result, and nothing is left to do.
    """

    folder: Path
    command: tuple[str, ...]
    state: State = field(default_factory=State)
    stop: StopRequest = field(default_factory=StopRequest)
    steps: int = 0
    seconds: float = 0.0
    lost_step: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False

    @property
    def advice(self) -> str:
        """How to go on with it."""
        return f"go on with: {shlex.join(['mlpzoo', *self.command, '--resume', str(self.folder)])}"

    @property
    def changed(self) -> bool:
        """Whether it goes on with other settings than its state was saved with."""
        return len(self.history) > len(self.state.history)

    def best(self) -> Path:
        """Return the checkpoint to measure: the best, else the last good one."""
        names = (BEST, LAST, START)
        return next((p for name in names if (p := self.folder / name).exists()), self.folder / BEST)

    def check_stop(self) -> None:
        """Stop the program if a signal has asked for it.

        Raises:
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        self.stop.raise_if_requested(f"stopped after step {self.steps}; {self.advice}")

    def fit(self, trainer: Trainer, module: LightningModule, data: LightningDataModule) -> None:
        """Train, from the state on, until the Trainer ends, a number is not finite, or a signal.

        Raises:
            InputError: The state cannot be gone on from, or a file cannot be written.
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        if trainer.world_size > 1:
            leave_group_at_exit()
        began = time.perf_counter()
        try:
            trainer.fit(module, datamodule=data, ckpt_path=self.state.path, weights_only=True)
        except NotFinite as error:
            self.lost_step = error.step
        except (StopTraining, KeyboardInterrupt, SystemExit) as stop:  # Lightning turns Ctrl-C
            self._leave(trainer, stop)  # into the last
        except BrokenPipeError:
            raise  # no file of the run
        except OSError as error:
            raise self.not_written(error, trainer) from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
            if self.state.path is None or any(keeper.started for keeper in _keepers(trainer)):
                raise
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"cannot go on from {self.state.path}: {reason}; remove it") from error
        finally:
            self.steps = self.lost_step or trainer.global_step
            self.seconds = time.perf_counter() - began

    def not_written(self, error: OSError, trainer: Trainer | None = None) -> InputError:
        """Return what to say where a file of the run cannot be written."""
        if not self.folder.exists():
            return InputError(f"the run folder {self.folder} is gone, and the run with it")
        saved = next((k.saved_step for k in _keepers(trainer)), None) or self.state.step
        return InputError(
            f"cannot work in {self.folder}: {error.strerror or error}; its state of step {saved} "
            "is whole: mend that, then",
            advice=self.advice,
        )

    def _leave(self, trainer: Trainer, stop: BaseException) -> None:
        self.steps = trainer.global_step
        self.check_stop()
        if isinstance(stop, SystemExit):
            raise KeyboardInterrupt(f"interrupted; {self.advice}") from stop
        raise stop


def _keepers(trainer: Trainer | None) -> list[StateKeeper]:
    callbacks = [] if trainer is None else trainer.checkpoint_callbacks
    return [callback for callback in callbacks if isinstance(callback, StateKeeper)]
