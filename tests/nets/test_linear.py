"""oneDNN's products against torch's own: the same layer to everyone who looks."""

import pytest
import torch
from torch import nn

from mlpzoo.nets import linear
from mlpzoo.nets.linear import Linear

ROWS, SIZE = 100, 256
INPUTS = {
    "contiguous": lambda: torch.randn(ROWS, SIZE),
    "transposed": lambda: torch.randn(SIZE, ROWS).t(),
    "every other column": lambda: torch.randn(ROWS, 2 * SIZE)[:, ::2],
    "one row repeated": lambda: torch.randn(1, SIZE).expand(ROWS, SIZE),
}


@pytest.fixture
def pair():
    """A layer of ours and torch's, with the same weights."""
    torch.manual_seed(0)
    ours, plain = Linear(SIZE, SIZE), nn.Linear(SIZE, SIZE)
    plain.load_state_dict(ours.state_dict())
    return ours, plain


@pytest.fixture
def calls(monkeypatch):
    """What oneDNN's kernel was called with."""
    kernel, seen = linear._KERNEL, []
    if kernel is None:
        pytest.skip("this torch has no oneDNN")

    def spy(*arguments):
        seen.append(arguments)
        return kernel(*arguments)

    monkeypatch.setattr(linear, "_KERNEL", spy)
    return seen


def derivatives(layer, x):
    x = x.detach().requires_grad_()
    y = layer(x)
    return y, *torch.autograd.grad(y.sin().sum(), [x, *layer.parameters()])


@pytest.mark.parametrize("kind", INPUTS)
def test_product_and_derivatives_are_those_of_torch(kind, pair, calls):
    x = INPUTS[kind]()
    for ours, expected in zip(*(derivatives(layer, x) for layer in pair), strict=True):
        torch.testing.assert_close(ours, expected, atol=2e-4, rtol=1e-5)
    assert len(calls) == 3  # forward, derivative by x, derivative by the weight


def test_second_derivative_is_that_of_torch(pair, calls):
    x = torch.randn(ROWS, SIZE)

    def curvature(layer):
        at = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(layer(at).sin().sum(), at, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), [at, *layer.parameters()])

    for ours, expected in zip(*map(curvature, pair), strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-3, rtol=1e-4)


def test_layer_without_bias_and_input_without_gradient(calls):
    layer = Linear(SIZE, SIZE, bias=False)
    x = torch.randn(ROWS, SIZE)
    layer(x).sum().backward()
    torch.testing.assert_close(layer.weight.grad, x.sum(dim=0).expand(SIZE, SIZE))
    assert len(calls) == 2


def test_without_gradients_the_result_has_the_same_bits(pair, calls):
    x = torch.randn(ROWS, SIZE)
    with torch.no_grad():
        without = pair[0](x)
    assert torch.equal(without, pair[0](x))
    assert len(calls) == 2


def in_small(layer, x):
    return layer(x[:1])


def in_more_dimensions(layer, x):
    return layer(x.unsqueeze(0))


def in_double(layer, x):
    return layer.double()(x.double())


def switched_off(layer, x):
    with torch.backends.mkldnn.flags(enabled=False):
        return layer(x)


def in_lower_precision(layer, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return layer(x)


def mapped(layer, x):
    return torch.func.vmap(layer)(x.unsqueeze(1))


def with_tangent(layer, x):
    return torch.func.jvp(layer, (x,), (torch.ones_like(x),))[1]


def forward_mode(layer, x):
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x))
        return torch.autograd.forward_ad.unpack_dual(layer(dual)).tangent


def traced(layer, x):
    return torch.jit.trace(layer, x, check_trace=False)(x)  # which calls the layer itself


def symbolically_traced(layer, x):
    return torch.fx.symbolic_trace(nn.Sequential(layer))(x)


def sparse(layer, x):
    return layer(x.to_sparse())


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own use
@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN:UserWarning")  # its flags()
@pytest.mark.parametrize(
    "way",
    [
        in_small, in_more_dimensions, in_double, switched_off, in_lower_precision, mapped,
        with_tangent, forward_mode, traced, symbolically_traced, sparse,
    ],
)  # fmt: skip
def test_everything_else_goes_torchs_way_to_the_bit(way, pair, calls):
    x = torch.randn(ROWS, SIZE)
    ours, expected = (way(layer, x) for layer in pair)
    assert torch.equal(ours, expected)
    assert not calls


def test_input_of_the_wrong_width_is_refused_as_torch_refuses_it(pair):
    for layer in pair:
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            layer(torch.randn(ROWS, SIZE + 1))
