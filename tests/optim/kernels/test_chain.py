"""What a module says of itself as a chain, against what it computes."""

import pytest
import torch
from torch import nn

from mlpzoo import LitGate, LitMinMax, LitPerceptron, LitSequentialMLP
from mlpzoo.optim.kernels.chain import read_chain

MODULES = {
    "sin": lambda: LitSequentialMLP(hidden_features=(5, 4), reduction="sum"),
    "scaled": lambda: LitSequentialMLP(
        hidden_features=(3,), in_range=(0.0, 10.0), out_range=(0.0, 100.0)
    ),
    "a scale for each input": lambda: LitSequentialMLP(
        in_features=2, hidden_features=(3,), in_range=((0.0, 1.0), (-9.0, 10.0))
    ),
    "line": lambda: LitSequentialMLP(hidden_features=()),
    "xor": LitGate,
    "lecture": lambda: LitSequentialMLP(
        in_features=2, hidden_features=(2,), activation="tanh", out_activation="sigmoid",
        task="gate", loss="bce",
    ),
    "minmax": lambda: LitMinMax(
        trunk_features=(4, 3), head_features=(3,), value_range=(0.0, 100.0), reduction="sum"
    ),
}  # fmt: skip


def computed(chain, x, y):
    """Compute in float64 what a chain says: its answer, and the loss of each part."""
    given = []
    if chain.in_scale is not None:
        x = (x - chain.in_scale.centre) / chain.in_scale.half_width
    for link in chain.links:
        taken = x if link.source is None else given[link.source]
        bias = 0 if link.linear.bias is None else link.linear.bias.double()
        z = taken @ link.linear.weight.double().T + bias
        given.append(z if link.activation == "identity" else getattr(torch, link.activation)(z))
    output = torch.cat([given[index] for index in chain.outputs], dim=1)
    if chain.out_scale is not None:
        output = chain.out_scale.centre + chain.out_scale.half_width * output
    each = {
        "mse": lambda: (output - y) ** 2,
        "bce": lambda: -(y * output.log() + (1 - y) * (1 - output).log()),
        "bcewithlogits": lambda: nn.functional.softplus(output) - y * output,
    }[chain.loss]()
    parts = each.unbind(dim=1) if chain.parts else [each]
    return output, [getattr(part, chain.reduction)().item() for part in parts]


@pytest.mark.parametrize("name", MODULES)
def test_chain_computes_what_the_module_does(name):
    module = MODULES[name]()
    chain = read_chain(module.objective)
    x, y = torch.rand(7, module.example_input_array.shape[1]), torch.rand(7, 1)
    y = y if name != "minmax" else torch.rand(7, 2)
    output, parts = computed(chain, x.double(), y.double())
    torch.testing.assert_close(output.float(), module(x))
    minimised, losses = module.objective(x, y)
    assert sum(parts) == pytest.approx(minimised.item(), rel=1e-5)
    assert list(losses) == ["loss", *chain.parts]
    assert parts[1:] == pytest.approx([losses[part].item() for part in chain.parts[1:]], rel=1e-5)
    assert all(ours is own for ours, own in zip(chain.parameters, module.parameters(), strict=True))


def with_loss(module):
    module.loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0))


def shared(module):
    module.net.layer3 = module.net.layer2


class OwnLosses(LitGate):
    def losses(self, output, y):
        return {"loss": 2 * self.loss(output, y)}


class OwnForward(LitGate):
    def forward(self, x):
        return self.net(x) + 1


CHANGES = {
    "objective": lambda module: setattr(module, "objective", lambda x, y: None),
    "loss": with_loss,
    "frozen": lambda module: module.net.layer1.requires_grad_(False),
    "forward hook": lambda module: module.net.layer1.register_forward_hook(lambda *_: None),
    "hook of a weight": lambda module: module.net.layer1.weight.register_hook(lambda g: 2 * g),
    "shared": shared,
    "weight of its own": lambda module: module.register_parameter(
        "share", nn.Parameter(torch.ones(1))
    ),
    "parametrized": lambda module: nn.utils.parametrizations.weight_norm(module.net.layer1),
    "replaced": lambda module: setattr(module.net.layer1, "forward", lambda x: x),
    "other net": lambda module: setattr(module, "net", nn.Sequential(nn.Linear(2, 1))),
    "other layer": lambda module: setattr(module.net, "sigmoid2", nn.Dropout()),
    "other activation": lambda module: setattr(module.net, "sigmoid2", nn.ELU()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_more_than_a_chain_is_none(change):
    module = LitGate()
    assert read_chain(module.objective)
    CHANGES[change](module)
    assert read_chain(module.objective) is None


@pytest.mark.parametrize("module", [OwnLosses, OwnForward, LitPerceptron])
def test_methods_that_are_overridden_are_not_known(module):
    assert read_chain(module().objective) is None


def test_function_is_not_known():
    assert read_chain(lambda x, y: None) is None
