"""The exit codes of the command line; `--help` names them."""

PASSED, FELL_SHORT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
