"""The checks of the lesson on a class and its file: right answers, and what each slip is told."""

import copy

import pytest
import torch
from torch import nn

from mlpzoo import check


def judged(name, *answer):
    verdict = check(name, *answer)
    assert bool(verdict) == (str(verdict) == "Right.")
    return str(verdict)


class Net(nn.Module):
    sizes, bent = ((1, 8), (8, 8), (8, 1)), (True, True, False)

    def __init__(self):
        super().__init__()
        self.hidden1, self.hidden2, self.output = (nn.Linear(*each) for each in self.sizes)

    def forward(self, x):
        for layer, relu in zip(self.children(), self.bent, strict=True):
            x = layer(x).relu() if relu else layer(x)
        return x


def net(**slip):
    return type("Net", (Net,), slip)


class WithoutSuper(nn.Module):
    def __init__(self):
        self.hidden1 = nn.Linear(1, 8)


class InAList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(*sizes) for sizes in Net.sizes]


class OtherNames(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.hidden2, self.output = (nn.Linear(*each) for each in Net.sizes)


class OneMore(Net):
    def __init__(self):
        super().__init__()
        self.hidden3 = nn.Linear(8, 8)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (Net, "Right."),
        (Net(), "Right."),
        (WithoutSuper, "super().__init__() must run"),
        (InAList, "not in a list"),
        (OtherNames, "The file has hidden1.bias, hidden1.weight; your class has first.weight"),
        (OneMore, "hidden3.bias, hidden3.weight, which the file has not"),
        (net(sizes=((8, 1), (8, 8), (1, 8))), "hidden1.weight is (8, 1) in the file, and (1, 8)"),
        (net(sizes=((1, 4), (4, 8), (8, 1))), "hidden1.weight is (8, 1) in the file, and (4, 1)"),
        (net(bent=(False, False, False)), "a straight line"),
        (net(bent=(True, False, False)), "one ReLU is missing"),
        (net(bent=(False, True, False)), "one ReLU is missing"),
        (net(bent=(True, True, True)), "never below 0"),
        (
            net(forward=lambda self, x: self.hidden2(self.hidden1(x))),
            "shape (41, 8), and the output",
        ),
        (net(forward=lambda self, x: Net.forward(self, x).flatten()), "the shape (41,), and"),
        (net(forward=lambda self, x: Net.forward(self, x).tanh()), "something else"),
        (net(forward=lambda self, x: Net.forward(self, x.clamp(-10, 10))), "something else"),
        (net(forward=lambda self, x: (Net.forward(self, x), x)), "what is no tensor (tuple)"),
        (net(forward=lambda self, x: Net.forward(self, x).numpy()), "what is no tensor (ndarray)"),
        (net(forward=lambda self, x: None), "gives back nothing"),
        (net(forward=lambda self: None), "Your answer cannot be used"),
        (nn.Linear, "Your answer cannot be used"),
        ("Net", "Give the class"),
    ],
)
def test_a_network_as_a_class(answer, hint):
    assert hint in judged("sin-1", answer)


def right(net, path, new):
    torch.save(net.state_dict(), path)
    new.load_state_dict(torch.load(path))


def without_file(net, path, new):
    new.load_state_dict(net.state_dict())


def whole(net, path, new):
    torch.save(net, path)
    new.load_state_dict(torch.load(path).state_dict())


def only_saved(net, path, new):
    torch.save(net.state_dict(), path)


def another(net, path, new):
    right(net, path, type(net)(hidden_features=(2,)))


def the_new_one(net, path, new):
    right(new, path, new)


def backwards(net, path, new):
    torch.save(net.state_dict(), path)
    net.load_state_dict({name: 0 * each for name, each in net.state_dict().items()})


def past_the_file(net, path, new):
    torch.save(net.state_dict(), path)
    new.load_state_dict(net.state_dict())


def by_a_copy(net, path, new):
    state = net.state_dict()
    torch.save(state, path)
    new.load_state_dict(copy.deepcopy(state))


def read_for_nothing(net, path, new):
    right(net, path, new)
    new.load_state_dict(net.state_dict())


def compared(net, path, new):
    right(net, path, new)
    for name, each in net.state_dict().items():
        assert torch.equal(new.state_dict()[name], each)


def otherwise(net, path, new):
    with open(path, "wb") as file:
        torch.save(obj=dict(net.state_dict()), f=file)
    new.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))


def by_its_name(net, path, new):
    torch.save(net.state_dict(), path)
    new.load_state_dict(path)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (right, "Right."),
        (compared, "Right."),
        (otherwise, "Right."),
        (past_the_file, "but not from the file"),
        (by_a_copy, "but not from the file"),
        (read_for_nothing, "but not from the file"),
        (without_file, "No file was written"),
        (whole, "save its state_dict()"),
        (only_saved, "new still has weights of its own"),
        (another, "new still has weights of its own"),
        (the_new_one, "whose state_dict() was saved?"),
        (backwards, "net itself has other weights now"),
        (by_its_name, "Your answer cannot be used"),
        (lambda net: None, "Your answer cannot be used"),
    ],
)
def test_weights_by_a_file(answer, hint):
    save = torch.save
    assert hint in judged("sin-2", answer)
    assert torch.save is save
