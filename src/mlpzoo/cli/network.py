"""The arguments of the commands that ask for a network."""

import argparse

from mlpzoo.checks import InputError
from mlpzoo.pretrained.names import name_or_path


def add_network(parser: argparse.ArgumentParser, or_else: str = "") -> None:
    """Add NETWORK and --ckpt, which `mlpzoo.pretrained.find` understands.

    Args:
        parser: Of the command.
        or_else: What else it takes, for the help.
    """
    parser.add_argument(
        "name",
        type=_named,
        metavar="NETWORK",
        help=f"{or_else}a name of `mlpzoo list --pretrained`, the folder of a run, a checkpoint, "
        "or a file of `mlpzoo export`",
    )
    parser.add_argument(
        "--ckpt", metavar="PATH", help="take this run or file; NETWORK is then its exercise"
    )


def _named(text: str) -> str:
    try:
        return name_or_path(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
