"""The texts of a formula are run, compiled and drawn; torch in float64 is the oracle."""

import ctypes
import math
import re
import shutil
import subprocess
import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from torch import nn

from mlpzoo import DualHeadMLP, FourLayerXOR, InputError, SequentialMLP, formula, load_pretrained
from mlpzoo.analysis.forms import FORMS
from mlpzoo.nets.stack import ACTIVATIONS
from tests.published import INPUTS, LOGITS, with_published_weights

GCC = "gcc -std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror -shared -fPIC"
STEADY = sorted(set(FORMS) - {"step"})  # which jumps where sums differ by a rounding


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile C and give a function of rows, as the others are."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    folder = tmp_path_factory.mktemp("c")

    def build(found, real="double"):
        path = folder / f"{len(list(folder.iterdir()))}.c"
        path.write_text(found.c(real))
        subprocess.run([*GCC.split(), path, "-o", f"{path}.so", "-lm"], check=True)
        kind = {"double": ctypes.c_double, "float": ctypes.c_float}[real]
        network, count = ctypes.CDLL(f"{path}.so").network, len(found.outputs)
        network.restype = kind if count == 1 else None

        def of_row(row):
            out = (kind * count)()
            one = network(*map(kind, row), *[out] * (count > 1))
            return [one] if count == 1 else list(out)

        return lambda x: np.array([of_row(row) for row in x.tolist()])

    return build


def python(found):
    exec(found.python(), there := {})
    return lambda x: np.array([np.atleast_1d(there["network"](*row)) for row in x.tolist()])


def numpy(found):
    exec(found.numpy(), there := {})
    return lambda x: np.reshape(there["network"](*x.T), (-1, len(x))).T


def sympy(found):
    """As the others are, of expressions of the inputs alone."""
    lambdify, symbol = (getattr(pytest.importorskip("sympy"), n) for n in ("lambdify", "Symbol"))
    units, inputs = found.sympy(composed=True), [symbol(name, real=True) for name in found.inputs]
    composed = lambdify(inputs, [units[symbol(name, real=True)] for name in found.outputs])
    return lambda x: np.array([composed(*row) for row in x.tolist()], dtype=float)


def exact(net, x):
    return net.double()(torch.tensor(x)).detach().numpy()


def points(net, low=-2.0, high=2.0, rows=200):
    inputs = len(formula(net).inputs)
    return np.random.default_rng(0).uniform(low, high, (rows, inputs))


@pytest.mark.parametrize("language", [python, numpy, sympy, "c"])
def test_published_weights_give_the_published_logits(language, compiled):
    language = compiled if language == "c" else language
    found = formula(with_published_weights(FourLayerXOR()))
    y = language(found)(INPUTS.double().numpy())
    np.testing.assert_allclose(y[:, 0], LOGITS, atol=1e-6)


def test_text_is_that_of_the_notes():
    found = formula(with_published_weights(FourLayerXOR()))
    assert list(found.layers) == ["layer 1", "layer 2", "layer 3", "layer 4", "output"]
    assert found.layers["layer 1"] == (
        "h11 = sigmoid(-10.33 x1 + 14.35 x2 + 4.811)",
        "h12 = sigmoid(-3.885 x1 + 6.251 x2 - 3.577)",
    )
    assert "-10.3267 x1 + 14.353 x2" in str(formula(load_pretrained("xor-lecture"), digits=6))
    assert formula(load_pretrained("minmax-exact"), names="a, b").layers == {
        "trunk layer 1": (
            "h11 = relu(a - b)", "h12 = relu(b)", "h13 = relu(-b)", "h14 = relu(-a + b)",
        ),
        "max head": ("max = h11 + h12 - h13",),
        "min head": ("min = h12 - h13 - h14",),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["xor", "xor-lecture", "linear", "perceptron", "minmax-exact"])
def test_surface_is_that_of_the_network(name):
    net = load_pretrained(name)
    x = np.stack(np.meshgrid(*[np.linspace(-2, 2, 100)] * len(formula(net).inputs)), axis=-1)
    x = x.reshape(-1, x.shape[-1])
    y = exact(net, x)
    np.testing.assert_allclose(numpy(formula(net))(x), y, atol=1e-12 * np.abs(y).max())


