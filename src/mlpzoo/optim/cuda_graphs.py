"""Blocks as CUDA graphs: on a GPU, launching the kernels of a small network costs most of a step.

A graph holds every kernel of a block's steps and is launched at once. It reads its data and its
rates from buffers and changes weights and optimizer state in place, so whoever looks between two
blocks sees what ordinary steps would have left, up to float rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from mlpzoo.data.stream import Block
from mlpzoo.optim.fused_adam import AdamKernel, is_plain_fused_adam
from mlpzoo.optim.kernels.gradient import Gradient, Losses
from mlpzoo.optim.kernels.written_out import Gradients

MOST_GRAPHS = 4  # sizes of blocks that are kept; others take ordinary steps


class BlockGraphs:
    """Records blocks of steps, a graph for each size that comes up more than once.

    Args:
        gradients: Those of the objective; what is done for them must not depend on values that the
            host reads.
        optimizer: Takes the steps; graphs are for fused Adam and AdamW on a GPU.
    """

    def __init__(self, gradients: Gradients, optimizer: Optimizer) -> None:
        self.gradients, self.optimizer = gradients, optimizer
        self.possible = is_plain_fused_adam(optimizer, "cuda")
        self.replays = 0
        self._seen: set[torch.Size] = set()  # shapes of blocks: batches may grow
        self._graphs: dict[torch.Size, _Recorded] = {}

    def ready(self, block: Block) -> bool:
        """Tell whether `replay` can take a block, after recording it if need be."""
        shape = block.x.shape
        if not self.possible or len(block.x) == 1:
            return False
        if shape not in self._seen or not self.state_is_there():
            self._seen.add(shape)  # the first one warms up what a recording must not set up
            return False
        bound = _addresses(AdamKernel(self.optimizer))
        if shape in self._graphs and self._graphs[shape].bound_to != bound:
            self._graphs.clear()  # someone has put other tensors in the place of those recorded
        if shape not in self._graphs and len(self._graphs) < MOST_GRAPHS:
            self._record(block, bound)
        return shape in self._graphs

    def replay(self, block: Block, rates: Sequence[float]) -> Losses:
        """Take the steps of a block that is `ready`.

        Args:
            block: The batches.
            rates: The learning rate of each step.

        Returns:
            The losses of the last step, in buffers that the next replay overwrites.
        """
        recorded = self._graphs[block.x.shape]
        recorded.x.copy_(block.x)
        recorded.y.copy_(block.y)
        recorded.rates.copy_(torch.tensor(rates))
        recorded.graph.replay()
        self.replays += 1
        return recorded.losses

    def take(self, block: Block, rates: Sequence[float]) -> Losses:
        """Take the steps of a block one by one, by the operations that a recording holds.

        So it makes no difference to the weights which blocks are recorded, and a run that goes on
        from a state does what it would have done.

        Args:
            block: The batches; `state_is_there`.
            rates: The learning rate of each step.

        Returns:
            The losses of the last step.
        """
        on_device = torch.tensor(rates, device=block.x.device)
        return take_steps(self.gradients.of(block), AdamKernel(self.optimizer), on_device)

    def state_is_there(self) -> bool:
        """Tell whether every parameter has taken a step; a frozen or unused one never does."""
        (group,) = self.optimizer.param_groups
        return all(self.optimizer.state.get(parameter) for parameter in group["params"])

    def _record(self, block: Block, bound: tuple[int, ...]) -> None:
        kernel = AdamKernel(self.optimizer)
        x, y = block.x.clone(), block.y.clone()
        rates = torch.zeros(len(x), device=x.device)
        gradient = self.gradients.of(Block(x, y))
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad()
        try:
            with torch.cuda.graph(graph):
                losses = take_steps(gradient, kernel, rates)
        except (RuntimeError, TypeError):  # it reads values, or leaves a gradient None
            torch.cuda.synchronize()
            self.possible = False
            self.optimizer.zero_grad()
            return
        self._graphs[x.shape] = _Recorded(graph, gradient, x, y, rates, losses, bound)


def take_steps(gradient: Gradient, kernel: AdamKernel, rates: Tensor) -> Losses:
    """Take a step for each batch of a block without the host reading a value.

    Args:
        gradient: That of the block's batches.
        kernel: Takes the steps.
        rates: The learning rate of each step, shape (count,), on the device.

    Returns:
        The losses of the last step.
    """
    for step, rate in enumerate(rates.unbind()):
        gradient.take(step)
        grads = [parameter.grad for parameter in kernel.parameters]
        if any(grad is None for grad in grads):  # it took no part this time
            kernel.optimizer.step()
        else:
            torch._foreach_add_(kernel.counts, 1)
            kernel.step(grads, kernel.counts, rate)
        if not gradient.kept:
            kernel.optimizer.zero_grad()
    return {name: value.detach() for name, value in gradient.losses()[1].items()}


@dataclass(frozen=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    gradient: Gradient  # which may own memory that the graph works on
    x: Tensor
    y: Tensor
    rates: Tensor
    losses: Losses
    bound_to: tuple[int, ...]


def _addresses(kernel: AdamKernel) -> tuple[int, ...]:
    lists = (kernel.parameters, kernel.means, kernel.squares, kernel.counts)
    return tuple(tensor.data_ptr() for tensors in lists for tensor in tensors)
