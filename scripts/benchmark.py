"""Time the lecture's plain loop, Lightning by default and mlpzoo, on one CPU thread."""

import argparse
from pathlib import Path

import torch

from mlpzoo.benchmark import TASKS, compare
from mlpzoo.tables import as_json, as_table


def main(names: list[str], steps: int, repetitions: int, json: str | None) -> None:
    torch.set_num_threads(1)
    rows = [row for name in names for row in compare(name, steps=steps, repetitions=repetitions)]
    print(as_table(rows))
    if json:
        Path(json).write_text(as_json(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(TASKS), help="exercises (all three)")
    parser.add_argument("--steps", type=int, default=2000, help="optimizer steps of one run")
    parser.add_argument("--repetitions", type=int, default=5, help="runs of each contestant")
    parser.add_argument("--json", help="write the rows to this file too")
    main(**vars(parser.parse_args()))