@st.composite
def networks(draw):
    torch.manual_seed(draw(st.integers(0, 99)))
    sizes = draw(st.lists(st.integers(1, 11), min_size=2, max_size=4))
    parts = []
    for before, after in pairwise(sizes):
        parts += [nn.Linear(before, after, bias=draw(st.booleans()))]
        parts += [ACTIVATIONS[draw(st.sampled_from(STEADY))]()]
    with torch.no_grad():
        for part in parts[::2]:  # zeros are left out of texts, and ones are no factors
            part.weight.copy_(part.weight.mul(8).round().clamp(-1, 1) * torch.rand(()).add(0.5))
    return nn.Sequential(*parts)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(net=networks())
def test_all_languages_compute_the_network(net, compiled):
    found, x = formula(net), points(net, rows=50)
    y = exact(net, x)
    for language in (python, numpy, compiled):
        np.testing.assert_allclose(language(found)(x), y, atol=1e-12, rtol=1e-12)


def with_activations(names):
    torch.manual_seed(0)
    return nn.Sequential(*(p for name in names for p in (nn.Linear(2, 2), ACTIVATIONS[name]())))


def test_c_of_floats_is_the_float32_network(compiled):
    net = with_activations(STEADY)
    x = points(net)
    np.testing.assert_allclose(compiled(formula(net), "float")(x), exact(net, x), atol=1e-5)


@pytest.mark.parametrize("activation", FORMS)
def test_no_finite_input_overflows(activation, compiled):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), ACTIVATIONS[activation](), nn.Linear(3, 1))
    ends = [[-1e4, 1e4], [500.0, -500.0], [1e300, -1e300], [-1e300, 1e300], [0.0, 0.0]]
    x = np.array(ends)
    for language in (python, numpy, compiled):
        with warnings.catch_warnings(action="error"):
            y = language(formula(net))(x)
        np.testing.assert_allclose(y, exact(net, x), rtol=1e-12)
    np.testing.assert_allclose(sympy(formula(net))(x[[1, 4]]), y[[1, 4]], rtol=1e-12)


@pytest.mark.parametrize(
    "net",
    [
        SequentialMLP(in_features=2, hidden_features=(3, 12), out_features=2, activation="tanh",
                      in_range=(0, 7), out_range=(-1, 5)),
        SequentialMLP(hidden_features=(3,), out_activation="sigmoid", out_range=(0, 4)),
        SequentialMLP(in_features=3, hidden_features=(3,), out_features=2, activation="tanh",
                      in_range=((0, 7), (-99, 9), (6, 7)), out_range=((-1, 5), (1e3, 1e4))),
        SequentialMLP(in_features=2, hidden_features=(), out_features=2, out_activation="sigmoid",
                      in_range=((0, 7), (-9, 9)), out_range=((-1, 5), (0, 1))),
        DualHeadMLP(trunk_features=(4,), head_features=(3,), value_range=(0, 100)),
    ],
)  # fmt: skip
def test_scales_are_folded_in(net, compiled):
    x, found = points(net, 0, 7), formula(net)
    for language in (python, numpy, compiled, sympy):
        np.testing.assert_allclose(language(found)(x), exact(net, x), rtol=1e-12, atol=1e-12)


def test_units_have_names_that_tell_them_apart():
    last = list(formula(SequentialMLP(hidden_features=(10,))).units["layer 1"])[-1]
    assert last.name == "h1_10"
    heads = formula(DualHeadMLP(trunk_features=(2,), head_features=(2,)))
    assert [units[0].name for units in heads.units.values()] == ["h11", "h21", "max", "h31", "min"]


@pytest.mark.parametrize(
    ("name", "corners", "square"), [("xor", 1.5e-3, 5.7e-3), ("xor-lecture", 3.6e-3, 1.6)]
)
def test_rounding_is_worse_between_the_corners(name, corners, square):
    found = formula(load_pretrained(name))  # shown with four digits
    assert found.rounding(0, 1).corners == pytest.approx(corners, rel=0.05)
    assert found.rounding(-2, 2).sampled == pytest.approx(square, rel=0.05)
    assert "on a grid of 201^2 points" in str(found.rounding(-2, 2))
    assert formula(load_pretrained(name), digits=17).rounding(-2, 2).sampled == 0
    with pytest.raises(InputError, match="not sampled over 12 inputs; 11 at most"):
        formula(nn.Sequential(nn.Linear(12, 1))).rounding(0, 1)


def test_rounding_is_sampled_in_the_range_of_each_input():
    net = nn.Sequential(nn.Linear(2, 1))
    net[0].weight.data, net[0].bias.data = torch.tensor([[1 / 3, 20 / 3]]), torch.zeros(1)
    found = formula(net, digits=2).rounding((0, -3), (6, 3))
    assert found.corners == pytest.approx(abs(6 * (0.33 - 1 / 3)) + 3 * (6.7 - 20 / 3), rel=1e-5)
    assert "[0, 6] x [-3, 3]" in str(found)


