"""What populations of many pieces cost: on one core and two, on the disk, and to gather.

Processes are started as torchrun starts them, each on a core of its own. Where others use the
machine, its seconds of the processor say more than its seconds.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from mlpzoo.cli.tables import Row
from mlpzoo.population.result import PopulationResult
from mlpzoo.population.work.piece import Cohort, pieces_of
from mlpzoo.runs.folder import CONFIG, PART, PARTS, POPULATION, read_json
from mlpzoo.training.many import PopulationSettings
from mlpzoo.training.resume import plan_run
from scripts.benchmark.processes import CORES, Usage, used_together

RATES = {
    "xor, numba": "xor --kernel numba --members 65536 --no-early-stop --max-steps 2000",
    "xor, torch": "xor --kernel torch --members 8192 --no-early-stop --max-steps 500",
    "minmax": "minmax --members 4 --part 2",
}
MEMBERS = 100_000  # of XOR, whose runs are weighed


def rates(name: str, _: object = None, *, repetitions: int) -> list[Row]:
    """Return the member-steps a second of one process and of two, each on a core of its own.

    The rate is of whole commands, and of the time from the run folder's making to the last piece;
    the efficiency is the rate over that of one process times their number. Of repetitions, the
    fastest counts.

    Args:
        name: A key of `RATES`.
        repetitions: How often each number of processes runs, in turn.
    """
    rows: dict[int, dict[str, Any]] = {}
    for _turn in range(repetitions):
        for count in range(1, min(2, len(CORES) or 1) + 1):
            row = _rate(name, count)
            if count not in rows or row["whole, a second"] > rows[count]["whole, a second"]:
                rows[count] = row
    for count, row in rows.items():
        for what in ("whole", "after start-up", "of the processor"):
            per_one = rows[1][f"{what}, a second"] * (1 if "processor" in what else count)
            row[f"{what}, efficiency"] = round(row[f"{what}, a second"] / per_one, 2)
    return list(rows.values())


def _rate(name: str, count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as out:
        began = time.time()
        used = _trained(RATES[name], out, count)
        seconds, (run,) = time.time() - began, Path(out).glob("*/*")
        done = [read_json(path, "a result") for path in run.glob(f"{PARTS}/*/{PART}")]
        ended = max(path.stat().st_mtime for path in run.glob(f"{PARTS}/*/{PART}"))
        at_work = ended - (run / CONFIG).stat().st_mtime
    taken = sum(part["members"] * part["steps"] for part in done)
    processor = sum(each.processor_seconds for each in used)
    return {
        "population": name,
        "processes": count,
        "seconds": round(seconds, 1),
        "s of the processor": round(processor, 1),
        "whole, a second": round(taken / seconds),
        "after start-up, a second": round(taken / at_work),
        "of the processor, a second": round(taken / processor),
    }


def keeping(keep: str, _: object = None, *, repetitions: int = 1) -> list[Row]:
    """Return what 100,000 members of XOR take: seconds, memory of each process, bytes on the disk.

    Args:
        keep: Whose weights stay.
        repetitions: Not looked at: once is enough.
    """
    count = min(2, len(CORES) or 1)
    with tempfile.TemporaryDirectory() as out:
        began = time.time()
        used = _trained(f"xor --members {MEMBERS} --keep {keep}", out, count)
        seconds, (run,) = time.time() - began, Path(out).glob("*/*")
        files = [path for path in run.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        gathered = _gather(run)
    return [
        {
            "keep": keep,
            "processes": count,
            "seconds": round(seconds, 1),
            "s of the processor": round(sum(each.processor_seconds for each in used), 1),
            "most MB of a process": round(max(each.megabytes for each in used)),
            "MB on the disk": round(size / 1e6, 1),
            "bytes a member": round(size / MEMBERS),
            "files": len(files),
            "s to gather": round(gathered, 2),
        }
    ]


def _trained(line: str, out: str, count: int) -> list[Usage]:
    arguments = ["population", *line.split(), "--no-plots", "--no-progress", "--out", out]
    return used_together(*arguments, count=count)


def _gather(run: Path) -> float:
    """Return seconds of the processor that process 0 takes for result and table of all pieces."""
    given: dict[str, Any] = {"resume": run}
    plan = plan_run("xor", given, PopulationSettings)
    pieces = pieces_of([Cohort(0, plan, plan.settings.seeds)], run)
    began = time.process_time()
    result = PopulationResult.of_pieces(plan, pieces)
    (run / POPULATION).write_text(result.as_csv() + repr(result.as_json()))
    return time.process_time() - began
