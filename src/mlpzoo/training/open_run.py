"""A run folder that is worked in: held, its signals listened to, its state found, fitted in."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from torch import nn

from mlpzoo.callbacks import NotFinite
from mlpzoo.checks import InputError
from mlpzoo.files import alone_in, keep_as, sweep, write_yaml
from mlpzoo.nets.architecture import check_fit
from mlpzoo.runs.checkpoint import LAST, START, is_whole, read_checkpoint
from mlpzoo.runs.folder import CONFIG, give_name, is_first_process, new_folder, result_file
from mlpzoo.runs.logger import RunLogger
from mlpzoo.runs.metrics_csv import FILE_NAME
from mlpzoo.runs.state import State, latest_resumable
from mlpzoo.signals import StopRequest, StopTraining
from mlpzoo.training._lightning import leave_group_at_exit
from mlpzoo.training.plan import Plan
from mlpzoo.training.resume import advice, differences, of_state
from mlpzoo.training.state_checkpoint import StateCheckpoint


@dataclass(kw_only=True)
class OpenRun:
    """A run folder that is being worked in.

    Attributes:
        folder: The folder.
        plan: What is carried out in it.
        state: Where it goes on from.
        stop: Tells whether a signal has come.
        state_checkpoint: What saves its state while it is fitted.
        steps: Optimizer steps taken.
        seconds: Time in fit.
        lost_step: The step at which a number was not finite; None for none.
        history: At which step which settings became others.
        finished: Whether it has its result, and nothing is left to do.
    """

    folder: Path
    plan: Plan
    state: State = field(default_factory=State)
    stop: StopRequest
    state_checkpoint: StateCheckpoint | None = None
    steps: int = 0
    seconds: float = 0.0
    lost_step: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False

    @property
    def whole(self) -> Path:
        """The folder of the run that it is, or is a part of."""
        return self.plan.part_of or self.folder

    @property
    def advice(self) -> str:
        """How to go on with it."""
        return advice(self.plan, self.whole)

    @property
    def changed(self) -> bool:
        """Whether it goes on with other settings than its state was saved with."""
        return len(self.history) > len(self.state.history)

    def check_stop(self) -> None:
        """Stop the program if a signal has asked for it.

        Raises:
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        if self.stop.signum is None:
            return
        part = f" of {self.folder.relative_to(self.whole)}" if self.plan.part_of else ""
        self.stop.raise_if_requested(f"stopped after step {self.steps}{part}; {self.advice}")

    def fit(self, trainer: Trainer, module: LightningModule, data: LightningDataModule) -> None:
        """Train, from the state on, until the Trainer ends, a number is not finite, or a signal.

        Raises:
            InputError: The state cannot be gone on from, or a file cannot be written.
            Interrupted: After SIGINT.
            Terminated: After SIGTERM.
        """
        leave_group_at_exit(trainer)
        of_states = (c for c in trainer.checkpoint_callbacks if isinstance(c, StateCheckpoint))
        self.state_checkpoint = next(of_states)
        began = time.perf_counter()
        try:
            trainer.fit(module, datamodule=data, ckpt_path=self.state.path, weights_only=True)
        except NotFinite as error:
            self.lost_step = error.step
        except (StopTraining, KeyboardInterrupt, SystemExit) as stop:
            self.steps = trainer.global_step
            self.check_stop()
            if isinstance(stop, SystemExit):  # into which Lightning turns Ctrl-C
                raise KeyboardInterrupt(f"interrupted; {self.advice}") from stop
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError) as error:
            if self.state.path is None or self.state_checkpoint.started:
                raise
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"cannot go on from {self.state.path}: {reason}; remove it") from error
        finally:
            self.folder = self.state_checkpoint.folder
            self.steps = self.lost_step or trainer.global_step
            self.seconds = time.perf_counter() - began

    def not_written(self, error: OSError) -> InputError:
        """Return what to say where a file of the run cannot be written."""
        if not self.folder.exists():
            return InputError(f"the run folder {self.folder} is gone, and the run with it")
        saved = (self.state_checkpoint and self.state_checkpoint.saved_step) or self.state.step
        return InputError(
            f"cannot work in {self.folder}: {error.strerror or error}; its state of step {saved} "
            "is whole: mend that, then",
            advice=self.advice,
        )


