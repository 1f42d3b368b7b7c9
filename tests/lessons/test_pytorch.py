"""The checks of the lesson on PyTorch: right answers in any form, and what each slip is told."""

import pytest
import torch
from torch import nn

from mlpzoo import check


def judged(name, *answer):
    verdict = check(name, *answer)
    assert bool(verdict) == (str(verdict) == "Right.")
    return str(verdict)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (((2, 3), (5, 2), 8), "Right."),
        ((torch.Size([2, 3]), [5, 2], torch.tensor(8)), "Right."),
        (((3, 2), (5, 2), 8), "counts the units"),
        (((2, 3), (2, 5), 8), "every row of x"),
        (((2, 3), (5, 3), 8), "every row of x"),
        (((2, 3), (5, 2), 6), "weights alone"),
        (((2, 3), (5, 2), 9), "count the entries"),
        (("2 x 3", (5, 2), 8), "Give 2 numbers (rows, columns)"),
        ((6, (5, 2), 8), "Give 2 numbers (rows, columns)"),
    ],
)
def test_shapes_of_a_layer(answer, hint):
    assert hint in judged("pytorch-1", *answer)


SUM = nn.MSELoss(reduction="sum")


def step(model, optimizer, x, y, *, order="zbs", loss=SUM):
    found = loss(model(x), y)
    for each in order:
        {"z": optimizer.zero_grad, "b": found.backward, "s": optimizer.step}[each]()
    return found.item()


def unlike(**slip):
    return lambda *arguments: step(*arguments, **slip)


def at_the_rate_of_the_lesson(model, _, x, y):
    return step(model, torch.optim.SGD(model.parameters(), lr=0.001), x, y)


def without_item(model, optimizer, x, y):
    return torch.tensor(step(model, optimizer, x, y))


def without_return(*arguments):
    step(*arguments)


def loss_from_behind(model, optimizer, x, y):
    step(model, optimizer, x, y)
    return ((model(x) - y) ** 2).sum().item()


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (step, "Right."),
        (unlike(order="bsz"), "Right."),
        (unlike(order="bs"), "What clears it?"),
        (unlike(order="z"), "there is no gradient"),
        (unlike(order="bzs"), "there is no gradient"),
        (unlike(order="zb"), "nobody took the step"),
        (unlike(loss=nn.MSELoss()), "a third of the right one"),
        (unlike(loss=nn.L1Loss(reduction="sum")), "Is the loss the sum of (model(x) - y)^2?"),
        (without_item, "still a tensor"),
        (without_return, "Now return the loss"),
        (loss_from_behind, "the loss before the step is 129, and your function returned 91.13"),
        (unlike(loss=lambda y, to: 3 * nn.MSELoss()(y, to)), "on five others"),
        (unlike(loss=lambda y, to: len(to) * nn.MSELoss()(y, to)), "Right."),
        (at_the_rate_of_the_lesson, "on five others"),
        (129, "Give the function itself"),
        (lambda: None, "Your answer cannot be used"),
    ],
)
def test_a_step_of_the_loop(answer, hint):
    assert hint in judged("pytorch-2", answer)
