"""What holds for every network of the room: its arguments, the compiler, copies."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import torch

import mlpzoo
from mlpzoo import DualHeadMLP, FourLayerXOR, Perceptron, SequentialMLP, load_pretrained
from mlpzoo.nets.architecture import NETS, describe

BUILD = {
    "mlp": lambda: SequentialMLP(in_range=(-10.0, 10.0), out_range=(-1.0, 3.0)),
    "wide": lambda: SequentialMLP(in_features=64, hidden_features=(512,), out_range=(0.0, 9.0)),
    "xor": FourLayerXOR,
    "heads": lambda: DualHeadMLP(value_range=(0.0, 100.0)),
    "gate": Perceptron,
    "loaded": lambda: loaded(SequentialMLP(hidden_features=(8,))),
    "shipped": lambda: load_pretrained("minmax"),
}
MODULES = (
    mlpzoo.LitSequentialMLP, mlpzoo.LitFourLayerXOR, mlpzoo.LitMinMax, mlpzoo.LitPerceptron
)  # fmt: skip


def loaded(net):
    net.load_state_dict(SequentialMLP(hidden_features=(8,), in_range=(-3.0, 5.0)).state_dict())
    return net


def inputs(net, rows=200):
    features = next(p.shape[1] for p in net.parameters() if p.dim() == 2)
    return torch.randn(rows, features, generator=torch.Generator().manual_seed(0))


def test_networks_tell_the_arguments_that_give_their_layers():
    net = SequentialMLP(
        hidden_features=(3, 2), activation="Leaky-ReLU", in_range=(0.0, 1.0), seed=5
    )
    assert net.arguments == {
        "in_features": 1, "hidden_features": [3, 2], "out_features": 1, "activation": "leakyrelu",
        "out_activation": "identity",
    }  # fmt: skip
    assert FourLayerXOR(seed=1).arguments == {}


def test_every_public_network_can_be_described():
    assert {net.__name__ for net in NETS.values()} == set(mlpzoo.nets.__all__)
    for name, net in NETS.items():
        assert describe(net()) == {"class": name, "arguments": net().arguments}


@pytest.mark.parametrize("name", BUILD)
def test_arguments_and_state_dict_give_the_same_network(name):
    net = BUILD[name]()
    again = type(net)(**net.arguments)
    again.load_state_dict(net.state_dict())
    x = inputs(net)
    assert torch.equal(again.train(net.training)(x), net(x))
    assert again.sketch() == net.sketch()


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("name", BUILD)
def test_network_compiles_whole(name, grad):
    net = BUILD[name]()
    x = inputs(net)
    torch._dynamo.reset()
    with torch.set_grad_enabled(grad):
        found = torch._dynamo.explain(net)(x)
        assert (found.graph_count, found.graph_break_count) == (1, 0)
        compiled = torch.compile(net, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(x), net(x))


def test_compiled_network_sees_a_range_that_is_loaded_later():
    net = SequentialMLP(hidden_features=(4,))
    compiled, x = torch.compile(net, fullgraph=True, backend="eager"), inputs(net)
    before = compiled(x)
    other = SequentialMLP(hidden_features=(4,), in_range=(0.0, 9.0), out_range=(-5.0, 5.0))
    net.load_state_dict(other.state_dict())
    assert not torch.equal(compiled(x), before)
    torch.testing.assert_close(compiled(x), other(x))


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("name", BUILD)
def test_copy_is_the_same_network_and_another_one(name, twin):
    net = BUILD[name]()
    other, x = twin(net), inputs(net)
    assert torch.equal(other(x), net(x))
    assert describe(other) == describe(net)
    before = net(x)
    other.load_state_dict({key: tensor + 1 for key, tensor in net.state_dict().items()})
    assert torch.equal(net(x), before)
    net.load_state_dict(other.state_dict())
    assert torch.equal(net(x), other(x))  # the ranges, too, are looked at again in a copy


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("module", MODULES)
def test_module_can_be_copied(module, twin):
    module = module()
    other, x = twin(module), inputs(module)
    assert torch.equal(other(x), module(x))
    assert dict(other.hparams) == dict(module.hparams)


def test_networks_and_modules_can_be_sent_to_another_process():
    built = [*(build() for build in BUILD.values()), *(module() for module in MODULES)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for net in built:
            net.requires_grad_(False)
            there = pool.submit(net, inputs(net)).result(timeout=120)
            torch.testing.assert_close(there, net(inputs(net)))
