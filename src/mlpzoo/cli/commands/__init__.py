"""The commands, a file each, found by their names.

A file's docstring is the help. `add_arguments(parser)` adds the arguments, and `run(**arguments)`
does the work and returns the exit code; what is slow to import is imported there. A command that
takes dotted arguments has a default `dotted`, and one that takes those of data a default `data`.
"""
