"""The parser of all commands, and options that follow from settings; nothing heavy is imported."""

import argparse
import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import cache, partial
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn, get_args

import mlpzoo
from mlpzoo.checks import InputError, resolve_name, spelling
from mlpzoo.cli.words import UNNAMED, with_network
from mlpzoo.exercises import known_exercises
from mlpzoo.exercises.arguments import meanings
from mlpzoo.pretrained.names import name_or_path
from mlpzoo.training.settings import GROUPS, RunSettings, options

_FOLDER = Path(__file__).parent / "commands"
ELSEWHERE = {  # what other programs call an option, in the spelling that `spelling` gives
    "--max-steps": "steps step maxstep numsteps epochs epoch maxepochs numepochs iterations iters",
    "--accelerator": "device gpu gpus cuda cpu",
    "--val-every": "valinterval valcheckinterval evalevery evalinterval",
    "--first-seed": "seed",
    "--ckpt": "checkpoint model",
    "--out": "output outputdir outdir dir folder savedir",
    "--module.lr": "lr learningrate rate",
    "--module.optimizer": "optimizer optim opt",
    "--module.loss": "loss criterion",
    "--module.activation": "activation",
    "--module.hidden_features": "hiddenfeatures hidden hiddensize hiddensizes layers units width",
    "--module.momentum": "momentum",
    "--module.weight_decay": "weightdecay",
    "--module.schedule": "schedule scheduler lrscheduler",
    "--data.batch_size": "batchsize batch bs",
    "--data.num_samples": "numsamples samples",
    "--data.noise_std": "noisestd noise",
    "--data.points": "points data csv",
    "--data.gate": "gate",
    "--data.table": "table truthtable",
}


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, as everything here does."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for kind, what in ((int, "a whole number"), (float, "a number")):
            self.register("type", kind, partial(_number, kind, what))

    def error(self, message: str) -> NoReturn:
        ours = {"^argument ": "", "^[^:]+: unknown": "unknown", ": must": " must"}
        for pattern, words in ours.items():
            message = re.sub(pattern, words, message, count=1)
        mark = "" if message.endswith("?") else ";"
        raise InputError(f"{message}{mark} see `{self.prog} --help`")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse options that there are not, before argparse takes their values for names."""
        if self.get_default("data") is not None:
            args = with_network(args, self._actions)
        of_others = commands() if self._subparsers else ()
        for text in takewhile(lambda text: text != "--" and text not in of_others, args):
            option = text.partition("=")[0]
            if self._negative_number_matcher.match(text):
                continue
            if re.match("--?[a-zA-Z]", option) and option not in self._option_string_actions:
                self.error(f"unknown option {option}{self._meant(option)}")
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"{' '.join(left)} is one value too many")
        return found, left

    def _meant(self, option: str) -> str:
        """Return a question for the option that is nearest to an unknown one."""
        key, dotted = spelling(option), self.get_default("dotted") is not None
        groups = ("--",) if dotted else ("--data.",) * (self.get_default("data") is not None)
        own = self._option_string_actions
        there = [
            name for name in ELSEWHERE if name in own or ("." in name and name.startswith(groups))
        ]
        by_key = {spelling(name): name for name in (*own, *there)}
        near = [name for name in there if key in ELSEWHERE[name].split()]
        near += [by_key[name] for name in get_close_matches(key, by_key, n=1, cutoff=0.75)]
        if near:
            return f"; did you mean {near[0]}?"
        names = "; there are --module.NAME and --data.NAME, which `mlpzoo show EXERCISE` lists"
        return names if dotted else ""


@cache
def commands() -> dict[str, Any]:
    """Return the modules of the commands by name, in the order of their names."""
    paths = sorted(_FOLDER.rglob("*.py"), key=lambda path: path.stem)
    dotted = {p.stem: ".".join(p.with_suffix("").relative_to(_FOLDER).parts) for p in paths}
    del dotted["__init__"]
    return {name: import_module(f"mlpzoo.cli.commands.{to}") for name, to in dotted.items()}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it refuses is an `InputError`."""
    parser = _Parser(prog="mlpzoo", description=(mlpzoo.__doc__ or "").partition("\n")[0])
    version = f"mlpzoo {mlpzoo.__version__}"
    parser.add_argument("-V", "--version", action="version", version=version)
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


def add_settings(
    parser: argparse.ArgumentParser, kind: type[RunSettings], without: Collection[str] = ()
) -> None:
    """Add an option for each setting that can be given as text.

    An option that is not given leaves the default, or that of --config or of a resumed run.

    Args:
        parser: Where to add them.
        kind: The settings.
        without: Names of those that have no option.
    """
    texts = meanings(kind)
    for each in options(kind):
        if each.metadata["typed"] and each.name not in (*GROUPS, *without):
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


def exercise(text: str, *others: str) -> str:
    """Return the name of an exercise as argparse's `type` does; nothing heavy is imported.

    Args:
        text: The name as it was given.
        others: What else it may be.
    """
    return _asked(partial(resolve_name, "exercise", names=[*known_exercises(), *others]), text)


def _asked(meaning: Callable[[str], str], text: str) -> str:
    try:
        return meaning(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_network(parser: argparse.ArgumentParser, or_else: str = "", *words: str) -> None:
    """Add NETWORK and what may stand in its place, as `mlpzoo.pretrained.find` understands them.

    Args:
        parser: Of the command.
        or_else: What else it takes, for the help.
        *words: What else it takes.
    """
    add = parser.add_argument
    add(
        "named",
        type=lambda text: text if text in words else _asked(_network, text),
        metavar="NETWORK",
        help=f"{or_else}a name of `mlpzoo list --pretrained`, the folder of a run, a checkpoint, "
        "or a file of `mlpzoo export`; with --ckpt or --weights its exercise, or nothing",
    )
    add("--ckpt", "--run", dest="path", metavar="PATH", help="take this run or file")
    what = "take a network of these: layers of units, each its weights and last its bias, as JSON "
    add("--weights", metavar="W", help=f"{what}or a file of it; one unit as 0.5,0.5,-0.25")
    add("--activation", metavar="X", help="of its hidden units (step; of a function, relu)")
    parser.set_defaults(data={})


def _network(text: str) -> str:
    return "" if text == UNNAMED else name_or_path(text)


def _number(kind: type[float], what: str, text: str) -> float:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}") from None


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
