"""Animations: figures as the frames of a GIF."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.checks import InputError
from mlpzoo.plotting.figure import CLASSES, CMAP, ERROR, MODEL, TRUTH, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase
    from PIL.Image import Image

SECONDS, REST = 0.12, 2.0  # that a frame is shown, and the last one
COLOURS, SHADES = 96, 32  # beside our own, and of surfaces
DRAWN_IN = ("white", "black", TRUTH, MODEL, ERROR, *CLASSES)


def make_film(figures: Iterable[FigureBase], *, colours: Sequence[str] = DRAWN_IN) -> bytes:
    """Return an animated GIF of figures, which repeats for ever; equal figures give equal bytes.

    Axes that stand at the same place in every figure get the same limits, and surfaces the same
    scale of colours: those that hold all of them.

    Args:
        figures: The frames, of one size.
        colours: Those to keep exactly; a GIF has 256.

    Raises:
        InputError: No figure.

    Example:
        >>> from mlpzoo.plotting import plot_losses
        >>> frames = [plot_losses({"loss": ([1, 2], [2.0, y])}, title="t") for y in (1.0, 1.5)]
        >>> make_film(frames)[:6]
        b'GIF89a'
    """
    from PIL.Image import Dither

    frames = [whole(figure) for figure in figures]
    if not frames:
        raise InputError("a film needs one figure or more, got none")
    _share_limits(frames)
    _share_places(frames)
    images = [_pixels(frame) for frame in frames]
    palette = _palette(images, colours)
    reduced = [image.quantize(palette=palette, dither=Dither.NONE) for image in images]
    times = [round(1000 * SECONDS)] * (len(reduced) - 1) + [round(1000 * REST)]
    file = io.BytesIO()
    reduced[0].save(file, format="GIF", save_all=True, append_images=reduced[1:], duration=times,
                    loop=0, optimize=False, disposal=1)  # fmt: skip
    return file.getvalue()


def _share_limits(figures: Sequence[Figure]) -> None:
    """Give the axes at each place the limits that hold those of all figures."""
    for places in zip(*(figure.get_axes() for figure in figures), strict=True):
        for name in ("xlim", "ylim", "zlim"):
            if not all(hasattr(axes, f"get_{name}") for axes in places):
                continue
            ends = np.array([getattr(axes, f"get_{name}")() for axes in places])
            low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
            for axes in places:
                axes.set(**{name: (low, high)})
                for surface in axes.collections if name == "zlim" else ():
                    if surface.get_array() is not None:
                        surface.set_clim(low, high)


def _share_places(figures: Sequence[Figure]) -> None:
    """Lay out the last figure and give the axes of the others its places, so that none moves."""
    last = figures[-1]
    if (engine := last.get_layout_engine()) is None:
        return
    engine.execute(last)
    places = [axes.get_position(original=True) for axes in last.get_axes()]
    for figure in figures:
        figure.set_layout_engine("none")
        for part, there in zip(figure.subfigs, last.subfigs, strict=True):
            part.bbox_relative.p0 = there.bbox_relative.p0
            part.bbox_relative.p1 = there.bbox_relative.p1
        for axes, place in zip(figure.get_axes(), places, strict=True):
            axes.set_position(place)


def _pixels(figure: Figure) -> Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _palette(images: Sequence[Image], drawn_in: Sequence[str]) -> Image:
    """Return an image with the colours of our drawing and those that three frames need."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb
    from PIL import Image

    chosen = (images[0], images[len(images) // 2], images[-1])
    together = Image.fromarray(np.concatenate([np.asarray(image) for image in chosen]))
    needed = together.quantize(colors=COLOURS, method=Image.Quantize.MEDIANCUT).getpalette() or []
    surface = colormaps[CMAP](np.linspace(0, 1, SHADES))  # its ends are rare, and seen
    colours = [*map(to_rgb, drawn_in), *(tuple(shade[:3]) for shade in surface)]
    ours = [round(255 * part) for colour in colours for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(needed[: 3 * COLOURS] + ours)
    return palette
