"""The arguments of the command line; nothing heavy is imported to parse them."""

import argparse
from typing import Any, NoReturn

import mlpzoo
from mlpzoo.checks import InputError

_EPILOG = """\
Any constructor argument can be given by name: --module.lr 0.002 --module.hidden_features 32,32
--data.batch_size 200; `mlpzoo show NAME` lists and explains them. A run's config.yaml repeats it:
mlpzoo train --config FILE. A run that was stopped or killed goes on with --resume, and ends with
the bits that it would have ended with; --rewind begins another from its settings and start.
Exit codes: 0 all bars met, 1 not all, or a loss was not finite, 2 bad input, or a file cannot be
read or written, 130 stopped by Ctrl-C, 143 by SIGTERM."""
_POPULATION_EPILOG = """\
Every member is what `mlpzoo train NAME --seed S` makes of its seed. Constructor arguments can be
given as there: --module.lr 0.002 --data.batch_size 200. The run folder gets members.csv,
population.json and a picture. One that was stopped or killed goes on with --resume.
Exit codes: 0 every member solved, 1 not every one, 2 bad input or a file that cannot be read or
written, 130 stopped by Ctrl-C, 143 by SIGTERM."""
_KEEP: Any = argparse.SUPPRESS  # an option that is not given leaves the default, or --config's


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, as everything here does."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see `{self.prog} --help`")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it refuses is an `InputError`."""
    parser = _Parser(prog="mlpzoo", description=(mlpzoo.__doc__ or "").partition("\n")[0])
    parser.add_argument("--version", action="version", version=f"mlpzoo {mlpzoo.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    listing = commands.add_parser(
        "list", help="list the exercises, or the networks of the package", allow_abbrev=False
    )
    listing.add_argument("--pretrained", action="store_true",
                         help="the trained and hand-built networks of the package")  # fmt: skip
    listing.add_argument("--json", action="store_true", help="as JSON")

    showing = commands.add_parser(
        "show", help="explain one exercise and list its arguments", allow_abbrev=False
    )
    showing.add_argument("name", metavar="NAME")

    _add_train(commands)
    _add_population(commands)
    _add_asking(commands)
    _add_export(commands)
    _add_verify(commands)
    return parser


def _add_asking(commands: Any) -> None:
    for command, text in (
        ("test", "measure a checkpoint against its exercise's bar"),
        ("predict", "print y, or P(y = 1) for a gate, for one input"),
        ("plot", "draw what a checkpoint has learned"),
    ):
        predicts = command == "predict"
        names, of_own = (", or a network of the package", " (NAME's)") if predicts else ("", "")
        sub = commands.add_parser(command, help=text, allow_abbrev=False)
        add = sub.add_argument
        add("name", metavar="NAME", help=f"the exercise{names}")
        add("--ckpt", required=command == "test", metavar="PATH",
            help=f"best.ckpt or last.ckpt{of_own}")  # fmt: skip
        if predicts:
            add("x", metavar="X", type=float, nargs="+", help="the inputs, X1 [X2]")
        if command == "plot":
            _add_plot(sub)


def _add_plot(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--run", metavar="RUN",
        help="the best of a run: its folder, or a file in it (the newest)")  # fmt: skip
    add("--step", type=int, metavar="S", help="the snapshot of this step, of a run with --film")
    add("--film", action="store_true", help="draw film.gif too, from the snapshots")
    add("--out", metavar="DIR", help="folder of the pictures (figures/ beside the ckpt)")


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train exercises and say whether they meet their bars",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = train.add_argument
    add("names", nargs="*", metavar="NAME", help="exercises, or all")
    add("--config", metavar="FILE", help="settings from a YAML file; options override them")
    _add_resume(train)
    add("--rewind", nargs="?", const="", metavar="RUN",
        help="begin anew with settings and initial weights of a run (the newest)")  # fmt: skip
    add("--seed", type=int, default=_KEEP, help="start and data are drawn from it (0)")
    _add_settings(train)
    add("--devices", default=_KEEP, metavar="N", help="how many (1)")
    add("--plot-every", type=int, default=_KEEP, metavar="N",
        help="draw at every N-th validation too")  # fmt: skip
    add("--film", action=argparse.BooleanOptionalAction, default=_KEEP,
        help="draw figures/film.gif, from snapshots that are kept (no)")  # fmt: skip


def _add_population(commands: Any) -> None:
    population = commands.add_parser(
        "population",
        help="train many seeds at once and say how often the recipe works",
        epilog=_POPULATION_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = population.add_argument
    add("name", nargs="?", metavar="NAME", help="the exercise; --resume RUN knows it")
    add("--members", type=int, default=_KEEP, metavar="N", help="how many seeds (1000)")
    add("--first-seed", type=int, default=_KEEP, metavar="S", help="the first of them (0)")
    add("--restart-after", type=int, default=_KEEP, metavar="N",
        help="start a member anew after N steps on a plateau (never)")  # fmt: skip
    _add_resume(population)
    _add_settings(population)
    add("--json", action="store_true", help="print population.json instead of a table")


def _add_export(commands: Any) -> None:
    export = commands.add_parser(
        "export",
        help="write a network as JSON, safetensors or ONNX",
        epilog="A gate's network is written as it is: it gives the logit of P(y = 1).",
        allow_abbrev=False,
    )
    add = export.add_argument
    add("name", nargs="?", metavar="NAME", help="a network of the package")
    add("--ckpt", metavar="PATH", help="that of a run instead: best.ckpt or last.ckpt")
    add("--weights", metavar="FILE", help="that of an exported .json or .safetensors file instead")
    add("--format", choices=("json", "safetensors", "onnx"), help="(as --out ends)")
    add("--out", metavar="FILE", help="(NAME.json, ... in the current folder)")


def _add_verify(commands: Any) -> None:
    verify = commands.add_parser(
        "verify",
        help="train every exercise from a fresh seed, measure every network of the package",
        epilog="A network of the package must have the manifest's SHA-256, meet its exercise's bar "
        "and measure what the manifest says, within 0.1% of it and a millionth of the largest "
        "target, for processors round differently. Nothing is left on the disk. "
        "Exit codes: 0 all so, 1 not all, 2 bad input.",
        allow_abbrev=False,
    )
    add = verify.add_argument
    add("names", nargs="*", metavar="NAME", help="exercises, or networks of the package (all)")
    only = verify.add_mutually_exclusive_group()
    only.add_argument("--trained", action="store_true", help="only train the exercises")
    only.add_argument("--shipped", action="store_true", help="only measure the package's networks")
    add("--seed", type=int, metavar="S", help="train from this one (a fresh one each)")
    add("--folder", metavar="DIR", help="where weights and manifest are (the package's)")
    add("--json", action="store_true", help="as JSON")


def _add_resume(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--resume", nargs="?", const="", metavar="RUN",
        help="go on with a run: its folder, or a file in it (the newest)")  # fmt: skip
    add("--change", action="append", default=[], metavar="NAME",
        help="allow another value for this setting, such as module.lr; repeatable")  # fmt: skip


def _add_settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--recipe", default=_KEEP, help="default or lecture")
    add("--max-steps", type=int, default=_KEEP, metavar="N", help="budget in optimizer steps")
    add("--val-every", type=int, default=_KEEP, metavar="N", help="steps between validations")
    add("--early-stop", action=argparse.BooleanOptionalAction, default=_KEEP,
        help="stop once the bar is met, or not (as the recipe says)")  # fmt: skip
    add("--accelerator", default=_KEEP, help="auto (a GPU if there is one), cpu, gpu, ...")
    add("--out", default=_KEEP, metavar="DIR", help="folder for the runs (checkpoints)")
    add("--no-plots", dest="plots", action="store_false", default=_KEEP, help="draw nothing")
    add("--threads", type=int, default=_KEEP, metavar="N",
        help="torch's CPU threads (1: fastest for networks this small)")  # fmt: skip
