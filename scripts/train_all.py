"""Train every exercise from Python and say whether each meets its bar."""

import argparse
import sys

from mlpzoo import list_exercises, train


def main(out: str = "checkpoints") -> bool:
    results = [train(name, seed=0, out=out) for name in list_exercises()]
    for result in results:
        verdict = "meets" if result.passed else "misses"
        print(f"{result.exercise} {verdict} {', '.join(result.bars)}: {result.folder}")
    return all(result.passed for result in results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="checkpoints", help="folder for the runs")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
