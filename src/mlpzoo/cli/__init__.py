"""The command line: parses, calls the library, prints tables."""

from mlpzoo.cli.entry import main, script

__all__ = ["main", "script"]
