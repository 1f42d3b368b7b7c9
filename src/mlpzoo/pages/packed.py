"""Many numbers in few characters of text, as `js/core/packed.js` reads them."""

import base64
import zlib

import numpy as np

from mlpzoo.analysis.layers import Array


def packed(*arrays: Array) -> str:
    """Return numbers as base64 of deflated float32, the bytes of equal weight side by side.

    float32 is what networks hold, so nothing is lost of a weight. Sorted by place, the bytes of
    the exponents take almost no room.

    Args:
        *arrays: Of any shape; their numbers follow one another.

    Example:
        >>> packed(np.array([1.0, -2.0]))
        'eNpjYGBgaGCwPwAAA0YBgA=='
    """
    flat = np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.zeros(0)
    planes = flat.astype("<f4").view(np.uint8).reshape(-1, 4).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()
