"""The pages of functions say what torch and `mlpzoo.pieces` say, and follow mouse and keys."""

import math
import re

import numpy as np
import pytest
import torch
from torch import nn

import mlpzoo
from mlpzoo.data import MinMaxSamples
from mlpzoo.nets import DualHeadMLP
from mlpzoo.pages.content import content_of
from mlpzoo.pages.network import network_data
from mlpzoo.pages.page import Page

TRUTHS = {"sin": (math.sin, 10, 1), "square": (lambda x: x * x, 100, 1e4)}  # end, height
LOAD = """
const { forward, readNetwork } = await load("core/network.js");
const { bendsOf, knotsOf, statesOf } = await load("analysis/pieces.js");
"""


def settle(page):
    """Wait until what was changed is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def torch_answers(net, x):
    return net.double()(torch.as_tensor(x, dtype=torch.float64).reshape(-1, 1)).detach().flatten()


@pytest.mark.parametrize("name", TRUTHS)
def test_curve_says_answer_error_and_pieces(opened, name):
    net, (truth, end, height) = mlpzoo.load_pretrained(name), TRUTHS[name]
    page = opened(mlpzoo.page(name))
    knots = page.get_by_text(re.compile(r"^\d+ knots"))
    knots.wait_for()
    pieces = len(mlpzoo.pieces(net, -end, end))
    assert knots.inner_text() == f"{pieces - 1} knots, between {pieces} straight pieces"
    grid = torch.linspace(-end, end, 2001)
    error = torch_answers(net, grid) - torch.tensor([truth(x) for x in grid.tolist()])
    at = int(error.abs().argmax())
    said = page.get_by_text(re.compile("^Largest error")).inner_text()
    largest, place = (float(found) for found in re.findall(r"-?\d[\d.]*(?:e-\d+)?", said)[:2])
    assert largest == pytest.approx(float(error.abs()[at]), rel=2e-3)
    assert place == pytest.approx(float(grid[at]), abs=1e-4)
    x = 0.31234 * end
    page.get_by_label("Input x", exact=True).fill(str(x))
    page.keyboard.press("Enter")
    text = page.locator(".formula").first
    settle(page)
    inside = text.inner_text()
    field = page.get_by_label("Input x", exact=True)
    for typed, shown in ((7 * end, end), (-1e9, -end), (x, x)):  # beyond the range, and back
        field.fill(str(typed))
        page.keyboard.press("Enter")
        settle(page)
        assert float(field.input_value()) == pytest.approx(shown, rel=1e-5)
    assert text.inner_text() == inside
    answer, right, off = (float(found) for found in re.findall(r"-?\d[\d.e-]*", text.inner_text()))
    expected = float(torch_answers(net, [x])[0])
    assert answer == pytest.approx(expected, abs=6e-7 * height)
    assert right == pytest.approx(truth(x), abs=6e-7 * height)
    assert off == pytest.approx(expected - truth(x), abs=2e-7 * height)


def test_curve_follows_mouse_and_keys_and_zooms(opened):
    net = mlpzoo.SequentialMLP(hidden_features=(5,), activation="tanh")
    page = opened(mlpzoo.page(net, (-10, 10)))
    curve = page.get_by_role("slider", name="The network's answer")
    box = curve.bounding_box()
    left, right = box["x"] + 54, box["x"] + box["width"] - 24  # the margins of axes.js

    def at():
        settle(page)
        return float(curve.get_attribute("aria-valuenow"))

    def place(x):
        return left + (x + 10) / 20 * (right - left), box["y"] + 100

    page.mouse.move(*place(0))
    page.mouse.down()
    page.mouse.move(*place(-5), steps=3)
    page.mouse.up()
    assert at() == pytest.approx(-5, abs=0.03)
    page.keyboard.press("ArrowRight")
    assert at() == pytest.approx(-4.8, abs=0.03)
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")  # a hundredth of what is in view
    assert at() == pytest.approx(-4.8 - 20 / 16 / 100, abs=0.03)
    before = at()
    page.mouse.move(*place(0))
    page.mouse.wheel(0, -300)
    page.keyboard.press("ArrowRight")
    assert 0 < at() - before < 20 / 16 / 100
    curve.press("0")
    curve.click(position={"x": 54 + (right - left) / 2, "y": 100})
    for key in ("+", *["Shift+ArrowRight"] * 2):  # from -5..5 to -3..7
        curve.press(key)
    curve.click(position={"x": 54 + (right - left) / 2, "y": 100})
    assert at() == pytest.approx(2, abs=0.03)
    page.get_by_role("button", name="Show all").click()
    curve.press("End")
    assert at() == 10


def test_units_are_active_dead_or_always_on_as_in_torch(opened):
    net = mlpzoo.SequentialMLP(hidden_features=(40, 40))
    first, second, _ = (
        part for part in net.double().modules() if isinstance(part, torch.nn.Linear)
    )
    page = opened(mlpzoo.page(net, (-2, 2)))
    lines = page.get_by_text(re.compile(r"^layer \d: .* always on$"))
    lines.first.wait_for()
    hidden = torch.relu(first(torch.zeros(1, 1, dtype=torch.float64)))
    active = [int((h > 0).sum()) for h in (hidden, torch.relu(second(hidden)))]
    straight = mlpzoo.pieces(net, -2, 2).straight
    for text, count, units in zip(lines.all_inner_texts(), active, straight.values(), strict=True):
        found = [int(number) for number in re.findall(r"\d+", text)][1:]
        assert (found[0], found[1], found[2] + found[3]) == (count, 40, len(units))
    strip = page.get_by_role("slider", name="layer 2")
    cell = strip.bounding_box()["height"] / 2
    strip.click(position={"x": 3.5 * cell, "y": 1.5 * cell})  # the fourth of the second row
    chart = page.get_by_role("slider", name="layer 2, unit 36")
    value = float(chart.get_attribute("aria-valuetext").split("sum ")[1].split(",")[0])
    assert value == pytest.approx(second(hidden)[0, 35].item(), abs=1e-5)


def test_pieces_are_those_of_python(modules):
    torch.manual_seed(1)
    nets = [
        mlpzoo.SequentialMLP(in_features=1, hidden_features=hidden, in_range=(-2, 3))
        for hidden in [(1,), (7,), (6, 5), (4, 4, 4)]
    ]
    script = (
        LOAD
        + """
    const found = [];
    for (const data of given) {
      const net = await readNetwork(data);
      found.push(Array.from(knotsOf(net, bendsOf(net, -2, 3))));
    }
    return found;"""
    )
    nets += [*map(of_quarters, range(10)), of_slopes_far_apart()]
    for net, knots in zip(nets, modules(script, [*map(network_data, nets)]), strict=True):
        exact = mlpzoo.pieces(net, -2, 3).table()[0]
        np.testing.assert_allclose([-2, *knots, 3], exact, rtol=0, atol=1e-12)
    script = (
        LOAD
        + """
    const net = await readNetwork(given);
    const { sums } = forward(net, bendsOf(net, -2, 3));
    return [0, 1].map((k) => statesOf(sums[k], 16).flatMap((state, i) => state ? [i] : []));"""
    )
    touching = of_quarters(3)  # the sum of a unit touches 0 and is never above it
    straight = mlpzoo.pieces(touching, -2, 3).straight.values()
    assert modules(script, network_data(touching)) == [*map(list, straight)]


def of_quarters(seed):
    """Return a network in which many units bend at one place, computed in other ways."""
    torch.manual_seed(seed)
    sizes = (nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    net = nn.Sequential(*sizes)
    for part in net.parameters():
        part.data = (part.data * 4).round() / 4
    return net


def of_slopes_far_apart():
    """Return a network that bends by 1e6 at -1, and by 1e-6 at 2."""
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    rows = ([[-1.0], [1]], [-1.0, -2], [[1e6, 1e-6]], [0.0])
    for part, numbers in zip(net.parameters(), rows, strict=True):
        part.data = torch.tensor(numbers)
    return net


def small_heads():
    torch.manual_seed(3)
    net = DualHeadMLP(trunk_features=(6,), head_features=(4,), value_range=(0, 100))
    data = content_of(net, MinMaxSamples())
    return net.double(), Page("heads", data)


def test_heads_say_both_answers_and_their_largest_errors(opened):
    net, made = small_heads()
    page = opened(made)
    facts = page.get_by_text(re.compile("^Largest error"))
    facts.first.wait_for()
    n = made.data["truth"]["points"]
    axis = torch.linspace(0, 100, n, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    right = torch.stack([grid.amax(1), grid.amin(1)], dim=1)
    largest = (net(grid).detach() - right).abs().amax(0)
    for text, error in zip(facts.all_inner_texts(), largest.tolist(), strict=True):
        assert float(text.split()[2]) == pytest.approx(error, rel=1e-3)
        assert f"{n} \u00d7 {n} points" in text
    canvas = page.get_by_role("application", name=re.compile("The point")).first
    box = canvas.bounding_box()
    width, height = box["width"] - 54 - 24, box["height"] - 24 - 40  # the margins of axes.js
    page.mouse.move(box["x"] + 54 + width / 2, box["y"] + 24 + height / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 54 + 0.8 * width, box["y"] + 24 + 0.7 * height, steps=3)
    page.mouse.up()
    canvas.press("ArrowUp")
    settle(page)
    point = [float(page.get_by_label(f"Input x{i}", exact=True).input_value()) for i in (1, 2)]
    assert point == pytest.approx([80, 31], abs=0.4)
    hold_heads(page, net, point)
    field = page.get_by_label("Input x1", exact=True)
    field.fill("250")  # beyond the range
    page.keyboard.press("Enter")
    settle(page)
    assert field.input_value() == "100"
    hold_heads(page, net, [100, point[1]])


def hold_heads(page, net, point):
    answers = net(torch.tensor([point], dtype=torch.float64)).detach()[0].tolist()
    for head, answer, truth in zip(("max", "min"), answers, (max(point), min(point)), strict=True):
        row = page.get_by_role("row", name=re.compile(f"^{head}"))
        shown = [float(text) for text in row.get_by_role("cell").all_inner_texts()]
        assert shown == pytest.approx([answer, truth, answer - truth], rel=1e-3)


def test_charts_are_as_wide_as_a_phone(opened):
    page = opened(mlpzoo.page(mlpzoo.SequentialMLP(hidden_features=(40,)), (-1, 1)))
    page.set_viewport_size({"width": 400, "height": 800})
    settle(page)
    assert page.locator("canvas").first.bounding_box()["width"] < 400
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_chart_skips_gaps_and_reads_the_nearest_point(modules):
    script = """
    const { Chart } = await load("drawing/chart.js");
    const chart = new Chart({ label: "Loss", xLabel: "step", logY: true });
    document.body.append(chart.element);
    const x = [0, 10, 20, 30], [first, second] = [[1, NaN, 0.01, 0], [2, 3, 4, 5]];
    const curve = (name, y) => ({ name, colour: "model", x, y });
    chart.show({ curves: [curve("a", first), curve("b", second)], at: 19 });
    await new Promise((done) => setTimeout(done, 50));
    const before = chart.canvas.getAttribute("aria-valuetext");
    chart.canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Home" }));
    return [before, chart.canvas.getAttribute("aria-valuetext"), chart.frame.y.range];"""
    near, first, (low, high) = modules(script)
    assert (near, first) == ("step 19, a 0.01, b 4", "step 0, a 1, b 2")
    assert 0.005 < low < 0.01
    assert 5 < high < 10
