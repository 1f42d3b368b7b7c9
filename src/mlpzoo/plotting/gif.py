"""Animations: figures as the frames of a GIF, and the panel that shows how training goes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.checks import InputError, positive
from mlpzoo.plotting.figure import CLASSES, CMAP, ERROR, MODEL, TRUTH, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase
    from PIL.Image import Image

SECONDS, REST = 0.12, 2.0  # that a frame is shown, and the last one
COLOURS, SHADES = 96, 32  # beside our own, and of surfaces
DRAWN_IN = ("white", "black", TRUTH, MODEL, ERROR, *CLASSES)
Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def make_film(
    figures: Iterable[FigureBase],
    *,
    seconds: float = SECONDS,
    rest: float = REST,
    colours: Sequence[str] = DRAWN_IN,
) -> bytes:
    """Return an animated GIF of figures, which repeats for ever; equal figures give equal bytes.

    Axes that stand at the same place in every figure get the same limits, and surfaces the same
    scale of colours: those that hold all of them.

    Args:
        figures: The frames, of one size.
        seconds: How long each is shown.
        rest: How long the last one is shown.
        colours: Those to keep exactly; a GIF has 256.

    Raises:
        InputError: No figure, or a time that is not above 0.

    Example:
        >>> from mlpzoo.plotting import plot_losses
        >>> frames = [plot_losses({"loss": ([1, 2], [2.0, y])}, title="t") for y in (1.0, 1.5)]
        >>> make_film(frames)[:6]
        b'GIF89a'
    """
    from PIL.Image import Dither

    positive("seconds", seconds)
    positive("rest", rest)
    frames = list(figures)
    if not frames:
        raise InputError("a film needs one figure or more, got none")
    _share_limits(frames)
    _share_places(frames)
    images = [_pixels(frame) for frame in frames]
    palette = _palette(images, colours)
    reduced = [image.quantize(palette=palette, dither=Dither.NONE) for image in images]
    times = [round(1000 * seconds)] * (len(reduced) - 1) + [round(1000 * rest)]
    file = io.BytesIO()
    reduced[0].save(file, format="GIF", save_all=True, append_images=reduced[1:], duration=times,
                    loop=0, optimize=False, disposal=1)  # fmt: skip
    return file.getvalue()


def plot_progress(
    series: Series, step: int, last: int, *, figure: FigureBase | None = None
) -> FigureBase:
    """Draw losses up to a step, on axes for the whole run, logarithmic where it is long.

    Args:
        series: Steps and values of the whole run, by name.
        step: Where it is now, which is marked.
        last: The last step.
        figure: Where to draw.
    """
    from matplotlib.ticker import NullLocator

    figure = figure or new_figure(3.2, 3.3)
    axes = figure.subplots()
    axes.set_xscale("log" if last >= 20 else "linear")
    axes.set_xlim(0.8, max(last, 2) * 1.15)
    drawn = [value for _, values in series.values() for value in values]
    for (name, (steps, values)), colour in zip(series.items(), (MODEL, ERROR), strict=False):
        until = sum(at <= step for at in steps)
        axes.plot(steps[:until], values[:until], label=name, color=colour, linewidth=1.3,
                  marker="o" if len(steps) < 50 else None, markersize=3)  # fmt: skip
    axes.axvline(max(step, 0.8), color=TRUTH, linewidth=1, linestyle=":")
    axes.set_xlabel("optimizer steps")
    _set_heights(axes, drawn)
    for axis in (axes.xaxis, axes.yaxis):  # the ticks of a logarithmic axis take longest to draw
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:g}")
    axes.set_title(f"step {step:,}", loc="left", fontsize="medium", family="monospace")
    axes.grid(visible=True, alpha=0.3)
    if series:
        axes.legend(loc="lower left", fontsize="x-small", framealpha=0.8)
    return figure


def _set_heights(axes: Axes, values: Sequence[float]) -> None:
    finite = [value for value in values if np.isfinite(value)]
    if finite and min(finite) > 0 and max(finite) > 10 * min(finite):
        axes.set(yscale="log", ylim=(min(finite) / 1.5, max(finite) * 1.5))
    elif finite:
        room = 0.08 * (max(finite) - min(finite) or 1.0)
        axes.set_ylim(min(finite) - room, max(finite) + room)


def _share_limits(figures: Sequence[FigureBase]) -> None:
    """Give the axes at each place the limits that hold those of all figures."""
    for places in zip(*(figure.get_axes() for figure in _wholes(figures)), strict=True):
        for name in ("xlim", "ylim", "zlim"):
            if not all(hasattr(axes, f"get_{name}") for axes in places):
                continue
            ends = np.array([getattr(axes, f"get_{name}")() for axes in places])
            low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
            for axes in places:
                getattr(axes, f"set_{name}")(low, high)
                if name == "zlim":
                    _share_colours(axes, low, high)


def _share_places(figures: Sequence[FigureBase]) -> None:
    """Lay out the last figure and give the axes of the others its places, so that none moves."""
    wholes = _wholes(figures)
    if (engine := wholes[-1].get_layout_engine()) is None:
        return
    engine.execute(wholes[-1])
    places = [axes.get_position(original=True) for axes in wholes[-1].get_axes()]
    for whole in wholes:
        whole.set_layout_engine("none")
        for part, there in zip(whole.subfigs, wholes[-1].subfigs, strict=True):
            part.bbox_relative.p0, part.bbox_relative.p1 = (
                there.bbox_relative.p0, there.bbox_relative.p1,
            )  # fmt: skip
        for axes, place in zip(whole.get_axes(), places, strict=True):
            axes.set_position(place)


def _share_colours(axes: Any, low: float, high: float) -> None:
    for surface in axes.collections:
        if surface.get_array() is not None:
            surface.set_clim(low, high)


def _wholes(figures: Sequence[FigureBase]) -> list[Figure]:
    wholes: list[Any] = [figure.figure for figure in figures]
    return wholes


def _pixels(figure: FigureBase) -> Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    whole: Any = figure.figure
    canvas: Any = FigureCanvasAgg(whole)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _palette(images: Sequence[Image], drawn_in: Sequence[str]) -> Image:
    """Return an image with the colours of our drawing and those that three frames need."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb
    from PIL import Image

    chosen = [images[0], images[len(images) // 2], images[-1]]
    together = Image.new("RGB", (images[0].width, sum(image.height for image in chosen)))
    for number, image in enumerate(chosen):
        together.paste(image, (0, number * images[0].height))
    needed = together.quantize(colors=COLOURS, method=Image.Quantize.MEDIANCUT).getpalette() or []
    surface = colormaps[CMAP](np.linspace(0, 1, SHADES))  # its ends are rare, and seen
    colours = [*map(to_rgb, drawn_in), *(tuple(shade[:3]) for shade in surface)]
    ours = [round(255 * part) for colour in colours for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(needed[: 3 * COLOURS] + ours)
    return palette
