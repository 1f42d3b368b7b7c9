"""Backpropagation by hand as text: rows, factors and gradients, and what a gate of steps is."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlpzoo.analysis.by_hand.chain import chain_of
from mlpzoo.analysis.by_hand.gradients import Backpropagation
from mlpzoo.analysis.by_hand.slopes import IN_WORDS
from mlpzoo.analysis.by_hand.symbols import formulas, output_symbol, symbol
from mlpzoo.analysis.layers import Array
from mlpzoo.checks import lookup
from mlpzoo.cli.by_hand.verdict import verdict
from mlpzoo.cli.tables import as_lines, as_table, as_tables

_COSTS = {  # of a row, with its slope
    "mse": ("(y - target)^2", "2 (y - target)"),
    "bcewithlogits": ("the cross-entropy, log(1 + e^logit) - target logit", "P(y = 1) - target"),
}


def in_words(
    found: Backpropagation,
    lr: float,
    named: Sequence[str] = (),
    *,
    wanted: Sequence[int] | None = None,
    targets: bool = True,
) -> Iterator[str]:
    """Yield all that there is to say, in lines.

    Args:
        found: All gradients.
        lr: The learning rate of the step.
        named: The parameters to tell in full; none for a bias of each layer.
        wanted: The gate that is asked for; empty for none, None where the rows are no truth table.
        targets: Whether there are targets; else there is no cost.
    """
    flat = "step" in found.layers.activations
    yield from (*formulas(found.layers, numbers=flat), "", *_forward(found, targets))
    if wanted is not None and found.layers.gives != "value":
        yield from ("", *as_lines(verdict(found, wanted)))
    if not targets:
        return
    still = flat and not any(each.any() for each in found.gradients)
    if still:
        yield (
            f"\nAll {len(found.parameters)} gradients are 0: a step has no slope, so that gradient "
            "descent cannot move these weights."
        )
        yield from ("", *_rule(found, lr)) if len(found.layers.layers) == 1 else ()
    else:
        yield from ("", *_slopes(found), *_backward(found))
    for name in named or _chosen(found) * (not still):
        yield from ("", *_in_detail(found, name))
    yield from ("", *_gradients(found, lr)) if not still else ()


def as_data(found: Backpropagation, lr: float, *, targets: bool = True) -> dict[str, Any]:
    """Return the same as plain data.

    Args:
        found: All gradients.
        lr: The learning rate of the step.
        targets: Whether there are targets; else there is no cost.
    """
    layers = {
        symbol(found.layers, kind, k, unit): column.tolist()
        for kind, parts in (("z", found.z), ("h", found.h))
        for k, part in enumerate(parts)
        for unit, column in enumerate(part.T)
    }
    forwards = {"x": found.x.tolist(), "layers": layers, "output": found.output.tolist()}
    if not targets:
        return forwards
    after = found.step(lr)
    parameters = {
        name: {"value": one.value, "gradient": one.gradient, "after": after.parameters[name].value}
        for name, one in found.parameters.items()
    }
    return {
        **forwards, "targets": found.targets.tolist(), "loss": found.loss,
        "reduction": found.reduction, "cost": found.cost, "parameters": parameters,
        "difference": found.difference, "lr": lr, "cost_after": after.cost,
    }  # fmt: skip


def _forward(found: Backpropagation, targets: bool) -> Iterator[str]:
    """Yield a table of the rows with z and h of each layer, and the cost."""
    layers, groups = found.layers, []
    if layers.in_scale != (0.0, 1.0):
        groups.append(_columns(found, "taken", 0, found.taken[0]))
    for k, layer in enumerate(layers.layers):
        z = {} if layer.activation == "identity" else _columns(found, "z", k, found.z[k])
        groups.append({**z, **_columns(found, "h", k, found.h[k])})
    groups[-1][output_symbol(layers)] = _numbers(found.output)
    if layers.gives == "logit":
        groups[-1]["P(y = 1)"] = _numbers(np.exp(-np.logaddexp(0, -found.output)))
    if targets:
        groups[-1]["target"] = _numbers(found.targets)
    yield as_tables(*_rows(found), groups)
    if targets:
        each = _COSTS[found.loss][0]
        yield f"\ncost = {found.reduction} over the rows of {each} = {found.cost:.8g}"


def _slopes(found: Backpropagation) -> Iterator[str]:
    """Yield the slopes of the cost and of the activations in words."""
    share = f", divided by {len(found.x)}" if found.reduction == "mean" else ""
    slope = _COSTS[found.loss][1]
    yield f"slope of the cost: d cost/d {output_symbol(found.layers)} = {slope}{share}"
    for name in sorted(found.layers.activations - {"identity"}):
        yield f"slope of {name}: d h/d z = {IN_WORDS[name]}"


def _backward(found: Backpropagation) -> Iterator[str]:
    """Yield d cost/d z of each unit from the output back, where hidden layers are several."""
    layers = found.layers
    if len(layers.layers) <= 2:
        return
    groups = []
    for k, layer in reversed([*enumerate(layers.layers)]):
        columns = _columns(found, "h" if layer.activation == "identity" else "z", k, found.d_z[k])
        groups.append({f"d cost/d {name}": values for name, values in columns.items()})
    ways = [
        f"d cost/d {symbol(layers, 'z', 1, k)} * {symbol(layers, 'w', 1, k, 0)}"
        for k in range(len(layers.layers[1].bias))
    ]
    total = f"{' + '.join(ways[:2])}{' + ...' * (len(ways) > 2)}"
    yield "From the output back. A unit passes on what it gets from all units behind it, as here:"
    yield f"d cost/d {symbol(layers, 'h', 0)} = {total}"
    yield as_tables(*_rows(found), groups)


def _chosen(found: Backpropagation) -> list[str]:
    """Return the parameters to tell in full: a bias of each layer, from the output back."""
    if len(found.parameters) <= 2:
        return list(found.parameters)
    return [symbol(found.layers, "b", k) for k in reversed(range(len(found.z)))]


def _in_detail(found: Backpropagation, name: str) -> Iterator[str]:
    """Yield one gradient, factor by factor from the output back, and row by row."""
    one = lookup("parameter", name, found.parameters)
    factors = chain_of(found, one.name)
    yield f"d cost/d {one.name} = {' * '.join(factors)} = {one.gradient:.7g}"
    product = np.prod(list(factors.values()), axis=0)
    key, names = _rows(found)
    columns = {each: [*_numbers(values), ""] for each, values in factors.items()}
    columns["product"] = [*_numbers(product), f"{product.sum():.7g}"]
    yield as_tables(key, [*names, "sum"], [columns])


def _rule(found: Backpropagation, lr: float) -> Iterator[str]:
    """Yield one step of Rosenblatt's rule over the rows, for one unit."""
    error = found.targets - found.output
    change = lr * np.append(error @ found.x, error.sum())
    yield "Rosenblatt's rule needs no slope: weight + rate * sum of (target - y) * input:"
    yield _table(found, lr, "change", change, change)
    if not error.any():
        yield "Every row is right, so that nothing changes."


