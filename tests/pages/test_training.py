"""Training in a page: what a reader does, and what torch says to it."""

import numpy as np
import pytest
import torch

import mlpzoo
from mlpzoo.pages.document import as_html
from mlpzoo.pages.network import network_data, parameters_of, shown_layers
from mlpzoo.pages.packed import packed

ROWS = torch.tensor([[0.0, 0.0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
XOR = torch.tensor([[0.0], [1], [1], [0]], dtype=torch.float64)

OTHERS = "other weights than the film's"


@pytest.fixture
def show(tab):
    """Opens the page of a network; returns its training."""

    def opened(name, **more):
        shown = mlpzoo.page(name)
        tab.set_default_timeout(8000)
        tab.set_content(as_html(shown.title, {**shown.data, **more}))
        return tab.get_by_label("Training in the page", exact=True)

    return opened


def _press(part, name):
    part.get_by_role("button", name=name, exact=True).click()


def _set(part, **values):
    for name, value in values.items():
        field = part.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.blur()


def _numbers(part):
    return part.locator(".numbers").inner_text().split(" · ")


def _logits(tab):
    table = tab.locator("[aria-label='Truth table'] table")
    column = table.locator("th").all_inner_texts().index("logit")
    rows = table.locator("tbody tr").all()
    return [float(row.locator("td").nth(column).inner_text()) for row in rows]


def _settled(tab):
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_steps_from_the_weights_shown_are_those_of_torch(tab, show):
    net = mlpzoo.nets.FourLayerXOR(initialization="centred")
    training = show("xor", net=network_data(net))
    _set(training, optimizer="sgd", momentum="0.9", lr="0,5", loss="bce")
    _press(training, "The page's weights")
    _set(training, origin="shown")
    optimizer = torch.optim.SGD(net.double().parameters(), lr=0.5, momentum=0.9)
    for step in range(1, 4):
        _press(training, "One step")
        _settled(tab)
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(net(ROWS).sigmoid(), XOR).backward()
        optimizer.step()
        loss = torch.nn.functional.binary_cross_entropy(net(ROWS).sigmoid(), XOR)
        assert _numbers(training)[:2] == [f"Step {step}", f"loss {loss:.3g}"]
        np.testing.assert_allclose(_logits(tab), net(ROWS).detach().flatten(), atol=1e-6)


def test_play_trains_xor_and_the_same_again_after_reset(tab, show):
    training = show("xor")
    _set(training, pace="100")
    _press(training, "Play")
    training.get_by_text("4 of 4 right").wait_for()
    _press(training, "Pause")
    _press(training, "Reset")
    _settled(tab)
    step, loss, _ = _numbers(training)
    assert step == "Step 0"
    assert float(loss.split()[1]) > 0.6
    start = _logits(tab)
    _press(training, "One step")
    _settled(tab)
    assert _logits(tab) != start
    _press(training, "Reset")
    _settled(tab)
    assert _logits(tab) == start
    _set(training, seed="1")
    _settled(tab)
    assert _logits(tab) != start
    _set(training, seed="0")
    _settled(tab)
    assert _logits(tab) == start


def test_the_film_of_the_training_goes_back_and_on_from_there(tab, show):
    training = show("xor")
    for _ in range(3):
        _press(training, "One step")
    _settled(tab)
    after = _logits(tab)
    slider = training.get_by_label("Snapshots of the training")
    assert slider.get_attribute("aria-valuetext") == "step 3"
    slider.press("ArrowLeft")
    _settled(tab)
    assert _numbers(training)[0] == "Step 2"
    assert slider.get_attribute("aria-valuetext") == "step 2"
    assert _logits(tab) != after
    _press(training, "One step")  # with what Adam remembered at this step
    _settled(tab)
    assert _numbers(training)[0] == "Step 3"
    assert _logits(tab) == after
    _press(training, "Play film")
    _press(training, "Reset")  # which ends the film
    training.get_by_role("button", name="Play film", exact=True).wait_for()
    tab.get_by_role("slider", name="bias", exact=False).first.press("ArrowUp")
    _settled(tab)
    assert slider.get_attribute("aria-valuetext") == OTHERS  # those of step 0, changed
    _press(tab.get_by_label("Unit", exact=True).first, "Reset all weights")
    _hold_no_step(tab, slider, OTHERS)
    _press(training, "The page's weights")
    _hold_no_step(tab, slider, "no film yet")


def _hold_no_step(tab, slider, text):
    """The film names no step, and its chart has none marked."""
    _settled(tab)
    assert slider.get_attribute("aria-valuetext") == text
    panel = slider.locator("xpath=ancestor::section")
    assert panel.get_by_text(text, exact=True).is_visible()
    assert panel.locator(".key").inner_text() in ("", "loss")


def test_a_rate_that_is_too_large_stops_with_the_remedy(tab, show):
    training = show("linear")
    _set(training, optimizer="sgd", lr="3", pace="all")
    _press(training, "Play")
    training.get_by_text("the rate 3 is too large here. Take a smaller one, such as 0.3").wait_for()
    training.get_by_role("button", name="Play", exact=True).wait_for()
    _set(training, lr="1e9")
    _press(training, "Play")
    training.get_by_text("the rate 1000000000 is too large here. Take a smaller one, such as 0.3")
    training.get_by_text("such as 0.3, and").wait_for()
    _set(training, lr="0.3")
    _press(training, "Reset")
    for _ in range(20):
        _press(training, "One step")
    _settled(tab)
    assert float(_numbers(training)[1].split()[1]) < 2


def test_settings_that_cannot_be_are_said_and_layers_can_be_others(tab, show):
    training = show("xor")
    _set(training, lr="-1")
    training.get_by_text('Rate takes a number above 0, not "-1".').wait_for()
    _press(training, "Play")
    assert training.get_by_role("button", name="Pause", exact=True).count() == 0
    reset = tab.get_by_role("button", name="Reset unit")
    assert reset.is_enabled()
    _set(training, lr="0.05", hidden="3", activation="tanh", pace="all")
    _press(training, "Play")
    training.get_by_text("4 of 4 right").wait_for()
    assert reset.is_disabled()  # no such unit came with the page
    _press(training, "The page's weights")
    _settled(tab)
    right = mlpzoo.load_pretrained("xor").double()(ROWS).detach().flatten()
    np.testing.assert_allclose(_logits(tab), right, atol=1e-6)


def test_the_film_of_a_run_shows_its_snapshots(tab, show):
    nets = [mlpzoo.nets.FourLayerXOR(initialization="rotation", seed=seed) for seed in range(3)]
    weights = [part for net in nets for part in parameters_of(shown_layers(net))]
    film = {"steps": [0, 10, 200], "weights": packed(*weights)}
    shown = mlpzoo.page("xor")
    show("xor", film=film, parts=[*shown.data["parts"], "film"])
    slider = tab.get_by_label("Snapshots of the run")
    for key, net in (("Home", nets[0]), ("ArrowRight", nets[1]), ("End", nets[2])):
        slider.press(key)
        _settled(tab)
        right = net.double()(ROWS).detach().flatten()
        np.testing.assert_allclose(_logits(tab), right, atol=1e-6)
    assert slider.get_attribute("aria-valuetext") == "step 200"
    _press(tab.get_by_label("Unit", exact=True).first, "Reset all weights")
    _hold_no_step(tab, slider, OTHERS)
    slider.press("ArrowLeft")
    _settled(tab)
    assert slider.get_attribute("aria-valuetext") == "step 10"


def test_steps_are_said_to_be_trained_as_sigmoids(tab, show):
    training = show("xor-step")
    assert "A step has slope 0: in training, sigmoids stand in its place." in training.inner_text()
    _press(training, "One step")
    tab.get_by_label("Unit", exact=True).first.get_by_text("sigmoid(").first.wait_for()
    assert "A step has" not in show("xor").inner_text()


def test_a_function_is_trained_on_its_truth_at_even_points(tab, show):
    training = show("square")
    _set(training, origin="shown", reduction="mean")
    _press(training, "Reset")
    _settled(tab)
    x = torch.linspace(-100, 100, 101, dtype=torch.float64)[:, None]
    loss = torch.nn.functional.mse_loss(mlpzoo.load_pretrained("square").double()(x), x**2)
    step, shown, _ = _numbers(training)
    assert step == "Step 0"
    assert float(shown.split()[1]) == pytest.approx(loss.item(), rel=0.01)
    _set(training, hidden="4, 4", origin="drawn")
    _press(training, "One step")
    _settled(tab)
    assert _numbers(training)[0] == "Step 1"
    assert float(_numbers(training)[1].split()[1]) > 1e6  # in the units of the function: y <= 10000
