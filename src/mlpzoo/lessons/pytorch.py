"""Checks of the lesson on PyTorch: the shapes of a layer, and one step of the plain loop."""

from typing import Any

import numpy as np
import torch
from torch import nn

from mlpzoo.exercises.linear import LECTURE_POINTS, descend_by_hand
from mlpzoo.lessons._answers import numbers


def pytorch_1(weight_shape: Any, output_shape: Any, learned: Any) -> str:
    """Judge the shapes of `nn.Linear(3, 2)` and of what it makes of 5 rows, and its size."""
    layer = nn.Linear(3, 2)
    if numbers(weight_shape, "rows", "columns") != [*layer.weight.shape]:
        return (
            "weight_shape is another one: the weights have a row for each unit, and in it a number "
            "for each input. Which of 3 and 2 counts the units?"
        )
    if numbers(output_shape, "rows", "columns") != [*layer(torch.zeros(5, 3)).shape]:
        return (
            "output_shape is another one: every row of x goes through by itself, and comes out as "
            "a row with a number for each unit."
        )
    (count,) = numbers(learned, "learned")
    if count == layer.weight.numel():
        return f"{count:g} are the weights alone. What else does a unit add to its sum?"
    if count != sum(each.numel() for each in layer.parameters()):
        return "learned is another number: count the entries of the weights, then the biases."
    return ""


def pytorch_2(step: Any) -> str:
    """Judge a function that takes one step of gradient descent on the sum of squares."""
    if not callable(step):
        return "Give the function itself, by its name, without parentheses behind it."
    model = nn.Linear(1, 1).double()
    for each in model.parameters():
        nn.init.zeros_(each)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    points = torch.tensor(LECTURE_POINTS, dtype=torch.float64)
    x, y = points[:, :1], points[:, 1:]
    loss = step(model, optimizer, x, y)
    if wrong := _wrong_step(model):
        return wrong
    step(model, optimizer, x, y)
    if not np.allclose(_line(model), descend_by_hand(steps=2)):
        return (
            "The first step is right, and the second is not: the gradient of the first is still "
            "there, and backward() adds to it. What clears it?"
        )
    return _wrong_loss(loss, float((y**2).sum())) or _wrong_elsewhere(step)


def _wrong_step(model: nn.Linear) -> str:
    found, wanted = _line(model), descend_by_hand(steps=1)
    if model.weight.grad is None and found == (0, 0):
        return (
            "The line did not move, as there is no gradient: backward() of the loss makes it, "
            "and zero_grad() takes it away again if it stands between backward() and step()."
        )
    if found == (0, 0):
        return "The line did not move: there is a gradient, and nobody took the step."
    if np.allclose(np.multiply(found, 3), wanted):
        return "The step is a third of the right one: of three rows, take the sum, not the mean."
    if not np.allclose(found, wanted):
        return (
            "On (2, 4), (4, 7), (8, 8), at the rate 0.001, the first step from a = b = 0 leads to "
            f"a = {wanted[0]:g}, b = {wanted[1]:g}, and yours to {found[0]:g}, {found[1]:g}. "
            "Is the loss the sum of (model(x) - y)^2?"
        )
    return ""


def _wrong_loss(loss: Any, cost: float) -> str:
    if loss is None:
        return "The line moves as it should. Now return the loss, too."
    if isinstance(loss, torch.Tensor):
        return "The line moves as it should, but the loss is still a tensor. What takes it out?"
    if not np.allclose(numbers(loss, "loss"), cost):
        return (
            f"The line moves as it should, but from a = b = 0 the loss before the step is {cost:g},"
            f" and your function returned {loss!r}."
        )
    return ""


def _wrong_elsewhere(step: Any) -> str:
    """Judge a step that is right on the lecture's points on others, at another rate."""
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 5, 1, generator=draw, dtype=torch.float64)
    model = nn.Linear(1, 1).double()
    line = np.array(_line(model))
    off = line[0] * x + line[1] - y
    wanted = line - 0.01 * 2 * np.array([float((off * x).sum()), float(off.sum())])
    step(model, torch.optim.SGD(model.parameters(), lr=0.01), x, y)
    if np.allclose(_line(model), wanted):
        return ""
    return (
        "On three points at the rate 0.001 it is right, but on five others at the rate 0.01 it is "
        "not. Which number of the first ones is still written in it?"
    )


def _line(model: nn.Linear) -> tuple[float, float]:
    return model.weight.item(), model.bias.item()
