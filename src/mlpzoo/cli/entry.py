"""The command line: finds the command, parses, and turns what stops it into one line."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any, NoReturn

from mlpzoo.checks import InputError, cause, resolve_name
from mlpzoo.cli import garbage
from mlpzoo.cli.exit_codes import BAD_INPUT, FELL_SHORT, INTERRUPTED
from mlpzoo.cli.parser import build_parser, commands
from mlpzoo.cli.words import split_dotted
from mlpzoo.exercises import list_exercises
from mlpzoo.place import SaidElsewhere, place
from mlpzoo.signals import Interrupted, Terminated, at_once, no_traceback


def script() -> NoReturn:
    """Run the command line of this process, which no signal ends with a traceback."""
    no_traceback()
    garbage.pause()
    _prepare_streams()
    speaks = place().speaks  # the first call, which is before torch is loaded
    if speaks and sys.stderr.isatty():
        sys.meta_path.insert(0, _LoadingNote())
    os.environ["MPLBACKEND"] = "agg"  # a notebook names one for windows, which need not be here
    sys.exit(main())


def _prepare_streams() -> None:
    """Have all three standard streams, and have them take a file name that is not text."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file that is opened would get its number
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, TextIOWrapper)
        utf8 = stream.encoding.lower().replace("-", "") == "utf8"
        stream.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")


class _LoadingNote:
    """Says, once, that torch is about to be imported, which takes seconds."""

    said = False

    def find_spec(self, fullname: str, *_: Any, **__: Any) -> None:
        """Find nothing: the import goes on as it would have gone."""
        if fullname == "torch" and not self.said:
            self.said = True
            print("mlpzoo: loading torch ...", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The arguments; None for those of the process.
    """
    try:
        with at_once():
            return _run(list(sys.argv[1:] if argv is None else argv))
    except InputError as error:
        # before torch is loaded, nothing but the words of the command has been looked at
        if not isinstance(error, SaidElsewhere) and (place().speaks or "torch" in sys.modules):
            print(f"mlpzoo: {error}", file=sys.stderr)
        return BAD_INPUT
    except (Interrupted, Terminated) as stop:
        if place().speaks:
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
        print(f"mlpzoo: {error.filename or 'standard output'}: {cause(error)}", file=sys.stderr)
        return BAD_INPUT


def _run(argv: list[str]) -> int:
    plain, dotted = split_dotted(argv)
    if plain and not plain[0].startswith("-"):
        plain = _named(plain)
    arguments = vars(build_parser().parse_args(plain))
    command = arguments.pop("command")
    if "dotted" in arguments:
        arguments["dotted"] = dotted
    else:
        if "data" in arguments:
            arguments["data"] = dotted.pop("data")
        others = [f"--{group}.{name}" for group, given in dotted.items() for name in given]
        if others:
            raise InputError(f"{others[0]} belongs to `mlpzoo train`")
    code: int = commands()[command].run(**arguments)
    return code


def _named(plain: list[str]) -> list[str]:
    """Return a command line that names a command, in any case, or asks for help or version."""
    first, *others = plain
    if first == "help":
        return [*_named(others[:1]), "--help"] if others else ["--help"]
    if first == "version":
        return ["--version"]
    if first not in commands() and first in list_exercises():
        raise InputError(f"{first} is an exercise; did you mean `mlpzoo train {first}`?")
    return [resolve_name("command", first, commands()), *others]
