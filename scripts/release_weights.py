"""Make the networks that come with the package anew, and say which files are the same.

Trained ones are the same where processor and versions are; what differs is told by how much.
"""

import argparse
import sys

from mlpzoo import InputError
from mlpzoo.cli.tables import as_table
from mlpzoo.releasing import release


def main(names: list[str], out: str | None, seed: int) -> None:
    print(as_table(release(names, folder=out, seed=seed)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (all)")
    parser.add_argument("--out", metavar="DIR", help="folder of weights and manifest (the package)")
    parser.add_argument("--seed", type=int, default=0, help="of those that are trained (0)")
    try:
        main(**vars(parser.parse_args()))
    except InputError as error:
        sys.exit(f"{parser.prog}: {error}")
