"""What there is to say of runs without loading what they trained."""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.files import alone_in
from mlpzoo.runs.folder import (
    CONFIG,
    PART,
    PARTS,
    command_of,
    read_config,
    read_result,
    result_file,
)
from mlpzoo.runs.metrics_csv import FILE_NAME, read_metrics


def list_runs(out: str | Path) -> list[dict[str, Any]]:
    """Return the summaries of all runs and populations in a folder, the newest first.

    Args:
        out: The folder that holds the folders of the exercises.
    """
    configs = Path(str(out)).glob(f"*/version_*/{CONFIG}")
    newest = sorted(configs, key=lambda path: (path.stat().st_mtime, path), reverse=True)
    return [summary_of(path.parent) for path in newest]


def summary_of(folder: Path) -> dict[str, Any]:
    """Return what a run is and how far it has come, as plain data.

    Args:
        folder: The run folder.

    Returns:
        folder, exercise, members (None of a single run), recipe, seed, steps, max_steps, state
        ("finished", "resumable", "running" or "damaged"), passed (None before the end), metrics
        (those that the bars ask for; of a population, the success rate; of a sweep, the best one;
        before the end, the last val_loss, or how many parts of a sweep are finished) and changed
        (when config.yaml was written).
    """
    written = datetime.fromtimestamp((folder / CONFIG).stat().st_mtime)
    shown: dict[str, Any] = dict.fromkeys(_KEYS)
    shown.update(folder=str(folder), exercise=folder.parent.name, state="damaged", metrics={})
    with suppress(AttributeError, InputError, KeyError, TypeError, ValueError):  # files of anyone
        config = read_config(folder / CONFIG)
        shown.update({key: config.get(key) for key in _OF_CONFIG})
        result = read_result(folder) if result_file(folder) else None
        shown.update(_unfinished(folder, config) if result is None else _finished(result))
    return {**shown, "changed": written.isoformat(sep=" ", timespec="seconds")}


def facts_of(*folders: Path) -> list[dict[str, Any]]:
    """Return verdict, steps, seconds and test metrics of runs that have all finished.

    Where one has not, what can be compared is the steps and the last validation of each.

    Args:
        *folders: The run folders.

    Raises:
        InputError: A file of theirs is damaged.
    """
    if not all(map(result_file, folders)):
        return [_so_far(read_metrics(folder / FILE_NAME)) for folder in folders]
    facts = list[dict[str, Any]]()
    for folder in folders:
        result = read_result(folder)
        if not isinstance(metrics := result.get("metrics", {}), Mapping):
            raise InputError(
                f"{result_file(folder)} does not hold a result; remove it, then resume"
            )
        plain = {name: result.get(name) for name in ("passed", "steps", "seconds")}
        facts.append({**plain, **metrics})
    return facts


def _so_far(logged: Mapping[str, tuple[list[float], list[float]]]) -> dict[str, Any]:
    steps = max((int(steps[-1]) for steps, _ in logged.values()), default=0)
    return {"steps": steps, **{k: v[-1] for k, (_, v) in logged.items() if k.startswith("val_")}}


def labels_of(first: Path, second: Path) -> list[str]:
    """Return the shortest ends of two paths that tell them apart.

    Args:
        first: A run folder, resolved.
        second: Another.

    Raises:
        InputError: They are the same.
    """
    if first == second:
        raise InputError(f"both are {first}; name two runs")
    depth = next(n for n in itertools.count(1) if first.parts[-n:] != second.parts[-n:])
    return ["/".join(folder.parts[-depth:]) for folder in (first, second)]


_OF_CONFIG = ("exercise", "members", "recipe", "seed", "max_steps")
_KEYS = ("folder", *_OF_CONFIG[:-1], "steps", "max_steps", "state", "passed", "metrics")


def _finished(result: dict[str, Any]) -> dict[str, Any]:
    asked = [bar.partition(" ")[0] for bar in result["bars"]]
    metrics, passed = result.get("metrics", {}), result.get("passed")
    judged = {name: metrics[name] for name in asked if name in metrics}
    if "over" in result:  # whose settings are not judged together
        judged, passed = {"best_success_rate": result["success_rate"]}, None
    elif "members" in result:
        judged, passed = {"success_rate": result["success_rate"]}, result["success_rate"] == 1
    return {"steps": result["steps"], "state": "finished", "passed": passed, "metrics": judged}


def _unfinished(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return how far a run has come, as its metrics.csv has it: its state may be a bit further."""
    series = read_metrics(folder / FILE_NAME)
    steps: int | None = _so_far(series)["steps"]
    last: dict[str, float] = {"val_loss": series["val_loss"][1][-1]} if "val_loss" in series else {}
    if command_of(config) == "sweep":  # how many parts it has, only its plan can say
        steps, last = None, {"parts_finished": len([*folder.glob(f"{PARTS}/*/{PART}")])}
    elif parts := [*folder.glob(f"{PARTS}/*/{FILE_NAME}")]:  # of nearly equal size
        taken = [_so_far(read_metrics(part))["steps"] for part in parts]
        count = -(-config.get("members", 0) // (config.get("part") or len(parts)))
        steps = sum(taken) // max(len(parts), count)
    try:
        with alone_in(folder):
            state = "resumable"
    except InputError:
        state = "running"
    return {"steps": steps, "state": state, "metrics": last}