@contextmanager
def open_run(plan: Plan, module: nn.Module) -> Iterator[OpenRun]:
    """Yield a plan's run folder, held against other processes, while signals are listened to.

    Args:
        plan: What is to be carried out.
        module: What will be trained.

    Raises:
        InputError: The folder cannot be made or written to, another process is in it, or its state
            does not fit the settings.
    """
    with StopRequest().listening() as stop, ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(plan.settings.threads)
        run = OpenRun(folder=stack.enter_context(_held(plan)), plan=plan, stop=stop)
        stop.advice = lambda: f"stopped at once; {run.advice}"
        try:
            if plan.folder or plan.resumed:
                _go_on(run, module)
            yield run
        except BrokenPipeError:
            raise  # no file of the run
        except OSError as error:
            raise run.not_written(error) from error


@contextmanager
def _held(plan: Plan) -> Iterator[Path]:
    """Yield the folder to work in, held by the first of several processes.

    A new one is held before it has its name, so that nobody goes on with it in between.
    """
    if not is_first_process():
        yield (plan.resumed or plan.parent / "of_rank_0").resolve()
        return
    if plan.folder is not None:
        yield plan.folder.resolve()
        return
    folder = plan.resumed or new_folder(plan.parent, plan.config, start=plan.start)
    with alone_in(folder):
        yield (plan.resumed or give_name(folder)).resolve()


def _go_on(run: OpenRun, module: nn.Module) -> None:
    plan = run.plan
    config, changes = plan.config, plan.changes
    asked = plan.resumed is not None and plan.part_of is None
    run.state = state = latest_resumable(run.folder)
    had = state.config or of_state(config)
    settings = differences(had, of_state(config), plan.exercise)
    if result_file(run.folder) is not None and not (settings or changes or state.notes):
        run.finished = True
        if asked:
            say(f"{run.folder} is finished, at step {state.step}; there is nothing to go on with")
        return
    if changes and state.solved and plan.settings.early_stop:
        raise InputError(
            f"{run.folder} met its bar and stopped at step {state.step}; to train on, add "
            "--no-early-stop --change early_stop"
        )
    _check(run, module)
    run.history = list(state.history)
    if settings:
        pairs = {name: list(pair) for name, pair in settings.items()}
        run.history.append({"step": state.step, "settings": pairs})
    for note in state.notes:
        say(note)
    if state.log_is_lost:
        log = run.folder / FILE_NAME
        say(f"{log} does not hold the rows up to step {state.step}; what there is is put aside")
    if is_first_process():
        _write(run)
    if state.torch not in ("", str(torch.__version__)):
        say(f"it was begun with torch {state.torch}, this is {torch.__version__}; bits may differ")
    if asked:
        where = "its start" if state.path is None else f"step {state.step}, {state.path.name}"
        say(f"{run.folder} goes on from {where}")


def _write(run: OpenRun) -> None:
    """Make the folder what it was when the state was saved, with the settings of now."""
    state, folder = run.state, run.folder
    sweep(folder)
    if run.plan.changes:
        write_yaml(folder / CONFIG, run.plan.config)
    if (result := result_file(folder)) is not None:
        result.unlink()
    if state.log_is_lost:
        with suppress(FileNotFoundError):
            os.replace(folder / FILE_NAME, folder / f"{FILE_NAME}.damaged")
    elif state.path is None:
        (folder / FILE_NAME).unlink(missing_ok=True)
    if state.path is not None and state.path.name != LAST:
        keep_as(state.path, folder / LAST)
    RunLogger(folder, step=state.step).flush()


def _check(run: OpenRun, module: nn.Module) -> None:
    state, folder, config = run.state, run.folder, run.plan.config
    if state.path is not None:
        try:
            check_fit(module, read_checkpoint(state.path)["state_dict"])
        except (InputError, AttributeError, KeyError) as error:
            fault = f"{state.path} does not fit the settings of its run: {error}"
            raise InputError(fault) from error
    elif "start" in config and not is_whole(folder / START):
        raise InputError(f"no state of {folder} is whole, nor is its {START}; rewind its run again")
    if state.step > (most := config["max_steps"]):
        raise InputError(f"max_steps {most} is below step {state.step}, which {folder} has reached")


def say(line: str) -> None:
    """Tell the user of a run what becomes of it.

    Args:
        line: In one line.
    """
    with suppress(BrokenPipeError):  # nobody listens any more
        print(f"mlpzoo: {line}", file=sys.stderr, flush=True)
