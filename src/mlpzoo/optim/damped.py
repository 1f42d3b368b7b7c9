"""Damped linear least squares over the weights of layers, in the smaller of its two forms."""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from mlpzoo.checks import InputError
from mlpzoo.optim.jacobian import LayerDerivatives

BLOCK = 128  # rows that are worked on at once: they stay in the cache
MOST = 8192  # rows of a matrix that is factored: half a gigabyte, ten seconds of a core


def smaller_system(layers: Sequence[LayerDerivatives], residual: Tensor) -> "OfRows | OfWeights":
    """Return the system of rows or of weights, whichever is smaller.

    Both minimise |J d + r|^2 + damping |d|^2 / S over the change d of all weights.

    Args:
        layers: Their derivatives, J, and their shares, S.
        residual: r, (outputs * rows,).

    Raises:
        InputError: Even the smaller one would take too much memory and time.
    """
    rows, weights = len(residual), sum(layer.size for layer in layers)
    if min(rows, weights) > MOST:
        raise InputError(
            f"levenberg solves for {rows} answers at once, of {weights} weights; take at most "
            f"{MOST} rows a batch, counted once for each output, or optimizer adam"
        )
    return (OfRows if rows <= weights else OfWeights)(layers, residual.double())


def _solve(matrix: Tensor, right: Tensor, damping: float) -> Tensor | None:
    """Return (matrix + damping)^-1 right; None where that is not positive definite in float64."""
    damped = matrix.clone()
    damped.diagonal().add_(damping)
    factor, failed = torch.linalg.cholesky_ex(damped)
    return None if bool(failed) else torch.cholesky_solve(right.unsqueeze(1), factor).squeeze(1)


class OfRows:
    """(J S J^T + damping) u = r and d = -S J^T u, for more weights than rows.

    J is never written out: the matrix, of which only the lower triangle is made, comes from
    products of layers' inputs and slopes.

    Args:
        layers: See `smaller_system`.
        residual: The same, in float64.

    Attributes:
        unit: The mean of the diagonal of J S J^T.
    """

    def __init__(self, layers: Sequence[LayerDerivatives], residual: Tensor) -> None:
        self.layers, self.residual = layers, residual
        count = len(residual)
        self.matrix = residual.new_zeros(count, count)
        for layer in layers:
            inputs, slopes = layer.in_rows()
            bias = inputs.new_tensor(0.0 if layer.layer.bias is None else 1.0)
            for start in range(0, count, BLOCK):
                rows, before = slice(start, start + BLOCK), slice(0, start + BLOCK)
                of_inputs = torch.addmm(bias, inputs[rows], inputs[before].T)
                of_slopes = slopes[rows] @ slopes[before].T
                self.matrix[rows, before].addcmul_(of_slopes, of_inputs, value=layer.share)
        self.unit = float(self.matrix.diagonal().mean())
        self.solve = partial(_solve, self.matrix, residual)

    def move(self, solved: Tensor, share: float) -> None:
        """Change the weights by a share of d.

        Args:
            solved: What `solve` gave.
            share: Of d.
        """
        for layer in self.layers:
            layer.move(solved * share)

    def left(self, solved: Tensor, damping: float) -> Tensor:
        """Return J d + r, which the linear model foretells.

        Args:
            solved: What `solve` gave.
            damping: With it.
        """
        return damping * solved


class OfWeights:
    """(A^T A + damping) w = A^T r with A = J S^(1/2), and d = -S^(1/2) w, for fewer weights.

    Arguments, attributes and methods are those of `OfRows`.
    """

    def __init__(self, layers: Sequence[LayerDerivatives], residual: Tensor) -> None:
        self.layers, self.residual = layers, residual
        size = sum(layer.size for layer in layers)
        matrix, right = residual.new_zeros(size, size), residual.new_zeros(size)
        for part, own in zip(self._parts(), torch.split(residual, BLOCK), strict=True):
            matrix.addmm_(part.T, part)
            right.addmv_(part.T, own)
        self.unit = float(matrix.diagonal().sum()) / len(residual)
        self.solve = partial(_solve, matrix, right)

    def move(self, solved: Tensor, share: float) -> None:
        """Change the weights by a share of d; see `OfRows.move`."""
        sizes = [layer.size for layer in self.layers]
        for layer, change in zip(self.layers, torch.split(solved, sizes), strict=True):
            layer.add(change, -share * math.sqrt(layer.share))

    def left(self, solved: Tensor, damping: float) -> Tensor:
        """Return J d + r; see `OfRows.left`."""
        return self.residual - torch.cat([part @ solved for part in self._parts()])

    def _parts(self) -> Iterator[Tensor]:
        """Yield the rows of A, a block at a time."""
        every = [(layer.in_rows(), layer) for layer in self.layers]
        for start in range(0, len(self.residual), BLOCK):
            rows = slice(start, start + BLOCK)
            yield torch.cat(
                [
                    layer.written(inputs[rows], slopes[rows]).mul_(math.sqrt(layer.share))
                    for (inputs, slopes), layer in every
                ],
                dim=1,
            )
