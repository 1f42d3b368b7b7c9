"""Explain a network by hand: each layer's outputs, the gradients by the chain rule, one step."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError, as_float32, is_number, spelling
from mlpzoo.cli.by_hand.slips import slips_of
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import add_network
from mlpzoo.cli.tables import stdout_for
from mlpzoo.files import as_json

if TYPE_CHECKING:
    from mlpzoo.analysis.layers import Layers
    from mlpzoo.pretrained.find import Found

PICTURES = {  # by its word, a function of mlpzoo.plotting, and which argument --lr is: "" for none
    "activations": ("plot_activations", ""),
    "descent": ("plot_rolling", "rates"),
    "dying": ("plot_dying", "rate"),
    "vanishing": ("plot_vanishing", ""),
}
MOST_WEIGHTS, MOST_ROWS = 200, 64
LECTURES_START = "0,0"  # of the line: a = b = 0
EPILOG = """\
linear is the lecture's line: its three points, a = b = 0 and rate 0.001; --weights A,B is another.
Last comes where the notes slip. `explain slips` has all slips; activations, descent, dying and
vanishing are pictures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo explain`."""
    add_network(parser, f"slips, {', '.join(PICTURES)}; or ", "slips", *PICTURES)
    add = parser.add_argument
    add("--row", action="append", metavar="X1,X2[,Y]", help="this row instead of the exercise's, "
        "and may be repeated; Y is the target (what the exercise asks for)")  # fmt: skip
    add("--parameter", action="append", metavar="NAME", help="tell this one's gradient in full, "
        "and may be repeated (a bias of each layer)")  # fmt: skip
    add("--loss", metavar="NAME", help="mse or bcewithlogits (what the exercise or the run has)")
    add("--lr", metavar="R", help="learning rate of the step (the exercise's); of descent, one "
        "or more: 0.01,0.1,1")  # fmt: skip
    add("--out", metavar="FILE", help="of a picture (WORD.png in the current folder)")
    add("--json", action="store_true", help="as JSON")


def run(*, lr: str | None, out: str | None, json: bool, **given: Any) -> int:
    """Print what a network computes and its gradients by hand, the notes' slips, or draw."""
    word, rates = given["named"], _rates(lr)
    if word not in PICTURES and out is not None:
        raise InputError(f"--out goes with a picture: {', '.join(PICTURES)}")
    if word in (*PICTURES, "slips") and any(
        text for name, text in given.items() if name != "named"
    ):
        raise InputError(f"{word} is no network; leave out the options of one")
    if word in PICTURES and json:
        raise InputError(f"{word} is a picture; leave out --json")
    if word in PICTURES:
        _draw(word, rates, Path(out or f"{word}.png"))
        return PASSED
    with stdout_for(json):
        text, told = _slips() if word == "slips" else _explained(rates, **given)
    print(as_json(told) if json else text)
    return PASSED


def _draw(word: str, rates: Sequence[float], path: Path) -> None:
    from mlpzoo import plotting

    name, takes = PICTURES[word]
    if len(rates) > {"": 0, "rate": 1}.get(takes, len(rates)):
        most = "one rate" if takes else "no rate"
        raise InputError(f"{word} takes {most}, got {len(rates)}: see --lr")
    given: dict[str, Any] = {takes: rates if takes == "rates" else rates[0]} if rates else {}
    if word == "descent":
        given |= {"cost": lambda x: (x - 3) ** 2, "start": 0.0, "title": "y = (x - 3)^2"}
    figure = getattr(plotting, name)(**given)
    _, unwritten = plotting.save_each({path: lambda: figure})
    if unwritten:
        raise InputError(f"cannot write {unwritten}; choose another --out")
    print(path)


def _rates(text: str | None) -> list[float]:
    rates = [] if text is None else text.split(",")
    for rate in rates:
        if not (is_number(rate) and 0 < float(rate) < math.inf):
            raise InputError(f"--lr must be a number above 0, or several as 0.01,0.1, got {text!r}")
    return list(map(float, rates))


def _explained(
    rates: Sequence[float],
    *,
    row: Sequence[str] | None,
    parameter: Sequence[str] | None,
    loss: str | None,
    **network: Any,
) -> tuple[str, dict[str, Any]]:
    """Return the text and, as plain data, the same."""
    from mlpzoo.analysis.by_hand.gradients import backpropagate
    from mlpzoo.cli.by_hand.explanation import as_data, in_words

    found = _network(network)
    layers = _small_layers(found, loss or "")
    x, y = _rows(found, layers, row or ())
    if len(x) > MOST_ROWS:
        raise InputError(
            f"explain tells every row, of {MOST_ROWS} at most, and there are {len(x)}; name some "
            "with --row"
        )
    by_hand = backpropagate(layers, x, [0] * len(x) if y is None else y, **_loss(found, loss))
    lr, title = _lr(found, rates), _title(found, network["weights"])
    wanted = None if row else getattr(found.data, "outputs", ())
    text = in_words(by_hand, lr, parameter or (), wanted=wanted, targets=y is not None)
    said, slips = _slips(found.exercise.name) if found.exercise else ("", [])
    ends = ["", "Where the notes slip:", said] if slips else []
    facts = as_data(by_hand, lr, targets=y is not None)
    return "\n".join([title, *text, *ends]), {"network": title, **facts, "slips": slips}


def _network(network: dict[str, Any]) -> "Found":
    """Return what is asked for; a line is the lecture's, and typed weights are of its data."""
    from mlpzoo.exercises import get_exercise, list_exercises
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.names import known_name

    name = known_name(network["named"])
    if network["path"] is network["weights"] is None and name == "linear":
        network["weights"] = LECTURES_START
    if network["weights"] is not None and name in list_exercises() and not network["data"]:
        recipes = get_exercise(name).recipes
        network["data"] = recipes["lecture"].data if "lecture" in recipes else {}
    return find_network(**network)


def _title(found: "Found", weights: str | None) -> str:
    """Return what is explained, in a line."""
    from mlpzoo.plotting.views import with_gate

    source, sketch = found.source, getattr(found.module.net, "sketch", str)()
    if found.exercise is None or found.data is None:
        return f"{source}, {sketch}"
    if found.exercise.name == "linear" and weights == LECTURES_START:
        source = "a = b = 0"
    return f"{with_gate(found.exercise.name, found.data)}: {source}, {sketch}"


def _small_layers(found: "Found", loss: str) -> "Layers":
    from mlpzoo.analysis.layers import layers_of

    layers = layers_of(found.module)
    look = "" if found.typed else f"; `mlpzoo plot {found.named}` draws it"
    if len(layers.outputs) > 1:
        raise InputError(
            f"explain takes a network of one output, and this one has {len(layers.outputs)}{look}; "
            "`mlpzoo explain slips` has what the notes say of it"
        )
    if layers.size > MOST_WEIGHTS:
        name = found.exercise.name if found.exercise else "NAME"
        raise InputError(
            f"explain tells every weight, of {MOST_WEIGHTS} at most, and there are {layers.size}"
            f"{look}, `mlpzoo train {name} --module.hidden_features 8` trains a small one"
        )
    gives = found.exported.output
    squares = gives == "logit" and spelling(loss) == "mse"  # as the notes have it for a gate
    return replace(layers, gives="probability" if squares else gives)


def _rows(
    found: "Found", layers: "Layers", typed: Sequence[str]
) -> tuple[list[list[float]], list[float] | None]:
    """Return inputs and targets, of the exercise or as they were typed; no targets, no exercise."""
    import torch

    from mlpzoo.data import GateSamples, LinearSamples

    data, count = found.data, layers.in_features
    if typed:
        rows = [_row(text, count, data is not None) for text in typed]
        x = [row[:count] for row in rows]
        asked = data.target(torch.tensor(x)).flatten().tolist() if data is not None else []
        return x, [row[count] if row[count:] else y for row, y in zip_longest(rows, asked)]
    if data is None:
        if layers.gives != "probability" or count > 4:
            found.solves()
        return [list(corner) for corner in product((0.0, 1.0), repeat=count)], None
    if isinstance(data, LinearSamples):
        return data.x.tolist(), data.y.flatten().tolist()
    grid = data.grid(2 if isinstance(data, GateSamples) else 5)
    return grid[0].tolist(), grid[1].flatten().tolist()


def _row(text: str, count: int, has_target: bool) -> list[float]:
    cells = text.split(",")
    if not all(is_number(c) and math.isfinite(as_float32(float(c))) for c in cells):
        raise InputError(
            f"--row must be numbers, finite in float32, with commas between, got {text!r}"
        )
    if len(cells) not in ((count, count + 1) if has_target else (count + 1,)):
        inputs = f"{count} input{'s' * (count > 1)}"
        may = ", and the target if need be" if has_target else " and the target"
        raise InputError(f"--row must have {inputs}{may}, got {text!r}")
    return list(map(float, cells))


def _lr(found: "Found", rates: Sequence[float]) -> float:
    """Return the rate that is asked for, or that of the run, or of the exercise."""
    if len(rates) > 1:
        raise InputError(f"--lr must be one number, got {len(rates)}; several are for descent")
    if rates:
        return rates[0]
    if found.is_checkpoint:
        from mlpzoo.optim.factory import needs_of

        trained: Any = found.module
        if not needs_of(trained.optimizer_name).lr:  # else it is a share
            return float(trained.lr)
    recipes = found.exercise.recipes if found.exercise else {}
    recipe = recipes.get("lecture") or recipes.get("default")
    return float(recipe.module.get("lr", 0.1)) if recipe else 0.1


def _loss(found: "Found", asked: str | None) -> dict[str, str]:
    """Return the loss that is asked for, or that of a run; else nothing, for the notes' own."""
    module: Any = found.module
    if asked or not found.is_checkpoint:
        return {"loss": asked or ""}
    from mlpzoo.optim.needs import name_of_loss

    return {"loss": name_of_loss(type(module.loss)), "reduction": "sum" if module.sums else "mean"}


def _slips(exercise: str = "") -> tuple[str, list[dict[str, Any]]]:
    """Return the slips in what the notes say of an exercise, or all, and as plain data the same."""
    slips = slips_of(exercise)
    said = (f"{slip.what}\n  printed: {slip.printed}\n  right:   {slip.right}" for slip in slips)
    return "\n".join(said), [asdict(slip) for slip in slips]
