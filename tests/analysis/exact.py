"""The value of a small network in exact arithmetic, for tests of what is proved."""

from fractions import Fraction

import numpy as np
from mpmath import mp

STRAIGHT = {
    "identity": lambda z: z,
    "step": lambda z: Fraction(z > 0),
    "relu": lambda z: max(z, Fraction(0)),
    "relu6": lambda z: min(max(z, Fraction(0)), Fraction(6)),
    "hardtanh": lambda z: min(max(z, Fraction(-1)), Fraction(1)),
    "leakyrelu": lambda z: z if z > 0 else z / 100,
    "softsign": lambda z: z / (1 + abs(z)),
}
CURVED = {
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": mp.tanh,
    "elu": lambda z: z if z > 0 else mp.expm1(z),
}


def value(layers, x):
    """Return the outputs at a point of Fractions: as Fractions if they are, else by mpmath."""

    def number(v):
        v = Fraction(v)
        return v if layers.activations <= set(STRAIGHT) else mp.mpf(v.numerator) / v.denominator

    ends = zip(*(np.broadcast_to(end, len(x)).tolist() for end in layers.in_scale), strict=True)
    scales = [tuple(map(number, pair)) for pair in ends]
    scaled = [(number(v) - centre) / half for v, (centre, half) in zip(x, scales, strict=True)]
    given = []
    for layer in layers.layers:
        source = scaled if layer.source is None else given[layer.source]
        z = [
            sum((number(w) * s for w, s in zip(row, source, strict=True)), number(b))
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        given.append(list(map((STRAIGHT | CURVED)[layer.activation], z)))
    centre, half = map(number, layers.out_scale)
    return {name: centre + half * given[place][0] for name, place in layers.outputs.items()}
