"""A gate's page: what a reader drags, points at and reads is what torch gives."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import mlpzoo
from mlpzoo.data import GateSamples
from mlpzoo.pages.content import content_of
from mlpzoo.pages.page import Page

CORNERS = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
WEIGHTS = """async () => {
  const choice = document.querySelector("select[aria-label=Unit]"), all = {};
  for (const { value, text } of [...choice.options]) {
    choice.value = value;
    choice.dispatchEvent(new Event("change"));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    const fields = choice.closest("section").querySelectorAll("input[type=number]");
    all[text] = [...fields].map((field) => field.valueAsNumber);
  }
  return all;
}"""


@pytest.fixture
def shown(tab, tmp_path):
    """Opens the page of a network."""

    def show(net, *given, **options):
        path = mlpzoo.page(net, *given, **options).write(tmp_path / "page.html")
        tab.goto(path.as_uri())
        tab.get_by_role("heading", name="Network").wait_for()
        return tab

    return show


def settled(tab):
    """Wait until what was changed is drawn."""
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def part(tab, name):
    return tab.get_by_role("slider", name=re.compile(f"^{name}:"))


def drag(tab, element, up):
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x, y - up, steps=3)
    settled(tab)


def column(tab, place):
    settled(tab)
    return tab.locator(f"tbody td:nth-child({place})").all_inner_texts()


def as_torch(fields):
    """The lecture's network with the weights that the fields show."""
    net = mlpzoo.FourLayerXOR().double()
    layers = [net.layer1, net.layer2, net.layer3, net.layer4, net.output_layer]
    units = iter(fields.values())
    for layer in layers:
        rows = torch.tensor([next(units) for _ in range(layer.out_features)], dtype=torch.float64)
        layer.weight.data, layer.bias.data = rows[:, :-1], rows[:, -1]
    return net


def test_dragging_a_weight_until_an_answer_flips_gives_the_logits_of_torch(shown):
    tab = shown("xor-lecture")
    assert column(tab, 4) == ["0 right", "1 right", "1 right", "0 right"]
    edge = part(tab, "weight from h41 to y")
    drag(tab, edge.locator(".seen"), -180)
    assert tab.locator(".bubble").inner_text().startswith("weight from h41 to y: -")
    tab.mouse.up()
    assert column(tab, 4) == ["0 right", "0 wrong, flipped", "0 wrong, flipped", "0 right"]
    net = as_torch(tab.evaluate(WEIGHTS))
    assert net.output_layer.weight[0, 0] < 0
    with torch.no_grad():
        right, hidden = net(CORNERS).flatten(), torch.cat(net.hidden(CORNERS), dim=1)
    logits = torch.tensor([float(text) for text in column(tab, 5)], dtype=torch.float64)
    torch.testing.assert_close(logits, right, atol=1e-6, rtol=0)
    cost = nn.functional.binary_cross_entropy_with_logits(right, torch.tensor([0.0, 1, 1, 0.0]))
    assert (
        f"Cross-entropy (mean) {float(f'{cost:.4g}'):g}"
        in tab.get_by_role("region", name="Truth table").inner_text()
    )
    for row in range(4):
        tab.locator("tbody button").nth(row).click()
        settled(tab)
        labels = tab.locator(".unit[aria-label^=h]").evaluate_all(
            "all => all.map(e => e.ariaLabel)"
        )
        values = torch.tensor([float(re.search(": (.*) at", label)[1]) for label in labels])
        torch.testing.assert_close(values.double(), hidden[row], rtol=1e-3, atol=1e-6)


def test_maps_of_units_are_viridis_of_what_torch_gives(shown):
    import matplotlib as mpl

    tab = shown("xor-lecture")
    net = mlpzoo.load_pretrained("xor-lecture")
    ends = torch.tensor([[0.0, 1], [1, 1], [0, 0], [1, 0]])  # top left first, as pixels go
    right = torch.cat([*net.hidden(ends), net(ends).sigmoid()], dim=1).T.detach()
    seen = tab.locator(".unit canvas").evaluate_all("""all => all.slice(2).map((canvas) => {
        const last = canvas.width - 1, context = canvas.getContext("2d");
        return [[0, 0], [last, 0], [0, last], [last, last]].map(
            (at) => [...context.getImageData(...at, 1, 1).data.slice(0, 3)]);
    })""")
    colours = np.asarray(mpl.colormaps["viridis"](right.numpy()))[..., :3] * 255
    assert np.shape(seen) == (9, 4, 3)
    assert np.abs(np.asarray(seen) - colours).max() < 20  # the page's has nine knots


def test_the_point_is_dragged_on_the_square_and_moved_by_keys(shown):
    tab = shown("xor-lecture")
    square = tab.get_by_role("application")
    square.scroll_into_view_if_needed()
    frame = square.bounding_box()
    tab.mouse.move(frame["x"] + 150, frame["y"] + 150)
    tab.mouse.down()
    tab.mouse.move(frame["x"] + 999, frame["y"] + 150)  # past the side: it stops there
    tab.mouse.up()
    settled(tab)
    x1, x2 = (tab.get_by_role("spinbutton", name=name, exact=True) for name in ("x1", "x2"))
    assert x1.input_value() == "1"
    square.press("ArrowLeft")
    square.press("Shift+ArrowDown")
    settled(tab)
    assert x1.input_value() == "0.99"
    at = torch.tensor([[0.99, float(x2.input_value())]])
    logit = mlpzoo.load_pretrained("xor-lecture")(at).item()
    said = tab.locator(".answer").inner_text()
    assert float(re.search(r"logit (\S+),", said)[1]) == pytest.approx(logit, rel=1e-3)
    x2.fill("0.25")
    x2.press("Enter")
    settled(tab)
    assert "x2 = 0.25" in square.get_attribute("aria-label")
    for _ in range(2):  # the second time nothing moves
        x2.fill("99")
        x2.press("Enter")
        settled(tab)
        assert x2.input_value() == "1"
    x2.press("Backspace")
    x2.press("1")  # as it was: nothing is given
    square.press("ArrowDown")
    settled(tab)
    assert x2.input_value() == "0.99"


