"""Keeps freed memory at hand: a population frees and takes the same megabytes in every step."""

import ctypes
from functools import cache

MB = 2**20
_GLIBC_OPTIONS = {-3: 32 * MB, -1: 512 * MB, -2: 64 * MB}  # mmap threshold, trim threshold, top pad


@cache
def keep_freed_memory() -> bool:
    """Ask the C library of this process not to hand freed memory back to the system at once.

    glibc returns the top of its heap whenever 128 kB of it are free. Arrays of a few hundred
    kilobytes are then given back and faulted in anew in every step, which can cost more than the
    arithmetic on them. The process may hold up to 512 MB more than it uses.

    Returns:
        Whether the C library took it; others than glibc do not know the call, and keep theirs.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(mallopt(option, value) == 1 for option, value in _GLIBC_OPTIONS.items())
