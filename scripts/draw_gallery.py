"""Draw the README's picture from the newest run of each exercise: draw_gallery.py [RUNS] [PNG]."""

import sys
from pathlib import Path

from mlpzoo import load_module, plotting, views
from mlpzoo.exercises import get_exercise, list_exercises


def main(runs: str = "checkpoints", png: str = "docs/gallery.png") -> None:
    entries = []
    for name in list_exercises():
        newest = max(Path(runs, name).glob("*/best.ckpt"), key=lambda path: path.stat().st_mtime)
        entries.append((get_exercise(name), *load_module(newest)))
    plotting.save(views.gallery(entries), Path(png))


if __name__ == "__main__":
    main(*sys.argv[1:3])
