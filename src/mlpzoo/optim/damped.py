"""Damped linear least squares over the weights of layers, in the smaller of its two forms."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor
from typing_extensions import override

from mlpzoo.checks import InputError
from mlpzoo.optim.jacobian import LayerDerivatives

BLOCK = 128  # rows that are worked on at once: they stay in the cache
WRITTEN = 256  # rows of J that are written out at once
TILE = 256  # columns of a triangle that are made at once
FINE = 2e-5  # damping, below which float32 is too coarse for products
MOST = 8192  # rows of a matrix that is factored: half a gigabyte, ten seconds of a core


def smaller_system(
    layers: Sequence[LayerDerivatives], residual: Tensor, penalty: float = 0.0
) -> "DampedSystem":
    """Return the system of rows or of weights, whichever is smaller; of weights with a penalty.

    Args:
        layers: See `DampedSystem`.
        residual: The same.
        penalty: The same.

    Raises:
        InputError: It would take too much memory and time.
    """
    rows, weights = len(residual), sum(layer.size for layer in layers)
    if penalty and weights > MOST:
        raise InputError(
            f"levenberg solves for {weights} weights at once with a weight decay; take a "
            f"network of at most {MOST}, no weight decay, or optimizer adam"
        )
    if min(rows, weights) > MOST:
        raise InputError(
            f"levenberg solves for {rows} answers at once, of {weights} weights; take at most "
            f"{MOST} rows a batch, counted once for each output, or optimizer adam"
        )
    if rows <= weights and not penalty:
        return OfRows(layers, residual)
    return OfWeights(layers, residual, penalty)


class DampedSystem(ABC):
    """Finds the change -S v of all weights w that minimises a penalised and damped square.

    It is |r - J S v|^2 + penalty |w - S v|^2 + damping v S v. `damp` comes first.

    Args:
        layers: Their derivatives, J, and their shares, S.
        residual: r, (outputs * rows,), in float64.

    Attributes:
        unit: The mean of the diagonal of J S J^T.
        matrix: What is factored, before damping; only its lower triangle is made.
    """

    unit: float
    matrix: Tensor

    def __init__(self, layers: Sequence[LayerDerivatives], residual: Tensor) -> None:
        self.layers, self.residual = layers, residual
        self.damping, self.factor = 0.0, residual  # of none before `damp`

    def damp(self, damping: float) -> bool:
        """Factor the damped matrix; tell whether it is positive definite in its precision.

        Args:
            damping: Above 0.
        """
        self.damping, failed = damping, torch.zeros((), dtype=torch.int32).to(self.matrix.device)
        if self.factor.shape != self.matrix.shape or self.factor.dtype != self.matrix.dtype:
            self.factor = torch.empty_like(self.matrix).mT  # as LAPACK has it: nothing is copied
        self.factor.copy_(self.matrix).diagonal().add_(self.on_diagonal(damping))
        torch.linalg.cholesky_ex(self.factor, out=(self.factor, failed))
        return not bool(failed)

    def solve(self, right: Tensor) -> Tensor:
        """Return the inverse of the damped matrix times a vector."""
        column = right.to(self.factor).unsqueeze(1)
        half = torch.linalg.solve_triangular(self.factor, column, upper=False)
        solved: Tensor = torch.linalg.solve_triangular(self.factor.mT, half, upper=True)
        return solved.squeeze(1)

    def move(self, change: Tensor, share: float) -> None:
        """Take a share of S v from the weights.

        Args:
            change: v.
            share: Of it.
        """
        for layer, own in self._by_layer(change):
            layer.subtract(own, share * layer.share)

    def spread(self, change: Tensor) -> Tensor:
        """Return J S v."""
        parts = [layer.share * layer.spread(own) for layer, own in self._by_layer(change)]
        return torch.stack(parts).sum(dim=0)

    def gather(self, weighting: Tensor) -> Tensor:
        """Return J^T times a vector over all answers."""
        return torch.cat([layer.gather(weighting) for layer in self.layers])

    @abstractmethod
    def on_diagonal(self, damping: float) -> float | Tensor:
        """Return what damping adds to the matrix's diagonal."""

    @abstractmethod
    def step(self) -> Tensor:
        """Return v."""

    @abstractmethod
    def step_for(self, residual: Tensor) -> Tensor:
        """Return v for other residuals, without a penalty."""

    @abstractmethod
    def foretold(self, share: float) -> float:
        """Return by how much a share of the last `step` lowers the penalised square."""

    def _by_layer(self, change: Tensor) -> "zip[tuple[LayerDerivatives, Tensor]]":
        parts = torch.split(change, [layer.size for layer in self.layers])
        return zip(self.layers, parts, strict=True)


