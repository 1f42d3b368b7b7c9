"""Random numbers as a pure function of (seed, step): the same bytes on every run and device.

A counter-based generator, so nothing is stored or replayed: element j of a draw is the j-th output
of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators") at a
place fixed by seed and step. It is integer arithmetic on tensors, hence equal on CPU and GPU.
"""

import math

import torch
from torch import Tensor

_GAMMA = -0x61C8864680B583EB  # 0x9E3779B97F4A7C15 as a signed 64-bit number
_MIX1 = -0x40A7B892E31B1A47  # 0xBF58476D1CE4E5B9
_MIX2 = -0x6B2FB644ECCEEE15  # 0x94D049BB133111EB
_STEP_BITS = 2**32  # numbers kept for each step
SAMPLINGS = ("uniform", "stratified", "closed", "even", "arcsine", "near")
SAMPLE_ROWS = 2**16  # that stand in for a grid too large
_NEAR = 0.2  # of the range: how far apart the coordinates of a near row are, at most
_SAMPLE = torch.tensor([-1])  # a draw that no training step takes


def splitmix64(state: Tensor) -> Tensor:
    """Return SplitMix64's output for each generator state.

    Shapes: any int64 -> the same, read as unsigned 64-bit numbers.

    Example:
        >>> splitmix64(torch.tensor([1234567])).item()  # the published first output of this seed
        6457827717110365317
    """
    z = state + _GAMMA
    z = (z ^ _shift(z, 30)) * _MIX1
    z = (z ^ _shift(z, 27)) * _MIX2
    return z ^ _shift(z, 31)


def uniform(seed: int, steps: Tensor, size: int) -> Tensor:
    """Draw numbers from U[0, 1), multiples of 2**-24, for several steps at once.

    Shapes: steps (count,), int64 -> (count, size), float32; a row depends on its own step alone.

    Args:
        seed: Which sequence, 0 to 2**63 - 1.
        steps: Which draws of it, each 0 or more.
        size: How many numbers a step, below 2**32.

    Example:
        >>> both = uniform(0, torch.tensor([7, 8]), 100)
        >>> bool((both[1] == uniform(0, torch.tensor([8]), 100)[0]).all())
        True
    """
    origin = splitmix64(torch.tensor(seed, device=steps.device))  # far apart for near seeds
    counter = torch.arange(size, device=steps.device) + steps.unsqueeze(1) * _STEP_BITS
    bits = _shift(splitmix64(origin + counter * _GAMMA), 40)
    return bits.to(torch.float32) * 2.0**-24


def latin_hypercube(
    seed: int, steps: Tensor, size: int, columns: int, *, even: bool = False
) -> Tensor:
    """Draw points of the unit cube whose every column has one number in each of `size` intervals.

    Each point alone is uniform; together they leave no gaps, which lowers the noise of a batch's
    gradient (McKay, Beckman and Conover 1979).

    Shapes: steps (count,) -> (count, size, columns), float32, within [0, 1].

    Args:
        seed: See `uniform`.
        steps: See `uniform`.
        size: How many points a step.
        columns: How many coordinates each has.
        even: Whether the numbers of a column are at one place in all its intervals.

    Example:
        >>> points = latin_hypercube(0, torch.tensor([3]), 4, 2)[0]
        >>> (points * 4).floor().sort(dim=0).values.T.tolist()
        [[0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0]]
    """
    drawn = uniform(seed, steps, 2 * size * columns).view(-1, 2, columns, size)
    keys, offsets = drawn.unbind(dim=1)
    if even:
        offsets = offsets[..., :1]
    unit: Tensor = (keys.argsort(dim=-1, stable=True) + offsets) / size
    return unit.transpose(1, 2).contiguous()


def normal(seed: int, steps: Tensor, size: int) -> Tensor:
    """Draw numbers from the standard normal distribution (Box and Muller 1958).

    Shapes: steps (count,) -> (count, size), float32.

    Args:
        seed: See `uniform`.
        steps: See `uniform`.
        size: How many numbers a step.

    Example:
        >>> abs(normal(0, torch.tensor([0]), 10_000).std().item() - 1) < 0.02
        True
    """
    u = uniform(seed, steps, 2 * size).to(torch.float64)
    radius = (-2 * torch.log1p(-u[:, :size])).sqrt()
    return (radius * torch.cos(2 * math.pi * u[:, size:])).to(torch.float32)


def _shift(z: Tensor, bits: int) -> Tensor:
    """Shift right and fill with zeros, as for unsigned numbers."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def cycle(x: Tensor, y: Tensor, batch_size: int, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows step * batch_size, ... of (x, y) for each step, starting over after the last.

    Shapes: x (rows, in_features), y (rows, out_features), steps (count,) -> (count, batch_size,
        in_features), (count, batch_size, out_features).
    """
    if batch_size == len(x):
        return x.expand(len(steps), *x.shape), y.expand(len(steps), *y.shape)
    rows = (torch.arange(batch_size) + steps.unsqueeze(1) * batch_size) % len(x)
    return x[rows], y[rows]


def unit_points(sampling: str, seed: int, steps: Tensor, size: int, columns: int) -> Tensor:
    """Draw the rows of several batches in the unit cube; `mlpzoo.data.Samples` says how.

    Shapes: steps (count,) -> (count, size, columns), float32, within [0, 1].

    Args:
        sampling: One of `SAMPLINGS`.
        seed: See `uniform`.
        steps: See `uniform`.
        size: How many rows a step.
        columns: How many coordinates each has.
    """
    if sampling == "uniform":
        return uniform(seed, steps, size * columns).view(-1, size, columns)
    unit = latin_hypercube(seed, steps, size, columns, even=sampling == "even")
    if sampling in ("closed", "even", "near") and size > 2:
        unit = _closed(unit)
    if sampling == "near":
        rows = unit[:, ::2]
        side = 2 * rows[..., 1:] - 1
        apart = _NEAR * side * side.square().square()  # a power's last bit hangs on the block
        unit[:, ::2] = torch.cat([rows[..., :1], rows[..., :1] + apart], dim=-1).clamp(0, 1)
    return torch.sin(unit * (math.pi / 2)).square() if sampling == "arcsine" else unit


def sample_of_cube(columns: int, *, rows: int = SAMPLE_ROWS, draw: int = 0) -> Tensor:
    """Return fixed rows of the unit cube to stand in for a grid, both ends of each axis too.

    Shapes: -> (rows, columns), float32.

    Args:
        columns: How many coordinates each has.
        rows: How many there are.
        draw: Which rows.
    """
    return _closed(latin_hypercube(draw, _SAMPLE, rows, columns)[0])


def _closed(unit: Tensor) -> Tensor:
    """Return a Latin hypercube whose outer strata have shrunk to the two ends."""
    size = unit.shape[-2]
    return ((size * unit - 1) / (size - 2)).clamp(0, 1)
