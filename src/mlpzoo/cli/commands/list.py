"""List the exercises, or the networks of the package."""

import argparse

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_table, measured
from mlpzoo.exercises import list_exercises, summary
from mlpzoo.files import as_json
from mlpzoo.pretrained.manifest import read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo list`."""
    parser.add_argument("--pretrained", action="store_true",
                        help="the trained and hand-built networks of the package")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(*, pretrained: bool, json: bool) -> int:
    """Print a table, or JSON."""
    rows = _networks(whole=json) if pretrained else _exercises()
    print(as_json(rows) if json else as_table(rows), flush=True)
    return PASSED


def _exercises() -> list[dict[str, object]]:
    return [{"name": name, "summary": summary(name)} for name in list_exercises()]


def _networks(*, whole: bool) -> list[dict[str, object]]:
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
            "errors": measured(record.headline(), 3),
        }
        for name, record in records
    ]
