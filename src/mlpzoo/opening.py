"""Run folders opened to work in: new, or gone on with; held, and with signals listened to."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mlpzoo.checks import InputError
from mlpzoo.files import alone_in, keep_as, sweep, write_yaml
from mlpzoo.fitting import Run
from mlpzoo.nets.architecture import check_fit
from mlpzoo.runs.checkpoint import LAST, START, is_whole, read_checkpoint
from mlpzoo.runs.folder import (
    CONFIG,
    POPULATION,
    RESULT,
    differences,
    give_name,
    is_first_process,
    new_folder,
    of_state,
    result_file,
)
from mlpzoo.runs.metrics_csv import FILE_NAME, RunLogger
from mlpzoo.runs.state import State, newest_state
from mlpzoo.stopping import StopRequest


@contextmanager
def opened(
    parent: Path,
    config: Mapping[str, Any],
    command: tuple[str, ...],
    module: nn.Module,
    *,
    resumed: Path | None,
    changes: Mapping[str, tuple[Any, Any]],
    start: Path | None = None,
) -> Iterator[Run]:
    """Yield a run folder, held against other processes, while signals are listened to.

    Args:
        parent: The folder of the exercise's runs.
        config: Settings of the run.
        command: See `Run`.
        module: What will be trained.
        resumed: The folder to go on in; None for a new one.
        changes: Settings that differ from those in its config.yaml.
        start: A checkpoint that a new run begins with; the folder gets a copy.

    Raises:
        InputError: The folder cannot be made or written to, another process is in it, or its state
            does not fit the settings.
    """
    stop, threads = StopRequest(), torch.get_num_threads()
    with stop.listening():
        torch.set_num_threads(config["threads"])
        try:
            with _held(parent, config, resumed, start) as folder:
                run = Run(folder=folder, command=command, stop=stop)
                stop.advice = f"stopped at once; {run.advice}"
                try:
                    if resumed is not None:
                        _go_on(run, config, module, changes)
                    yield run
                except BrokenPipeError:
                    raise
                except OSError as error:
                    raise run.not_written(error) from error
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _held(
    parent: Path, config: Mapping[str, Any], resumed: Path | None, start: Path | None
) -> Iterator[Path]:
    """Yield the run folder, held by the first of several processes.

    A new one is held before it has its name, so that nobody goes on with it in between.
    """
    if not is_first_process():
        yield (parent / "of_rank_0" if resumed is None else resumed).resolve()
        return
    folder = new_folder(parent, config, start=start) if resumed is None else resumed
    with alone_in(folder):
        yield (give_name(folder) if resumed is None else folder).resolve()


def _go_on(
    run: Run, config: Mapping[str, Any], module: nn.Module, changes: Mapping[str, tuple[Any, Any]]
) -> None:
    run.state = state = newest_state(run.folder)
    settings = differences(state.config, of_state(config)) if state.config else {}
    if result_file(run.folder) is not None and not (settings or changes or state.notes):
        run.finished = True
        _say(f"{run.folder} is finished, at step {state.step}; there is nothing to go on with")
        return
    _check(state, run.folder, config, module)
    run.history = list(state.history)
    if settings:
        pairs = {name: list(pair) for name, pair in settings.items()}
        run.history.append({"step": state.step, "settings": pairs})
    for note in state.notes:
        _say(note)
    if state.log_is_lost:
        log = run.folder / FILE_NAME
        _say(f"{log} does not hold the rows up to step {state.step}; what there is is put aside")
    if is_first_process():
        _write(run, config, changes)
    if state.torch not in ("", str(torch.__version__)):
        _say(f"it was begun with torch {state.torch}, this is {torch.__version__}; bits may differ")
    where = "its start" if state.path is None else f"step {state.step}, {state.path.name}"
    _say(f"{run.folder} goes on from {where}")


def _write(run: Run, config: Mapping[str, Any], changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Make the folder what it was when the state was saved, with the settings of now."""
    state, folder = run.state, run.folder
    sweep(folder)
    if changes:
        write_yaml(folder / CONFIG, config)
    for finished in (RESULT, POPULATION):
        (folder / finished).unlink(missing_ok=True)
    if state.log_is_lost:
        with suppress(FileNotFoundError):
            os.replace(folder / FILE_NAME, folder / f"{FILE_NAME}.damaged")
    elif state.path is None:
        (folder / FILE_NAME).unlink(missing_ok=True)
    if state.path is not None and state.path.name != LAST:
        keep_as(state.path, folder / LAST)
    RunLogger(folder, step=state.step).flush()


def _check(state: State, folder: Path, config: Mapping[str, Any], module: nn.Module) -> None:
    if state.path is not None:
        _check_state(state.path, module)
    elif "start" in config and not is_whole(folder / START):
        raise InputError(f"no state of {folder} is whole, nor is its {START}; rewind its run again")
    if state.step > config["max_steps"]:
        most = config["max_steps"]
        raise InputError(f"max_steps {most} is below step {state.step}, which {folder} has reached")


def _check_state(path: Path, module: nn.Module) -> None:
    try:
        check_fit(module, read_checkpoint(path)["state_dict"])
    except (InputError, AttributeError, KeyError) as error:
        raise InputError(f"{path} does not fit the settings of its run: {error}") from error


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more
        print(f"mlpzoo: {line}", file=sys.stderr, flush=True)
