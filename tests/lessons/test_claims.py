"""What the text of a lesson says of a network, calculated anew."""

import re

import numpy as np
import torch

import mlpzoo
from tests.lessons.test_notebooks import read, source


def said(slug):
    """Return the text of a lesson in one line."""
    cells = [source(cell) for cell in read(slug)["cells"] if cell["cell_type"] == "markdown"]
    return " ".join(" ".join(cells).split())


def test_the_learned_line_of_and_goes_through_a_row():
    w1, w2, b = 2, 1, -2  # what the cell of the lesson prints last
    z = {(x1, x2): w1 * x1 + w2 * x2 + b for x1 in (0, 1) for x2 in (0, 1)}
    assert [row for row in z if z[row] == 0] == [(1, 0)]
    assert "goes exactly through $(1, 0)$" in said("01-gates")


def test_the_dead_unit_is_not_0_everywhere():
    a, b = 0.2, 0.038
    x, y = np.array([(2, 4), (4, 7), (8, 8)]).T
    for _ in range(4):
        slope = 2 * (a * x + b - y) * (a * x + b > 0)
        a, b = a - 0.012 * (slope @ x), b - 0.012 * slope.sum()
    assert (a * x + b < 0).all()
    assert a * 1 + b > 0
    assert "Its answer is 0 at all three points" in said("06-activations")


def test_where_the_heads_are_off_most():
    text = said("10-minmax")
    axis = torch.linspace(0, 100, 101)
    x = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        found = mlpzoo.load_pretrained("minmax")(x)
    off = (found - torch.stack([x.amax(1), x.amin(1)], dim=1)).abs()
    worst = [tuple(x[place].int().tolist()) for place in off.argmax(dim=0)]
    assert worst == [(50, 50), (34, 65)]
    named = re.findall(r"at \$\((\d+), (\d+)\)\$", text)
    assert [*map(tuple, np.array(named, dtype=int).tolist())] == [*worst, (100, 3), (0, 98)]
    edge = (x == 0).any(dim=1) | (x == 100).any(dim=1)
    at_edge = off.where(edge[:, None], 0).argmax(dim=0)
    assert [tuple(x[place].int().tolist()) for place in at_edge] == [(100, 3), (0, 98)]
    assert (off[at_edge, [0, 1]] > 0.8 * off.amax(dim=0)).all()
    assert [f"{mean:.3f}" for mean in off.mean(dim=0).tolist()] == ["0.004", "0.004"]
    assert "and 0.004 on average" in text


def test_the_loss_of_the_last_exercise_may_have_three_decimals():
    assert mlpzoo.check("seeds-2", 0.667, 0.477)
    assert "to three decimals" in said("12-seeds")