def test_rounded_numbers_are_in_every_text():
    found = formula(load_pretrained("xor-lecture"), digits=2)
    x = INPUTS.double().numpy()
    changed = np.abs(numpy(found)(x) - exact(load_pretrained("xor-lecture"), x)).max()
    assert changed == pytest.approx(found.rounding(0, 1).corners)
    for text in (found.python(), found.c()):
        assert "(-10.0 * x1 + 14.0 * x2 + 4.8)" in text
    assert "(-10.0f * x1 + 14.0f * x2 + 4.8f)" in found.c("float")
    assert r"\sigma(-10\,x_{1} + 14\,x_{2} + 4.8)" in found.latex()


def test_latex_is_drawn():
    net = with_activations(FORMS)
    with torch.no_grad():
        net[0].weight[0, 0] = 1e-7
    text = formula(net, names="a,temp_2").latex()
    assert r"h_{1,1} &= 1 \cdot 10^{-7}\,a" in text
    assert r"\,\mathrm{temp}_{2}" in text
    lines = re.split(r" \\\\(?:\[1ex\])?\n", text.removesuffix("\n\\end{aligned}"))[1:]
    parser = MathTextParser("path")
    for line in lines:
        parser.parse(f"${line.replace('&', '')}$")
    assert r"\sigma(z) &= \frac{1}{1 + e^{-z}}" in lines
    assert formula(nn.Sequential(nn.Linear(40, 1))).latex().count("\n&\\qquad {} ") == 6


def test_sympy_is_given_by_layer_or_composed_where_that_is_small():
    import sympy

    found = formula(load_pretrained("xor"))
    x1, x2, h11, y = (sympy.Symbol(name, real=True) for name in ("x1", "x2", "h11", "y"))
    assert found.sympy()[h11].free_symbols == {x1, x2}
    at = found.sympy(composed=True)[y].subs({x1: 0.0, x2: 1.0})
    assert float(at) == pytest.approx(exact(load_pretrained("xor"), np.array([[0.0, 1.0]])).item())
    wide = formula(SequentialMLP(hidden_features=(9,) * 4))
    assert len(wide.sympy()) == 37
    with pytest.raises(InputError, match=r"composed, .* layer by layer"):
        wide.sympy(composed=True)


@pytest.mark.parametrize(
    ("net", "arguments", "said"),
    [
        (load_pretrained("sin"), {}, "66,561 weights .* pieces"),
        (SequentialMLP(hidden_features=(999,), activation="leakyrelu"), {}, "export it"),
        (SequentialMLP(hidden_features=(999,), out_features=2), {}, "export it"),
        (load_pretrained("minmax"), {}, "264,450 weights .* export it"),
        (nn.Sequential(nn.Linear(1, 1), nn.Mish()), {}, "mish has no formula here; .*sigmoid"),
        (nn.Conv1d(1, 1, 1), {}, "layers of a Conv1d are not known"),
        (FourLayerXOR(), {"digits": 0}, "digits must be 1 or more, got 0"),
        (FourLayerXOR(), {"digits": 18}, "digits must be 17 or less"),
        (FourLayerXOR(), {"names": "a"}, "2 names of inputs, got a"),
        (FourLayerXOR(), {"names": ["a", "a"]}, "must differ, got a, a"),
        (FourLayerXOR(), {"names": "a,b c"}, "a letter first, got 'b c'"),
        (FourLayerXOR(), {"names": "a,ä"}, "a letter first, got 'ä'"),
        *((FourLayerXOR(), {"names": f"a,{word}"}, f"'{word}' is a word of")
          for word in ("lambda", "double", "sigmoid", "exp", "fabsf", "network", "np", "NAN")),
        (FourLayerXOR(), {"names": "y,h11"}, "the name of a unit"),
    ],
)  # fmt: skip
def test_what_has_no_formula_is_refused_in_a_line(net, arguments, said):
    with pytest.raises(InputError, match=said):
        formula(net, **arguments)


def test_number_beyond_every_float_is_refused_in_c_of_floats():
    net = SequentialMLP(hidden_features=(), in_range=(-1e-6, 1e-6))
    nn.init.constant_(net.layers[0].weight, 1e35)
    with pytest.raises(InputError, match=r"1e\+41 is beyond every float"):
        formula(net).c("float")
    assert math.isclose(formula(net).units["output"][0].weights["x"], 1e41, rel_tol=1e-6)
