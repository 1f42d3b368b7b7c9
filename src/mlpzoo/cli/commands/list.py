"""List the exercises, or the networks of the package."""

import argparse

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.cli.tables import as_table, measured
from mlpzoo.exercises import list_exercises, summary
from mlpzoo.files import as_json
from mlpzoo.pretrained.manifest import Pretrained, read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo list`."""
    parser.add_argument("--pretrained", action="store_true",
                        help="the trained and hand-built networks of the package")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(*, pretrained: bool, json: bool) -> int:
    """Print a table, or JSON."""
    rows: list[dict[str, object]] = [
        {"name": name, "summary": summary(name)} for name in list_exercises()
    ]
    if pretrained:
        rows = [_network(record, whole=json) for _, record in sorted(read_manifest().items())]
    print(as_json(rows) if json else as_table(rows), flush=True)
    return PASSED


def _network(record: Pretrained, *, whole: bool) -> dict[str, object]:
    facts = {"name": record.name, **record.as_json()}
    if whole:
        return facts
    shown = ("name", "exercise", "network", "recipe", "seed", "steps")
    row = {key: "-" if facts[key] is None else facts[key] for key in shown}
    return {**row, "errors": measured(record.headline(), 3)}
