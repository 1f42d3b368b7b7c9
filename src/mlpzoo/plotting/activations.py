"""Drawing of activations and what their slopes do: gradients that vanish, a unit that dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from mlpzoo.analysis.by_hand.slopes import with_slope
from mlpzoo.analysis.descent import Points, descend_unit
from mlpzoo.checks import InputError, check_count, check_positive, resolve_name
from mlpzoo.nets.mlp import SequentialMLP
from mlpzoo.nets.stack import ACTIVATIONS
from mlpzoo.plotting.figure import ERROR, MODEL, PURPLE, TRUTH, Array, new_figure, set_keys, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

_EACH = np.linspace(-50, 50, 20_001).round(3)[:, np.newaxis]  # torch's bends are among them
_Z = (_EACH + np.array([-1e-9, 0, 1e-9])).ravel()  # where slopes are measured
_SHOWN = np.abs(_Z) <= 5
_JUMP = 0.05  # between neighbours; all else is smoother
_FORMULAS = {"step": "1 where z > 0, else 0", "relu": "max(0, z)",
             "sigmoid": "1 / (1 + exp(-z))", "tanh": "2 sigmoid(2 z) - 1"}  # fmt: skip
_LOOKS = ((MODEL, "o-"), (PURPLE, "s--"), (ERROR, "^-."), ("black", "D:"), (TRUTH, "v--"))


def plot_activations(
    names: Sequence[str] = ("step", "relu", "sigmoid", "tanh"),
    *,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw the graph of each activation, and below it its slope with the bounds of that.

    Slopes are those that torch takes, by autograd. At a jump, the filled mark is the value.

    Args:
        names: Of `torch.nn` activations and "step", in any case.
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: No name, or an unknown one.

    Example:
        >>> [axes.get_title() for axes in plot_activations(["relu", "sigmoid"]).axes[1::2]]
        ['slope 0 or 1', 'slope at most 0.25']
    """
    known = _known(names)
    columns = min(4, len(known))
    blocks = -(-len(known) // columns)
    figure = figure or new_figure(2.9 * columns, 4.6 * blocks + 0.3)
    figure.suptitle(title, wrap=True)
    for place, name in enumerate(known):
        first = place + 1 + place // columns * columns
        above = figure.add_subplot(2 * blocks, columns, first)
        below = figure.add_subplot(2 * blocks, columns, first + columns)
        values, slopes = with_slope(ACTIVATIONS[name]().double(), _Z)
        jumps = _draw_graph(above, values)
        above.set(title="\n".join(filter(None, (name, _FORMULAS.get(name)))), ylabel="output")
        _draw_graph(below, slopes)
        below.plot(jumps, 0 * jumps, "o", color=MODEL, markerfacecolor="white")
        said = _mark_bounds(below, slopes) + ", none at the jump" * bool(len(jumps))
        below.set_title(said, fontsize="medium")
        below.set(xlabel="z", ylabel="slope")
    return whole(figure)


def _known(names: Sequence[str]) -> list[str]:
    given = [names] if isinstance(names, str) else names
    if not len(given):
        raise InputError("names must have one activation or more, such as relu, got none")
    return [resolve_name("activation", name, ACTIVATIONS) for name in given]


def _draw_graph(axes: Axes, values: Array) -> Array:
    """Draw a graph over z, broken where it jumps, and return where that is."""
    z, values = _Z[_SHOWN], values[_SHOWN]
    before = np.flatnonzero(np.abs(np.diff(values)) > _JUMP)
    for part in np.split(np.arange(len(z)), before + 1):
        axes.plot(z[part], values[part], color=MODEL)
    places: Array = z[before].round(1) + 0.0
    for place, at in zip(places, before, strict=True):
        axes.plot([place, place], values[at : at + 2], ":o", color=MODEL, markerfacecolor="white")
    axes.plot(places, values[np.isin(z, places)], "o", color=MODEL)
    axes.axhline(0, color=TRUTH, linewidth=0.6, zorder=0)
    axes.axvline(0, color=TRUTH, linewidth=0.6, zorder=0)
    return places


def _mark_bounds(axes: Axes, slopes: Array) -> str:
    """Mark the bounds of the slope, or its values where they are few, and return them in words."""
    low, high = float(slopes.min()), float(slopes.max())
    values = np.unique(slopes.round(6)) + 0.0
    few = len(values) <= 3
    bounds = [*values] if few else [high] if low > -1e-6 else [low, high]
    said = [f"{bound:.3g}" for bound in bounds]
    for bound, text in zip(bounds, said, strict=True):
        axes.axhline(bound, color=ERROR, linestyle="--", linewidth=1, zorder=1)
        axes.annotate(text, (0.02, bound), (0, 2), xycoords=("axes fraction", "data"),
                      textcoords="offset points", color=ERROR)  # fmt: skip
    bottom, top = min(low, 0.0), max(high, 0.0) or 1.0
    axes.set_ylim(bottom - 0.2 * (top - bottom), top + 0.2 * (top - bottom))
    if few:
        return f"slope {' or '.join(said)}"
    return f"slope at most {said[0]}" if len(said) == 1 else f"slope from {' to '.join(said)}"


def plot_vanishing(
    names: Sequence[str] = ("sigmoid", "tanh", "relu"),
    *,
    depth: int = 10,
    width: int = 16,
    seeds: int = 30,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw how large the gradient of each hidden layer's weights is before any training.

    Measured on fresh networks (xavier): the root mean square over a layer's weights of the gradient
    of the mean squared error on 32 random rows, its median over the seeds and the band of 10% to
    90%.
    A sigmoid's slope is 0.25 at most; the dotted line loses just that from layer to layer.

    Args:
        names: Of activations.
        depth: Hidden layers, 2 to 100.
        width: Inputs, and units of each hidden layer.
        seeds: Networks of each activation.
        title: Above the plot.
        figure: Where to draw.

    Raises:
        InputError: A number out of range, or an unknown name.
    """
    known = _known(names)
    check_count("depth", depth, 2, 100)
    check_count("width", width, 1, 1024)
    check_count("seeds", seeds, 1, 10_000)
    figure = figure or new_figure(7.0, 4.6)
    axes, layers = figure.subplots(), np.arange(1, depth + 1)
    for name, (colour, look) in zip(known, cycle(_LOOKS)):
        sizes = [_gradients(name, depth, width, seed) for seed in range(seeds)]
        low, middle, high = np.quantile(sizes, (0.1, 0.5, 0.9), axis=0)
        each = (middle[0] / middle[-1]) ** (1 / (depth - 1)) if middle.all() else 0.0
        axes.plot(layers, middle, look, color=colour, label=f"{name}: x {each:.2g} a layer back")
        axes.fill_between(layers, low, high, color=colour, alpha=0.2, linewidth=0)
        if name == known[0]:
            axes.plot(layers, middle[-1] * 0.25 ** (depth - layers), ":", color=TRUTH,
                      label="x 0.25, a sigmoid's largest slope")  # fmt: skip
    axes.set(yscale="log", xlabel="hidden layer, 1 next to the inputs",
             ylabel="gradient of its weights, root mean square", title=title)  # fmt: skip
    axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return whole(figure)


def _gradients(activation: str, depth: int, width: int, seed: int) -> list[float]:
    """Return the root mean square of the gradient of each hidden layer's weights."""
    net = SequentialMLP(in_features=width, hidden_features=(width,) * depth, seed=seed,
                        activation=activation, initialization="xavier").double()  # fmt: skip
    weights = [layer.weight for layer in net.layers if isinstance(layer, nn.Linear)]
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(32, n, generator=generator, dtype=torch.float64) for n in (width, 1))
    found = torch.autograd.grad(nn.functional.mse_loss(net(x), y), weights)
    return [float(gradient.square().mean().sqrt()) for gradient in found[:-1]]


def plot_dying(
    points: Points = ((2.0, 4.0), (4.0, 7.0), (8.0, 8.0)),
    *,
    start: tuple[float, float] = (0.2, 0.038),
    rate: float = 0.012,
    steps: int = 12,
    title: str = "",
    figure: FigureBase | None = None,
) -> Figure:
    """Draw how one ReLU unit, max(0, a x + b), dies when it is fitted with too large a rate.

    A large step throws a x + b below 0 at every point, where the slope is 0 and none leads back.

    Args:
        points: Pairs (x, y); the lecture's by default.
        start: a and b; those after the lecture's first step by default.
        rate: Learning rate; a line through the lecture's points diverges from 0.01158 on.
        steps: How many to take.
        title: Above all.
        figure: Where to draw.

    Raises:
        InputError: Points, a start or a rate that are no finite numbers, or no steps.
    """
    check_positive("rate", rate)
    check_count("steps", steps, 1, 10_000)
    path, costs, gradients = descend_unit(points, start=start, rate=rate, steps=steps)
    x, y = np.array(points, dtype=float).T
    alive = (path @ [x, np.ones_like(x)] > 0).any(axis=1)
    last, dead = (len(path) - 1, False) if alive.all() else (int(alive.argmin()), True)
    end = f"dead from step {last} on" if dead else f"alive after {last} steps"
    figure = figure or new_figure(11.0, 6.6)
    said = f"one ReLU unit, rate {rate:g}, {end}"
    figure.suptitle(": ".join(filter(None, (title, said))), wrap=True)
    shown = sorted({0, *range(max(last - 2, 0), last + 1)})
    places = [[*shown], ["cost"] * len(shown), ["|gradient|"] * len(shown)]
    panels = figure.subplot_mosaic(places, height_ratios=(2.2, 1, 1))
    _draw_units({step: panels[step] for step in shown}, x, y, path)
    sizes = np.linalg.norm(gradients, axis=1)
    for name, values, never in (("cost", costs, y @ y), ("|gradient|", sizes, 0.0)):
        axes, own = panels[name], f"from a = {start[0]:g}, b = {start[1]:g}"
        axes.plot(values, "o-", color=MODEL, markersize=4, label=own)
        axes.axhline(never, color=ERROR, linestyle="--", label="from a = b = 0: never starts")
        if dead:
            axes.axvline(last, color="black", linestyle=":", label=end)
        axes.set(xlabel="step", ylabel=name)
    set_keys(figure, loc="outside lower center", ncols=4)
    return whole(figure)


def _draw_units(panels: Mapping[int, Axes], x: Array, y: Array, path: Array) -> None:
    """Draw a unit at some steps over its points, which are empty where its slope is 0."""
    at = np.linspace(min(x.min(), 0.0), 1.1 * max(x.max(), 0.0), 401)
    top = 1.1 * max(y.max(), *(float((path[step] @ [x, x**0]).max()) for step in panels))
    for step, axes in panels.items():
        a, b = path[step]
        axes.plot(at, a * at + b, ":", color=MODEL, linewidth=1, label="a x + b")
        axes.plot(at, np.maximum(a * at + b, 0), color=MODEL, label="max(0, a x + b)")
        for on, fill in ((True, "black"), (False, "white")):
            rows = (a * x + b > 0) == on
            axes.scatter(x[rows], y[rows], s=45, facecolor=fill, edgecolor="black", zorder=3,
                         label=f"point, slope {on:d} there")  # fmt: skip
        axes.set_title(f"step {step}: a = {a:.2g}, b = {b:.2g}", fontsize="medium")
        axes.set(xlabel="x", ylabel="y", ylim=(-0.2 * top, top))
