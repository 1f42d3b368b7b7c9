"""What a network's drawing is made of: formulas, lines of a boundary, columns of units."""

import re

import numpy as np
import pytest
from torch import nn

import mlpzoo
from mlpzoo.pages.content import content_of
from mlpzoo.pages.document import JS
from mlpzoo.pages.network import network_data
from mlpzoo.pages.page import Page


@pytest.mark.parametrize("name", ["xor-lecture", "or-exact", "minmax-exact", "xor-step", "scaled"])
def test_formulas_are_those_of_the_package(modules, name):
    if name == "scaled":
        net = mlpzoo.SequentialMLP(
            in_features=2,
            hidden_features=(3,),
            activation="tanh",
            in_range=(-3, 9),
            out_range=(0, 50),
        )
    else:
        net = mlpzoo.load_pretrained(name)
    right = mlpzoo.formula(net).layers.values()
    script = """
        const { readNetwork } = await load("core/network.js");
        const { formulaOf } = await load("core/formula.js");
        const net = await readNetwork(given);
        return net.layers.map(({ units }, layer) => Array.from({ length: units }, (_, unit) =>
            formulaOf(net, ["x1", "x2"], layer, unit)));"""
    assert modules(script, network_data(net)) == [list(units) for units in right]


def test_a_boundary_lies_where_the_sum_is_0(modules):
    script = """
        const { gridOver, zeroLines } = await load("drawing/heat.js");
        const values = (x) => Float64Array.from({ length: x.length / 2 },
            (_, i) => Math.tanh(40 * ((x[2 * i] - 0.3) ** 2 + x[2 * i + 1] ** 2 - 0.25)));
        const ends = zeroLines(values(gridOver([[0, 1], [0, 1]], 24)), 24, values);
        return Array.from(ends);"""
    ends = np.asarray(modules(script)).reshape(-1, 2)
    assert len(ends) > 40
    assert np.abs(np.hypot(ends[:, 0] - 0.3, ends[:, 1]) - 0.5).max() < 0.002


def test_wide_layers_are_cut_short_and_a_phone_needs_no_scrolling_sideways(tab, tmp_path):
    net = nn.Sequential(nn.Linear(2, 256), nn.Tanh(), nn.Linear(256, 2))
    content = content_of(net, ranges=(-1, 1)) | {"subtitle": "", "parts": ["diagram", "unit"]}
    tab.set_viewport_size({"width": 400, "height": 800})
    tab.goto(Page("wide", content).write(tmp_path / "page.html").as_uri())
    tab.get_by_text("and 248 more", exact=True).wait_for()
    assert tab.locator(".unit").count() == 2 + 8 + 2
    assert tab.evaluate("document.documentElement.scrollWidth") == 400


def linear(colour):
    """Return a colour's three shares of light, as WCAG counts them."""
    shares = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    light, dark = sorted(linear(c) @ (0.2126, 0.7152, 0.0722) + 0.05 for c in (one, other))[::-1]
    return light / dark


def mixed(one, other, share):
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_stand_out(theme):
    style = (JS / "style.css").read_text(encoding="utf-8")
    both = re.findall(r"--(\w+): (?:light-dark\()?(#\w+)(?:, (#\w+)\))?;", style)
    colours = {name: (dark or light) if theme else light for name, light, dark in both}
    raised, ground = colours["raised"], colours["ground"]
    (share,) = re.findall(r"tr.here .*var\(--model\) (\d+)%", style)
    here = mixed(colours["model"], raised, int(share) / 100)
    for text in ("ink", "soft", "wrong"):
        assert min(contrast(colours[text], under) for under in (raised, ground)) >= 4.5, text
    assert contrast(colours["wrong"], here) >= 4.5
    (curves,) = re.findall(r"COLOURS = \[(.*)\]", (JS / "drawing/plot/curves.js").read_text())
    for name in [*re.findall(r"\w+", curves), "truth", "border", "plus", "minus"]:
        assert min(contrast(colours[name], under) for under in (raised, ground)) >= 3, name
    borders = re.findall(
        r"^(?:button, select, input|\.unit canvas) {[^}]*border: ([^;]+)", style, re.M
    )
    assert re.search(r"^\.wrong { color: var\(--wrong\)", style, re.MULTILINE)
    assert borders == ["1px solid var(--border)"] * 2
