"""An iterable of batches in place of a DataLoader: sized, stateless, without worker processes."""

from collections.abc import Callable, Iterator

from torch import Tensor

Batch = tuple[Tensor, Tensor]


class BatchStream:
    """Yields `draw(start), draw(start + stride), ...`, `length` batches each time it is read.

    Args:
        draw: Maps a step to its batch (x, y).
        length: Batches in one pass.
        start: Called at the beginning of a pass; the first step of that pass.
        stride: Distance between steps, the number of processes that share the sequence.

    Example:
        >>> list(BatchStream(lambda step: step, length=3, start=lambda: 10, stride=2))
        [10, 12, 14]
    """

    def __init__(
        self,
        draw: Callable[[int], Batch],
        *,
        length: int,
        start: Callable[[], int] = lambda: 0,
        stride: int = 1,
    ) -> None:
        self.draw, self.length, self.start, self.stride = draw, length, start, stride

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Batch]:
        first = self.start()
        for index in range(self.length):
            yield self.draw(first + index * self.stride)
