"""Measure mlpzoo beside plain loops, Lightning by default and other packages, on one CPU core."""

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path

from mlpzoo.cli.tables import Row
from mlpzoo.files import as_json
from scripts.benchmark.comparisons import COMPARISONS, one_core
from scripts.benchmark.contestants import contestants


def as_markdown(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table under a header of their keys.

    Example:
        >>> print(as_markdown([{"name": "sin", "steps": 10}]))
        | name | steps |
        |---|---|
        | sin | 10 |
    """
    header, *body = (
        f"| {' | '.join(map(str, line))} |" for line in (rows[0], *(row.values() for row in rows))
    )
    return "\n".join([header, f"|{'---|' * len(rows[0])}", *body])


def main(parts: list[str], repetitions: int, steps: int, whole: int, out: str | None) -> None:
    one_core()
    warnings.simplefilter("ignore")  # the advice of other packages
    field, tables = contestants(), {}
    budgets = {"steps": {"steps": steps}, "processes": {"steps": whole}}
    for part in parts:
        compare, names = COMPARISONS[part]
        settings = {"repetitions": repetitions, **budgets.get(part, {})}
        tables[part] = [row for name in names for row in compare(name, field, **settings)]
        print(f"\n{as_markdown(tables[part])}", flush=True)
        if out:
            text = "\n\n".join(as_markdown(rows) for rows in tables.values())
            Path(out).with_suffix(".md").write_text(text + "\n", encoding="utf-8")
            Path(out).with_suffix(".json").write_text(as_json(tables) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--parts", nargs="+", choices=COMPARISONS, default=list(COMPARISONS), help="(all)")
    add("--repetitions", type=int, default=3, help="runs of each contestant, or seeds (3)")
    add("--steps", type=int, default=4000, help="steps of a run that is timed by step (4000)")
    add("--whole", type=int, default=30_000, help="steps of a whole process (30000)")
    add("--out", metavar="FILE", help="write FILE.md and FILE.json too")
    main(**vars(parser.parse_args()))
