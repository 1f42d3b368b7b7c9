"""The page of gradient descent has the numbers of the notes and of `analysis.descent`."""

import re
from itertools import product

import numpy as np
import pytest

import mlpzoo
from mlpzoo.analysis.descent import bowl

NOTES = [(2, 4), (4, 7), (8, 8)]
LEFT, RIGHT, TOP, BOTTOM = 54, 24, 24, 40  # the margins of a picture


@pytest.fixture
def page(opened):
    return opened(mlpzoo.page("linear"))


def state(page):
    """Return the step, a, b, the cost and both slopes that the page shows."""
    said = page.get_by_text(re.compile(r"^Step \d+:")).inner_text()
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", said)]


def inside(canvas, across, up):
    """Return the place on the screen of shares of a picture's two ranges."""
    box = canvas.bounding_box()
    x = box["x"] + LEFT + across * (box["width"] - LEFT - RIGHT)
    return x, box["y"] + TOP + (1 - up) * (box["height"] - TOP - BOTTOM)


def drag(page, canvas, *places):
    canvas.scroll_into_view_if_needed()
    page.mouse.move(*inside(canvas, *places[0]))
    page.mouse.down()
    for place in places:
        page.mouse.move(*inside(canvas, *place))
    page.mouse.up()


def test_steps_and_bowl_are_those_of_python(modules):
    asked = list(
        product([NOTES, [(-3, 1), (0, 5), (0, -2), (6, 2.5)]], [0.001, 0.011, 0.0116, 0.1])
    )
    script = """
    const { Descent } = await load("analysis/descent.js");
    return given.map(([points, rate]) => {
      const descent = new Descent(points, [0, 0], rate);
      descent.go(500);
      return [descent.path, descent.costs, descent.bowl];
    });"""
    for (points, rate), found in zip(asked, modules(script, asked), strict=True):
        hold_against_python(points, rate, *found)


