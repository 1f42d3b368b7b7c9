"""The states of a run: which one it goes on from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason

from mlpzoo.checks import InputError
from mlpzoo.runs.checkpoint import BEST, LAST, PREVIOUS, RECORD, read_checkpoint
from mlpzoo.runs.metrics_csv import FILE_NAME, leads_to


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a run goes on from.

    Attributes:
        path: The checkpoint; None for the start.
        step: How many optimizer steps it has behind it.
        torch: The version of torch that wrote it, or "".
        config: The settings it was saved with.
        history: At which step which settings had become others.
        log_is_lost: Whether metrics.csv does not hold the rows that lead to it.
        notes: What was found damaged or missing, a line each.
        solved: Whether its run had met the bar by then, where an early stop ends it.
    """

    path: Path | None = None
    step: int = 0
    torch: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    log_is_lost: bool = False
    notes: tuple[str, ...] = ()
    solved: bool = False


def latest_resumable(folder: Path) -> State:
    """Return the newest state of a run that is whole and has all it needs.

    It needs the best checkpoint that it knows of. Where there is none, the run goes on from its
    start, which its settings give again. Rows of metrics.csv that are lost cost no training.

    Args:
        folder: The run folder.
    """
    notes: list[str] = []
    states = {}
    for path in (folder / name for name in (LAST, BEST, PREVIOUS)):
        try:
            if path.exists():
                states[path] = _read(path)
        except InputError as error:
            notes.append(str(error))
    for path, state in sorted(states.items(), key=lambda pair: -int(pair[1]["global_step"])):
        record, step = state[RECORD], state["global_step"]
        if folder / BEST not in states and _needs_best(state):
            notes.append(f"{folder / BEST}, which {path.name} needs, is missing or damaged")
            continue
        return State(
            path=path, step=step, torch=str(record.get("torch", "")),
            config=record.get("config", {}), history=tuple(record.get("changes", ())),
            log_is_lost=not leads_to(folder / FILE_NAME, step, record["log"]),
            notes=tuple(notes), solved=_met_the_bar(state),
        )  # fmt: skip
    return State(notes=tuple(notes))


def _read(path: Path) -> dict[str, Any]:
    checkpoint = read_checkpoint(path)
    parts = {"state_dict": dict, "loops": dict, "callbacks": dict, "optimizer_states": list,
             "lr_schedulers": list, "global_step": int}  # fmt: skip
    whole = all(isinstance(checkpoint.get(name), kind) for name, kind in parts.items())
    record = checkpoint[RECORD]
    settings, changes = record.get("config", {}), record.get("changes", [])
    listed = isinstance(changes, list) and all(isinstance(entry, dict) for entry in changes)
    logged = isinstance(record.get("log"), str)
    if not (whole and listed and logged and isinstance(settings, dict)):
        raise InputError(f"{path} is not the state of a run")
    return checkpoint


def _met_the_bar(checkpoint: Mapping[str, Any]) -> bool:
    """Tell what our EarlyStopping says, which comes before any of a user's."""
    states = (s for s in checkpoint["callbacks"].values() if isinstance(s, Mapping))
    reasons = (state["stopping_reason"] for state in states if "stopping_reason" in state)
    return next(reasons, None) == EarlyStoppingReason.STOPPING_THRESHOLD.value


def _needs_best(checkpoint: Mapping[str, Any]) -> bool:
    """Tell whether best weights stand in a file of their own, as a population's do not."""
    if "members" in checkpoint[RECORD]:
        return False
    states = checkpoint["callbacks"].values()
    return any(isinstance(state, Mapping) and state.get("best_model_path") for state in states)
