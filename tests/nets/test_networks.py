import math

import pytest
import torch
from torch import nn

from mlpzoo import DualHeadMLP, FourLayerXOR, InputError, Perceptron, SequentialMLP
from mlpzoo.nets.initialization import INITIALIZATIONS, initialize
from tests.published import HIDDEN, INPUTS, LOGITS, linear_layers, with_published_weights


def test_four_layer_xor_gives_the_published_logits():
    logits = with_published_weights(FourLayerXOR())(INPUTS).flatten()
    torch.testing.assert_close(logits, torch.tensor(LOGITS), atol=1e-3, rtol=0)


def test_four_layer_xor_gives_the_published_hidden_outputs():
    hidden = with_published_weights(FourLayerXOR()).hidden(INPUTS)
    torch.testing.assert_close(torch.stack(hidden, dim=1), torch.tensor(HIDDEN), atol=1e-5, rtol=0)


def test_sequential_with_final_sigmoid_gives_the_published_probabilities():
    net = SequentialMLP(
        in_features=2, hidden_features=(2,) * 4, activation="sigmoid", out_activation="sigmoid"
    )
    probabilities = with_published_weights(net)(INPUTS).flatten()
    torch.testing.assert_close(probabilities, torch.tensor(LOGITS).sigmoid(), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("net", "parameters"),
    [
        (FourLayerXOR(), 27),
        (SequentialMLP(), 66_561),
        (DualHeadMLP(), 264_450),
        (SequentialMLP(hidden_features=()), 2),
        (Perceptron(), 3),
    ],
)
def test_net_has_the_lectures_number_of_parameters(net, parameters):
    assert sum(p.numel() for p in net.parameters()) == parameters


def test_without_hidden_layers_the_net_is_a_line():
    net = SequentialMLP(hidden_features=())
    x = torch.linspace(-3, 3, 7).unsqueeze(1)
    (layer,) = linear_layers(net)
    torch.testing.assert_close(net(x), layer.weight * x + layer.bias)


def test_published_or_weights_are_an_or_gate():
    gate = Perceptron()
    with torch.no_grad():
        gate.linear.weight.copy_(torch.tensor([[0.5, 0.5]]))
        gate.linear.bias.fill_(-0.25)
    assert gate(INPUTS).flatten().tolist() == [0, 1, 1, 1]


def test_perceptron_answers_0_on_the_line_itself():
    assert Perceptron(initialization="zeros")(INPUTS).flatten().tolist() == [0, 0, 0, 0]


def test_default_start_is_torchs_own_bit_for_bit():
    torch.manual_seed(7)
    oracle = [nn.Linear(1, 256), nn.Linear(256, 256), nn.Linear(256, 1)]
    for layer, expected in zip(linear_layers(SequentialMLP(seed=7)), oracle, strict=True):
        assert torch.equal(layer.weight, expected.weight)
        assert torch.equal(layer.bias, expected.bias)


def test_uniform_start_is_uniform_on_0_to_1():
    values = torch.cat(
        [p.flatten() for p in SequentialMLP(initialization="uniform", seed=3).parameters()]
    ).detach()
    assert 0 <= values.min() < values.max() < 1
    counts = torch.histc(values, bins=10, min=0, max=1)
    expected = len(values) / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-square, 9 degrees, p = 0.001


def test_gain_makes_the_default_start_kolen_and_pollacks_cube():
    # weights and biases of layers with two inputs, evenly from a cube of half side 0.707 gain
    nets = [FourLayerXOR(gain=4.0, seed=seed) for seed in range(200)]
    values = torch.cat([p.detach().flatten() for net in nets for p in net.parameters()])
    half = 4.0 / math.sqrt(2)
    assert 0.99 * half < values.abs().max() < half
    counts = torch.histc(values, bins=10, min=-half, max=half)
    expected = len(values) / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-square, 9 degrees, p = 0.001


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("net_class", [SequentialMLP, FourLayerXOR, DualHeadMLP, Perceptron])
def test_gain_is_a_factor_of_every_weight_and_bias(net_class, initialization):
    usual, large = (net_class(initialization=initialization, gain=g, seed=2) for g in (1.0, 4.0))
    for name, start in usual.named_parameters():
        assert torch.equal(large.get_parameter(name), 4 * start)  # exact: a power of two
    assert large.arguments == usual.arguments  # of the layers, which files keep


