"""The page of a network: what it holds is what torch gives, and every part of it can be drawn."""

import base64
import re
import zlib

import numpy as np
import pytest
import torch
from torch import nn

import mlpzoo
from mlpzoo import InputError, load_pretrained, page
from mlpzoo.pages.content import parts_of
from mlpzoo.pages.document import MOST_BYTES
from mlpzoo.pages.network import ACTIVATIONS, MOST_WEIGHTS


def unpacked(text):
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.ascontiguousarray(planes.reshape(4, -1).T).view("<f4")[:, 0]


@pytest.fixture
def opened(tab, tmp_path):
    def open_page(shown):
        tab.goto(shown.write(tmp_path / "page.html").as_uri())
        tab.wait_for_selector("footer")
        return tab

    return open_page


@pytest.mark.parametrize("name", ["xor-lecture", "minmax", "linear"])
def test_page_is_drawn_in_both_themes_and_no_wider_than_a_phone(opened, name):
    shown = page(name)
    assert len(shown.html.encode()) < MOST_BYTES
    tab = opened(shown)
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.select_option("header select", "light")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    tab.select_option("header select", "dark")
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.emulate_media(media="screen")
    tab.set_viewport_size({"width": 400, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    assert tab.locator(".panel").count() == len(shown.data["parts"])
    assert tab.locator("header").inner_text().startswith(f"{name}\n")
    assert tab.locator("footer").inner_text() == f"made by mlpzoo {mlpzoo.__version__}"


def test_every_part_and_every_activation_of_the_data_is_there(modules):
    kinds = [("gate", 2, 9), ("gate", 1, 0), ("line", 1, 0), ("function", 1, 9), ("heads", 2, 9),
             ("other", 2, 9)]  # fmt: skip
    assert "truth_table" in parts_of("gate", 1, 0)
    assert "diagram" not in parts_of("gate", 2, 500)
    assert "unit" in parts_of("other", 1, 0)
    script = "const { PARTS } = await load('parts/page.js'); return Object.keys(PARTS);"
    assert {part for kind in kinds for part in parts_of(*kind)} == {*modules(script)}
    script = "return Object.keys((await load('core/activations.js')).ACTIVATIONS)"
    assert {*ACTIVATIONS} == {*modules(script)}


def test_weights_are_those_of_the_network_layer_by_layer():
    net = load_pretrained("minmax")
    exact = mlpzoo.pages.network.shown_layers(net)
    flat = [part for layer in exact.layers for part in (layer.weight, layer.bias)]
    packed = unpacked(page("minmax").data["net"]["weights"])
    np.testing.assert_array_equal(packed, np.concatenate([part.ravel() for part in flat]))
    assert len(packed) == 264_450


def test_data_of_a_gate():
    data = page("xor-lecture").data
    assert data["rows"] == {
        "x": [[0, 0], [0, 1], [1, 0], [1, 1]], "y": [[0], [1], [1], [0]],
    }  # fmt: skip
    assert (data["task"], data["net"]["gives"], data["ranges"]) == ("gate", "logit", [[0, 1]] * 2)
    own = {"lr": 0.01, "hidden": [2, 2, 2, 2], "activation": "sigmoid", "loss": "bce"}
    assert own.items() <= data["train"].items()
    assert data["train"]["start"] == "uniform"  # as in the notes, whose weights these are
    assert page("xor").data["train"]["start"] == "rotation"


def test_data_of_functions():
    sin, heads = page("sin").data, page("minmax-exact").data
    x = torch.linspace(-10, 10, sin["truth"]["points"])
    np.testing.assert_allclose(unpacked(sin["truth"]["values"]), x.sin(), atol=1e-6)
    points = heads["truth"]["points"]
    grid = torch.cartesian_prod(*[torch.linspace(0, 100, points)] * 2)
    both = unpacked(heads["truth"]["values"]).reshape(2, -1)
    np.testing.assert_array_equal(both, [grid.amax(1), grid.amin(1)])
    rates = {name: page(name).data["train"]["lr"] for name in ("sin", "linear", "perceptron")}
    assert rates == {"sin": 1e-3, "linear": 0.3, "perceptron": 0.1}


def test_own_network_of_several_outputs(opened):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    shown = page(net, [(0, 1), (-2, 2)], title="mine")
    assert shown.data["ranges"] == [[0, 1], [-2, 2]]
    assert shown.data["net"]["outputs"] == [("y1", 1), ("y2", 2)]
    tab = opened(shown)
    right = net(torch.tensor([[0.5, 0.0]])).flatten().tolist()
    text = tab.locator("main").inner_text()
    assert f"{right[0]:.3f}"[:5] in text or f"{right[1]:.3f}"[:5] in text


def test_ranges_are_the_networks_own_or_must_be_given():
    scaled = mlpzoo.SequentialMLP(in_features=1, hidden_features=(3,), in_range=(-4, 6))
    assert page(scaled).data["ranges"] == [[-4, 6]]
    assert page(mlpzoo.FourLayerXOR()).data["ranges"] == [[0, 1]] * 2
    assert page("sin", (0, 1)).data["ranges"] == [[0, 1]]
    with pytest.raises(InputError, match="does not say its range; give ranges, such as -1,1"):
        page(nn.Sequential(nn.Linear(1, 1)))


@pytest.mark.parametrize(
    ("net", "ranges", "part"),
    [
        (nn.Sequential(nn.Linear(2, 1)), (1, -1), "from low to high"),
        (nn.Sequential(nn.Linear(2, 1)), ((0, 1),), "for each of 2"),
        (nn.Sequential(nn.Linear(2, 1)), 3, "for each of 2"),
        (nn.Sequential(nn.Linear(9, 1)), (0, 1), "8 inputs at most, not 9"),
        (nn.Sequential(nn.Linear(1, 2), nn.GELU()), (0, 1), "does not know gelu; it knows"),
        (nn.Sequential(nn.Linear(1, MOST_WEIGHTS)), (0, 1), "this network has 560,000"),
        (nn.Conv2d(1, 1, 1), (0, 1), "layers of a Conv2d are not known"),
        ("xorr", None, "did you mean 'xor'"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(net, ranges, part):
    with pytest.raises(InputError, match=part) as error:
        page(net, ranges)
    assert "\n" not in str(error.value)


def test_a_forward_of_ones_own_is_refused():
    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    hooked = nn.Sequential(nn.Linear(1, 1))
    hooked[0].register_forward_hook(lambda layer, taken, given: 2 * given)
    for net in (nn.Sequential(Doubled(1, 1)), hooked):
        with pytest.raises(mlpzoo.InputError, match=r"take a plain nn\.Linear"):
            page(net, (-1, 1))


def test_weights_beyond_float32_are_refused():
    net = nn.Sequential(nn.Linear(1, 1, dtype=torch.float64))
    nn.init.constant_(net[0].weight, 1e300)
    with pytest.raises(mlpzoo.InputError, match="float32"):
        page(net, (-1, 1))


def test_training_says_what_it_has_not():
    assert page("xor").data["train"]["lacks"] == []
    assert page("sin").data["train"]["lacks"] == ["optimizer levenberg"]


def test_a_field_of_a_unit_redraws_its_surface(tab, tmp_path):
    tab.goto(page("xor").write(tmp_path / "page.html").as_uri())
    tab.get_by_label("Surface of the unit", exact=True).scroll_into_view_if_needed()
    field = tab.get_by_label("bias of y", exact=True)
    field.fill("8")
    field.press("Enter")
    net = load_pretrained("xor").double()
    net.output_layer.bias.data.fill_(8)
    axis = torch.linspace(0, 1, 61, dtype=torch.float64)
    with torch.no_grad():
        heights = net(torch.cartesian_prod(axis, axis))
    tab.get_by_text(f"y from {heights.min():.4g} to {heights.max():.4g}").wait_for(timeout=5000)


def test_the_largest_error_is_of_the_weights_shown(tab, tmp_path):
    tab.goto(page("linear").write(tmp_path / "page.html").as_uri())
    field = tab.get_by_label("weight from x to y", exact=True)
    field.fill("-10")  # behind x / 10: the slope is -1
    field.press("Enter")
    truth = mlpzoo.get_exercise("linear").samples()
    a, b = truth.least_squares()
    bias = load_pretrained("linear").double()(torch.zeros(1, 1, dtype=torch.float64)).item()
    largest = max(abs((-1 - a) * x + bias - b) for x in (-10, 10))
    tab.get_by_text(re.compile(f"^Largest error {largest:.4g} at")).wait_for(timeout=5000)
