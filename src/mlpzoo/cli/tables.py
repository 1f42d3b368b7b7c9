"""Rows as text: an aligned table, Markdown, or JSON."""

import json
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def as_table(rows: Sequence[Row]) -> str:
    """Return rows as lines of aligned columns under a header of their keys.

    Example:
        >>> print(as_table([{"name": "sin", "steps": 10}, {"name": "xor", "steps": 200}]))
        name  steps
        sin   10
        xor   200
    """
    header = list(rows[0])
    lines = [header, *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table under a header of their keys.

    Example:
        >>> print(as_markdown([{"name": "sin", "steps": 10}]))
        | name | steps |
        |---|---|
        | sin | 10 |
    """
    header, *body = (
        f"| {' | '.join(map(str, line))} |" for line in (rows[0], *(row.values() for row in rows))
    )
    return "\n".join([header, f"|{'---|' * len(rows[0])}", *body])


def as_json(rows: object) -> str:
    """Return rows, or tables of rows by name, as indented JSON."""
    return json.dumps(rows, indent=2)
