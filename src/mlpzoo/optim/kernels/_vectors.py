"""A type for numba: 16 floats that are worked on at once, and what can be done with them.

LLVM makes of it whatever vectors a processor has. Needs the extra `fast`. numba's cache looks at
the file of a compiled function alone: after a change here, save `_steps.py` and `_passes.py` too.
"""

import operator
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from mlpzoo.optim.kernels.compiled import LANES

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_FLOATS, _INTS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)
_SMALLEST = float(np.finfo(np.float32).tiny)
_ROUNDS = 12583039.0  # 1.5 * 2^23 + 127: added, it leaves a rounded number and an exponent's bits


class _Vector(numba.types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name=f"float32x{LANES}")


VECTOR = _Vector()


@register_model(_Vector)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOATS)


def _constant(value: float) -> Any:
    as_float32 = float(np.float32(value))
    return ir.Constant(_FLOATS, [as_float32] * LANES)


def _spread(builder: Any, kind: Any, value: Any) -> Any:
    """Return a number in every lane; a vector as it is."""
    if kind is VECTOR:
        return value
    undefined = ir.Constant(_FLOATS, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_INTS, [0] * LANES))


def _define(sign: Any, instruction: str) -> None:
    @type_callable(sign)
    def _typed(context: Any) -> Any:
        def kind_of(a: Any, b: Any) -> Any:
            kinds = {a, b}
            return VECTOR if VECTOR in kinds and kinds <= {VECTOR, numba.types.float32} else None

        return kind_of

    def _lowered(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pairs = zip(signature.args, given, strict=True)
        own = (_spread(builder, *pair) for pair in pairs)
        return getattr(builder, instruction)(*own, flags=("contract",))

    for kinds in ((VECTOR, VECTOR), (VECTOR, numba.types.float32), (numba.types.float32, VECTOR)):
        lower_builtin(sign, *kinds)(_lowered)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")


def _address(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, given[0]).data
    return builder.bitcast(builder.gep(data, [given[1]]), _FLOATS.as_pointer())


def _called(builder: Any, name: str, *given: Any) -> Any:
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * len(given))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
    return builder.call(function, given)


@intrinsic
def load(typing: Any, array: Any, at: Any) -> Any:
    """Return the lanes that begin at a place of a flat array."""

    def lowered(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(_address(context, builder, signature, given), align=4)

    return VECTOR(array, numba.types.intp), lowered


@intrinsic
def store(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write lanes to a place of a flat array."""

    def lowered(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _address(context, builder, signature, given), align=4)
        return context.get_dummy_value()

    return numba.types.void(array, numba.types.intp, VECTOR), lowered


def _elementwise(count: int, lower: Any) -> Any:
    """Return a function of vectors, numbers among them in every lane, from its instructions."""

    def typed(*kinds: Any) -> Any:
        def lowered(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            pairs = zip(signature.args, given, strict=True)
            return lower(builder, *(_spread(builder, *pair) for pair in pairs))

        return VECTOR(*kinds), lowered

    # numba counts the arguments of what it is given
    forms: dict[int, Any] = {
        1: lambda typing, a: typed(a),
        2: lambda typing, a, b: typed(a, b),
        3: lambda typing, a, b, c: typed(a, b, c),
    }
    return intrinsic(forms[count])


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    return _called(b, "fma", x, y, z)


def _polynomial(b: Any, at: Any, *coefficients: float) -> Any:
    value = _constant(coefficients[0])
    for coefficient in coefficients[1:]:
        value = _fma(b, value, at, _constant(coefficient))
    return value


def _exp(b: Any, x: Any) -> Any:
    """e^x by Cephes' polynomial, |x| cut at 87, within 2 units of the last place."""
    for sign, end in ((">", 87.0), ("<", -87.0)):
        x = b.select(b.fcmp_ordered(sign, x, _constant(end)), _constant(end), x)
    shifted = _fma(b, x, _constant(1.44269504088896341), _constant(_ROUNDS))
    power = b.fsub(shifted, _constant(_ROUNDS))
    rest = _fma(b, power, _constant(-0.693359375), x)
    rest = _fma(b, power, _constant(2.12194440e-4), rest)
    series = _polynomial(
        b, rest, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
        1.6666665459e-1, 5.0000001201e-1,
    )  # fmt: skip
    value = b.fadd(_fma(b, series, b.fmul(rest, rest), rest), _constant(1.0))
    exponent = b.shl(b.bitcast(shifted, _INTS), ir.Constant(_INTS, [23] * LANES))
    return b.fmul(value, b.bitcast(exponent, _FLOATS))


def _sigmoid(b: Any, z: Any) -> Any:
    one = _constant(1.0)
    return b.fdiv(one, b.fadd(one, _exp(b, b.fsub(_constant(-0.0), z))))


def _tanh(b: Any, z: Any) -> Any:
    size = _called(b, "fabs", z)
    over = b.fadd(_constant(1.0), _exp(b, b.fadd(size, size)))
    far = _called(b, "copysign", b.fsub(_constant(1.0), b.fdiv(_constant(2.0), over)), z)
    square = b.fmul(z, z)
    series = _polynomial(
        b, square, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
        -3.33332819422e-1,
    )  # fmt: skip
    near = _fma(b, b.fmul(series, square), z, z)
    return b.select(b.fcmp_ordered("<", size, _constant(0.625)), near, far)


def _relu(b: Any, z: Any) -> Any:
    zero = _constant(0.0)
    return b.select(b.fcmp_ordered("<", z, zero), zero, z)


def _gate(b: Any, opened_by: Any, value: Any) -> Any:
    zero = _constant(0.0)
    return b.select(b.fcmp_ordered(">", opened_by, zero), value, zero)


def _above(b: Any, value: Any, least: Any) -> Any:
    return b.select(b.fcmp_ordered("<", value, least), least, value)


def _unless(b: Any, value: Any, then: Any, otherwise: Any) -> Any:
    is_0 = b.fcmp_ordered("==", value, _constant(0.0))
    return b.select(is_0, otherwise, then)


def _normal(b: Any, value: Any) -> Any:
    size = _called(b, "fabs", value)
    return b.select(b.fcmp_ordered("<", size, _constant(_SMALLEST)), _constant(0.0), value)


spread = _elementwise(1, lambda b, x: x)
sqrt = _elementwise(1, lambda b, x: _called(b, "sqrt", x))
fma = _elementwise(3, _fma)  # x y + z, rounded once
sigmoid = _elementwise(1, _sigmoid)
tanh = _elementwise(1, _tanh)
relu = _elementwise(1, _relu)
gate = _elementwise(2, _gate)  # the second where the first is above 0, else 0
above = _elementwise(2, _above)  # the first, or the second where that is larger
unless = _elementwise(3, _unless)  # the second where the first is not 0, else the third
normal = _elementwise(1, _normal)  # 0 for subnormal numbers, which processors are slow with
