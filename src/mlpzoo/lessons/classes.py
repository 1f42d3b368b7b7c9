"""Checks of the lesson on a network as a class, and on its weights in a file."""

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from mlpzoo.nets.by_hand import from_weights

_FILE = {"hidden1": (8, 1), "hidden2": (8, 8), "output": (1, 8)}  # weights of the exercise


def sin_1(network: Any) -> str:
    """Judge a class 1-8-8-1 with layers hidden1, hidden2 and output, ReLU after the hidden ones."""
    try:
        net = network() if isinstance(network, type) else network
    except AttributeError as error:
        if "__init__() call" in str(error):
            return "Before a layer can be kept, super().__init__() must run, first in __init__."
        raise
    if not isinstance(net, nn.Module):
        return "Give the class, by its name; it is to begin with class Net(nn.Module)."
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": of for name, of in _FILE.items()}
    shapes |= {f"{name}.bias": of[:1] for name, of in _FILE.items()}
    if wrong := _other_names(net, shapes):
        return wrong
    draw = torch.Generator().manual_seed(0)
    for x in (torch.linspace(-10, 10, 41).unsqueeze(1), 500 * torch.randn(200, 1, generator=draw)):
        state = {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}
        net.load_state_dict(state)
        with torch.no_grad():
            y = net(x)
        if wrong := _no_column(y, len(x)) or _other_activations(state, x, y):
            return wrong
    return ""


def _no_column(y: Any, rows: int) -> str:
    if y is None:
        return "forward gives back nothing: what does its last line return?"
    if not isinstance(y, Tensor):
        return (
            f"forward gives back what is no tensor ({type(y).__name__}); it is to give the output "
            "of the last layer alone: what does its last line return?"
        )
    if y.shape != (rows, 1):
        return (
            f"For {rows} rows, forward gives back the shape {tuple(y.shape)}, and the output layer "
            f"makes {(rows, 1)}, a column: what happens behind it, or is it left out?"
        )
    return ""


def _other_names(net: nn.Module, shapes: dict[str, tuple[int, ...]]) -> str:
    found = {name: tuple(each.shape) for name, each in net.state_dict().items()}
    if not found:
        return (
            "Your class has no weights: each layer must be set in __init__ under a name of its "
            "own, as self.hidden1 = ..., and not in a list."
        )
    if missing := sorted(shapes.keys() - found.keys()):
        return f"The file has {', '.join(missing)}; your class has {', '.join(found)}."
    if more := sorted(found.keys() - shapes.keys()):
        return f"Your class has {', '.join(more)}, which the file has not."
    for name, shape in shapes.items():
        if found[name] != shape:
            return f"{name} is {shape} in the file, and {found[name]} in your class."
    return ""


def _other_activations(state: dict[str, Tensor], x: Tensor, y: Tensor) -> str:
    said = {
        (True, True, False): "",
        (False, False, False): "The names are right, but the network is a straight line: no ReLU.",
        (True, True, True): "It is never below 0, as the sine is: no ReLU after the last layer.",
        (True, False, False): "The names are right, but one ReLU is missing.",
        (False, True, False): "The names are right, but one ReLU is missing.",
    }
    for bent, wrong in said.items():
        h = x
        for name, relu in zip(_FILE, bent, strict=True):
            h = h @ state[f"{name}.weight"].T + state[f"{name}.bias"]
            h = h.relu() if relu else h
        if (y - h).abs().max() <= 1e-5 * (1 + h.abs().max()):
            return wrong
    return "The names are right, but with the weights of the file it gives something else."


def sin_2(carry: Any) -> str:
    """Judge a function that takes the weights of a network to another one through a file."""
    net = from_weights([[[1, 0], [-1, 0]], [[1, 1, 0]]], activation="relu")
    new = from_weights([[[1, 2], [3, 4]], [[5, 6, 7]]], activation="relu")
    weights = {name: each.clone() for name, each in net.state_dict().items()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.pt"
        try:
            carry(net, str(path), new)
        except Exception:  # of torch.load too, which reads no whole networks
            if not path.exists() or isinstance(_saved(path), dict):
                raise
        if not path.exists():
            return "No file was written at path: torch.save(..., path) writes one."
        saved = _saved(path)
    if not isinstance(saved, dict):
        return "The file holds a whole network, and a network is code, too: save its state_dict()."
    if not _same(saved, weights):
        return "The file holds weights, but not those of net: whose state_dict() was saved?"
    if not _same(net.state_dict(), weights):
        return "net itself has other weights now; only new is to change."
    if not _same(new.state_dict(), weights):
        return "The file is right, but new still has weights of its own: who loads the file?"
    return _past_the_file(carry)


def _past_the_file(carry: Any) -> str:
    """Judge a right function again, with a file that comes to hold other weights than net."""
    net = from_weights([[[1, 0], [-1, 0]], [[1, 1, 0]]], activation="relu")
    new, save = deepcopy(net), torch.save

    def save_others(state: Any, *arguments: Any, **options: Any) -> None:
        save({name: each + 1 for name, each in state.items()}, *arguments, **options)

    with TemporaryDirectory() as folder, patch.object(torch, "save", save_others):
        path = Path(folder) / "model.pt"
        with suppress(Exception):  # of a function that compares the two
            carry(net, str(path), new)
            if not _same(new.state_dict(), _saved(path)):
                return (
                    "The file is right, and new has the weights, but not from the file: what reads "
                    "it, and where does that go?"
                )
    return ""


def _saved(path: Path) -> Any:
    with suppress(Exception):
        return torch.load(path, weights_only=True)
    return None


def _same(state: Mapping[str, Any], other: Mapping[str, Tensor]) -> bool:
    return state.keys() == other.keys() and all(
        torch.equal(state[name], each) for name, each in other.items()
    )
