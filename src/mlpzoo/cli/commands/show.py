"""Explain one exercise and list its arguments."""

import argparse
import inspect

from mlpzoo.checks import as_typed
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.parser import exercise
from mlpzoo.cli.tables import as_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo show`."""
    parser.add_argument("name", type=exercise, metavar="NAME")


def run(*, name: str) -> int:
    """Print an exercise's description, bars, recipes, and every argument with its default."""
    from mlpzoo.exercises import get_exercise
    from mlpzoo.exercises.arguments import meanings

    exercise = get_exercise(name)
    print(inspect.cleandoc(exercise.description))
    print(f"\nbar: {', '.join(map(str, exercise.bars))}")
    for title, recipe in exercise.recipes.items():
        print(f"recipe {title}: {recipe.max_steps} steps, validated every {recipe.val_every}")
    recipe = exercise.recipe()
    linked = recipe.linked(exercise.data())
    pace = {"steps_per_epoch": recipe.max_steps, "block_steps": recipe.block_steps}
    groups = {
        "data": (exercise.data_class, {**pace, **recipe.data}),
        "module": (exercise.module_class, {**recipe.module, **linked}),
    }
    rows = [
        {
            "argument": f"--{group}.{argument}",
            "default": as_typed(values.get(argument, parameter.default)),
            "meaning": meanings(cls).get(argument, ""),
        }
        for group, (cls, values) in groups.items()
        for argument, parameter in inspect.signature(cls).parameters.items()
    ]
    print(f"\n{as_table(rows)}")
    return PASSED
