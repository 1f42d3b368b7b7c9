"""The run folder of a population or a sweep: found or made, and shared by those at work in it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol

from mlpzoo.checks import InputError, as_typed
from mlpzoo.files import Held, alone_in, write_yaml
from mlpzoo.population.work.piece import Piece
from mlpzoo.runs.folder import (
    CONFIG,
    give_name,
    new_folder,
    read_config,
    read_result,
    result_file,
    run_folders,
)
from mlpzoo.runs.state import latest_resumable
from mlpzoo.signals import StopRequest
from mlpzoo.training.open_run import say
from mlpzoo.training.resume import differences, repeatable
from mlpzoo.training.settings import GROUPS


class JobPlan(Protocol):
    """What is asked of the plan of a population or a sweep; see `Plan`."""

    @property
    def settings(self) -> Any:
        """Its settings."""

    @property
    def config(self) -> dict[str, Any]:
        """Those that repeat it."""

    @property
    def resumed(self) -> Path | None:
        """The run to go on with."""

    @property
    def changes(self) -> Mapping[str, tuple[Any, Any]]:
        """What differs from that run."""


_PATIENCE = 2.0  # seconds: for so long a list of runs may hold a folder, and more
_ANY = {"threads", "accelerator", "plots"}  # settings in which the same command may differ


def open_job(parent: Path, config: Mapping[str, Any], resumed: Path | None = None) -> Path:
    """Return the folder in which settings are carried out, made if need be.

    It is that of the run to go on with; or of the newest run of these very settings that is not
    finished, which the same command goes on with, and which others may be at work in; or a new one.

    Args:
        parent: The folder of its run folders.
        config: The settings, as they stand in config.yaml.
        resumed: The run to go on with; None for none.

    Raises:
        InputError: It cannot be made or written to.
    """
    if resumed is not None:
        return resumed.resolve()
    for folder in reversed(run_folders(parent)) if repeatable(config) else ():
        with suppress(InputError, FileNotFoundError):
            if result_file(folder) is None and _is_of(folder, config):
                with alone_in(folder, shared=True):  # not by one that has it for itself
                    say(f"{folder} has these settings and is not finished: it goes on")
                    return folder.resolve()
    return give_name(new_folder(parent, config)).resolve()


@contextmanager
def working_in(plan: JobPlan, pieces: Sequence[Piece]) -> Iterator[StopRequest]:
    """Hold the run of pieces with others that work in it, and listen to signals.

    Args:
        plan: Its plan, or that of what all its cohorts have in common.
        pieces: All of them.

    Raises:
        InputError: Somebody has it for himself, or it has other settings now.
    """
    run = pieces[0].run
    with StopRequest().listening() as stop, ExitStack() as stack:
        if not pieces[0].alone:
            stack.enter_context(_shared(run))
            _check(run, plan)
        yield stop


def prepare(plan: JobPlan, pieces: Sequence[Piece]) -> None:
    """Make a run ready to go on, before this process and those that it speaks for are at work.

    What is damaged counts as not finished. A run of several pieces that goes on with other settings
    gets them, while nobody else is in it.

    Args:
        plan: Its plan, or that of what all its cohorts have in common.
        pieces: All of them.

    Raises:
        InputError: It cannot go on with these settings, or somebody is at work in it.
    """
    run, keep, alone = pieces[0].run, plan.settings.keep, pieces[0].alone
    if plan.changes and keep != "all" and any(result_file(piece.folder) for piece in pieces):
        raise InputError(f"{run} keeps no states (keep is {keep}): it ends as it is")
    if not (plan.changes or alone):
        _check(run, plan)
    with alone_in(run) if plan.changes and not alone else nullcontext():
        _mend(pieces)
        if plan.changes and not alone:
            _renew(plan, pieces)
    if plan.resumed and not alone:
        _tell(plan, pieces)
    for piece in pieces:
        piece.tidy()


def _is_of(run: Path, config: Mapping[str, Any]) -> bool:
    return differences(read_config(run / CONFIG), config).keys() <= _ANY


def _check(run: Path, plan: JobPlan) -> None:
    if not _is_of(run, plan.config):
        raise InputError(f"{run} has been given other settings meanwhile; start again")


@contextmanager
def _shared(run: Path) -> Iterator[None]:
    end = time.monotonic() + _PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(alone_in(run, shared=True))
                break
            except Held:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        yield


def _renew(plan: JobPlan, pieces: Sequence[Piece]) -> None:
    """Give a run of several pieces its new settings; none of them is finished after that."""
    run, config = pieces[0].run, plan.config
    before = read_config(run / CONFIG)
    if not differences(before, config):
        return  # another process has
    finished = [piece for piece in pieces if piece.finished]
    steps = {p: p.steps if p in finished else latest_resumable(p.folder).step for p in pieces}
    most, was = config["max_steps"], before["max_steps"]
    of_weights = [name for name in plan.changes if name.partition(".")[0] in GROUPS]
    if of_weights and len(finished) < len(pieces) and len({*steps.values()}) > 1:
        raise InputError(
            f"{of_weights[0]} cannot change while the pieces of {run} are between steps "
            f"{min(steps.values())} and {max(steps.values())}: finish it as it is, then change it"
        )
    if (reached := max(steps.values())) > most:
        raise InputError(f"max_steps {most} is below step {reached}, which {run} has reached")
    if len(finished) == len(pieces) and reached < was and plan.settings.early_stop:
        raise InputError(
            f"{run} met its bar and stopped at step {reached}; to train on, add "
            "--no-early-stop --change early_stop"
        )
    if (result := result_file(run)) is not None:
        result.unlink()
    for piece in finished:
        piece.undo()
    write_yaml(run / CONFIG, config)


def _mend(pieces: Sequence[Piece]) -> None:
    """Take back that a run is finished where it is damaged, and that its damaged pieces are."""
    run, alone = pieces[0].run, pieces[0].alone
    for piece in pieces:
        if piece.is_damaged:
            with suppress(Held), alone_in(piece.folder):
                if piece.is_damaged:  # still
                    say(f"{piece.folder} is damaged, and is trained again from what there is")
                    piece.undo()
    if not alone and (result := result_file(run)) is not None:
        with suppress(InputError):
            if read_result(run) and all(result_file(piece.folder) for piece in pieces):
                return
        result.unlink(missing_ok=True)  # it is written again, once they are


def _tell(plan: JobPlan, pieces: Sequence[Piece]) -> None:
    """Tell how far a run has come that goes on."""
    run, done = pieces[0].run, sum(piece.finished for piece in pieces)
    if plan.changes:
        told = ", ".join(f"{name} {as_typed(now)}" for name, (_, now) in plan.changes.items())
        say(f"{run} goes on with {told}: its {len(pieces)} pieces are trained on")
    elif done == len(pieces) and result_file(run):
        say(f"{run} is finished; there is nothing to go on with")
    else:
        say(f"{run} goes on: {done} of its {len(pieces)} pieces are finished")
