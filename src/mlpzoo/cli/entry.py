"""The command line: parses, calls the library, prints tables. Heavy imports wait until needed."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, INTERRUPTED, PASSED
from mlpzoo.cli.parser import build_parser
from mlpzoo.training.signals import Interrupted, Terminated, at_once, no_traceback


def script() -> NoReturn:
    """Run the command line of this process, which no signal ends with a traceback."""
    no_traceback()
    sys.exit(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The arguments; None for those of the process.
    """
    try:
        with at_once():
            return _run(list(sys.argv[1:] if argv is None else argv))
    except InputError as error:
        print(f"mlpzoo: {error}", file=sys.stderr)
        return BAD_INPUT
    except (Interrupted, Terminated) as stop:
        print(f"\nmlpzoo: {stop}", file=sys.stderr)
        return int(stop.exit_code)
    except KeyboardInterrupt as stop:
        print(f"\nmlpzoo: {str(stop) or 'interrupted'}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `mlpzoo list | head -1`
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        return FELL_SHORT
    except OSError as error:  # of a file that nobody has spoken of yet
        print(f"mlpzoo: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT


def _run(argv: list[str]) -> int:
    plain, dotted = split_dotted(argv)
    if plain[:1] == ["predict"]:
        plain = numbers_last(plain)
    args = vars(build_parser().parse_args(plain))
    command = args.pop("command")
    if dotted and command not in ("train", "population"):
        raise InputError(f"{dotted[0].partition('=')[0]} belongs to `mlpzoo train`")
    if command == "list":
        return _list(**args)
    from mlpzoo.cli import commands  # lightning and torch, several seconds

    if command in ("train", "population"):
        args["dotted"] = dotted
    run: Callable[..., int] = getattr(commands, command)
    return run(**args)


def split_dotted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take --data.x VALUE and --module.x VALUE out of a command line.

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
        if not argument.startswith(("--data.", "--module.")):
            others.append(argument)
        elif "=" in argument:
            dotted.append(argument)
        else:
            value = next(remaining, None)
            if value is None:
                raise InputError(f"{argument} needs a value")
            dotted.append(f"{argument}={value}")
    return others, dotted


def numbers_last(arguments: Sequence[str]) -> list[str]:
    """Put numbers behind a "--", because argparse takes -1e-3 for an option.

    Example:
        >>> numbers_last(["predict", "sin", "-1e-3", "--ckpt", "best.ckpt"])
        ['predict', 'sin', '--ckpt', 'best.ckpt', '--', '-1e-3']
    """
    numbers = [text for text in arguments if _is_number(text)]
    others = [text for text in arguments if not _is_number(text) and text != "--"]
    return [*others, "--", *numbers] if numbers else others


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _list(*, pretrained: bool, json: bool) -> int:
    from mlpzoo.cli.tables import as_json, as_table

    rows = _networks(whole=json) if pretrained else _exercises()
    print(as_json(rows) if json else as_table(rows), flush=True)
    return PASSED


def _exercises() -> list[dict[str, object]]:
    from mlpzoo.exercises import list_exercises, summary

    return [{"name": name, "summary": summary(name)} for name in list_exercises()]


def _networks(*, whole: bool) -> list[dict[str, object]]:
    from mlpzoo.pretrained.manifest import read_manifest

    records = sorted(read_manifest().items())
    if whole:
        return [{"name": name, **record.as_json()} for name, record in records]
    return [
        {
            "name": name,
            "exercise": record.exercise,
            "network": record.network,
            "recipe": record.recipe,
            "seed": "-" if record.seed is None else record.seed,
            "steps": "-" if record.steps is None else record.steps,
            "errors": ", ".join(f"{key} {value:.3g}" for key, value in record.headline().items()),
        }
        for name, record in records
    ]
