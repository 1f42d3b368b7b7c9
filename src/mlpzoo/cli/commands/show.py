"""Explain an exercise and its arguments, or say what a network is."""

import argparse
import inspect
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import as_typed
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network
from mlpzoo.cli.tables import as_table, stdout_for
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from mlpzoo.exercises import Exercise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo show`."""
    add_network(parser, "an exercise; or ")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(*, json: bool, **network: Any) -> int:
    """Print an exercise's description, bars, recipes and arguments, or facts of a network."""
    from mlpzoo.exercises import get_exercise, known_exercises
    from mlpzoo.pretrained.names import known_name

    with stdout_for(json):
        name = known_name(named := network.pop("named"))
        if name in known_exercises() and network["path"] is network["weights"] is None:
            shown = _of_exercise(get_exercise(name))
            text = _explained(shown)
        else:
            shipped = name and not any(network.values())
            shown = _shipped(name) if shipped else _of_network(named, **network)
            facts = {**shown, **(shown["run"] or shown["pretrained"] or {}), **shown}
            del facts["run"], facts["pretrained"]
            rows = [{"what": key, "is": _in_line(value)} for key, value in facts.items()]
            text = as_table([row for row in rows if row["is"] not in ("", "null")])
    print(as_json(shown) if json else text)
    return PASSED


def _of_exercise(exercise: "Exercise") -> dict[str, Any]:
    """Return what there is to say of an exercise, as plain data."""
    from mlpzoo.exercises.declared import arguments_of
    from mlpzoo.pretrained.manifest import read_manifest

    shipped = read_manifest().items()
    return {
        "exercise": exercise.name,
        "description": inspect.cleandoc(exercise.description),
        "bars": list(map(str, exercise.bars)),
        "recipes": {
            title: {"max_steps": recipe.max_steps, "val_every": recipe.val_every}
            for title, recipe in exercise.recipes.items()
        },
        "pretrained": [name for name, record in shipped if record.exercise == exercise.name],
        "arguments": [
            {"argument": f"--{group}.{argument}", "default": default, "meaning": meaning}
            for group, named in arguments_of(exercise).items()
            for argument, (default, meaning) in named.items()
        ],
    }


def _explained(shown: dict[str, Any]) -> str:
    recipes = [
        f"recipe {title}: {recipe['max_steps']} steps, validated every {recipe['val_every']}"
        for title, recipe in shown["recipes"].items()
    ]
    networks = [f"networks of the package: {', '.join(shown['pretrained'])}"]
    rows = [{**row, "default": _in_line(row["default"])} for row in shown["arguments"]]
    bars = ", ".join(shown["bars"]) or "what the data ask for"
    return "\n".join([
        shown["description"], "", f"bar: {bars}", *recipes,
        *(networks if shown["pretrained"] else []), "", as_table(rows),
    ])  # fmt: skip


def _shipped(name: str) -> dict[str, Any]:
    """Return what there is to say of a network of the package, as plain data; without torch."""
    from mlpzoo.pretrained.manifest import OUTPUTS, get_pretrained, sizes_of

    record = get_pretrained(name)
    return {
        "source": f"{name}, a network of the package",
        "exercise": record.exercise,
        "network": record.network,
        "parameters": sum(sizes_of(record)),
        "inputs": int(record.network.partition("-")[0]),
        "output": record.output,
        "means": OUTPUTS[record.output],
        "data": record.data,
        "run": None,
        "pretrained": record.as_json(),
    }


def _of_network(named: str, **given: Any) -> dict[str, Any]:
    """Return the same of any network."""
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.manifest import OUTPUTS, get_pretrained
    from mlpzoo.runs.summary import summary_of

    exported = (found := find_network(named, **given)).exported
    return {
        "source": found.source,
        "exercise": exported.exercise,
        "network": getattr(exported.net, "sketch", type(exported.net).__name__.lower)(),
        "parameters": sum(parameter.numel() for parameter in exported.net.parameters()),
        "inputs": found.in_features,
        "output": exported.output,
        "means": OUTPUTS[exported.output],
        "data": exported.data,
        "run": None if found.run is None else summary_of(found.run),
        "pretrained": get_pretrained(found.named).as_json() if found.shipped else None,
    }


def _in_line(value: object) -> str:
    if isinstance(value, dict):
        parts = {name: _in_line(each) for name, each in value.items()}
        return ", ".join(f"{name} {each}" for name, each in parts.items() if each)
    return as_typed(value)
