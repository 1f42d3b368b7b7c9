"""Slopes by autograd, and those that are known in words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpzoo.analysis.layers import Array

IN_WORDS = {  # d h/d z of the activations that backpropagation by hand takes
    "identity": "1",
    "relu": "1 where z > 0, else 0",
    "sigmoid": "h (1 - h)",
    "step": "0",
    "tanh": "1 - h^2",
}


def with_slope(
    function: Callable[[Tensor], Tensor], at: NDArray[np.floating[Any]]
) -> tuple[Array, Array]:
    """Return a function of each number, and its slope there.

    Args:
        function: Elementwise, in float64.
        at: The numbers.

    Example:
        >>> [part.tolist() for part in with_slope(torch.square, np.array([1.0, 3.0]))]
        [[1.0, 9.0], [2.0, 6.0]]
    """
    x = torch.tensor(at, requires_grad=True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach().numpy(), slope.numpy()