def _gradients(found: Backpropagation, lr: float) -> Iterator[str]:
    """Yield a table of all gradients with one step, and how they compare with autograd."""
    gradients = np.array([one.gradient for one in found.parameters.values()])
    yield _table(found, lr, "d cost/d parameter", gradients, -lr * gradients)
    yield f"largest difference from autograd: {found.difference:.2g}"
    yield (
        f"one step, parameter - {lr:g} * gradient, takes the cost from {found.cost:.8g} to "
        f"{found.step(lr).cost:.8g}"
    )


def _table(found: Backpropagation, lr: float, what: str, numbers: Array, change: Array) -> str:
    rows = zip(found.parameters.values(), numbers, change, strict=True)
    return as_table(
        [
            {
                "parameter": one.name,
                "value": f"{one.value:.6g}",
                what: f"{number:.7g}",
                f"after one step at {lr:g}": f"{one.value + by:.6g}",
            }
            for one, number, by in rows
        ]
    )


def _rows(found: Backpropagation) -> tuple[str, list[str]]:
    """Return what stands above the names of the rows, and these: their inputs."""
    inputs = found.x.shape[1]
    names = [f"x{n + 1}" for n in range(inputs)] if inputs > 1 else ["x"]
    return ",".join(names), [",".join(f"{v:.6g}" for v in row) for row in found.x]


def _columns(found: Backpropagation, kind: str, layer: int, values: Array) -> dict[str, list[str]]:
    named = ((symbol(found.layers, kind, layer, n), column) for n, column in enumerate(values.T))
    return {name: _numbers(column) for name, column in named}


def _numbers(values: Array) -> list[str]:
    return [f"{v + 0.0:.6g}" for v in values]
