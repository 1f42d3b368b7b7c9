"""Networks as source text of any size: one file of C99 or of Python that needs nothing else."""

from mlpzoo.pretrained.source.c import to_c
from mlpzoo.pretrained.source.python import to_python

__all__ = ["to_c", "to_python"]
