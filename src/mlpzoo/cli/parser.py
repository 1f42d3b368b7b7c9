"""The parser of all commands, and options that follow from settings; nothing heavy is imported."""

import argparse
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, get_args

import mlpzoo
from mlpzoo.checks import InputError
from mlpzoo.exercises.arguments import meanings
from mlpzoo.training.settings import GROUPS, RunSettings, options

_FOLDER = Path(__file__).parent / "commands"


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see `{self.prog} --help`")


@cache
def commands() -> dict[str, Any]:
    """Return the modules of the commands by name, in the order of their names."""
    names = sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__")
    return {name: import_module(f"mlpzoo.cli.commands.{name}") for name in names}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it refuses is an `InputError`."""
    parser = _Parser(prog="mlpzoo", description=(mlpzoo.__doc__ or "").partition("\n")[0])
    parser.add_argument("--version", action="version", version=f"mlpzoo {mlpzoo.__version__}")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in commands().items():
        command = parsers.add_parser(
            name,
            help=_said(module.__doc__),
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
    return parser


def add_settings(parser: argparse.ArgumentParser, kind: type[RunSettings]) -> None:
    """Add an option for each setting that can be given as text.

    An option that is not given leaves the default, or that of --config or of a resumed run.

    Args:
        parser: Where to add them.
        kind: The settings.
    """
    texts = meanings(kind)
    for each in options(kind):
        if each.metadata["typed"] and each.name not in GROUPS:
            default: Any = each.default
            if isinstance(default, bool):
                default = "yes" if default else "no"
            shown = "" if default is None or default == () else f" ({default})"
            parser.add_argument(
                f"--{each.name.replace('_', '-')}",
                **_how(each.type),
                default=argparse.SUPPRESS,
                help=_said(texts.get(each.name)) + shown,
            )


def _number_or_text(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdecimal() else text


def _said(text: str | None) -> str:
    """Return the first sentence of a docstring as help says it."""
    line = (text or "").partition("\n")[0].removesuffix(".")
    return line if line[1:2].isupper() else line[:1].lower() + line[1:]


def _how(annotation: Any) -> dict[str, Any]:
    """Return how argparse takes a value of a type."""
    kinds = get_args(annotation) or (annotation,)
    if bool in kinds and str in kinds:
        return {"nargs": "?", "const": True, "metavar": "RUN"}
    if bool in kinds:
        return {"action": argparse.BooleanOptionalAction}
    if int in kinds:
        return {"type": _number_or_text if str in kinds else int, "metavar": "N"}
    if "Collection" in str(annotation):
        return {"action": "append", "metavar": "NAME"}
    return {"metavar": "PATH" if Path in kinds else "X"}


def split_dotted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take --data.x VALUE and --module.x VALUE out of a command line.

    Args:
        arguments: The command line.

    Returns:
        The other arguments, and the dotted ones as "--group.name=value".

    Raises:
        InputError: A dotted option without a value.

    Example:
        >>> split_dotted(["sin", "--module.lr", "0.1", "--seed", "3"])
        (['sin', '--seed', '3'], ['--module.lr=0.1'])
    """
    others: list[str] = []
    dotted: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if not argument.startswith(tuple(f"--{group}." for group in GROUPS)):
            others.append(argument)
        elif "=" in argument:
            dotted.append(argument)
        else:
            value = next(remaining, None)
            if value is None or value.startswith("--"):
                follows = "" if value is None else f", and {value} follows"
                raise InputError(f"{argument} needs a value{follows}")
            dotted.append(f"{argument}={value}")
    return others, dotted


def nested(dotted: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return dotted arguments as mappings by group.

    Args:
        dotted: What `split_dotted` gave.

    Example:
        >>> nested(["--module.lr=0.1", "--data.low=0"])
        {'data': {'low': '0'}, 'module': {'lr': '0.1'}}
    """
    groups: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for argument in dotted:
        option, _, text = argument.partition("=")
        group, _, name = option[2:].partition(".")
        groups[group][name] = text
    return groups