def test_weights_and_units_are_reached_and_changed_by_keys(shown):
    tab = shown("xor-lecture")
    part(tab, "x1").focus()
    for _ in range(3):
        tab.keyboard.press("Tab")  # x2, then the weights of the first layer
    label = "document.activeElement.ariaLabel"
    assert tab.evaluate(label) == "weight from x2 to h11: 14.35"
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Shift+ArrowDown")
    settled(tab)
    assert tab.evaluate(label) == "weight from x2 to h11: 12.55"  # 0.2 up, 2 down
    tab.keyboard.press("Enter")
    settled(tab)
    assert tab.locator(".number.chosen").inner_text() == "weight of x2"
    assert (
        tab.locator(".formula").first.inner_text() == "h11 = sigmoid(-10.33 x1 + 12.55 x2 + 4.811)"
    )
    part(tab, "h11").press("ArrowDown")
    tab.get_by_role("button", name="Reset unit").click()
    settled(tab)
    assert part(tab, "h11").get_attribute("aria-label").endswith("bias 4.811")
    assert part(tab, "weight from x2 to h11").get_attribute("aria-valuenow") == "14.353"


def test_a_sum_is_written_out_and_a_surface_turns(shown):
    tab = shown("xor-lecture")
    part(tab, "h21").press("Enter")
    settled(tab)
    h11, h12 = mlpzoo.load_pretrained("xor-lecture").hidden(torch.tensor([[0.5, 0.5]]))[0][0]
    sums = f"-4.583 · {h11:.4g} + 5.105 · {h12:.4g} + 1.516"
    assert f"h21 = sigmoid({sums}) = sigmoid(-2.635) = 0.0669" in tab.inner_text("main")
    surface = tab.get_by_role("img", name="h21 from 0 to 1")
    surface.scroll_into_view_if_needed()
    before = surface.screenshot()
    surface.press("ArrowLeft")
    assert surface.screenshot() != before


def test_a_perceptron_counts_wrong_answers(shown):
    tab = shown("or-exact")
    table = tab.get_by_role("region", name="Truth table")
    assert "No answers wrong." in table.inner_text()
    field = tab.get_by_role("spinbutton", name="bias of y")
    field.fill("-0.6")
    field.press("Enter")
    settled(tab)
    assert "2 of 4 answers wrong." in table.inner_text()
    assert "entropy" not in table.inner_text()
    assert column(tab, 5) == ["-0.600000", "-0.100000", "-0.100000", "0.400000"]


def test_a_gate_of_three_inputs_is_pointed_at_in_the_network(tab, tmp_path):
    net = mlpzoo.Perceptron(in_features=3)
    net.linear.weight.data.fill_(1.0)
    net.linear.bias.data.fill_(-1.5)  # 1 where two of three are
    content = content_of(net, GateSamples(table="00010111")) | {"subtitle": ""}
    tab.goto(Page("majority", content).write(tmp_path / "page.html").as_uri())
    assert column(tab, 5) == [f"{verdict} right" for verdict in "00010111"]
    assert tab.get_by_role("application").count() == 0
    tab.locator("tbody tr").nth(6).click()
    settled(tab)
    assert part(tab, "y").get_attribute("aria-label") == "y: 1 at the point, bias -1.5"
    part(tab, "x1").press("Shift+ArrowDown")
    part(tab, "x2").press("Shift+ArrowDown")
    settled(tab)
    assert part(tab, "x2").get_attribute("aria-valuenow") == "0.8"
    ends = [part(tab, name).evaluate("e => [e.ariaValueMin, e.ariaValueMax, e.ariaValueText]")
            for name in ("x2", "y", "weight from x2 to y")]  # fmt: skip
    assert ends == [["0", "1", "0.8"], ["-20", "20", "-1.5"], ["-20", "20", "1"]]
    assert tab.locator(".unit canvas").first.get_attribute("aria-hidden") == "true"
    assert "step(1 · 0.8 + 1 · 0.8 + 1 · 0 - 1.5) = step(0.1) = 1" in tab.inner_text("main")


def test_a_finger_drags_a_weight_and_not_the_page(browser, tmp_path):
    context = browser.new_context(
        viewport={"width": 400, "height": 500}, is_mobile=True, has_touch=True
    )
    tab = context.new_page()
    tab.goto(mlpzoo.page("or-exact").write(tmp_path / "page.html").as_uri())
    box = part(tab, "weight from x1 to y").locator(".seen").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = context.new_cdp_session(tab)
    for kind, up in [("Start", 0), ("Move", 10), ("Move", 30), ("Move", 50), ("End", None)]:
        points = [] if up is None else [{"x": x, "y": y - up}]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    settled(tab)
    found = part(tab, "weight from x1 to y").get_attribute("aria-valuenow"), tab.evaluate("scrollY")
    context.close()
    assert found == ("1.5", 0)  # 0.02 a pixel
