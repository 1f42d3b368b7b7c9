"""The words of a command line, put in order before argparse sees them."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence

from mlpzoo.checks import InputError, is_number, resolve_name, spelling
from mlpzoo.training.settings import GROUPS

UNNAMED = "\0"  # the NETWORK of a line that has none; nobody can type it


def with_network(arguments: Sequence[str], actions: Sequence[argparse.Action]) -> list[str]:
    r"""Put options before a "--", the rest behind: to argparse, -1e-3 would be an option.

    In front of the rest comes `UNNAMED`, where --ckpt or --weights stands for NETWORK.

    Args:
        arguments: Those of a command that takes NETWORK.
        actions: What argparse knows of them.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> actions = [parser.add_argument(name) for name in ("NETWORK", "X", "--weights")]
        >>> with_network(["sin", "-1e-3"], actions)
        ['--', 'sin', '-1e-3']
        >>> with_network(["--weights", "-1,-1,1.5", "0", "1"], actions)
        ['--weights=-1,-1,1.5', '--', '\x00', '0', '1']
    """
    with_value = {name: action.nargs != 0 for action in actions for name in action.option_strings}
    options, values, left = list[str](), list[str](), list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            values, left = [*values, *left], []
        elif with_value.get(word) and left and left[0] not in with_value:
            options.append(f"{word}={left.pop(0)}")
        elif re.match("--?[a-zA-Z]", word) and not is_number(word):
            options.append(word)
        else:
            values.append(word)
    instead = any(word.startswith(("--ckpt=", "--run=", "--weights=")) for word in options)
    places = sum(not (action.option_strings or action.nargs == "?") for action in actions)
    if instead and (len(values) < places or is_number(values[0])):
        values.insert(0, UNNAMED)
    return [*options, "--", *values] if values else options


def split_dotted(arguments: Sequence[str]) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Take --data.x VALUE and --module.x VALUE out of a command line.

    Args:
        arguments: The command line.

    Returns:
        The other arguments, and the values of the dotted ones by group and name.

    Raises:
        InputError: A dotted option without a value.

    Example:
        >>> split_dotted(["sin", "--module.lr", "0.1", "--seed", "3", "--data.low=0"])
        (['sin', '--seed', '3'], {'data': {'low': '0'}, 'module': {'lr': '0.1'}})
    """
    others, remaining = list[str](), iter(arguments)
    dotted: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for argument in remaining:
        if not argument.startswith(tuple(f"--{group}." for group in GROUPS)):
            others.append(argument)
            continue
        option, equals, value = argument.partition("=")
        if not equals and (value := next(remaining, "--")).startswith("--"):
            follows = f", and {value} follows" if value != "--" else ""
            raise InputError(f"{argument} needs a value{follows}")
        group, _, name = option[2:].partition(".")
        dotted[group][name] = value
    return others, dotted


def check_rows(inputs: Sequence[str]) -> None:
    """Refuse a text that is neither a number, nor a file, nor "-" for stdin; nothing is loaded.

    Args:
        inputs: The numbers of a row, or one of the others alone.

    Raises:
        InputError: As said.
    """
    (first, *others) = inputs
    if not (others or first == "-" or is_number(first) or os.path.exists(first)):
        raise InputError(f"{first!r} is neither a number nor a CSV file; separate inputs by spaces")


def check_arguments(names: Sequence[str], dotted: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse names of dotted arguments that an exercise has not, without torch.

    Args:
        names: Of exercises; all are not looked at.
        dotted: What `split_dotted` returned.

    Raises:
        InputError: The message suggests the nearest one.
    """
    from mlpzoo.exercises import get_exercise
    from mlpzoo.exercises.declared import arguments_of

    for name in set(names) - {"all"} if any(dotted.values()) else ():
        known = arguments_of(exercise := get_exercise(name))
        of_any = {spelling(argument) for arguments in known.values() for argument in arguments}
        for group, given in dotted.items():
            for argument in (each for each in given if spelling(each) not in of_any):
                resolve_name(f"{group} argument of {exercise.name}", argument, known[group])
