"""Draw the picture and the film of the README, for light pages and for dark ones.

The picture shows the networks that come with the package, but for a perceptron of another seed; the
film how the shipped XOR network was trained: again, from what the manifest says of it, to the same
weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlpzoo import (
    get_exercise,
    get_pretrained,
    list_exercises,
    list_pretrained,
    load_pretrained,
    plotting,
    train,
)
from mlpzoo.exercises import Exercise
from mlpzoo.plotting.figure import CLASSES, ERROR, MODEL, TRUTH
from mlpzoo.pretrained.manifest import load_exported
from mlpzoo.pretrained.measure import data_of, finished
from mlpzoo.training.pictures import frames_of_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpzoo.data import Samples
    from mlpzoo.modules.finished import Answering

PAGE, INK, DIM = "#0d1117", "#e6edf3", "#30363d"  # of GitHub's dark pages
_INSTEAD = {
    "white": PAGE,
    "black": INK,
    TRUTH: "#b0b8c1",
    MODEL: "#58a6ff",
    ERROR: "#f0883e",
    CLASSES[0]: "#f2b134",
    CLASSES[1]: "#2ec4a0",
}
DRAWN_IN = (*_INSTEAD, *_INSTEAD.values())  # the colours of light pages, and of dark ones
RETRAINED = {"perceptron": 4}  # with this seed: the line of the shipped one seems to meet a point
DPI = 150  # of the picture, which is read on a page of 838 pixels, often on a finer screen
_SETTERS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def main(out: str = "docs", filmed: str = "xor") -> None:
    record, shipped = get_pretrained(filmed), load_pretrained(filmed).state_dict()
    with TemporaryDirectory() as runs:
        run = train(filmed, recipe=record.recipe, seed=record.seed or 0, max_steps=record.steps,
                    early_stop=False, film=True, plots=False, out=runs, threads=1)  # fmt: skip
        trained = run.module.net.state_dict()
        if not all(value.equal(trained[name]) for name, value in shipped.items()):
            print(f"{filmed} comes to other weights here than those shipped")
        entries = [_shown(name, runs) for name in list_exercises() if name in list_pretrained()]
        for page in ("light", "dark"):
            picture, film = Path(out, f"gallery-{page}.png"), Path(out, f"film-{page}.gif")
            plotting.save(gallery(entries, dark=page == "dark"), picture)
            frames = frames_of_run(get_exercise(filmed), run.folder)
            shown = map(darken, frames) if page == "dark" else frames
            film.write_bytes(plotting.make_film(shown, colours=DRAWN_IN))
            print(picture, film)


def _shown(name: str, runs: str) -> tuple[Exercise, Answering, Samples]:
    """Return exercise, trained module and data: the shipped one, unless that looks wrong."""
    exercise = get_exercise(name)
    if name in RETRAINED:
        run = train(name, seed=RETRAINED[name], plots=False, out=runs)
        return exercise, run.module, exercise.data()
    return exercise, finished(load_exported(name)), data_of(get_pretrained(name))


def gallery(
    entries: Sequence[tuple[Exercise, Answering, Samples]],
    *,
    columns: int = 2,
    dark: bool = False,
) -> Figure:
    """Draw several trained exercises on one figure, each with its own view.

    Args:
        entries: Exercise, trained module and data module of each.
        columns: Exercises in a row.
        dark: For a dark page (see `darken`).
    """
    from matplotlib import rc_context

    rows = -(-len(entries) // columns)
    figure = plotting.new_figure(4.65 * columns, 2.85 * rows, dpi=DPI)
    places = figure.subfigures(rows, columns, squeeze=False, wspace=0.04, hspace=0.06).flat
    with rc_context({"legend.fontsize": "small"}):  # there is little room beside the data
        for place, (exercise, module, data) in zip(places, entries, strict=False):
            exercise.view(module, data, plotting.Canvas(exercise.name, figure=place, detail=False))
    return darken(figure) if dark else figure


def darken(figure: Figure) -> Figure:
    """Give a finished figure of ours a dark ground and the colours that are read on it.

    It is changed in place: black and white change places, our colours become lighter ones of the
    same hue, grids and panes become dim. No setting of matplotlib's is touched.

    Args:
        figure: What to change; it is returned.
    """
    figure.set_facecolor(PAGE)
    parts: list[Any] = figure.findobj()
    grounds = [part.get_bbox_patch() for part in parts if hasattr(part, "get_bbox_patch")]
    for part in (*parts, *grounds):
        if part is not None and not hasattr(part, "zaxis"):
            for name in _SETTERS:
                _replace(part, name)
    for axes in figure.get_axes():
        axes.set_facecolor(PAGE)
        axes.tick_params(colors=INK, which="both")
        for spine in axes.spines.values():
            spine.set_edgecolor(INK)
        for line in (*axes.get_xgridlines(), *axes.get_ygridlines()):
            line.set_color(DIM)
        if hasattr(axes, "zaxis"):
            _darken_box(axes)
        if (legend := axes.get_legend()) is not None:
            legend.get_frame().set(facecolor=PAGE, edgecolor=DIM)
    return figure


def _replace(part: Any, name: str) -> None:
    from matplotlib.colors import to_rgba_array

    getter, setter = getattr(part, f"get_{name}", None), getattr(part, f"set_{name}", None)
    if getter is None or setter is None or _is_mapped(part):
        return
    try:
        colours = to_rgba_array(getter())
    except (TypeError, ValueError):  # "auto", "face", None
        return
    table = {tuple(to_rgba_array(old)[0][:3]): to_rgba_array(new)[0][:3]
             for old, new in _INSTEAD.items()}  # fmt: skip
    found = False
    for colour in colours:
        if colour[3] and (new := table.get(tuple(colour[:3]))) is not None:
            colour[:3], found = new, True
    if found:
        alpha, _ = part.get_alpha(), part.set_alpha(None)
        setter(colours if len(colours) != 1 else tuple(colours[0]))
        part.set_alpha(alpha)


def _is_mapped(part: Any) -> bool:
    """Tell whether its colours come from values, and so are no colours of ours."""
    from matplotlib.contour import ContourSet

    mapped = getattr(part, "get_array", lambda: None)() is not None
    return mapped and not (isinstance(part, ContourSet) and part.colors is not None)


def _darken_box(axes: Any) -> None:
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((1, 1, 1, 0.04))
        axis.line.set_color(DIM)
        axis._axinfo["grid"]["color"] = DIM
        axis.label.set_color(INK)
    axes.tick_params(axis="z", colors=INK)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
