"""Fits in a run folder: new or gone on with, stopped by signals, never without a word."""

import json
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer

from mlpzoo.callbacks import NotFinite, StateKeeper
from mlpzoo.checkpoints import BEST, LAST, START, read_checkpoint
from mlpzoo.checks import InputError
from mlpzoo.files import alone_in, keep_as, sweep, write_json, write_yaml
from mlpzoo.logs import FILE_NAME, RunLogger
from mlpzoo.restoring import check_fit
from mlpzoo.runs import (
    CONFIG,
    POPULATION,
    RESULT,
    State,
    is_first_process,
    new_run,
    newest_state,
    result_file,
)
from mlpzoo.stopping import StopRequest, StopTraining
from mlpzoo.trainers import leave_group_at_exit

CHANGES = "changes.json"


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
    """

    folder: Path
    command: tuple[str, ...]
    state: State = field(default_factory=State)
    stop: StopRequest = field(default_factory=StopRequest)
    steps: int = 0
    seconds: float = 0.0
    lost_step: int | None = None

    @property
    def advice(self) -> str:
        """How to go on with it."""
        return f"go on with: {shlex.join(['mlpzoo', *self.command, '--resume', str(self.folder)])}"

    @property
    def changes(self) -> list[dict[str, Any]]:
        """At which step which settings became others."""
        path = self.folder / CHANGES
        found: list[dict[str, Any]] = []
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))["changes"]
        return found

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
            InputError: The state does not fit the module, or a file cannot be written.
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        if trainer.world_size > 1:
            leave_group_at_exit()
        if self.state.path is not None:
            self._check_state(module)
        began = time.perf_counter()
        try:
            trainer.fit(module, datamodule=data, ckpt_path=self.state.path, weights_only=True)
        except NotFinite as error:
            self.lost_step = error.step
        except (StopTraining, KeyboardInterrupt, SystemExit) as stop:  # Lightning turns Ctrl-C
            self._leave(trainer, stop)  # into the last
        except OSError as error:
            raise self.not_written(error, trainer) from error
        finally:
            self.steps = self.lost_step or trainer.global_step
            self.seconds = time.perf_counter() - began

    def not_written(self, error: OSError, trainer: Trainer | None = None) -> InputError:
        """Return what to say where a file of the run cannot be written."""
        if not self.folder.exists():
            return InputError(f"the run folder {self.folder} is gone; nothing of it is left")
        saved = next((k.saved_step for k in _keepers(trainer)), None) or self.state.step
        reason = error.strerror or error
        return InputError(
            f"cannot write to {self.folder}: {reason}; its state of step {saved} is whole: mend "
            f"that, then {self.advice}"
        )

    def _leave(self, trainer: Trainer, stop: BaseException) -> None:
        self.steps = trainer.global_step
        self.check_stop()
        if isinstance(stop, SystemExit):
            raise KeyboardInterrupt(f"interrupted; {self.advice}") from stop
        raise stop

    def _check_state(self, module: LightningModule) -> None:
        path = self.state.path
        assert path is not None
        try:
            check_fit(module, read_checkpoint(path)["state_dict"])
        except (InputError, AttributeError, KeyError) as error:
            raise InputError(f"{path} does not fit the settings of its run: {error}") from error


@contextmanager
def opened(
    parent: Path,
    config: Mapping[str, Any],
    command: tuple[str, ...],
    *,
    resumed: Path | None,
    changes: Mapping[str, tuple[Any, Any]],
) -> Iterator[Run]:
    """Yield a run folder, held against other processes, while signals are listened to.

    Args:
        parent: The folder of the exercise's runs.
        config: Settings of the run.
        command: See `Run`.
        resumed: The folder to go on in; None for a new one.
        changes: Settings that differ from those it has had.

    Raises:
        InputError: The folder cannot be made or written to, or another process is in it.
    """
    stop, before = StopRequest(), torch.get_num_threads()
    with stop.listening():
        folder = (new_run(parent, config) if resumed is None else resumed).resolve()
        run = Run(folder=folder, command=command, stop=stop)
        stop.advice = f"stopped at once; {run.advice}"
        torch.set_num_threads(config["threads"])
        try:
            if not is_first_process():
                run.state = State() if resumed is None else newest_state(folder)
                yield run
                return
            with alone_in(folder):
                if resumed is not None:
                    _go_on(run, config, changes)
                yield run
        except OSError as error:
            raise run.not_written(error) from error
        finally:
            torch.set_num_threads(before)


def _go_on(run: Run, config: Mapping[str, Any], changes: Mapping[str, tuple[Any, Any]]) -> None:
    sweep(run.folder)
    run.state = state = newest_state(run.folder)
    for note in state.notes:
        _say(note)
    if changes:
        for finished in (RESULT, POPULATION):
            (run.folder / finished).unlink(missing_ok=True)
        settings = {name: list(pair) for name, pair in changes.items()}
        write_json(
            run.folder / CHANGES,
            {"changes": [*run.changes, {"step": state.step, "settings": settings}]},
        )
        write_yaml(run.folder / CONFIG, config)
    if result_file(run.folder) is not None:
        _say(f"{run.folder} is finished, at step {state.step}; there is nothing to go on with")
        return
    if state.path is None:
        (run.folder / FILE_NAME).unlink(missing_ok=True)
    elif state.path.name != LAST:
        keep_as(state.path, run.folder / LAST)
    if state.torch not in ("", str(torch.__version__)):
        _say(f"it was begun with torch {state.torch}, this is {torch.__version__}; bits may differ")
    where = "its start" if state.path is None else f"step {state.step}, {state.path.name}"
    _say(f"{run.folder} goes on from {where}")
    RunLogger(run.folder, step=state.step).flush()


def _keepers(trainer: Trainer | None) -> list[StateKeeper]:
    callbacks = [] if trainer is None else trainer.checkpoint_callbacks
    return [callback for callback in callbacks if isinstance(callback, StateKeeper)]


def _say(line: str) -> None:
    print(f"mlpzoo: {line}", file=sys.stderr, flush=True)