def hold_against_python(points, rate, path, costs, found):
    exact = bowl(points)
    right = exact.descend(rate, np.arange(501))
    path = np.array(path)[: len(right)]  # one step more, where it flies off
    np.testing.assert_allclose(path, right, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(costs[: len(right)], exact.cost(right), rtol=1e-9, atol=1e-9)
    assert len(right) == len(costs) or len(right) == len(costs) - 1
    numbers = [*found["minimum"], found["floor"], *found["eigenvalues"]]
    assert numbers == pytest.approx([*exact.minimum, exact.floor, *exact.eigenvalues], rel=1e-12)
    assert (found["limit"], found["best"]) == pytest.approx(
        (exact.limit, exact.best_rate), rel=1e-12
    )
    assert np.abs(np.diag(found["axes"] @ exact.axes)) == pytest.approx(1)


def test_page_has_the_numbers_of_the_notes(page):
    facts = page.get_by_text(re.compile("^The cost, the sum")).inner_text()
    for number in (
        "1.785714",
        "0.60714286",
        "3.5.",
        "172.70298",
        "1.2970246",
        "0.01158058",
        "0.01149425",
    ):
        assert number in facts
    assert state(page) == [0, 0, 0, 129, -200, -38]
    page.get_by_role("button", name="Step", exact=True).click()
    assert state(page)[:4] == pytest.approx([1, 0.2, 0.038, 91.133132])
    page.get_by_label("rate", exact=True).fill("0.0116")
    assert page.get_by_text(re.compile("^Above the limit.*flies off")).is_visible()
    assert state(page)[:3] == pytest.approx([1, 2.32, 0.4408])  # as many steps as before
    rate = page.get_by_label("rate", exact=True)
    rate.fill("0.0115")
    verdict = page.get_by_text(re.compile("^Below the limit"))
    assert verdict.is_visible()
    for refused in ("-1", "0", ""):
        rate.fill(refused)
        assert page.get_by_text("takes a number above 0").is_visible()
        assert page.get_by_text("It stays 0.0115").is_visible()
    for given, steps in {"0.001": 1775, "0.0001": 17_752, "0.01158": 23_131, "1e-9": None}.items():
        rate.fill(given)  # log 0.1 / log(1 - rate * 1.2970246), or of 1 - rate * 172.70298
        said = verdict.inner_text()
        assert "∞" not in said
        assert " by 1 " not in said
        assert steps is None or f"in the end {steps:,} steps" in said
    assert page.get_by_text("takes a number above 0").count() == 0
    page.get_by_role("button", name="At the limit").click()
    assert page.get_by_text(re.compile("^At the limit.* by -1 along")).is_visible()


def test_rate_and_start_are_dragged(page):
    exact = bowl(NOTES)
    rate = page.get_by_role("slider", name="rate, slider")
    box = rate.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + 50
    page.mouse.move(box["x"] + 20, middle[1])
    page.mouse.down()
    page.mouse.move(*middle, steps=3)
    page.mouse.up()
    found = float(page.get_by_label("rate", exact=True).input_value())
    assert found == pytest.approx((1e-4 * 0.02) ** 0.5, rel=0.02)
    rate.press("ArrowRight")
    assert float(rate.get_attribute("aria-valuenow")) == pytest.approx(1.01 * found, rel=1e-4)
    drag(
        page, page.get_by_role("application", name=re.compile("^The start")), (0.5, 0.5), (0.7, 0.5)
    )
    _, a, b, cost, *_ = state(page)
    assert a > exact.minimum[0] + 0.5
    assert b == pytest.approx(exact.minimum[1], abs=0.1)  # the minimum is in the middle
    assert cost == pytest.approx(float(exact.cost(np.array([a, b]))), rel=1e-5)


def test_points_are_dragged_and_all_follows(page):
    plane = page.get_by_role("application", name=re.compile("^A point"))
    drag(page, plane, (0.8, 0.8), (0.6, 0.3))  # (8, 8), in ranges from 0 to 10
    fields = [page.get_by_label(f"{axis} of point 3") for axis in "xy"]
    x, y = (float(field.input_value()) for field in fields)
    assert (x, y) == pytest.approx((6, 3), abs=0.1)
    facts = page.get_by_text(re.compile("^The cost, the sum"))
    assert f"{bowl([*NOTES[:2], (x, y)]).limit:.6g}"[:8] in facts.inner_text()
    for field, value in zip(fields, "78", strict=True):
        field.fill(value)
    a, b = bowl([*NOTES[:2], (7, 8)]).minimum
    assert f"at a = {a:.8g}, b = {b:.8g}" in facts.inner_text()
    fields[0].fill("")
    assert page.get_by_text("x of point 3 takes a number.").is_visible()
    for point, axis in ((1, "x"), (2, "x"), (3, "x")):  # all at one x have no line
        page.get_by_label(f"{axis} of point {point}").fill("2")
    assert "NaN" not in facts.inner_text()


def test_play_goes_down_to_the_minimum(page):
    page.get_by_role("button", name="Best rate").click()
    page.get_by_role("button", name="Play", exact=True).first.click()
    page.get_by_text(re.compile(r"^Step \d\d:")).wait_for()
    page.get_by_role("button", name="Pause").first.click()
    for _ in range(15):
        page.get_by_role("button", name="100 steps").click()
    assert state(page)[1:4] == pytest.approx([17 / 28, 3.5, 25 / 14], abs=1e-6)


def test_page_takes_its_own_points(page):
    page.get_by_label("Points:").select_option("own")
    samples = mlpzoo.get_exercise("linear").samples()
    exact = bowl(np.stack([samples.x.ravel(), samples.y.ravel()], axis=1).astype(float))
    text = page.get_by_text(re.compile("^The cost, the sum")).inner_text()
    assert float(re.search(r"at a = ([\d.]+)", text)[1]) == pytest.approx(
        exact.minimum[0], rel=1e-6
    )
    assert f"= {exact.limit:.7g}," in text
