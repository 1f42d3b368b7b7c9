"""Draw the picture of the README from the newest run of each exercise."""

import argparse
import sys
from pathlib import Path

from mlpzoo import get_exercise, list_exercises, load_module, plotting, views


def main(runs: str = "checkpoints", png: str = "docs/gallery.png") -> None:
    entries = []
    for name in list_exercises():
        checkpoints = list(Path(runs, name).glob("*/best.ckpt"))
        if not checkpoints:
            sys.exit(f"no run of {name} in {runs}; run `mlpzoo train all --out {runs}` first")
        newest = max(checkpoints, key=lambda path: path.stat().st_mtime)
        entries.append((get_exercise(name), *load_module(newest)))
    plotting.save(views.gallery(entries), Path(png))
    print(png)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", default="checkpoints", help="folder of the runs")
    parser.add_argument("--png", default="docs/gallery.png", help="the file to write")
    main(**vars(parser.parse_args()))