def test_xavier_start_has_gain_1_and_no_bias():
    layer = linear_layers(SequentialMLP(initialization="xavier"))[1]
    bound = math.sqrt(6 / 512)
    assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert layer.bias.eq(0).all()


@pytest.mark.parametrize("initialization", ["centred", "rotation"])
@pytest.mark.parametrize("seed", range(5))
def test_centred_starts_put_every_unit_at_0_in_the_middle(initialization, seed):
    *hidden, last = linear_layers(FourLayerXOR(initialization=initialization, seed=seed))
    for layer in hidden:
        middle = layer(torch.full((1, 2), 0.5))
        torch.testing.assert_close(middle, torch.zeros_like(middle), atol=1e-6, rtol=0)
    off = last(torch.full((1, 2), 0.5)).abs().item()
    assert (1e-6 < off < 0.011) if initialization == "rotation" else off < 1e-6


def test_rotation_start_has_orthogonal_rows_of_one_length():
    for layer in linear_layers(FourLayerXOR(initialization="rotation"))[:4]:
        gram = layer.weight @ layer.weight.T
        torch.testing.assert_close(gram, gram[0, 0] * torch.eye(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("initialization", "length"), [("spread", 0.25), ("steep", 1.0), ("nguyen", 0.7 * 256)]
)
def test_bends_start_evenly_spread(initialization, length):
    layer = linear_layers(SequentialMLP(initialization=initialization, seed=1))[0]
    bends = (-layer.bias / layer.weight[:, 0]).sort().values
    torch.testing.assert_close(bends, (2 * torch.arange(256) + 1) / 256 - 1)
    torch.testing.assert_close(layer.weight.abs(), torch.full((256, 1), length))


def test_nguyen_and_widrows_first_weights_are_shorter_the_more_inputs_there_are():
    net = SequentialMLP(in_features=2, hidden_features=(9, 4), initialization="nguyen")
    torch.testing.assert_close(linear_layers(net)[0].weight.norm(dim=1), torch.full((9,), 0.7 * 3))


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("net_class", [SequentialMLP, FourLayerXOR, DualHeadMLP, Perceptron])
def test_start_depends_on_the_seed_alone(net_class, initialization):
    def start(seed):
        net = net_class(initialization=initialization, seed=seed)
        return torch.cat([p.flatten() for p in net.parameters()])

    assert torch.equal(start(5), start(5))
    assert torch.equal(start(5), start(6)) == (initialization == "zeros")


@pytest.mark.parametrize("net_class", [SequentialMLP, FourLayerXOR, DualHeadMLP, Perceptron])
def test_building_a_net_leaves_global_random_state_alone(net_class):
    before = torch.get_rng_state()
    net_class(seed=1)
    assert torch.equal(before, torch.get_rng_state())


def test_ranges_scale_inside_and_travel_in_the_state_dict():
    plain = SequentialMLP(seed=2)
    scaled = SequentialMLP(seed=2, in_range=(-100.0, 100.0), out_range=(0.0, 10_000.0))
    unit = torch.linspace(-1, 1, 9).unsqueeze(1)
    expected = (plain(unit) + 1) * 5_000
    torch.testing.assert_close(scaled(100 * unit), expected)
    plain.load_state_dict(scaled.state_dict())
    torch.testing.assert_close(plain(100 * unit), expected)


def test_each_column_is_mapped_from_its_own_range():
    unit = SequentialMLP(in_features=2, out_features=3, seed=2)
    ranges = {"in_range": ((0, 4), (-9, 1)), "out_range": ((0, 2), (-1, 1), (5, 1005))}
    scaled = SequentialMLP(in_features=2, out_features=3, seed=2, **ranges)
    x = torch.rand(9, 2) * 2 - 1
    expected = unit(x) * torch.tensor([1, 1, 500]) + torch.tensor([1, 0, 505])
    torch.testing.assert_close(scaled(x * torch.tensor([2, 5]) + torch.tensor([2, -4])), expected)
    by_hand = SequentialMLP(in_features=2, out_features=3).double()  # the scales worked in
    for own, theirs in zip(by_hand.parameters(), scaled.parameters(), strict=True):
        own.data = theirs.detach().double()
    first, last = by_hand.layers[0], by_hand.layers[-1]
    first.weight.data /= torch.tensor([2, 5])
    first.bias.data -= first.weight.data @ torch.tensor([2.0, -4.0]).double()
    last.weight.data *= torch.tensor([[1], [1], [500]])
    last.bias.data = last.bias.data * torch.tensor([1, 1, 500]) + torch.tensor([1, 0, 505])
    x = 9 * torch.randn(9, 2).double()
    torch.testing.assert_close(scaled.double()(x), by_hand(x))


def test_scales_of_columns_travel_in_the_state_dict_and_back():
    plain, scaled = (
        SequentialMLP(in_features=2, seed=2, in_range=ranges) for ranges in (None, ((0, 4), (5, 9)))
    )
    x, before = torch.rand(9, 2), plain.state_dict()
    before = {name: tensor.clone() for name, tensor in before.items()}
    answers = plain(x), scaled(x)
    plain.load_state_dict(scaled.state_dict())
    assert torch.equal(plain(x), answers[1])
    plain.load_state_dict(before)
    assert torch.equal(plain(x), answers[0])
    assert plain.in_scale.identity
    with pytest.raises(RuntimeError, match="size mismatch"):
        SequentialMLP(in_features=3).load_state_dict(scaled.state_dict())


def test_columns_of_one_range_have_one_scale():
    alike = SequentialMLP(in_features=2, in_range=((0, 4), (0, 4)), out_range=((1, 2),))
    assert alike.in_scale.centre.shape == alike.out_scale.centre.shape == ()


def test_dual_head_puts_max_first_and_min_second():
    net = DualHeadMLP(value_range=(0.0, 100.0))
    x = 100 * torch.rand(8, 2)
    before = net(x)
    with torch.no_grad():
        net.max_head[-1].bias.add_(1)  # one half width, 50
    torch.testing.assert_close(net(x) - before, torch.tensor([[50.0, 0.0]]).expand(8, 2))


def test_any_module_can_be_initialized():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    initialize(net, "uniform", seed=0)
    assert all(p.min() >= 0 for p in net.parameters())


@pytest.mark.parametrize(
    ("build", "part"),
    [
        (lambda: SequentialMLP(activation="rellu"), "did you mean 'relu'"),
        (lambda: SequentialMLP(initialization="xavir"), "did you mean 'xavier'"),
        (
            lambda: SequentialMLP(hidden_features=(4, 0)),
            "each of hidden_features must be 1 or more",
        ),
        (lambda: SequentialMLP(hidden_features=8), "such as (8, 8), got 8"),
        (lambda: SequentialMLP(hidden_features="8,8"), "such as (8, 8), got '8,8'"),
        (lambda: DualHeadMLP(trunk_features=None), "trunk_features must be whole numbers"),
        (lambda: SequentialMLP(in_features=None), "in_features must be a whole number, got"),
        (lambda: SequentialMLP(in_range=5), "low,high, got 5"),
        (lambda: SequentialMLP(in_range=(1.0, 1.0)), "low=1 high=1"),
        (
            lambda: SequentialMLP(in_features=3, in_range=((0, 1), (0, 2))),
            "pair low,high, or one for each of 3 columns, got (0,1),(0,2)",
        ),
        (lambda: SequentialMLP(in_features=2, in_range=((0, 1), (3, 2))), "low=3 high=2"),
        (lambda: SequentialMLP(in_features=2, in_range=((0, 1), 2)), "got (0,1),2"),
        (lambda: SequentialMLP(seed=-1), "-1"),
        (lambda: SequentialMLP(gain=0), "gain must be above 0, got 0"),
        (lambda: FourLayerXOR(gain=math.inf), "gain must be above 0, got inf"),
        (lambda: DualHeadMLP(gain=math.nan), "gain must be above 0, got nan"),
        (lambda: Perceptron(gain="x"), "gain must be a number, got 'x'"),
        (lambda: DualHeadMLP(trunk_features=()), "trunk_features"),
        (lambda: Perceptron(in_features=0), "0"),
    ],
)
def test_bad_argument_is_named_at_once(build, part):
    with pytest.raises(InputError) as caught:
        build()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_network_on_the_meta_device_loads_a_state_dict():
    state = DualHeadMLP(value_range=(0.0, 100.0)).state_dict()
    with torch.device("meta"):
        net = DualHeadMLP(value_range=(0.0, 100.0))
    net.load_state_dict(state, assign=True)
    assert net.scale.centre.item() == 50
