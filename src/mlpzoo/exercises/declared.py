"""What a class says of its arguments, read in its source: to import one of ours takes seconds."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlpzoo.checks import InputError
from mlpzoo.exercises.arguments import meanings, meanings_in
from mlpzoo.exercises.base import Exercise, linked_to


class Declared:
    """The arguments of a class.

    Args:
        of: The class, or where it is, as "module:name"; one of this package is not imported then.

    Attributes:
        defaults: Of its arguments, by name; None where there is none.
        constants: Of the class and of its bases, where it is not imported.
        meanings: What its docstring and those of its bases say of each argument, by name.

    Raises:
        ValueError: A default is not written as a plain value.

    Example:
        >>> Declared("mlpzoo.data.sin:SinSamples").defaults["low"]
        -10.0
    """

    def __init__(self, of: type[Any] | str) -> None:
        self.defaults: dict[str, Any] = {}
        self.constants: dict[str, Any] = {}
        self.meanings: dict[str, str] = {}
        if isinstance(of, str):
            for node, tree in reversed([*_with_bases(of)]):
                self.meanings |= meanings_in(ast.get_docstring(node) or "")
                for statement in node.body:
                    self._take(statement, tree)
            return
        self.meanings = meanings(of)
        for name, argument in inspect.signature(of).parameters.items():
            self.defaults[name] = None if argument.default is argument.empty else argument.default

    def _take(self, statement: ast.stmt, tree: ast.Module) -> None:
        match statement:
            case ast.FunctionDef(name="__init__", args=arguments):
                pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                self.defaults = {one.arg: _value(default, tree) for one, default in pairs}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=constant)):
                self.constants[name] = constant
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=value):
                how = {}
                if isinstance(value, ast.Call):  # of dataclasses.field
                    how = {str(each.arg): each.value for each in value.keywords}
                    value = how.get("default")
                with suppress(ValueError):  # an attribute that is none of the arguments
                    self.defaults[name] = self.constants[name] = _value(value, tree)
                if "init" in how or "ClassVar" in ast.unparse(kind):
                    self.defaults.pop(name, None)


def arguments_of(
    exercise: Exercise, recipe_name: str = "default"
) -> dict[str, dict[str, tuple[Any, str]]]:
    """Return the arguments of data and module: by group and name, default and meaning.

    Args:
        exercise: Whose they are; of ours, no class is imported.
        recipe_name: The recipe that has these defaults.
    """
    recipe, kinds = exercise.recipe(recipe_name), vars(exercise)
    places = {
        "data": kinds["samples_class"] or kinds["data_class"],
        "module": kinds["module_class"],
    }
    if any(isinstance(p, str) and not p.startswith("mlpzoo.") for p in places.values()):
        places = {"data": exercise.data_class, "module": exercise.module_class}
    said = {group: Declared(place) for group, place in places.items()}
    constants = {**said["data"].constants, **recipe.data}
    linked: Mapping[str, Any] = {}
    with suppress(AttributeError, InputError):  # of a table, which is not named here
        by_source = isinstance(places["data"], str)
        data = SimpleNamespace(**constants) if by_source else exercise.samples()
        linked = linked_to(recipe, data)
    pace = {"steps_per_epoch": recipe.max_steps, "block_steps": recipe.block_steps}
    chosen = {
        "data": {**pace, **recipe.data},
        "module": {**recipe.module, **linked},
    }
    return {
        group: {
            name: (chosen[group].get(name, default), of.meanings.get(name, ""))
            for name, default in of.defaults.items()
        }
        for group, of in said.items()
    }


def _with_bases(place: str) -> Iterator[tuple[ast.ClassDef, ast.Module]]:
    """Yield a class and its bases that are of the same package, each with its module."""
    module, _, name = place.partition(":")
    tree = _parsed(module)
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    yield node, tree
    for base in map(ast.unparse, node.bases):
        for line in tree.body:
            if isinstance(line, ast.ImportFrom) and str(line.module).startswith("mlpzoo."):
                for _ in [alias for alias in line.names if alias.name == base]:
                    yield from _with_bases(f"{line.module}:{base}")


@cache
def _parsed(module: str) -> ast.Module:
    spec = find_spec(module)
    return ast.parse(Path(str(spec and spec.origin)).read_bytes())


def _value(node: ast.expr | None, tree: ast.Module) -> Any:
    """Return what a plain value or the name of one says; None for none."""
    if isinstance(node, ast.Name):
        named = [n.value for n in tree.body if isinstance(n, ast.Assign) and
                 ast.unparse(n.targets[0]) == node.id]  # fmt: skip
        node = named[0] if named else node
    return None if node is None else ast.literal_eval(node)