class OfRows(DampedSystem):
    """(J S J^T + damping) u = r and v = J^T u, for more weights than rows; no penalty.

    J is never written out: the matrix comes from products of layers' inputs and slopes.
    """

    def __init__(self, layers: Sequence[LayerDerivatives], residual: Tensor) -> None:
        super().__init__(layers, residual)
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

    @override
    def on_diagonal(self, damping: float) -> float:
        return damping

    @override
    def step(self) -> Tensor:
        self.solved = self.solve(self.residual)
        return self.gather(self.solved.to(self.layers[0].slopes))

    @override
    def step_for(self, residual: Tensor) -> Tensor:
        return self.gather(self.solve(residual).to(self.layers[0].slopes))

    @override
    def foretold(self, share: float) -> float:
        left = (1 - share) * self.residual + share * (self.damping * self.solved)
        return float(self.residual.square().sum()) - float(left.square().sum())


class OfWeights(DampedSystem):
    """(J^T J + penalty + damping / S) S v = J^T r + penalty w, for fewer weights.

    J is written out for some rows at a time.

    Args:
        layers: See `DampedSystem`.
        residual: The same.
        penalty: The same.
    """

    def __init__(
        self, layers: Sequence[LayerDerivatives], residual: Tensor, penalty: float = 0.0
    ) -> None:
        super().__init__(layers, residual)
        self.penalty = penalty
        self.shares = torch.cat([residual.new_full((each.size,), each.share) for each in layers])
        self.unit = sum(each.share * each.square for each in layers) / len(residual)
        self.matrix = residual.new_zeros(0, 0)

    @override
    def damp(self, damping: float) -> bool:
        slopes = self.layers[0].slopes
        kind = slopes.dtype if damping > FINE * self.unit else torch.float64
        if not self.matrix.numel() or self.matrix.dtype != kind != slopes.dtype:
            self._build(kind)
        return super().damp(damping)

    def _build(self, kind: torch.dtype) -> None:
        self.right = self.gather(self.residual.to(kind)).double()
        if self.penalty:
            weights = torch.cat([layer.values for layer in self.layers])
            self.right.add_(weights, alpha=self.penalty)
        size, (outputs, rows, _) = len(self.right), self.layers[0].by_output.shape
        self.factor, self.matrix = self.residual, self.residual.new_zeros(size, size, dtype=kind)
        block = self.matrix.new_empty(WRITTEN, size)
        for output in range(outputs):
            for start in range(0, rows, WRITTEN):
                self._add(block[: rows - start], output, slice(start, start + WRITTEN))

    def _add(self, block: Tensor, output: int, rows: slice) -> None:
        parts = torch.split(block, [layer.size for layer in self.layers], dim=1)
        for part, layer in zip(parts, self.layers, strict=True):
            layer.write(part, output, rows)
        for start in range(0, block.shape[1], TILE):
            tile = slice(start, start + TILE)
            self.matrix[start:, tile].addmm_(block[:, start:].T, block[:, tile])

    @override
    def on_diagonal(self, damping: float) -> Tensor:
        return (damping / self.shares + self.penalty).to(self.matrix)

    @override
    def step(self) -> Tensor:
        self.solved = self.solve(self.right).double()
        return self.solved / self.shares

    @override
    def step_for(self, residual: Tensor) -> Tensor:
        return self.solve(self.gather(residual.to(self.matrix))).double() / self.shares

    @override
    def foretold(self, share: float) -> float:
        along, damped = self.right @ self.solved, self.solved @ (self.solved / self.shares)
        return float(2 * share * along - share**2 * (along - self.damping * damped))
