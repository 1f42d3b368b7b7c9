"""How the network of a page is trained in it, and the film of how it was trained."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpzoo.checks import InputError, spelling
from mlpzoo.exercises.declared import arguments_of
from mlpzoo.pages.network import parameters_of, shown_layers
from mlpzoo.pages.packed import packed
from mlpzoo.pretrained.manifest import get_pretrained

if TYPE_CHECKING:
    from mlpzoo.pretrained.find import Found

OF_LECTURE = [2, 2, 2, 2]  # the hidden layers of the lecture's network for XOR
MOST_NUMBERS = 40_000  # of a film: 200 kB of the page
_PLAIN = ("sgd", "adam")  # what a page trains by
_RATES = ("optimizer", "lr", "beta2", "reduction")


def training_of(found: Found) -> dict[str, Any] | None:
    """Return how a network is trained: as its run was, or as its exercise's recipe says.

    Where that is by an optimizer which pages do not have, optimizer and rate are those of the
    lecture's recipe.

    Args:
        found: The network.
    """
    ways = _ways(found)
    if not ways:
        return None
    plain = [way for way in ways if spelling(str(way.get("optimizer", "sgd"))) in _PLAIN]
    rates = plain[0] if plain else {"optimizer": "adam", "lr": 1e-3}
    way = {**ways[0], **{name: rates[name] for name in _RATES if name in rates}}
    hidden = way.get("hidden_features", ())
    gate = found.module.task == "gate"
    return {
        "optimizer": spelling(str(way.get("optimizer", "sgd"))),
        "lr": float(way["lr"]),
        "momentum": float(way.get("momentum") or 0),
        "beta2": float(way.get("beta2") or 0.999),
        "loss": "bce" if gate else "mse",
        "reduction": way.get("reduction", "sum"),
        "hidden": OF_LECTURE if hidden is None else list(hidden),
        "activation": spelling(str(way.get("activation", "sigmoid"))),
        "start": spelling(str(way["initialization"])),
        "gain": float(way.get("gain") or 1),
        "seed": int(way.get("seed") or 0),
        "lacks": _lacking(ways[0], rates, "bcewithlogits" if gate else "mse"),
    }


def _lacking(wanted: Mapping[str, Any], plain: Mapping[str, Any], loss: str) -> list[str]:
    """Return how a network was trained otherwise than a page trains, as text."""
    usual = {
        "optimizer": plain.get("optimizer"),
        "loss": loss,
        "schedule": "constant",
        "weight_decay": 0.0,
    }
    found = {name: wanted.get(name) or own for name, own in usual.items()}
    return [f"{name} {value}" for name, value in found.items() if value != usual[name]]


def _ways(found: Found) -> list[dict[str, Any]]:
    """Return the arguments of its module as it was trained, and then as recipes have them."""
    exercise, module = found.exercise, found.module
    if exercise is None:
        return []
    own = getattr(module, "hparams", None)
    published = found.shipped and get_pretrained(found.named).recipe == "published"
    names = ["lecture", "default"] if published else ["default", "lecture"]
    recipes = [
        {name: value for name, (value, _) in arguments_of(exercise, recipe)["module"].items()}
        for recipe in names
        if recipe in exercise.recipes
    ]
    ways = recipes if own is None else [dict(own), *recipes]
    return [way for way in ways if {"lr", "initialization"} <= {*way}]


def film_of(found: Found) -> dict[str, Any] | None:
    """Return the weights of the snapshots of a run, of a small network; else None.

    Args:
        found: The network.
    """
    if found.run is None or found.exercise is None or not found.is_checkpoint:
        return None
    from mlpzoo.runs.load import start_from  # Lightning, which other networks do without
    from mlpzoo.runs.snapshots import snapshots_in

    module: Any = deepcopy(found.module)
    shots, most = [*snapshots_in(found.run).items()], MOST_NUMBERS // shown_layers(module.net).size
    if len(shots) < 2 or most < 10:
        return None
    places = np.linspace(0, len(shots) - 1, min(len(shots), most)).round().astype(int)
    steps, weights = list[int](), list[Any]()
    for step, path in (shots[place] for place in places):
        with suppress(InputError):  # a damaged one
            start_from(path, module, exercise=found.exercise)
            weights += parameters_of(shown_layers(module.net))
            steps.append(step)
    return {"steps": steps, "weights": packed(*weights)} if steps else None
