"""Rows as text, an aligned table, and a stdout that holds JSON alone."""

import math
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from decimal import Context, Decimal

Row = Mapping[str, object]
Columns = Mapping[str, Sequence[str]]
WIDTH = 100  # of a page, in characters


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


def as_tables(key: str, names: Sequence[str], groups: Sequence[Columns], width: int = WIDTH) -> str:
    """Return columns as tables no wider than a page, each with the names of the rows.

    Args:
        key: What stands above the names.
        names: Of the rows.
        groups: Columns that belong together, by what stands above them.
        width: Of a page, in characters.

    Example:
        >>> print(as_tables("x", ["0", "1"], [{"z": ["3", "4"]}, {"h": ["5", "6"]}], width=5))
        x  z
        0  3
        1  4
        <BLANKLINE>
        x  h
        0  5
        1  6
    """
    tables = list[dict[str, Sequence[str]]]()
    for group in groups:
        if not tables or _width({**tables[-1], **group}) > width:
            tables.append({key: names})
        for name, values in group.items():
            if len(tables[-1]) > 1 and _width({**tables[-1], name: values}) > width:
                tables.append({key: names})
            tables[-1][name] = values
    lines = ([dict(zip(t, row, strict=True)) for row in zip(*t.values(), strict=True)]
             for t in tables)  # fmt: skip
    return "\n\n".join(map(as_table, lines))


def _width(columns: Columns) -> int:
    return sum(2 + max(map(len, (name, *values))) for name, values in columns.items()) - 2


def as_lines(text: str) -> list[str]:
    """Return sentences as lines no wider than a page.

    Args:
        text: The sentences.
    """
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def measured(metrics: Mapping[str, float | None], digits: int = 4) -> str:
    """Return metrics in a line; None is what JSON has for a number that is not finite.

    Args:
        metrics: By name.
        digits: Of each value.

    Example:
        >>> measured({"accuracy": 0.75, "bce": None})
        'accuracy 0.75, bce nan'
    """
    numbers = ((name, math.nan if v is None else v) for name, v in metrics.items())
    return ", ".join(f"{name} {value:.{digits}g}" for name, value in numbers)


def rounded(value: float, towards: str, digits: int = 7) -> str:
    """Return a number in a few digits, so that what is proved of it stays true.

    Args:
        value: The number.
        towards: Where it may move: a rounding mode of `decimal`.
        digits: How many.

    Example:
        >>> rounded(0.123456781, "ROUND_CEILING"), rounded(0.123456789, "ROUND_FLOOR")
        ('0.1234568', '0.1234567')
    """
    context = Context(prec=digits, rounding=towards)
    return f"{float(context.create_decimal(Decimal(value))):.{digits}g}"


def stdout_for(json: bool) -> AbstractContextManager[object]:
    """Send to stderr what is printed within, where stdout is for one JSON document alone.

    Args:
        json: Whether it is.
    """
    return redirect_stdout(sys.stderr) if json else nullcontext()
